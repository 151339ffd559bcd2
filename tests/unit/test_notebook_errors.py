"""Common mistakes in a notebook: the user sees the own line and what to do, not the code of the package."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).with_name("notebook_errors.txt")
SHELL = Path(__file__).with_name("shell.py")
ROOT = str(Path(__file__).parents[2])
PREPARED = """
import pandas as pd
import dyno_frames as dyno
box = dyno.sandbox(speed=0)
client = box.client()
campaigns = client.campaigns.frame()
running, draft = (client.campaigns.find(f"status == {one!r}", columns=["id"]).id[0] for one in ("running", "draft"))
_ = client.campaigns.count("opens > 0")
"""


def run(cells: list[tuple[str | None, str]], folder: Path) -> list[str]:
    """Return what IPython shows for cells, without colors and ids."""
    done = subprocess.run(
        [sys.executable, str(SHELL)],
        input=json.dumps([(None, PREPARED), *cells]),
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": ROOT},
        timeout=120,
    )
    prepared, *shown = json.loads(done.stdout)
    assert not prepared, prepared
    return list(map(plain, shown))


def plain(text: str) -> str:
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    text = re.sub(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "6f1c…", text)
    text = re.sub(r"<ipython-input-(\d+)-\w+>", r"<ipython-input-\1>", text)
    return text.strip()


def entries(text: str) -> list[tuple[str, str, str]]:
    """Return the title, the cell and the shown text of each entry of the file."""
    parts = re.findall(r"^# (.*)\n((?:>>> .*\n)+)((?:(?!# ).*\n)*)", text, flags=re.MULTILINE)
    return [
        (title, re.sub("^>>> ", "", cell, flags=re.MULTILINE), shown.strip()) for title, cell, shown in parts
    ]


def pressed(title: str) -> str | None:
    """Return the request at which Ctrl-C is pressed, in brackets at the end of a title."""
    found = re.search(r"\[(.*)\]$", title)
    return found[1] if found else None


EXPECTED = entries(FILE.read_text(encoding="utf-8"))
MISTAKE = "def mine(query):\n    return campaigns.dyno.query(query)\nmine('opns > 3')"
MORE = {
    "mistake": MISTAKE,
    "%tb": "%tb",
    "%tb Plain": "%tb Plain",
    "cause": "try:\n    mine('opns > 3')\nexcept ValueError as error:\n    raise KeyError('mine') from error",
    "%xmode": f"%xmode Verbose\n{MISTAKE}",
}


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> list[str]:
    cells = [(pressed(title), cell) for title, cell, _ in EXPECTED] + [(None, cell) for cell in MORE.values()]
    return run(cells, tmp_path_factory.mktemp("cells"))


@pytest.mark.parametrize("at", range(len(EXPECTED)), ids=[title for title, _, _ in EXPECTED])
def test_a_mistake_in_a_cell_shows_the_line_and_what_to_do(shown, at):
    assert shown[at] == EXPECTED[at][2]
    assert len(shown[at].splitlines()) <= 12


def test_the_full_traceback_stays_within_reach(shown):
    more = dict(zip(MORE, shown[len(EXPECTED) :], strict=True))
    assert "    return campaigns.dyno.query(query)" in more["mistake"]
    assert more["%tb"] == more["mistake"]
    for text in (more["%tb Plain"], more["%xmode"]):
        assert "frame_queries.py" in text
        assert "UndefinedVariableError" in text
        assert "mine('opns > 3')" in text


def test_an_error_of_the_user_with_one_of_ours_as_its_cause_is_shown_as_ever(shown):
    text = shown[len(EXPECTED) + list(MORE).index("cause")]
    assert "The above exception was the direct cause" in text
    assert text.endswith("KeyError: 'mine'")
