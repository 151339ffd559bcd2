"""Convert values of pandas, NumPy and Python to the JSON values that a field accepts."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Any, Final

import numpy as np
import pandas as pd

from dyno_frames.contract.fields import Kind
from dyno_frames.sandbox.store.values import INT64_MAX, INT64_MIN, encode

NUMBER_KINDS: Final = frozenset({Kind.TIME, Kind.COUNT, Kind.INTEGER})
TEXT_KINDS: Final = frozenset({Kind.ID, Kind.STRING, Kind.STATUS})

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_POINTED_DATE = re.compile(r"\d{1,4}\.\d{1,2}\.\d{2,4}")
_NUMBER_TEXT = re.compile(r"[+-]?\d[\d.,'_ \u00a0\u2009\u202f]{0,40}\s?%?")

_TIMES: Final = "epoch seconds, a datetime, or ISO 8601 text such as 2026-03-29T09:30:00+02:00"
_TO_NUMBER: Final = (
    "; this is text, so convert the column with "
    "pandas.to_numeric(column.str.replace(r'[^0-9.-]', '', regex=True))"
)
_TO_DATETIME: Final = "; convert the column with pandas.to_datetime(column, format='mixed', utc=True)"


def to_field_value(kind: Kind | None, value: Any) -> Any:
    """Return a value as JSON, for a field of this kind; None is a field outside the contract.

    Raise ValueError if the field does not accept the value, or the value is not JSON. The message says how to
    convert the column.
    """
    if kind is Kind.TIME and isinstance(value, str | dt.date | np.datetime64):
        return _epoch_s(value)
    converted = to_json_value(value)
    if kind in NUMBER_KINDS and converted is not None:
        return _number(converted, expected=_TIMES if kind is Kind.TIME else "a number")
    if kind in TEXT_KINDS and not isinstance(converted, str | None):
        raise ValueError("expected a string; convert the column with .astype(str)")
    encode(converted)
    return converted


def _number(value: Any, *, expected: str) -> int | float:
    if isinstance(value, str):
        raise ValueError(f"expected {expected}{_number_cure(value)}")  # noqa: TRY004 - the caller expects ValueError
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise ValueError(f"expected {expected}")  # noqa: TRY004 - the caller expects ValueError
    if isinstance(number, int) and not INT64_MIN <= number <= INT64_MAX:
        raise ValueError("expected a number of at most 64 bits")
    return number


def _number_cure(text: str) -> str:
    """Return how to convert a column of number texts, or an empty string if this text is not a number."""
    stripped = text.strip()
    is_number = _NUMBER_TEXT.fullmatch(stripped) and not _POINTED_DATE.fullmatch(stripped)
    return _TO_NUMBER if is_number else ""


def to_json_value(value: Any) -> Any:
    """Return a pandas, NumPy or Python value as JSON. Raise ValueError if JSON has no such value."""
    match value:
        case None | bool():
            return value
        case str():
            return str(value)
        case int():
            return int(value)
        case float():
            return _finite(value)
        case dt.datetime():  # pandas.Timestamp and NaT are datetimes
            return None if _is_null(value) else _utc(value).isoformat().replace("+00:00", "Z")
        case dt.date():
            return value.isoformat()
        case list() | tuple():
            return [to_json_value(each) for each in value]
        case dict():
            return {str(name): to_json_value(each) for name, each in value.items()}
        case _:
            return _from_numpy(value)


def _from_numpy(value: Any) -> Any:
    """Convert a pandas or NumPy value by way of its Python value."""
    if value is pd.NA:
        return None
    if isinstance(value, np.datetime64):
        return to_json_value(pd.Timestamp(value))
    if isinstance(value, np.generic):
        return to_json_value(value.item())
    if isinstance(value, np.ndarray):
        return to_json_value(value.tolist())
    raise ValueError(f"a {type(value).__name__} is not a JSON value; convert the column first")


def _finite(number: float) -> float | None:
    if math.isinf(number):
        raise ValueError("JSON has no infinity")
    return None if math.isnan(number) else float(number)


def _is_null(value: Any) -> bool:
    return value is pd.NaT or bool(pd.isna(value))


def _utc(value: dt.datetime) -> pd.Timestamp:
    stamp = pd.Timestamp(value)
    return stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")


def _epoch_s(value: dt.date | np.datetime64 | str) -> int | None:
    if isinstance(value, str):
        value = _parse_iso(value)
    return None if _is_null(value) else math.floor(_utc(pd.Timestamp(value)).timestamp())


def _parse_iso(text: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text if _DATE.match(text) else "")
    except ValueError:
        cure = _number_cure(text) or (_TO_DATETIME if any(map(str.isdigit, text)) else "")
        raise ValueError(f"expected {_TIMES}{cure}") from None
