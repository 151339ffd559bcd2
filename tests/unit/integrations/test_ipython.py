"""An empty frame says in IPython and Jupyter how many rows are on the server; every other frame looks as before."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

import dyno_frames as dyno

NOTE = "0 rows here, 400 on the server: query them with .dyno.query(…)"


@pytest.fixture
def shell(monkeypatch, tmp_path):
    """A running shell of IPython, with the formatters of a notebook."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.display_formatter.active_types = ["text/plain", "text/html"]
    yield shell
    shell.history_manager.end_session()
    InteractiveShell.clear_instance()


def shown(shell, frame):
    found, _ = shell.display_formatter.format(frame)
    return found


def counts(sandbox):
    return Counter(entry.path for entry in sandbox.requests)["/campaigns/count"]


def test_an_empty_frame_says_how_many_rows_are_on_the_server_above_the_display_of_pandas(shell, client):
    frame = client.campaigns.frame()
    assert type(frame) is pd.DataFrame
    assert shown(shell, frame) == {
        "text/plain": f"{NOTE}\n{frame!r}",
        "text/html": f"<p>{NOTE}</p>{frame._repr_html_()}",
    }


def test_the_rows_are_counted_once_for_a_display(shell, client, sandbox):
    frame = client.campaigns.frame()
    before = counts(sandbox)
    shown(shell, frame)
    assert counts(sandbox) == before + 1


def test_other_frames_look_as_before_and_nothing_is_counted(shell, client, sandbox):
    client.campaigns.frame()
    bound = client.campaigns.find(limit=3)
    others = [
        bound,
        client.campaigns.find("opens < 0"),
        bound.head(0),
        client.campaigns.frame()[["id"]],
        pd.DataFrame(),
        pd.DataFrame({"a": [1, 2]}),
    ]
    before = len(sandbox.requests)
    for frame in others:
        assert shown(shell, frame) == {"text/plain": repr(frame), "text/html": frame._repr_html_()}
    assert len(sandbox.requests) == before
    styled = bound.style.hide(axis="index").to_html(uuid="a")
    assert NOTE not in styled


def test_a_frame_in_a_list_is_indented_as_before(shell, client):
    client.campaigns.frame()
    frames = [pd.DataFrame({"a": [1, 2]}), 5]
    with_ours = shown(shell, frames)
    InteractiveShell.clear_instance()
    assert with_ours == shown(InteractiveShell.instance(), frames)


def test_the_options_of_pandas_are_respected(shell, client):
    frame = client.campaigns.frame()
    with pd.option_context("display.notebook_repr_html", False):
        assert shown(shell, frame) == {"text/plain": f"{NOTE}\n{frame!r}"}
    with pd.option_context("display.html.border", 7):
        assert 'border="7"' in shown(shell, frame)["text/html"]


def test_a_formatter_that_the_user_registered_before_still_shows_frames(shell, client):
    formatters = shell.display_formatter.formatters
    formatters["text/html"].for_type(pd.DataFrame, lambda frame: f"<i>{len(frame)}</i>")
    formatters["text/plain"].for_type(pd.DataFrame, lambda frame, p, cycle: p.text(f"mine {len(frame)}"))
    frame = client.campaigns.frame()
    assert shown(shell, frame) == {"text/plain": f"{NOTE}\nmine 0", "text/html": f"<p>{NOTE}</p><i>0</i>"}
    other = pd.DataFrame({"a": [1]})
    assert shown(shell, other) == {"text/plain": "mine 1", "text/html": "<i>1</i>"}


def test_a_formatter_that_the_user_registers_later_is_not_replaced(shell, client):
    frame = client.campaigns.frame()
    shell.display_formatter.formatters["text/html"].for_type(pd.DataFrame, lambda _frame: "<i>mine</i>")
    client.campaigns.frame()
    assert shown(shell, frame)["text/html"] == "<i>mine</i>"


def plain(frame):
    return {"text/plain": repr(frame), "text/html": frame._repr_html_()}


def test_a_server_that_is_gone_leaves_the_display_of_pandas(shell):
    with dyno.sandbox(speed=0) as box:
        client = box.client(name="gone")
        frame = client.campaigns.frame()
    assert shown(shell, frame) == plain(frame)
    client.close()
    assert shown(shell, frame) == plain(frame), "a closed client cannot count"


def test_a_slow_server_is_not_waited_for(shell):
    with dyno.sandbox(speed=0, faults=[]) as box, box.client(name="slow") as client:
        frame = client.campaigns.frame()
        box.set_faults([{"kind": "latency", "delay_s": 3.0}])
        assert shown(shell, frame) == plain(frame)
        box.set_faults([])


def test_a_frame_outside_of_ipython_does_not_import_it():
    program = (
        "import sys, dyno_frames as dyno\n"
        "with dyno.sandbox(speed=0) as box, box.client() as client:\n"
        "    print(len(client.campaigns.frame()), 'IPython' in sys.modules)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["0", "False"]


def test_a_frame_of_a_mirror_says_as_of_when_its_rows_are(shell, client, tmp_path):
    mirror = client.campaigns.mirror(tmp_path / "campaigns", max_age="1h")
    frame = mirror.query("status == 'draft'")
    moment = mirror.status().as_of.strftime("%Y-%m-%d %H:%M:%S UTC")
    for one in (frame, frame.head(2), mirror.query("opens < 0")):
        found = shown(shell, one)
        for kind, plain in (("text/plain", repr(one)), ("text/html", one._repr_html_())):
            note, _, rest = found[kind].partition("\n" if kind == "text/plain" else "</p>")
            assert rest == plain
            assert re.fullmatch(rf"(<p>)?from a mirror, as of {moment}, \d+ s ago", note)
    damaged = frame.copy()
    damaged.attrs["dyno"]["certificate"]["mirror"]["as_of"] = "<b>soon"
    assert shown(shell, damaged)["text/html"] == damaged._repr_html_()
