"""Syncs to Delta tables that are killed: a few here, many in ``python -m tests.property.delta_kills``."""

from __future__ import annotations

import sys

import delta_kills
import pytest


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
def test_whenever_a_run_is_killed_other_programs_see_one_version_whole(tmp_path, monkeypatch, seed):
    monkeypatch.setenv("DYNO_CACHE_DIR", str(tmp_path))
    met, broken = delta_kills.kills(4, seed, tmp_path)
    assert broken == []
    assert met.total() == 4
