"""Check and convert the columns that plots read."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dyno_frames.errors import SchemaError

SIMULATED = "simulated"
"""The boolean column that marks simulated rows."""


def require(frame: pd.DataFrame, plot: str, *names: str) -> None:
    """Check that a frame has the columns that a plot needs.

    Raises
    ------
    SchemaError
        A column is missing. The message lists the needed and the existing columns.
    """
    if not isinstance(frame, pd.DataFrame):
        raise SchemaError(f"{plot} needs a DataFrame of campaigns, got {type(frame).__name__}")
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise SchemaError(
            f"{plot} needs the columns {list(names)}; missing: {missing}; this frame has "
            f"{[str(name) for name in frame.columns]}. Query them: query(..., columns={list(names)})"
        )


def numbers(frame: pd.DataFrame, plot: str, *names: str) -> pd.DataFrame:
    """Return columns as float64 for every dtype backend, with NaN for null."""
    require(frame, plot, *names)
    return pd.DataFrame({name: _float(frame[name], plot) for name in names}, index=frame.index)


def _float(column: pd.Series, plot: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if column.isna().all():
        return np.full(len(column), np.nan)
    if not pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        raise SchemaError(f"{plot} needs numbers in {column.name!r}, which is of dtype {column.dtype}")
    return column.to_numpy(dtype="float64", na_value=np.nan)


def instants(frame: pd.DataFrame, plot: str, name: str) -> pd.Series:
    """Return a time column in UTC, with NaT for null."""
    require(frame, plot, name)
    column = frame[name]
    if pd.api.types.is_numeric_dtype(column.dtype) and not column.isna().all():
        raise SchemaError(
            f"{plot} needs times in {name!r}, which is of dtype {column.dtype}; "
            f"convert epoch seconds with pd.to_datetime(frame[{name!r}], unit='s', utc=True)"
        )
    return pd.Series(pd.to_datetime(column, utc=True).astype("datetime64[s, UTC]"), index=frame.index)


def send_time(frame: pd.DataFrame, plot: str) -> tuple[pd.Series, str]:
    """Return the send times of campaigns, and the name of their column.

    The column is ``start_time``, or ``created`` if the frame has no start times.
    """
    if "start_time" in frame.columns:
        times = instants(frame, plot, "start_time")
        if times.notna().any() or "created" not in frame.columns:
            return times, "start_time"
    if "created" in frame.columns:
        return instants(frame, plot, "created"), "created"
    require(frame, plot, "start_time")
    raise AssertionError("require raises where start_time is missing")


def simulated(frame: pd.DataFrame) -> bool:
    """Return whether any row is marked as simulated."""
    return SIMULATED in frame.columns and bool(frame[SIMULATED].eq(True).fillna(value=False).any())


def texts(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column as text, with an empty string for null."""
    return frame[name].astype("object").where(frame[name].notna(), "").astype(str)
