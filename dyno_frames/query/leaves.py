"""Leaves of a tree as sets: which values of one column make a comparison or a text test true."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import copysign, inf, isfinite
from typing import Any

import numpy as np
import pandas as pd

from dyno_frames.contract.fields import Field, Kind, Wire
from dyno_frames.query import regex
from dyno_frames.query.domain import Interval, Number, Numbers, Pattern, Texts
from dyno_frames.query.predicate import Attribute, Binary, Call, Column, Literal, Node

EXACT_FLOAT = 2**53
"""Beyond it a double no longer holds every whole number, and pandas' answer depends on the literal's type."""

_INT64 = (-(2**63), 2**63 - 1)
MIRRORED = {"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
"""Each comparison with its sides exchanged."""

Found = tuple[Numbers | Texts, bool]
"""The values that make a leaf true, null left out, and whether they are exactly those."""


def number_leaf(node: Node, field: Field) -> Found | None:
    """Return the numbers that make a leaf over a number or time column true; None where that is not known."""
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


def _compared(operator: str, value: Any, field: Field) -> Found | None:
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
    """Return the caller's value as a number on the wire's scale, or None where pandas' rule is not known."""
    if field.kind is Kind.TIME:
        return epoch(value)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        if field.kind is Kind.FLOAT:
            return value if abs(value) < EXACT_FLOAT else None
        return value if _INT64[0] <= value <= _INT64[1] else None
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


def _members(values: Any, field: Field) -> Found | None:
    values = _listed(values)
    if not isinstance(values, Sequence) or isinstance(values, str):
        return None
    if field.kind is Kind.TIME:
        return _time_members(values, field)
    known = [value for value in values if not _is_null(value)]
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


def _listed(values: Any) -> Any:
    return values.tolist() if isinstance(values, np.ndarray | pd.Series | pd.Index) else values


def _time_members(values: Sequence[Any], field: Field) -> Found | None:
    # Only a list of nothing but aware times on whole seconds: beside anything else pandas infers another type for
    # the list, and an Arrow column cuts fractions off.
    points = [epoch(value) for value in values]
    if not all(isinstance(point, int) for point in points):
        return None
    # Among times of several zones, one in the second of two hours that are called alike is found by no column.
    exact = not any(value.fold for value in values)
    return _numbers([Interval(point, point) for point in points if isinstance(point, int)], field), exact


def _is_null(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)  # noqa: PLR0124 - NaN


def _between(arguments: tuple[Node, ...], keywords: dict[str, Node], field: Field) -> Found | None:
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


def _dated(part: Node, operator: str, value: Any) -> Found | None:
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


def _years(values: Any) -> Found | None:
    if not isinstance(values, Sequence) or not values or not all(_is_year(value) for value in values):
        return None
    runs = [Interval(_start(year), _start(year + 1), high_open=True) for year in values]
    return _numbers(runs, _TIME), True


_TIME = Field("", Kind.TIME)


def _stepped(operator: str, point: Any, step: int) -> Found | None:
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
    """Return where a time rounded down to a cell's start compares so with that start."""
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


def text_leaf(node: Node, field: Field) -> Found | None:
    """Return the texts that make a leaf over a string column true; None where that is not known."""
    if field.wire is not Wire.STRING:
        return None
    if text := _lowered(node):
        return _folded("contains", text, is_regex=False)
    match node:
        case Binary("eq", Column(), Literal(value)) | Binary("eq", Literal(value), Column()):
            return (Texts(frozenset({value})), True) if isinstance(value, str) else None
        case Binary("ne", Column(), Literal(value)) | Binary("ne", Literal(value), Column()):
            return (Texts(exclude=frozenset({value})), True) if isinstance(value, str) else None
        case Call(Attribute(Column(), "isin"), (Literal(values),), ()):
            return _texts(values)
        case Call(Attribute(Column(), "notna" | "notnull"), (), ()):
            return Texts(), True
        case Call(Attribute(Column(), "isna" | "isnull"), (), ()):
            return Texts(frozenset()), True
        case Call(Attribute(Attribute(Column(), "str"), method), (Literal(), *_) as arguments, keywords):
            return _tested(method, arguments, dict(keywords))
        case Call(Attribute(Attribute(Column(), "str"), method), (), keywords) if "pat" in dict(keywords):
            named = dict(keywords)
            return _tested(method, (named.pop("pat"),), named)
        case _:
            return None


def _lowered(node: Node) -> str | None:
    # Not upper: it makes two letters of one, such as SS of ß, which no engine's folding undoes for certain.
    match node:
        case (
            Binary("eq", Call(Attribute(Attribute(Column(), "str"), "lower"), (), ()), Literal(str(text)))
            | Binary("eq", Literal(str(text)), Call(Attribute(Attribute(Column(), "str"), "lower"), (), ()))
            | Call(
                Attribute(Call(Attribute(Attribute(Column(), "str"), "lower"), (), ()), "isin"),
                (Literal([str(text)]),),
                (),
            )
        ):
            return text
        case _:
            return None


def _texts(values: Any) -> Found | None:
    in_numpy = isinstance(values, np.ndarray)
    values = _listed(values)
    if not isinstance(values, Sequence) or isinstance(values, str):
        return None
    if in_numpy and any(isinstance(value, str) and "\0" in value for value in values):
        return None  # Arrow ends such a text of NumPy's there
    if not all(isinstance(value, str) or _is_null(value) for value in values):
        return None
    return Texts(frozenset(value for value in values if isinstance(value, str))), True


_PARAMETERS = {
    "contains": ("pat", "case", "flags", "na", "regex"),
    "match": ("pat", "case", "flags", "na"),
    "fullmatch": ("pat", "case", "flags", "na"),
    "startswith": ("pat", "na"),
    "endswith": ("pat", "na"),
}


def _tested(method: str, arguments: tuple[Node, ...], keywords: dict[str, Node]) -> Found | None:
    names = _PARAMETERS.get(method)
    if names is None or len(arguments) > len(names):
        return None
    given = dict(zip(names, arguments, strict=False)) | keywords
    values = {name: node.value for name, node in given.items() if isinstance(node, Literal)}
    if len(values) != len(given):
        return None
    pattern = values["pat"]
    if method in {"startswith", "endswith"}:
        return _edged(method, pattern)
    if not isinstance(pattern, str) or values.get("flags", 0):
        return None
    if not values.get("case", True):
        return _folded(method, pattern, is_regex=bool(values.get("regex", True)))
    if method == "contains" and not values.get("regex", True):
        return _pattern("contains", pattern)
    return _searched(method, pattern)


def _pattern(kind: str, text: str, *, exact: bool = True) -> Found:
    return (Texts(patterns=frozenset({Pattern(kind, text)})) if text else Texts()), exact


def _edged(kind: str, pattern: Any) -> Found | None:
    return _pattern(kind, pattern) if isinstance(pattern, str) else None


def _searched(method: str, pattern: str) -> Found:
    known = regex.facts(pattern)
    if known.literal is not None:
        kind = {"contains": "contains", "match": "startswith", "fullmatch": "equal"}[method]
        if kind == "equal":
            return Texts(frozenset({known.literal})), True
        return _pattern(kind, known.literal)
    if known.portable and method == "contains":
        return _pattern("regex", pattern)
    if known.portable and method == "match":
        return _pattern("regex", f"^(?:{pattern})")
    return _pattern("contains", known.required, exact=False)


def _folded(method: str, pattern: str, *, is_regex: bool) -> Found | None:
    literal = regex.facts(pattern).literal if is_regex else pattern
    if not literal or method == "match":
        return None
    return _pattern("contains_ignore_case", literal, exact=False)
