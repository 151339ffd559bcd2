"""Write a frame: a table for people, and CSV, JSON lines, Markdown and Parquet."""

from __future__ import annotations

import csv
import io
import re
import shutil
import sys
from typing import TYPE_CHECKING

import click

from dyno_frames.cli.exits import printable
from dyno_frames.cli.tables import map_text, markdown_table, text_table

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ("table", "csv", "jsonl", "markdown", "parquet")
"""The output formats; Parquet is binary."""

_TIMES = "%Y-%m-%dT%H:%M:%SZ"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Spreadsheets evaluate a text cell that begins with one of these; the last four are full-width forms.

Some spreadsheets ignore leading spaces.
"""
_ROW_BREAK = re.compile(r"[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
"""The characters other than a line feed at which a reader of CSV may end a row, unless the value is quoted."""
_FORMULA_AFTER_BREAK = re.compile(
    r"(?:\r(?!\n)|[\v\f\x1c-\x1e\x85\u2028\u2029])(?=[ \t\xa0]*[=+\-@\uff1d\uff0b\uff0d\uff20])"
)
"""A line break before a formula. A line feed does not count, because every program quotes a value that contains one."""


def on_terminal() -> bool:
    """Return whether stdout is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def print_frame(frame: pd.DataFrame, form: str, *, formulas: bool = False, note: str = "") -> None:
    """Print a frame to stdout; a table fits the terminal.

    Parameters
    ----------
    frame, form, formulas
        As in :func:`written`.
    note
        What a table says about its number of rows (default: the number).
    """
    if form == "parquet":
        click.echo(_parquet(frame), nl=False)
        return
    terminal = on_terminal()
    width = shutil.get_terminal_size().columns if terminal else None
    text = written(frame, form, formulas=formulas, terminal=terminal, width=width, note=note)
    click.echo(text, nl=False, color=True)  # else click removes ANSI sequences from values in a pipe


def written(
    frame: pd.DataFrame,
    form: str,
    *,
    formulas: bool = False,
    terminal: bool = False,
    width: int | None = None,
    note: str = "",
) -> str:
    r"""Return a frame as text that ends with a newline.

    Parameters
    ----------
    frame
        The rows, with times in UTC.
    form
        ``table``, ``csv``, ``jsonl`` or ``markdown``.
    formulas
        Whether CSV keeps text that a spreadsheet evaluates as a formula. If False, ``'`` is put before the formula.
    terminal
        Whether the text is for a terminal. Then CSV has control characters escaped, as a table always has.
    width
        The width of a table (default: no limit).
    note
        What a table says about its number of rows (default: the number).

    Examples
    --------
    >>> import pandas as pd
    >>> written(pd.DataFrame({"name": ["Spring"], "opens": [3]}), "csv")
    'name,opens\nSpring,3\n'
    """
    match form:
        case "csv":
            plain = frame if formulas else _without_formulas(frame)
            plain = map_text(plain, printable) if terminal else plain
            return _csv(plain)
        case "jsonl":
            return frame.to_json(orient="records", lines=True, date_format="iso") if len(frame) else ""
        case "markdown":
            return markdown_table(frame)
        case _:
            return _table(frame, width=width, note=note)


def _table(frame: pd.DataFrame, *, width: int | None, note: str) -> str:
    rows = note or ("1 row" if len(frame) == 1 else f"{len(frame):,} rows")
    if frame.empty:
        return f"{', '.join(map(printable, frame.columns))}\n{rows}\n"
    text, omitted = text_table(frame, width=width)
    if omitted:
        rows += f"\nNot shown at this width: {', '.join(omitted)} (--format csv shows all)"
    return f"{text}\n{rows}\n"


def _csv(frame: pd.DataFrame) -> str:
    text = frame.to_csv(index=False, date_format=_TIMES, lineterminator="\n")
    if not _ROW_BREAK.search(text):
        return text
    # without this, pandas quotes only values that contain the line ending itself
    return frame.to_csv(index=False, date_format=_TIMES, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)


def _parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _without_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    return map_text(frame, _without_formula)


def _without_formula(text: str) -> str:
    guarded = _FORMULA_AFTER_BREAK.sub(r"\g<0>'", text)
    return f"'{guarded}" if _is_formula(text) else guarded


def _is_formula(text: str) -> bool:
    return text.startswith(_FORMULA_STARTS) or text.lstrip().startswith(_FORMULA_STARTS)
