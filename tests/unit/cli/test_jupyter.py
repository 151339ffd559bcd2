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


MINE = "mine, not to be lost"


SOME, OTHER = panel.cells(None, "sent > 0"), panel.cells(None, None)


def test_the_same_panel_has_one_notebook_and_another_panel_a_notebook_of_its_own(tmp_path):
    names = [jupyter.write_new_notebook(tmp_path, "campaigns", cells).name for cells in (SOME, OTHER, SOME)]
    assert names == ["campaigns.ipynb", "campaigns-2.ipynb", "campaigns.ipynb"]
    assert {path.name for path in tmp_path.iterdir()} == set(names)


def test_a_notebook_that_was_run_is_used_again_and_keeps_its_outputs(tmp_path):
    path = jupyter.write_new_notebook(tmp_path, "campaigns", SOME)
    book = nbformat.read(path, as_version=4)
    book.cells[-1].outputs.append(nbformat.v4.new_output("stream", text=MINE))
    nbformat.write(book, path)
    assert jupyter.write_new_notebook(tmp_path, "campaigns", SOME) == path
    assert MINE in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["", MINE, "[]", '{"cells": 5}', '{"nbformat": 4}', "\udc80"])
def test_a_file_that_is_no_notebook_stays_as_it_is(tmp_path, text):
    path = tmp_path / "campaigns.ipynb"
    written = text.encode("utf-8", "surrogateescape")
    path.write_bytes(written)
    assert jupyter.write_new_notebook(tmp_path, "campaigns", SOME).name == "campaigns-2.ipynb"
    assert path.read_bytes() == written


def test_a_folder_a_link_to_nothing_and_a_notebook_with_a_cell_more_stay_as_they_are(tmp_path):
    jupyter.write_new_notebook(tmp_path, "campaigns", SOME)
    book = nbformat.read(tmp_path / "campaigns.ipynb", as_version=4)
    book.cells.append(nbformat.v4.new_markdown_cell(MINE))
    nbformat.write(book, tmp_path / "campaigns.ipynb")
    (tmp_path / "campaigns-2.ipynb").mkdir()
    (tmp_path / "campaigns-3.ipynb").symlink_to(tmp_path / "nothing")
    assert jupyter.write_new_notebook(tmp_path, "campaigns", SOME).name == "campaigns-4.ipynb"
    assert MINE in (tmp_path / "campaigns.ipynb").read_text(encoding="utf-8")
    assert not (tmp_path / "nothing").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="files have no such limit there")
def test_a_notebook_that_does_not_fit_on_the_disk_leaves_nothing_behind(tmp_path):
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from dyno_frames.cli import jupyter\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "jupyter.write_notebook(Path(sys.argv[1]), [('markdown', 'x' * 10_000)])\n"
    )
    path = tmp_path / "start.ipynb"
    ended = subprocess.run(
        [sys.executable, "-B", "-c", code, path], capture_output=True, text=True, check=False, timeout=120
    )
    assert "OSError" in ended.stderr
    assert list(tmp_path.iterdir()) == []


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
    monkeypatch.setattr(jupyter, "find_spec", lambda name: None)
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
    template = jupyter.TEMPLATES / "voila" / "templates" / "dyno" / "index.html.j2"
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


@pytest.mark.parametrize("changed", ["01_a.ipynb", "pictures/a.png"])
def test_examples_are_copied_once_and_a_changed_copy_is_kept_and_named(tmp_path, changed):
    source, mine = tmp_path / "checkout", tmp_path / "deep" / "mine"
    (source / "pictures").mkdir(parents=True)
    names = ["01_a.ipynb", "02_b.ipynb", "pictures/a.png"]
    for name in names:
        (source / name).write_bytes(name.encode() + b"\r\n\0")
    assert lab.copy_examples(source, mine) == []
    assert [(mine / name).read_bytes() for name in names] == [(source / name).read_bytes() for name in names]
    (mine / changed).write_text(MINE, encoding="utf-8")
    (mine / "02_b.ipynb").unlink()
    assert lab.copy_examples(source, mine) == [mine / changed]
    assert (mine / changed).read_text(encoding="utf-8") == MINE
    assert (mine / "02_b.ipynb").is_file()


def test_a_folder_in_the_place_of_a_notebook_is_kept(tmp_path):
    source, mine = tmp_path / "checkout", tmp_path / "mine"
    source.mkdir()
    (source / "01_a.ipynb").touch()
    (mine / "01_a.ipynb").mkdir(parents=True)
    assert lab.copy_examples(source, mine) == [mine / "01_a.ipynb"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals end programs differently there")
def test_lab_serves_copies_of_the_examples_in_the_users_folder_and_asks_nothing_about_news(started, tmp_path):
    home = tmp_path / "home"
    work = home / "dyno-notebooks"
    work.mkdir(parents=True)
    example = lab.examples() / "01_first_query.ipynb"
    before = example.read_bytes()
    (work / "02_export_to_parquet.ipynb").write_text(MINE, encoding="utf-8")
    with started("lab", "--no-browser", "--port", 0, HOME=str(home)) as program:
        program.line_with("differ from the examples: 02_export_to_parquet.ipynb")
        program.line_with(f"Your notebooks are in {work}")
        line = program.line_with("http://127.0.0.1:")
        url, token = re.search(r"(http://127\.0\.0\.1:\d+)/\S*token=(\w+)", line).groups()
        # The line comes a moment before the port is open: the connection is tried until it is.
        patient = HTTPAdapter(max_retries=Retry(connect=60, backoff_factor=0.1, backoff_max=1))
        with requests.Session() as session:
            session.mount("http://127.0.0.1", patient)
            session.headers["Authorization"] = f"token {token}"
            book = session.get(f"{url}/api/contents/01_first_query.ipynb", timeout=30).json()
            session.put(f"{url}/api/contents/01_first_query.ipynb", json=book, timeout=30).raise_for_status()
            notices = f"{url}/lab/api/settings/@jupyterlab/apputils-extension:notification"
            settings = session.get(notices, timeout=30).json()["schema"]["properties"]
        assert settings["fetchNews"]["default"] == "false"
        assert settings["checkForUpdates"]["default"] is False
        program.end(signal.SIGTERM)
    assert example.read_bytes() == before
    assert (work / "02_export_to_parquet.ipynb").read_text(encoding="utf-8") == MINE
    assert (work / "pictures" / "panel.png").is_file()


def test_a_users_own_configuration_of_jupyter_comes_after_ours_and_is_kept(monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "mine")
    paths = jupyter.lab_environment({"DYNO_API_KEY": "the-key"})["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert paths == [str(jupyter.TEMPLATES), "mine"]


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
def test_the_panel_command_writes_its_notebook_beside_the_users_own_without_the_key_and_opens_it(
    started, sandbox, tmp_path
):
    mine = tmp_path / "campaigns.ipynb"
    mine.write_text(MINE, encoding="utf-8")
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
        program.line_with("campaigns-2.ipynb; run its cells")
        program.line_with("http://127.0.0.1:")
        written = (tmp_path / "campaigns-2.ipynb").read_text(encoding="utf-8")
        assert mine.read_text(encoding="utf-8") == MINE
        assert "client.campaigns" in written
        assert sandbox.api_key not in written
        program.end(signal.SIGTERM)


def test_a_panel_of_a_campaign_that_is_not_there_opens_nothing(run, sandbox, tmp_path):
    ended = run("panel", "none", "--to", tmp_path, "--url", sandbox.url, "--api-key", sandbox.api_key)
    assert ended.code == 2
    assert list(tmp_path.iterdir()) == []
