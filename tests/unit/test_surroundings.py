"""The first hour with the package, wherever a machine keeps its files and whatever its language is."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

STORY = """
import os
import dyno_frames as dyno

with dyno.sandbox("büro konto.sqlite", outbox="aus gang") as box, box.client() as client:
    found = client.campaigns.find("status == 'draft'", order_by="created", limit=1)
    client.campaigns.start(found["id"].iloc[0], subject="Grüße 😀")
    client.campaigns.pause(found["id"].iloc[0])
    written = client.campaigns.scan("opens > 100").to_parquet("meine kampagnen ü", mode="sync")
    assert len(dyno.read_dataset("meine kampagnen ü")) == written.rows == client.campaigns.count("opens > 100")
    mirror = client.campaigns.mirror("spiegel ü")
    assert mirror.count("opens > 100") == written.rows
    assert client.campaigns.get(found["id"].iloc[0])["subject"] == "Grüße 😀"
    assert len(client.journal) == 2
    print(found.iloc[0]["name"], "ü".encode())
"""


def story(folder, umask=0o022, command=("-c", STORY), **changed):
    """Run the story in a folder, with variables of the environment that are changed, or removed by None."""
    given = {name: text for name, text in {**os.environ, **changed}.items() if text is not None}
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env=given, umask=umask, capture_output=True, timeout=120, check=False
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    found = tmp_path / "mes données  ä 中"
    found.mkdir()
    return found


@pytest.fixture
def elsewhere(tmp_path):
    """A temporary folder on another file system than tmp_path."""
    here = tmp_path.stat().st_dev
    for place in map(Path, ("/dev/shm", "/var/tmp")):  # noqa: S108 - a folder of its own is made in them
        if place.is_dir() and place.stat().st_dev != here:
            with tempfile.TemporaryDirectory(dir=place) as found:
                yield found
            return
    pytest.skip("this machine has no second file system that everybody can write to")


OWN = {"DYNO_STATE_DIR": None, "DYNO_CACHE_DIR": None, "DYNO_DATA_DIR": None, "PYTHONUTF8": None}


def test_in_the_c_locale_with_odd_paths_and_another_disk_for_temporary_files(folder, elsewhere):
    home = folder / "home"
    home.mkdir()
    done = story(
        folder, umask=0o077, **OWN, HOME=str(home), LANG="C", LC_ALL="C", TMPDIR=elsewhere, PYTHONCOERCECLOCALE="0",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    for file in folder.rglob("*"):
        assert not file.is_file() or not stat.S_IMODE(file.stat().st_mode) & 0o077, file


@pytest.mark.skipif(sys.platform == "win32", reason="the folders are those of POSIX")
def test_without_a_home_queries_work_and_an_action_is_refused_with_the_variable_to_set(folder):
    home = {"HOME": "/dev/null", "XDG_STATE_HOME": None, "XDG_CACHE_HOME": None, "XDG_DATA_HOME": None}
    done = story(folder, **OWN, **home)
    last = done.stderr.decode().splitlines()[-1]
    assert last.startswith("dyno_frames.errors.ConfigError: The journal /dev/null/.local/state/dyno_frames/")
    assert "Nothing was sent" in last
    assert "set another folder in the environment variable DYNO_STATE_DIR" in last
    state = folder / "state"
    done = story(folder, **OWN | home | {"DYNO_STATE_DIR": str(state)})
    assert done.returncode == 0, done.stderr.decode()
    assert [*state.glob("journal-*.jsonl")]


EXTRAS = [
    "anywidget",
    "cloudpickle",
    "dask",
    "distributed",
    "fsspec",
    "ipykernel",
    "jupyterlab",
    "keyring",
    "nbformat",
    "polars",
    "voila",
]
WALK = """
import importlib, pkgutil
import dyno_frames

for found in pkgutil.walk_packages(dyno_frames.__path__, "dyno_frames."):
    try:
        importlib.import_module(found.name)
    except ImportError as error:
        print(found.name, error.name)
"""
OF_AN_EXTRA = [
    "dyno_frames.integrations.dask.limiter distributed",
    "dyno_frames.integrations.dask.pace distributed.diagnostics",
    "dyno_frames.integrations.dask.plugin None",
    "dyno_frames.integrations.polars_predicate polars",
    "dyno_frames.panels.views.accessible.panel anywidget",
]
"""The modules that cannot be imported without an extra, and its package; None if the error names the extra."""


def test_without_an_extra_everything_else_works_and_can_be_imported(folder):
    hidden = f"import sys; sys.modules.update(dict.fromkeys({EXTRAS!r}))\n"
    done = story(folder, command=("-c", hidden + STORY + WALK))
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode().splitlines()[1:] == OF_AN_EXTRA
