"""Where a scan's rows can go beyond this room; the rooms above say how when the package is put together.

A scan has ``to_parquet`` and a client ``calibrate``, but neither may import the rooms that do it: those stand on
this one. The package's face registers them by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_EXITS: dict[str, Callable[..., Any]] = {}


def register(name: str, exit_: Callable[..., Any]) -> None:
    """Say how a scan leaves by this name."""
    _EXITS[name] = exit_


def leave(name: str) -> Callable[..., Any]:
    """Return how a scan leaves by this name."""
    return _EXITS[name]
