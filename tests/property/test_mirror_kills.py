"""Refreshes killed at any moment: a few here; ``tests/benchmarks/mirror_kills.py`` is the long form."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

PATH = Path(__file__).parents[1] / "benchmarks" / "mirror_kills.py"


@pytest.fixture(scope="module")
def kills():
    """The long form, under its own name, so that the processes it starts can import it, too."""
    sys.path.insert(0, str(PATH.parent))
    spec = importlib.util.spec_from_file_location("mirror_kills", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["mirror_kills"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(PATH.parent))
    del sys.modules["mirror_kills"]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
def test_whenever_a_refresh_is_killed_a_reader_sees_one_complete_version(kills, seed, tmp_path):
    assert kills.kills(4, str(seed), tmp_path) >= 1
