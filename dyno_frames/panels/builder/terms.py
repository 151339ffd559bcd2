"""The conditions that a query builder can edit: a column, an operator for its type, and a value."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import pandas as pd

from dyno_frames.contract.fields import Field, Kind

Value: TypeAlias = str | int | float | bool | tuple[str, ...] | tuple[int | float, ...] | None
"""The value of a condition. Times are text in UTC; None is for operators without a value."""


class Operator(StrEnum):
    """The operators, by their labels."""

    IS = "is"
    IS_NOT = "is not"
    CONTAINS = "contains"
    NOT_CONTAINS = "does not contain"
    CONTAINS_ANY_CASE = "contains (ignore case)"
    NOT_CONTAINS_ANY_CASE = "does not contain (ignore case)"
    STARTS_WITH = "starts with"
    ENDS_WITH = "ends with"
    MATCHES = "matches pattern"
    NOT_MATCHES = "does not match pattern"
    GREATER = "more than"
    AT_LEAST = "at least"
    LESS = "less than"
    AT_MOST = "at most"
    IN = "is one of"
    NOT_IN = "is none of"
    MISSING = "has no value"
    PRESENT = "has a value"


_TEXT = (
    Operator.CONTAINS,
    Operator.CONTAINS_ANY_CASE,
    Operator.NOT_CONTAINS,
    Operator.NOT_CONTAINS_ANY_CASE,
    Operator.IS,
    Operator.IS_NOT,
    Operator.STARTS_WITH,
    Operator.ENDS_WITH,
    Operator.MATCHES,
    Operator.NOT_MATCHES,
    Operator.IN,
    Operator.NOT_IN,
    Operator.MISSING,
    Operator.PRESENT,
)
_ORDER = (Operator.GREATER, Operator.AT_LEAST, Operator.LESS, Operator.AT_MOST)
_NUMBER = (*_ORDER, Operator.IS, Operator.IS_NOT, Operator.IN, Operator.NOT_IN, *_TEXT[-2:])

OPERATORS: dict[Kind, tuple[Operator, ...]] = {
    Kind.ID: _TEXT,
    Kind.STRING: _TEXT,
    Kind.STATUS: (Operator.IS, Operator.IS_NOT, Operator.IN, Operator.NOT_IN),
    Kind.TIME: (Operator.AT_LEAST, Operator.GREATER, Operator.LESS, Operator.AT_MOST, *_TEXT[-2:]),
    Kind.COUNT: _NUMBER,
    Kind.INTEGER: _NUMBER,
    Kind.FLOAT: _NUMBER,
    Kind.FLAG: (Operator.IS, *_TEXT[-2:]),
    Kind.JSON: _TEXT[-2:],
}
"""The operators for a kind of column. A time rarely equals a date exactly, so times have no ``is``."""

_TIME_LABELS = {
    Operator.GREATER: "after",
    Operator.AT_LEAST: "at or after",
    Operator.LESS: "before",
    Operator.AT_MOST: "at or before",
}

NO_VALUE = frozenset({Operator.MISSING, Operator.PRESENT})
"""Operators without a value."""

MULTI_VALUE = frozenset({Operator.IN, Operator.NOT_IN})
"""Operators with one value per line."""

NEGATIONS = {
    Operator.IS: Operator.IS_NOT,
    Operator.CONTAINS: Operator.NOT_CONTAINS,
    Operator.CONTAINS_ANY_CASE: Operator.NOT_CONTAINS_ANY_CASE,
    Operator.MATCHES: Operator.NOT_MATCHES,
    Operator.IN: Operator.NOT_IN,
    Operator.MISSING: Operator.PRESENT,
}
"""The negation of an operator. ``more than`` has none: for a missing value neither it nor ``at most`` holds."""

_BREAKS = re.compile(r"[\r\n\x00\v\f\x1c-\x1e\x85\u2028\u2029\ud800-\udfff]")
"""Characters that a text box would lose or turn into a new line, or that cannot be sent to a browser."""

_DATED = re.compile(r"\d{4}(-\d{1,2}(-\d{1,2}(?!\d).*)?)?$")


@dataclass(frozen=True, slots=True)
class Term:
    """One condition.

    Parameters
    ----------
    column
        The column's name.
    operator
        How it is compared.
    value
        What it is compared with.
    """

    column: str
    operator: Operator
    value: Value = None


def operator_label(operator: Operator, kind: Kind) -> str:
    """Return an operator's label for a kind of column."""
    return _TIME_LABELS.get(operator, operator.value) if kind is Kind.TIME else operator.value


def parse_value(field: Field, operator: Operator, raw: str) -> Value:
    """Return the value that was typed into a box.

    Parameters
    ----------
    field
        The column.
    operator
        How it is compared.
    raw
        The text in the box: one value, or one on each line.

    Raises
    ------
    ValueError
        The text is not a value of this column; the message says what is expected.
    """
    if operator in NO_VALUE:
        return None
    if operator not in MULTI_VALUE:
        return _single(field, raw)
    lines = [line for line in raw.splitlines() if line.strip()]
    if not lines:
        raise ValueError("the box is empty; expected one value on each line")
    if field.kind in {Kind.COUNT, Kind.INTEGER, Kind.FLOAT}:
        return tuple(_number(line) for line in lines)
    return tuple(lines)


def format_value(value: Value) -> str:
    """Return the text to type for a value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "\n".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _single(field: Field, raw: str) -> Value:
    match field.kind:
        case Kind.TIME:
            return _time(raw)
        case Kind.COUNT | Kind.INTEGER | Kind.FLOAT:
            return _number(raw)
        case Kind.FLAG:
            return _flag(raw)
        case _:
            if not raw:
                raise ValueError("the box is empty; expected a value")
            return raw


def _number(raw: str) -> int | float:
    text = raw.strip()
    try:
        number = int(text) if re.fullmatch(r"[+-]?[\d_]+", text) else float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is not a number; expected a number such as 1000 or 0.5")
    return number


def _flag(raw: str) -> bool:
    if raw.strip().lower() not in {"true", "false"}:
        raise ValueError(f"{raw.strip()!r} is not a flag; expected true or false")
    return raw.strip().lower() == "true"


def _time(raw: str) -> str:
    try:
        stamp = pd.Timestamp(raw.strip()) if _DATED.match(raw.strip()) else pd.NaT
    except ValueError:
        stamp = pd.NaT
    if pd.isna(stamp) or stamp != stamp.floor("s"):
        raise ValueError(
            f"{raw.strip()!r} is not a time; expected a time in UTC such as 2026-01-31 or 2026-01-31 09:00"
        )
    return time_text(stamp)


def time_text(stamp: pd.Timestamp) -> str:
    """Return a time in UTC, to the second, as a short text."""
    utc = (stamp.tz_localize("UTC") if stamp.tz is None else stamp.tz_convert("UTC")).floor("s")
    text = str(utc.tz_localize(None).isoformat(sep=" "))
    return text.removesuffix(":00").removesuffix(" 00:00")


def not_editable_reason(field: Field, term: Term) -> str:
    """Return why a term cannot be edited as a condition. Empty if it can."""
    if term.operator not in OPERATORS[field.kind]:
        return f"there is no such comparison for the column {field.name!r}"
    texts = term.value if isinstance(term.value, tuple) else (term.value,)
    if any(isinstance(text, str) and _BREAKS.search(text) for text in texts):
        return "a text box cannot hold a line break"
    try:
        same = parse_value(field, term.operator, format_value(term.value)) == term.value
    except ValueError as error:
        return str(error)
    return "" if same else f"a text box cannot hold {term.value!r}"
