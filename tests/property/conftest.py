"""Let the suites here and the thorough run share the law's own package, ``law``."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("untimed")

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="module")
def kills(request) -> Iterator[ModuleType]:
    """The long form that the test file names, under its own name, so that the processes it starts can import it, too."""
    folder = str(Path(__file__).parents[1] / "benchmarks")
    sys.path.insert(0, folder)
    yield importlib.import_module(request.module.LONG_FORM)
    sys.path.remove(folder)
    del sys.modules[request.module.LONG_FORM]
