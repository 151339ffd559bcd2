"""What the widgets of a query builder can say: a column, an operator that fits its type, and a value."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import pandas as pd

from dyno_frames.contract.fields import Field, Kind

Value: TypeAlias = str | int | float | bool | tuple[str, ...] | tuple[int | float, ...] | None
"""What stands beside an operator; times are text in UTC, None is where an operator needs none."""


class Operator(StrEnum):
    """The operators, in words."""

    IS = "is"
    IS_NOT = "is not"
    CONTAINS = "contains"
    CONTAINS_NOT = "does not contain"
    CONTAINS_ANY_CASE = "contains, any case"
    CONTAINS_NOT_ANY_CASE = "does not contain, any case"
    STARTS = "starts with"
    ENDS = "ends with"
    MATCHES = "matches the pattern"
    MATCHES_NOT = "does not match the pattern"
    MORE = "more than"
    LEAST = "at least"
    LESS = "less than"
    MOST = "at most"
    IN = "is one of"
    NOT_IN = "is none of"
    MISSING = "is missing"
    THERE = "is there"


_TEXT = (
    Operator.CONTAINS,
    Operator.CONTAINS_ANY_CASE,
    Operator.CONTAINS_NOT,
    Operator.CONTAINS_NOT_ANY_CASE,
    Operator.IS,
    Operator.IS_NOT,
    Operator.STARTS,
    Operator.ENDS,
    Operator.MATCHES,
    Operator.MATCHES_NOT,
    Operator.IN,
    Operator.NOT_IN,
    Operator.MISSING,
    Operator.THERE,
)
_ORDER = (Operator.MORE, Operator.LEAST, Operator.LESS, Operator.MOST)
_NUMBER = (*_ORDER, Operator.IS, Operator.IS_NOT, Operator.IN, Operator.NOT_IN, *_TEXT[-2:])

OPERATORS: dict[Kind, tuple[Operator, ...]] = {
    Kind.KEY: _TEXT,
    Kind.STRING: _TEXT,
    Kind.STATUS: (Operator.IS, Operator.IS_NOT, Operator.IN, Operator.NOT_IN),
    Kind.TIME: (Operator.LEAST, Operator.MORE, Operator.LESS, Operator.MOST, *_TEXT[-2:]),
    Kind.COUNT: _NUMBER,
    Kind.INTEGER: _NUMBER,
    Kind.FLOAT: _NUMBER,
    Kind.FLAG: (Operator.IS, *_TEXT[-2:]),
    Kind.JSON: _TEXT[-2:],
}
"""Which operators fit a kind of column. A time equals no day, so times have none of equality."""

_OF_TIMES = {
    Operator.MORE: "after",
    Operator.LEAST: "at or after",
    Operator.LESS: "before",
    Operator.MOST: "at or before",
}

BARE = frozenset({Operator.MISSING, Operator.THERE})
"""Operators without a value."""

SEVERAL = frozenset({Operator.IN, Operator.NOT_IN})
"""Operators with as many values as there are lines."""

NEGATIONS = {
    Operator.IS: Operator.IS_NOT,
    Operator.CONTAINS: Operator.CONTAINS_NOT,
    Operator.CONTAINS_ANY_CASE: Operator.CONTAINS_NOT_ANY_CASE,
    Operator.MATCHES: Operator.MATCHES_NOT,
    Operator.IN: Operator.NOT_IN,
    Operator.MISSING: Operator.THERE,
}
"""What *not* makes of an operator. It is no use for ``more than``: where a value is missing, neither holds."""

_BREAKS = re.compile(r"[\r\n\x00\v\f\x1c-\x1e\x85\u2028\u2029\ud800-\udfff]")
"""What a box of one line loses, what would begin a new line in one of several, and what no browser is sent."""

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
        With what.
    """

    column: str
    operator: Operator
    value: Value = None


def words(operator: Operator, kind: Kind) -> str:
    """Return what an operator is called beside a column of this kind."""
    return _OF_TIMES.get(operator, operator.value) if kind is Kind.TIME else operator.value


def typed(field: Field, operator: Operator, raw: str) -> Value:
    """Return the value of what was typed.

    Parameters
    ----------
    field
        The column.
    operator
        How it is compared.
    raw
        What stands in the box: one value, or one on each line.

    Raises
    ------
    ValueError
        It is no value of this column; the message says what is expected.
    """
    if operator in BARE:
        return None
    if operator not in SEVERAL:
        return _single(field, raw)
    lines = [line for line in raw.splitlines() if line.strip()]
    if not lines:
        raise ValueError("a value on each line is expected")
    if field.kind in {Kind.COUNT, Kind.INTEGER, Kind.FLOAT}:
        return tuple(_number(line) for line in lines)
    return tuple(lines)


def shown(value: Value) -> str:
    """Return what would have to be typed for a value."""
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
                raise ValueError("a value is expected")
            return raw


def _number(raw: str) -> int | float:
    text = raw.strip()
    try:
        number = int(text) if re.fullmatch(r"[+-]?[\d_]+", text) else float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"a number is expected, such as 1000 or 0.5; this is {raw.strip()!r}")
    return number


def _flag(raw: str) -> bool:
    if raw.strip().lower() not in {"true", "false"}:
        raise ValueError(f"true or false is expected; this is {raw.strip()!r}")
    return raw.strip().lower() == "true"


def _time(raw: str) -> str:
    try:
        stamp = pd.Timestamp(raw.strip()) if _DATED.match(raw.strip()) else pd.NaT
    except ValueError:
        stamp = pd.NaT
    if pd.isna(stamp) or stamp != stamp.floor("s"):
        raise ValueError(
            f"a time is expected, such as 2026-01-31 or 2026-01-31 09:00, in UTC; this is {raw.strip()!r}"
        )
    return time_text(stamp)


def time_text(stamp: pd.Timestamp) -> str:
    """Return a time in UTC, to the second, as short as it can be."""
    utc = (stamp.tz_localize("UTC") if stamp.tz is None else stamp.tz_convert("UTC")).floor("s")
    text = str(utc.tz_localize(None).isoformat(sep=" "))
    return text.removesuffix(":00").removesuffix(" 00:00")


def fits(field: Field, term: Term) -> str:
    """Return why the widgets cannot hold a term; empty where they can."""
    if term.operator not in OPERATORS[field.kind]:
        return f"{field.name!r} is not compared so by the widgets"
    texts = term.value if isinstance(term.value, tuple) else (term.value,)
    if any(isinstance(text, str) and _BREAKS.search(text) for text in texts):
        return "a line break does not fit into a box"
    try:
        same = typed(field, term.operator, shown(term.value)) == term.value
    except ValueError as error:
        return str(error)
    return "" if same else f"{term.value!r} does not fit into a box"
