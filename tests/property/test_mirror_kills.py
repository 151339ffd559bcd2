"""Refreshes killed at any moment: a few here; ``tests/benchmarks/mirror_kills.py`` is the long form."""

from __future__ import annotations

import sys

import pytest

LONG_FORM = "mirror_kills"


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
def test_whenever_a_refresh_is_killed_a_reader_sees_one_complete_version(kills, seed, tmp_path):
    assert kills.kills(4, str(seed), tmp_path) >= 1
