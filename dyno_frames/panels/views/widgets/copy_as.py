"""A choice of languages, and the program in the chosen one as a text to copy."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets

from dyno_frames.contract.languages import Language
from dyno_frames.panels.views import markup
from dyno_frames.panels.views.widgets import parts
from dyno_frames.query.copy_html import program

Write = Callable[[str], str]
"""Returns the program in a language."""


class CopyAs:
    """A dropdown of languages, and a read-only text area with the program. Nothing is written before a choice.

    Parameters
    ----------
    note
        What to know about the programs.
    """

    def __init__(self, *, note: str = "") -> None:
        self._write: Write | None = None
        self._chosen = ipywidgets.Dropdown(
            options=[("choose", None), *((one.label, one) for one in Language)], description="Language"
        )
        self._chosen.observe(lambda _change: self._draw(), "value")
        self._program = ipywidgets.HTML()
        notes = [parts.html(markup.text(note), "dyno-quiet")] if note else []
        self.box = parts.stack([*notes, self._chosen, self._program])

    def draw(self, write: Write | None) -> None:
        """Show the program of another query; None shows nothing."""
        if write is not self._write:
            self._write = write
            self._draw()

    def _draw(self) -> None:
        language, write = self._chosen.value, self._write
        self._program.value = "" if language is None or write is None else program(write, language)
