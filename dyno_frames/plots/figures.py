"""The checks every picture shares: which columns a frame must have, and how its figures are read."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dyno_frames.errors import SchemaError

SIMULATED = "simulated"
"""A boolean column of this name marks rows whose mail never left."""


def require(frame: pd.DataFrame, picture: str, *names: str) -> None:
    """Check that a frame has the columns a picture needs.

    Raises
    ------
    SchemaError
        A column is missing; the message names those needed and those there.
    """
    if not isinstance(frame, pd.DataFrame):
        raise SchemaError(f"{picture} needs a DataFrame of campaigns, got {type(frame).__name__}")
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise SchemaError(
            f"{picture} needs the columns {list(names)}; missing: {missing}; this frame has "
            f"{[str(name) for name in frame.columns]}. Ask for them: query(..., columns={list(names)})"
        )


def numbers(frame: pd.DataFrame, picture: str, *names: str) -> pd.DataFrame:
    """Return figures as float64, nulls as NaN, whatever backend the frame uses."""
    require(frame, picture, *names)
    return pd.DataFrame({name: _float(frame[name], picture) for name in names}, index=frame.index)


def _float(column: pd.Series, picture: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if column.isna().all():
        return np.full(len(column), np.nan)
    if not pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        raise SchemaError(f"{picture} needs numbers in {column.name!r}, which is of dtype {column.dtype}")
    return column.to_numpy(dtype="float64", na_value=np.nan)


def instants(frame: pd.DataFrame, picture: str, name: str) -> pd.Series:
    """Return a time column as UTC instants, nulls as NaT."""
    require(frame, picture, name)
    column = frame[name]
    if pd.api.types.is_numeric_dtype(column.dtype) and not column.isna().all():
        raise SchemaError(
            f"{picture} needs times in {name!r}, which is of dtype {column.dtype}; "
            f"convert epoch seconds with pd.to_datetime(frame[{name!r}], unit='s', utc=True)"
        )
    return pd.Series(pd.to_datetime(column, utc=True).astype("datetime64[s, UTC]"), index=frame.index)


def send_time(frame: pd.DataFrame, picture: str) -> tuple[pd.Series, str]:
    """Return the times by which campaigns are placed, and the column they are from.

    That is ``start_time``, or ``created`` where the frame has no start times at all.
    """
    if "start_time" in frame.columns:
        times = instants(frame, picture, "start_time")
        if times.notna().any() or "created" not in frame.columns:
            return times, "start_time"
    if "created" in frame.columns:
        return instants(frame, picture, "created"), "created"
    require(frame, picture, "start_time")
    raise AssertionError("require raises where start_time is missing")


def simulated(frame: pd.DataFrame) -> bool:
    """Tell whether any row is marked as simulated."""
    return SIMULATED in frame.columns and bool(frame[SIMULATED].eq(True).fillna(value=False).any())


def texts(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column as text, nulls as an empty string."""
    return frame[name].astype("object").where(frame[name].notna(), "").astype(str)
