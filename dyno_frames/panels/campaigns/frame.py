"""A frame of campaigns as the panel's values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from dyno_frames.contract.resources import CAMPAIGNS, ID_FIELD
from dyno_frames.errors import SchemaError
from dyno_frames.panels.campaigns.campaign import COLUMNS, COUNTS, METRICS, Campaign, clean_text


def campaigns_of(frame: pd.DataFrame) -> tuple[Campaign, ...]:
    """Return a frame's campaigns, each once, as values that are not loaded yet.

    Raises
    ------
    SchemaError
        The frame has no ids, or is not one of campaigns.
    """
    if not isinstance(frame, pd.DataFrame):
        raise SchemaError(
            f"the panel's subject is {frame!r:.80}. Expected a campaign's id or a DataFrame of campaigns, "
            "for example client.campaigns.find(limit=20)."
        )
    resource = (frame.attrs.get("dyno") or {}).get("resource", CAMPAIGNS.name)
    if resource != CAMPAIGNS.name:
        raise SchemaError(
            f"this frame holds {resource}. A panel controls campaigns; pass a frame of client.campaigns."
        )
    if ID_FIELD not in frame.columns:
        raise SchemaError(
            f"the frame has the columns {[str(name) for name in frame.columns]}. A panel needs the column "
            f"{ID_FIELD!r}; add it to columns= of the query."
        )
    rows = frame[frame[ID_FIELD].notna()].drop_duplicates(ID_FIELD)
    columns = {
        name: _values(rows[name], _KINDS.get(name, clean_text)) for name in COLUMNS if name in rows.columns
    }
    names = tuple(columns)
    return tuple(
        Campaign(**{name: value for name, value in zip(names, values, strict=True) if value is not None})
        for values in zip(*columns.values(), strict=True)
    )


_KINDS: dict[str, Callable[[Any], Any]] = dict.fromkeys((*COUNTS, *METRICS), int) | {
    "start_time": lambda value: value
}


def _values(column: pd.Series[Any], kind: Callable[[Any], Any]) -> list[Any]:
    """Return a column's values, with None for nulls. Whole columns, because a table may have thousands of rows."""
    known = column.notna().to_numpy()
    return [kind(value) if is_known else None for value, is_known in zip(column.tolist(), known, strict=True)]
