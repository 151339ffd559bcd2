"""Convert leaves over number and time columns to the sets of values for which they are true."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import copysign, inf, isfinite
from typing import Any

import pandas as pd

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.query.domain import LEAST, MOST, Interval, LeafValues, Number, Numbers
from dyno_frames.query.literals import is_null, listed
from dyno_frames.query.predicate import MIRRORED, Attribute, Binary, Call, Column, Literal, Node

EXACT_FLOAT = 2**53
"""Doubles do not represent every larger integer, and pandas' result depends on the literal's type."""


def number_leaf(node: Node, field: Field) -> LeafValues | None:
    """Return the numbers for which a leaf over a number or time column is true, or None if unknown."""
    match node:
        case Binary(operator, Column(), Literal(value)) if operator in MIRRORED:
            return _compared(operator, value, field)
        case Binary(operator, Literal(value), Column()) if operator in MIRRORED:
            return _compared(MIRRORED[operator], value, field)
        case Binary(operator, Attribute() | Call() as part, Literal(value)) if field.kind is Kind.TIME:
            return _dated(part, operator, value)
        case Binary(operator, Literal(value), Attribute() | Call() as part) if field.kind is Kind.TIME:
            return _dated(part, MIRRORED.get(operator, ""), value)
        case Call(Attribute(Column(), "isin"), (Literal(values),), ()):
            return _members(values, field)
        case Call(Attribute(Attribute(Attribute(Column(), "dt"), "year"), "isin"), (Literal(values),), ()):
            return _years(values) if field.kind is Kind.TIME else None
        case Call(Attribute(Column(), "between"), arguments, keywords):
            return _between(arguments, dict(keywords), field)
        case Call(Attribute(Column(), "notna" | "notnull"), (), ()):
            return _numbers([Interval()], field), True
        case Call(Attribute(Column(), "isna" | "isnull"), (), ()):
            return _numbers([], field), True
        case _:
            return None


def _numbers(intervals: Iterable[Interval], field: Field) -> Numbers:
    return Numbers.of(intervals, null=False, whole=field.kind is not Kind.FLOAT)


def _compared(operator: str, value: Any, field: Field) -> LeafValues | None:
    number = _number(value, field)
    return None if number is None else (_numbers(_intervals(operator, number), field), True)


def _intervals(operator: str, number: Number | Fraction) -> list[Interval]:
    at: Any = number
    match operator:
        case "eq":
            return [Interval(at, at)]
        case "ne":
            return [Interval(high=at, high_open=True), Interval(low=at, low_open=True)]
        case "lt":
            return [Interval(high=at, high_open=True)]
        case "le":
            return [Interval(high=at)]
        case "gt":
            return [Interval(low=at, low_open=True)]
        case _:
            return [Interval(low=at)]


def _number(value: Any, field: Field) -> Any:
    """Return a value of the expression as a number in the server's unit, or None if pandas' rule is unknown."""
    if field.kind is Kind.TIME:
        return epoch(value)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        if field.kind is Kind.FLOAT:
            return value if abs(value) < EXACT_FLOAT else None
        return value if LEAST <= value <= MOST else None
    if isinstance(value, float) and isfinite(value) and abs(value) < EXACT_FLOAT:
        return value
    return None


_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def epoch(value: Any) -> int | Fraction | None:
    """Return an aware time as exact epoch seconds; None for anything else."""
    if not isinstance(value, dt.datetime) or value is pd.NaT:
        return None
    stamp = pd.Timestamp(value)
    if stamp.tz is None:
        return None
    whole, rest = divmod(int(stamp.to_datetime64().astype("int64")), _PER_SECOND[stamp.unit])
    return whole + Fraction(rest, _PER_SECOND[stamp.unit]) if rest else whole


def _members(values: Any, field: Field) -> LeafValues | None:
    values = listed(values)
    if not isinstance(values, Sequence) or isinstance(values, str):
        return None
    if field.kind is Kind.TIME:
        return _time_members(values, field)
    known = [value for value in values if not is_null(value)]
    numbers = [_number(value, field) for value in known]
    if None in numbers or any(isinstance(value, bool) for value in known):
        return None
    mixed = any(isinstance(value, float) for value in known) or len(known) < len(values)
    if mixed and any(abs(number) >= EXACT_FLOAT for number in numbers):
        return None
    # The two zeros are one number, but not to an Arrow column that looks for members; of integers, only one is 0.
    zeros = [number for number in numbers if number == 0]
    exact = not any(field.kind is Kind.FLOAT or copysign(1, zero) < 0 for zero in zeros)
    return _numbers([Interval(number, number) for number in numbers], field), exact


def _time_members(values: Sequence[Any], field: Field) -> LeafValues | None:
    # Only a list of timezone-aware times in whole seconds: for other lists pandas infers another type, and an Arrow
    # column truncates fractions.
    points = [epoch(value) for value in values]
    if not all(isinstance(point, int) for point in points):
        return None
    # In a list of several time zones, pandas does not match a time in the repeated hour of a clock change.
    exact = not any(value.fold for value in values)
    return _numbers([Interval(point, point) for point in points if isinstance(point, int)], field), exact


def _between(arguments: tuple[Node, ...], keywords: dict[str, Node], field: Field) -> LeafValues | None:
    given = dict(zip(("left", "right", "inclusive"), arguments, strict=False)) | keywords
    values = {name: node.value for name, node in given.items() if isinstance(node, Literal)}
    if len(values) != len(given) or not {"left", "right"} <= values.keys():
        return None
    inclusive = values.get("inclusive", "both")
    if inclusive not in {"both", "left", "right", "neither"}:
        return None
    low, high = (_bound(values[name], field) for name in ("left", "right"))
    if low is None or high is None:
        return None
    run = Interval(low, high, inclusive in {"right", "neither"}, inclusive in {"left", "neither"})
    return _numbers([run], field), True


def _bound(value: Any, field: Field) -> Any:
    if field.kind is Kind.TIME and isinstance(value, str):
        try:
            stamp = pd.Timestamp(value)
        except ValueError:
            return None
        return epoch(stamp if stamp.tz else stamp.tz_localize("UTC"))
    return _number(value, field)


_STEPS = {"s": 1, "min": 60, "h": 3600, "D": 86_400}


def _dated(part: Node, operator: str, value: Any) -> LeafValues | None:
    """Return the epoch seconds for a comparison of a part of a time: its year, its date, its start of day."""
    match part:
        case Attribute(Attribute(Column(), "dt"), "year") if _is_year(value):
            return _year(operator, int(value)), True
        case Attribute(Attribute(Column(), "dt"), "date") if type(value) is dt.date:
            day = int(dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC).timestamp())
            return _stepped(operator, day, 86_400)
        case Call(Attribute(Attribute(Column(), "dt"), "normalize"), (), ()):
            return _stepped(operator, epoch(value), 86_400)
        case Call(Attribute(Attribute(Column(), "dt"), "floor"), (Literal(step),), ()) if step in _STEPS:
            return _stepped(operator, epoch(value), _STEPS[step])
        case _:
            return None


def _is_year(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 < value < 9998


def _start(year: int) -> int:
    return int(dt.datetime(year, 1, 1, tzinfo=dt.UTC).timestamp())


def _year(operator: str, year: int) -> Numbers:
    return _numbers(_floored(operator, Interval(_start(year), _start(year + 1), high_open=True)), _TIME)


def _years(values: Any) -> LeafValues | None:
    if not isinstance(values, Sequence) or not values or not all(_is_year(value) for value in values):
        return None
    runs = [Interval(_start(year), _start(year + 1), high_open=True) for year in values]
    return _numbers(runs, _TIME), True


_TIME = Field("", Kind.TIME)


def _stepped(operator: str, point: Any, step: int) -> LeafValues | None:
    if point is None:
        return None
    below = point // step * step
    if below == point:
        return _numbers(_floored(operator, Interval(below, below + step, high_open=True)), _TIME), True
    above = below + step
    match operator:
        case "eq":
            runs: list[Interval] = []
        case "ne":
            runs = [Interval()]
        case "lt" | "le":
            runs = [Interval(high=above, high_open=True)]
        case "gt" | "ge":
            runs = [Interval(low=above)]
        case _:
            return None
    return _numbers(runs, _TIME), True


def _floored(operator: str, cell: Interval) -> list[Interval]:
    """Return the times whose value rounded down to a cell's start has this relation to the start."""
    match operator:
        case "eq":
            return [cell]
        case "ne":
            return [Interval(high=cell.low, high_open=True), Interval(low=cell.high)]
        case "lt":
            return [Interval(high=cell.low, high_open=True)]
        case "le":
            return [Interval(high=cell.high, high_open=True)]
        case "gt":
            return [Interval(low=cell.high)]
        case "ge":
            return [Interval(low=cell.low)]
        case _:
            return [Interval(-inf, inf)]
