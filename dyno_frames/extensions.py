"""Functions that packages above or beside the caller provide: `dyno_frames` registers them when it is imported.

A scan writes Parquet and a template shows a preview, but neither may import the package that does it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

Name: TypeAlias = Literal["write_parquet", "list_panel", "template_preview"]

_FUNCTIONS: dict[str, Callable[..., Any]] = {}


def register(name: Name, function: Callable[..., Any]) -> None:
    """Provide a function under a name."""
    _FUNCTIONS[name] = function


def extension(name: Name) -> Callable[..., Any]:
    """Return the function that was registered under a name."""
    return _FUNCTIONS[name]
