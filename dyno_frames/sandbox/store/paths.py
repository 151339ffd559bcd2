"""Check paths that the caller passes, before anything opens them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.store.values import invalid_text_reason


def checked_path(name: str, given: Any) -> Path:
    """Return an argument as a path. Its name is for the error.

    Raise ConfigError if the argument is of another type, or no file can have this name.
    """
    if not isinstance(given, str | Path):
        raise ConfigError(f"{name} is a {type(given).__name__}; expected a string or a pathlib.Path")
    reason = invalid_text_reason(str(given)) or (
        "contains the character U+0000" if "\0" in str(given) else ""
    )
    if reason:
        raise ConfigError(f"{name} is {str(given)!r}, which {reason}; give another path")
    return Path(given)
