"""Write a frame as text: a table for people, CSV and JSON lines for programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dyno_frames.cli.exits import printable

if TYPE_CHECKING:
    import pandas as pd

_TIMES = "%Y-%m-%dT%H:%M:%SZ"
_WIDEST = 48
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Spreadsheets evaluate a text cell that begins with one of these; the last four are full-width forms.

Some spreadsheets ignore leading spaces.
"""


def written(frame: pd.DataFrame, form: str, *, formulas: bool = False, terminal: bool = False) -> str:
    r"""Return a frame as text that ends with a newline.

    Parameters
    ----------
    frame
        The rows, with times in UTC.
    form
        ``table``, ``csv`` or ``jsonl``.
    formulas
        Whether CSV keeps text that a spreadsheet evaluates as a formula. If False, ``'`` is put before the text.
    terminal
        Whether the text is for a terminal. Then CSV has control characters escaped, as a table always has.

    Examples
    --------
    >>> import pandas as pd
    >>> written(pd.DataFrame({"name": ["Spring"], "opens": [3]}), "csv")
    'name,opens\nSpring,3\n'
    """
    match form:
        case "csv":
            plain = frame if formulas else _without_formulas(frame)
            plain = _map_text(plain, printable) if terminal else plain
            return plain.to_csv(index=False, date_format=_TIMES, lineterminator="\n")
        case "jsonl":
            return frame.to_json(orient="records", lines=True, date_format="iso") if len(frame) else ""
        case _:
            return _table(frame)


def _table(frame: pd.DataFrame) -> str:
    rows = "1 row" if len(frame) == 1 else f"{len(frame):,} rows"
    if frame.empty:
        return f"{', '.join(map(printable, frame.columns))}\n{rows}\n"
    shown = _map_text(frame, printable)
    return f"{shown.to_string(index=False, na_rep='', max_colwidth=_WIDEST)}\n{rows}\n"


def _without_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    return _map_text(frame, lambda text: f"'{text}" if _is_formula(text) else text)


def _is_formula(text: str) -> bool:
    return text.startswith(_FORMULA_STARTS) or text.lstrip().startswith(_FORMULA_STARTS)


def _map_text(frame: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    """Return a frame with a change applied to its column names and text cells."""
    names = frame.select_dtypes(["str", "string", "object", "category"]).columns
    changed = {
        name: frame[name].astype("object").map(lambda cell: change(str(cell)), na_action="ignore")
        for name in names
    }
    return frame.assign(**changed).set_axis([change(name) for name in frame.columns], axis="columns")
