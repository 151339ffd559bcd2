"""What rooms can do only with rooms that they may not import; the package's face puts both together.

A scan has ``to_parquet`` and a template ``preview``, but neither may import the rooms that do it: those stand on
this one. And a preview is filled by the sandbox, which only the package's face sees. It registers them by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_EXITS: dict[str, Callable[..., Any]] = {}


def register(name: str, exit_: Callable[..., Any]) -> None:
    """Say what stands behind this name."""
    _EXITS[name] = exit_


def leave(name: str) -> Callable[..., Any]:
    """Return what stands behind this name."""
    return _EXITS[name]
