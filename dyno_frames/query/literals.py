"""Normalize the values in an expression, and read values that pandas would not read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dyno_frames.errors import LiteralTypeError


def normalise(value: Any) -> Any:
    """Return a NumPy scalar as a Python value, and an iterator as a list."""
    if isinstance(value, np.generic) and not isinstance(value, np.datetime64 | np.timedelta64):
        return value.item()
    if isinstance(value, Iterator | range | set | frozenset) or _is_view(value):
        return list(value)
    return value


def listed(values: Any) -> Any:
    """Return an array, a Series or an Index as a list; anything else as it is."""
    return values.tolist() if isinstance(values, np.ndarray | pd.Series | pd.Index) else values


def is_null(value: Any) -> bool:
    """Tell whether pandas takes a value for null."""
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)  # noqa: PLR0124 - NaN


def _is_view(value: Any) -> bool:
    return isinstance(value, Iterable) and type(value).__name__ in {"dict_keys", "dict_values"}


@dataclass(frozen=True, slots=True)
class Reading:
    """A value that is compared with a time column.

    Parameters
    ----------
    value
        What to compare with.
    coerced
        Whether pandas would raise an error for the original value.
    warning
        A warning for the caller; empty for no warning.
    """

    value: Any
    coerced: bool = False
    warning: str = ""


_NEVER = (
    "pandas compares a time with {what} as unequal, so this answers as if no row had it. "
    "Compare with a range or with pd.Timestamp(…, tz='UTC')"
)


def time_literal(value: Any, *, comparison: str, in_query: bool, in_arrow: bool = False) -> Reading:
    """Read a value that is compared with a time column: text in UTC, a number as epoch seconds.

    Parameters
    ----------
    value
        The caller's value.
    comparison
        ``eq``, ``lt`` and so on.
    in_query
        Whether the value is part of a query string.
    in_arrow
        Whether the column has an Arrow dtype, for which pandas does not read text.

    Raises
    ------
    LiteralTypeError
        A time without a zone, or a text that is not a time, is compared by order.
    """
    equality = comparison in {"eq", "ne"}
    if value is None and in_query and not in_arrow:
        return Reading(pd.NaT)  # as pandas' parser makes it
    if isinstance(value, bool) or value is None or value is pd.NaT or value is pd.NA:
        return Reading(value)
    if isinstance(value, int | float):
        return _number(value, equality=equality, in_query=in_query)
    if isinstance(value, str):
        return _text(value, equality=equality, reads=not in_query and not in_arrow)
    if isinstance(value, dt.datetime) and pd.Timestamp(value).tz is None and not equality:
        raise LiteralTypeError(
            f"{value!r} has no time zone and the column is in UTC; write pd.Timestamp({str(value)!r}, tz='UTC')"
        )
    if equality and isinstance(value, dt.datetime) and pd.Timestamp(value).tz is None:
        return Reading(value, warning=_NEVER.format(what="a time without a zone"))
    return Reading(value)


def _number(value: float, *, equality: bool, in_query: bool) -> Reading:
    if equality and not (in_query and not _reads_as_date(value)):
        return Reading(value, warning=_NEVER.format(what="a number"))
    try:
        return Reading(pd.Timestamp(value, unit="s", tz="UTC"), coerced=True)
    except (OverflowError, ValueError) as error:
        raise LiteralTypeError(f"{value!r} is not a time in epoch seconds") from error


def _reads_as_date(value: float) -> bool:
    # pandas turns a number in a query into text and the text into a time: 2019 is a year, 1439054168 is refused.
    try:
        pd.Timestamp(str(value))
    except (ValueError, OverflowError):
        return False
    return True


def _text(value: str, *, equality: bool, reads: bool) -> Reading:
    if equality and not reads:
        return Reading(value)
    try:
        stamp: Any = pd.Timestamp(value)
    except (ValueError, OverflowError) as error:
        if equality:
            return Reading(value)
        raise LiteralTypeError(
            f"{value!r} is not a time; write it as '2016-01-31' or '2016-01-31T09:00Z'"
        ) from error
    if pd.isna(stamp):
        return Reading(stamp)
    if stamp.tz is None:
        return Reading(stamp.tz_localize("UTC"), coerced=not reads)
    return Reading(stamp.tz_convert("UTC"), coerced=not reads)
