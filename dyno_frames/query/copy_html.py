"""Show a query or an operation as programs that can be copied: HTML without scripts, for reprs and panels."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from dyno_frames.contract.languages import Language
from dyno_frames.errors import DynoError

_AREA = "width:100%;box-sizing:border-box;font-family:monospace;white-space:pre;overflow:auto"
_KEYS = "data-lm-suppress-shortcuts='true'"
"""Keeps Jupyter's single-letter shortcuts away while the element has the focus."""

_MOST_LINES = 16


def programs(write: Callable[[str], str] | None) -> str:
    """Return a line for each language, which opens the program in it; empty without a function that writes it.

    Parameters
    ----------
    write
        Returns the program in a language.
    """
    if write is None:
        return ""
    return "".join(
        f"<details><summary {_KEYS}>Copy as {language.label}</summary>{program(write, language)}</details>"
        for language in Language
    )


def program(write: Callable[[str], str], language: Language) -> str:
    """Return a program as a read-only text area, or why it cannot be written."""
    try:
        text = write(language)
    except DynoError as error:
        return f"<p>{escape(str(error))}</p>"
    lines = min(text.count("\n") + 1, _MOST_LINES)
    attributes = f"readonly rows='{lines}' aria-label='Program in {language.label}' style='{_AREA}' {_KEYS}"
    return f"<textarea {attributes}>\n{escape(text)}</textarea>"
