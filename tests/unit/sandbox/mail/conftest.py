"""Sandboxes whose campaigns move, and the helpers of ``mailed_campaign``."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def serve(serve):
    """Start sandboxes whose campaigns move."""
    return lambda path=None, **settings: serve(path, **{"speed": 5.0, **settings})
