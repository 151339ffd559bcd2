"""Runs killed at any moment: a handful here; ``tests/benchmarks/export_kills.py`` is the long form."""

from __future__ import annotations

import random
import signal
import sys

import pytest

import dyno_frames as dyno

LONG_FORM = "export_kills"
KILLS = 2
LAST_CALLS = 24
"""As many as a commit takes, and some before it."""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
@pytest.mark.parametrize(
    ("mode", "partition_by", "is_first"),
    [
        ("overwrite", None, False),
        ("sync", "created:month", False),
        ("sync", None, True),
        ("append", None, True),
        ("file", None, True),
    ],
)
def test_whenever_a_run_is_killed_readers_see_one_version_whole(
    kills, tmp_path, mode, partition_by, is_first
):
    context = kills.processes()
    chance = random.Random(f"{mode}{is_first}")  # noqa: S311 - the same moments every time
    with dyno.sandbox(load={"campaigns": kills.campaigns(kills.ROWS)}, speed=0) as box:
        folder = tmp_path / "ground"
        folder.mkdir()
        ground = kills.prepared(context, box, folder, mode, partition_by, is_first=is_first)
        for _ in range(KILLS):
            kills.killed(context, ground, chance)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
@pytest.mark.parametrize(
    ("place", "is_first"), [("links", True), ("without-links", True), ("without-links", False)]
)
def test_a_sync_can_be_killed_before_each_of_its_last_calls_that_change_files(
    kills, tmp_path, place, is_first
):
    context = kills.processes()
    with dyno.sandbox(load={"campaigns": kills.campaigns(60)}, speed=0) as box:
        folder = tmp_path / place
        folder.mkdir()
        ground = kills.prepared(context, box, folder, "sync", None, is_first=is_first)
        for stop_at in range(ground.calls - LAST_CALLS, ground.calls + 1):
            kills.again(ground)
            run = ground.started(context, stop_at)
            run.join()
            assert run.exitcode == -signal.SIGKILL
            kills.looked_at(ground)
            kills.export(*ground.arguments)
            assert kills.same(kills.read(ground), ground.new)
            kills.assert_tidy(ground)
