"""Runs killed at any moment: a handful here; ``tests/benchmarks/export_kills.py`` is the long form."""

from __future__ import annotations

import importlib.util
import multiprocessing
import random
import sys
from pathlib import Path

import pytest

import dyno_frames as dyno

PATH = Path(__file__).parents[1] / "benchmarks" / "export_kills.py"
KILLS = 3


@pytest.fixture(scope="module")
def kills():
    """The long form, under its own name, so that the processes it starts can import it, too."""
    sys.path.insert(0, str(PATH.parent))
    spec = importlib.util.spec_from_file_location("export_kills", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["export_kills"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(PATH.parent))
    del sys.modules["export_kills"]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
@pytest.mark.parametrize(("mode", "partition_by"), [("overwrite", None), ("sync", "created:month")])
def test_whenever_a_run_is_killed_readers_see_one_version_whole(kills, tmp_path, mode, partition_by):
    context = multiprocessing.get_context("spawn" if sys.platform == "darwin" else "forkserver")
    chance = random.Random(f"{mode}")  # noqa: S311 - the same moments every time
    with dyno.sandbox(load={"campaigns": kills.campaigns(kills.ROWS)}, speed=0) as box:
        folder = tmp_path / "ground"
        folder.mkdir()
        ground = kills.prepared(context, box, folder, mode, partition_by)
        for _ in range(KILLS):
            kills.killed(context, ground, chance)
