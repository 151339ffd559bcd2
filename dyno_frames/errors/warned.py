"""Warnings, and how they are shown at the line of code that caused them."""

from __future__ import annotations

import sys
import warnings


class InsecureTransportWarning(UserWarning):
    """An API key is about to travel over plain HTTP to another machine."""


class IncompleteResultWarning(UserWarning):
    """An answer was returned that may lack rows; its certificate says why."""


def warn_user(message: str | Warning, category: type[Warning] | None = None) -> None:
    """Show a warning at the first line of code outside the package."""
    level, frame = 2, sys._getframe(1)  # noqa: SLF001 - warnings has skip_file_prefixes from Python 3.12 on
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "dyno_frames":
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
