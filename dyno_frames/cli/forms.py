"""A frame as text: a table for people, CSV and JSON lines for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dyno_frames.cli.exits import printable

if TYPE_CHECKING:
    import pandas as pd

_TIMES = "%Y-%m-%dT%H:%M:%SZ"
_WIDEST = 48


def written(frame: pd.DataFrame, form: str) -> str:
    r"""Return a frame as text that ends with a line end.

    Parameters
    ----------
    frame
        Rows; its times are UTC.
    form
        ``table``, ``csv`` or ``jsonl``.

    Examples
    --------
    >>> import pandas as pd
    >>> written(pd.DataFrame({"name": ["Spring"], "opens": [3]}), "csv")
    'name,opens\nSpring,3\n'
    """
    match form:
        case "csv":
            return frame.to_csv(index=False, date_format=_TIMES, lineterminator="\n")
        case "jsonl":
            return frame.to_json(orient="records", lines=True, date_format="iso") if len(frame) else ""
        case _:
            return _table(frame)


def _table(frame: pd.DataFrame) -> str:
    rows = "1 row" if len(frame) == 1 else f"{len(frame):,} rows"
    if frame.empty:
        return f"{', '.join(frame.columns)}\n{rows}\n"
    text = frame.select_dtypes(["str", "string", "object", "category"]).columns
    shown = frame.assign(
        **{name: frame[name].astype("object").map(_cell, na_action="ignore") for name in text}
    )
    return f"{shown.to_string(index=False, na_rep='', max_colwidth=_WIDEST)}\n{rows}\n"


def _cell(value: object) -> str:
    return printable(str(value))
