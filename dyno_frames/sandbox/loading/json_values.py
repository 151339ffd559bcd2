"""Values of pandas, NumPy and Python from a reader's table, as JSON has them."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Any

import numpy as np
import pandas as pd

from dyno_frames.contract.fields import Kind
from dyno_frames.sandbox.store.values import INT64_MAX, INT64_MIN, encode

NUMBERS = frozenset({Kind.TIME, Kind.COUNT, Kind.INTEGER})
TEXTS = frozenset({Kind.KEY, Kind.STRING, Kind.STATUS})

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_POINTED_DATE = re.compile(r"\d{1,4}\.\d{1,2}\.\d{2,4}")
_TIMES = "epoch seconds, a datetime, or ISO 8601 text such as 2026-03-29T09:30:00+02:00"


_NUMBER_TEXT = re.compile(r"[+-]?\d[\d.,'_ \u00a0\u2009\u202f]{0,40}\s?%?")
_TO_NUMBER = (
    "; this is text, so convert the column with "
    "pandas.to_numeric(column.str.replace(r'[^0-9.-]', '', regex=True))"
)
_TO_DATETIME = "; convert the column with pandas.to_datetime(column, format='mixed', utc=True)"


def _cure(text: str) -> str:
    """Return how to convert a column whose texts are numbers, or an empty string if this text is not one."""
    number = _NUMBER_TEXT.fullmatch(text.strip()) and not _POINTED_DATE.fullmatch(text.strip())
    return _TO_NUMBER if number else ""


def fitting(kind: Kind | None, value: Any) -> Any:
    """Return a value as a field of a kind holds it; None is a field outside the contract.

    Raises
    ------
    ValueError
        The field cannot hold it, or JSON has no such value.
    """
    if kind is Kind.TIME and isinstance(value, str | dt.date | np.datetime64):
        return _instant_s(value)
    fitted = plain(value)
    if kind in NUMBERS and fitted is not None:
        return _number(fitted, expected=_TIMES if kind is Kind.TIME else "a number")
    if kind in TEXTS and not isinstance(fitted, str | None):
        raise ValueError("expected a string; convert the column with .astype(str)")
    encode(fitted)
    return fitted


def _number(value: Any, *, expected: str) -> int | float:
    if isinstance(value, str):
        raise ValueError(f"expected {expected}{_cure(value)}")  # noqa: TRY004 - its caller awaits this one
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise ValueError(f"expected {expected}")  # noqa: TRY004 - its caller awaits this one
    if isinstance(number, int) and not INT64_MIN <= number <= INT64_MAX:
        raise ValueError("expected a number of at most 64 bits")
    return number


def plain(value: Any) -> Any:
    """Return a pandas, numpy or Python value as JSON has it.

    Raises
    ------
    ValueError
        JSON has no such value.
    """
    match value:
        case None | bool():
            return value
        case str():
            return str(value)
        case int():
            return int(value)
        case float():
            return _finite(value)
        case dt.datetime():  # pd.Timestamp and NaT are datetimes
            return None if _is_null(value) else _utc(value).isoformat().replace("+00:00", "Z")
        case dt.date():
            return value.isoformat()
        case list() | tuple():
            return [plain(each) for each in value]
        case dict():
            return {str(name): plain(each) for name, each in value.items()}
        case _:
            return _plain_guest(value)


def _plain_guest(value: Any) -> Any:
    """Take a numpy or pandas value for the Python value it stands for."""
    if value is pd.NA:
        return None
    if isinstance(value, np.datetime64):
        return plain(pd.Timestamp(value))
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    raise ValueError(f"a {type(value).__name__} is no JSON value; convert the column first")


def _finite(number: float) -> float | None:
    if math.isinf(number):
        raise ValueError("JSON has no infinity")
    return None if math.isnan(number) else float(number)


def _is_null(value: Any) -> bool:
    return value is pd.NaT or bool(pd.isna(value))


def _utc(value: dt.datetime) -> pd.Timestamp:
    stamp = pd.Timestamp(value)
    return stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")


def _instant_s(value: dt.date | np.datetime64 | str) -> int | None:
    if isinstance(value, str):
        value = _of_iso(value)
    return None if _is_null(value) else math.floor(_utc(pd.Timestamp(value)).timestamp())


def _of_iso(text: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text if _DATE.match(text) else "")
    except ValueError:
        cure = _cure(text) or (_TO_DATETIME if any(map(str.isdigit, text)) else "")
        raise ValueError(f"expected {_TIMES}{cure}") from None
