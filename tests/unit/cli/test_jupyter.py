from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from dyno_frames.cli import jupyter, lab, page, panel
from dyno_frames.errors import MissingExtraError


@pytest.mark.parametrize(
    "cells",
    [lab.STARTER, panel.cells("id'1", None), panel.cells(None, "status == 'draft'"), panel.cells(None, None)],
)
def test_a_written_notebook_is_valid_and_its_code_parses(tmp_path, cells):
    path = tmp_path / "deep" / "start.ipynb"
    assert jupyter.write_notebook(path, cells)
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    for cell in book.cells:
        if cell.cell_type == "code":
            compile(cell.source, "cell", "exec")


def test_a_notebook_that_is_there_is_kept(tmp_path):
    path = tmp_path / "start.ipynb"
    path.write_text("mine", encoding="utf-8")
    assert not jupyter.write_notebook(path, lab.STARTER)
    assert path.read_text(encoding="utf-8") == "mine"


_ACCOUNT = ["--url", "http://127.0.0.1:9", "--api-key", "k"]


@pytest.mark.parametrize("command", [["lab"], ["panel", "--lab", *_ACCOUNT]])
def test_without_jupyterlab_the_line_that_installs_it_is_shown(run, monkeypatch, tmp_path, command):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(jupyter, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError):
        jupyter.require_jupyterlab()
    ended = run(*command)
    assert ended.code == 2
    assert ended.err.endswith("pip install 'dyno_frames[lab]'\n")
    assert list(tmp_path.iterdir()) == []


def test_without_voila_the_line_that_installs_it_is_shown(run, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(page, "find_spec", lambda name: None)
    ended = run("panel", *_ACCOUNT)
    assert ended.code == 2
    assert ended.err.endswith("pip install 'dyno_frames[panel]'\n")
    assert list(tmp_path.iterdir()) == []


def test_the_page_is_served_to_this_machine_alone_and_its_token_stands_in_no_list_of_programs():
    line = page.command_line(Path("panel.ipynb"), 8866)
    variables = page.page_environment("the-token", {"DYNO_API_KEY": "the-key"})
    assert "--Voila.ip=127.0.0.1" in line
    assert "--Voila.auto_token=True" in line
    assert not any("the-token" in part or "the-key" in part for part in line)
    assert (variables["JUPYTER_TOKEN"], variables["DYNO_API_KEY"]) == ("the-token", "the-key")
    template = page.TEMPLATES / "voila" / "templates" / "dyno" / "index.html.j2"
    assert "://" not in template.read_text(encoding="utf-8")


def test_the_examples_of_a_checkout_are_found_and_a_wheel_has_none(monkeypatch, tmp_path):
    inside = tmp_path / "dyno_frames" / "cli" / "lab.py"
    monkeypatch.setattr(lab, "__file__", str(inside))
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "01.ipynb").touch()
    assert lab.examples() is None
    (tmp_path / "pyproject.toml").touch()
    assert lab.examples() == (tmp_path / "notebooks").resolve()


def test_root_is_told_to_jupyterlab_and_nobody_else(monkeypatch):
    monkeypatch.setattr(jupyter.os, "geteuid", lambda: 0, raising=False)
    assert "--allow-root" in jupyter.command_line(Path("x"), opens=None, port=None, browser=True)
    monkeypatch.setattr(jupyter.os, "geteuid", lambda: 1000, raising=False)
    assert "--allow-root" not in jupyter.command_line(Path("x"), opens=None, port=None, browser=True)


@pytest.mark.skipif(sys.platform == "win32", reason="signals end programs differently there")
def test_lab_serves_the_starter_notebook_until_it_is_told_to_stop(started, tmp_path):
    with started("lab", "--no-browser", "--port", 0, "--to", tmp_path / "work") as program:
        line = program.line_with("http://127.0.0.1:")
        url, token = re.search(r"(http://127\.0\.0\.1:\d+)/\S*token=(\w+)", line).groups()
        # The line comes a moment before the port is open: the connection is tried until it is.
        patient = HTTPAdapter(max_retries=Retry(connect=60, backoff_factor=0.1, backoff_max=1))
        with requests.Session() as session:
            session.mount("http://127.0.0.1", patient)
            answer = session.get(f"{url}/api/contents/start.ipynb?content=0&token={token}", timeout=30)
        assert answer.json()["name"] == "start.ipynb"
        program.end(signal.SIGTERM)


def run_cells(cells, **environment: str) -> subprocess.CompletedProcess[str]:
    code = "\n".join(text for kind, text in cells if kind == "code")
    return subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        env={**os.environ, "MPLBACKEND": "agg", **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_code_of_the_starter_notebook_runs():
    ended = run_cells(lab.STARTER)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("chosen", ["one", "some", "all"])
def test_the_code_of_the_panel_notebook_runs_for_the_account_of_the_environment(sandbox, client, chosen):
    key = client.campaigns.find(limit=1)["id"].iloc[0]
    choices = {"one": (key, None), "some": (None, "status == 'draft'"), "all": (None, None)}
    cells = panel.cells(*choices[chosen])
    assert sandbox.api_key not in str(cells)
    ended = run_cells(cells, DYNO_URL=sandbox.url, DYNO_API_KEY=sandbox.api_key)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="signals end programs differently there")
def test_the_panel_command_writes_its_notebook_without_the_key_and_opens_it(started, sandbox, tmp_path):
    with started(
        "panel",
        "--lab",
        "--no-browser",
        "--port",
        0,
        "--to",
        tmp_path,
        DYNO_URL=sandbox.url,
        DYNO_API_KEY=sandbox.api_key,
    ) as program:
        program.line_with("campaigns.ipynb; run its cells")
        program.line_with("http://127.0.0.1:")
        written = (tmp_path / "campaigns.ipynb").read_text(encoding="utf-8")
        assert "client.campaigns" in written
        assert sandbox.api_key not in written
        program.end(signal.SIGTERM)


def test_a_panel_of_a_campaign_that_is_not_there_opens_nothing(run, sandbox, tmp_path):
    ended = run("panel", "none", "--to", tmp_path, "--url", sandbox.url, "--api-key", sandbox.api_key)
    assert ended.code == 2
    assert list(tmp_path.iterdir()) == []
