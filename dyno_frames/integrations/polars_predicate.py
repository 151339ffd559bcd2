"""Translate a predicate of polars to an expression of pandas, as far as both mean the same on values."""

from __future__ import annotations

import io
import json
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any

import pandas as pd
import polars as pl

Test = Callable[[Any], Any]
"""A function of a frame, or of a tracer of one, that returns what is true in each row."""

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "Lt": operator.lt,
    "LtEq": operator.le,
    "Gt": operator.gt,
    "GtEq": operator.ge,
}
_JOINS: dict[str, Callable[[Any, Any], Any]] = {
    "And": operator.and_,
    "LogicalAnd": operator.and_,
    "Or": operator.or_,
    "LogicalOr": operator.or_,
}
_ENDS = {"StartsWith": ("starts_with", "startswith"), "EndsWith": ("ends_with", "endswith")}
_CLOSED = {"Both": ("GtEq", "LtEq"), "Left": ("GtEq", "Lt"), "Right": ("Gt", "LtEq"), "None": ("Gt", "Lt")}
_SPECIAL = frozenset(r"\.^$*+?{}[]|()")


@dataclass(frozen=True, slots=True)
class _Translated:
    """A predicate twice: for pandas, and written again for polars, to compare with what was read."""

    test: Test
    again: pl.Expr


class _LocalError(Exception):
    """A part that only polars evaluates."""


def translated(predicate: pl.Expr) -> Test | None:
    """Return a test that keeps at least the rows that a predicate keeps, or None if no part can be translated.

    Parameters
    ----------
    predicate
        The predicate; polars applies it again.

    Notes
    -----
    The predicate is read from its JSON form. Each conjunct is written again with polars' public functions, and is used
    only if that equals the original, so that another form in another version of polars cannot change its meaning.

    polars and pandas agree where no value is null. A comparison with null is unknown in polars, and true or false in
    pandas. A predicate that is true in polars is true however its unknown parts turn out, so pandas keeps the row, too.

    Examples
    --------
    >>> test = translated((pl.col("opens") > 3) & pl.col("name").str.to_lowercase().is_in(["x"]))
    >>> test(pd.DataFrame({"opens": [3, 4]})).tolist()
    [False, True]
    """
    try:
        tree = json.loads(predicate.meta.serialize(format="json"))
    except (ValueError, TypeError, pl.exceptions.PolarsError):
        return None
    tests = [test for part in _conjuncts(tree) if (test := _checked(part)) is not None]
    return (lambda frame: reduce(operator.and_, (test(frame) for test in tests))) if tests else None


def _conjuncts(tree: Any) -> Iterator[Any]:
    match tree:
        case {"BinaryExpr": {"left": left, "op": "And" | "LogicalAnd", "right": right}}:
            yield from _conjuncts(left)
            yield from _conjuncts(right)
        case _:
            yield tree


def _checked(tree: Any) -> Test | None:
    try:
        found = _translate(tree)
        return found.test if found.again.meta.eq(_expression(tree)) else None
    except (_LocalError, KeyError, pl.exceptions.PolarsError):
        return None


def _expression(tree: Any) -> pl.Expr:
    return pl.Expr.deserialize(io.StringIO(json.dumps(tree)), format="json")


def _translate(tree: Any) -> _Translated:
    match tree:
        case {"BinaryExpr": {"left": left, "op": str(name), "right": right}} if name in _JOINS:
            return _joined(_JOINS[name], _translate(left), _translate(right))
        case {"BinaryExpr": {"left": {"Column": str(column)}, "op": str(name), "right": literal}}:
            return _comparison(column, name, literal)
        case {"Function": {"input": list(inputs), "function": {"Boolean": function}}}:
            return _boolean(function, inputs)
        case {
            "Function": {"input": [{"Column": str(column)}, literal], "function": {"StringExpr": function}}
        }:
            return _text(column, function, literal)
        case _:
            raise _LocalError


def _joined(join: Callable[[Any, Any], Any], left: _Translated, right: _Translated) -> _Translated:
    return _Translated(lambda frame: join(left.test(frame), right.test(frame)), join(left.again, right.again))


def _comparison(column: str, name: str, literal: Any) -> _Translated:
    compare, value, written = _COMPARISONS[name], _value(literal), _expression(literal)
    return _Translated(lambda frame: compare(frame[column], value), compare(pl.col(column), written))


def _boolean(function: Any, inputs: list[Any]) -> _Translated:
    match function, inputs:
        case "Not", [operand]:
            inner = _translate(operand)
            return _Translated(lambda frame: ~inner.test(frame), inner.again.not_())
        case "IsNull", [{"Column": str(column)}]:
            return _Translated(lambda frame: frame[column].isna(), pl.col(column).is_null())
        case "IsNotNull", [{"Column": str(column)}]:
            return _Translated(lambda frame: frame[column].notna(), pl.col(column).is_not_null())
        case {"IsIn": _}, [{"Column": str(column)}, literal]:
            values = _values(literal)
            again = pl.col(column).is_in(_expression(literal))
            return _Translated(lambda frame: frame[column].isin(values), again)
        case {"IsBetween": {"closed": str(closed)}}, [{"Column": str(column)}, low, high]:
            above, below = (
                _comparison(column, name, end) for name, end in zip(_CLOSED[closed], (low, high), strict=True)
            )
            ends = _expression(low), _expression(high)
            again = pl.col(column).is_between(*ends, closed=closed.lower())  # type: ignore[arg-type]  # one of four
            return _Translated(lambda frame: above.test(frame) & below.test(frame), again)
        case _:
            raise _LocalError


def _text(column: str, function: Any, literal: Any) -> _Translated:
    text, written = _value(literal), _expression(literal)
    if not isinstance(text, str):
        raise _LocalError
    match function:
        case {"Contains": {"literal": bool(plain), "strict": bool(strict)}} if plain or not _SPECIAL & {
            *text
        }:
            again = pl.col(column).str.contains(written, literal=plain, strict=strict)
            return _Translated(lambda frame: frame[column].str.contains(text, regex=False), again)
        case "StartsWith" | "EndsWith":
            theirs, ours = _ENDS[function]
            again = getattr(pl.col(column).str, theirs)(written)
            return _Translated(lambda frame: getattr(frame[column].str, ours)(text), again)
        case _:
            raise _LocalError


def _value(literal: Any) -> Any:
    """Return a literal as pandas has it."""
    (value,) = _series(literal)
    return value


def _values(literal: Any) -> list[Any]:
    found = _series(literal)
    if found.dtype != pl.List:
        raise _LocalError
    return list(_plain(found.explode(empty_as_null=False)))


def _series(literal: Any) -> Any:
    match literal:
        case {"Literal": _}:
            found = pl.select(_expression(literal)).to_series()
        case _:
            raise _LocalError
    return found if found.dtype == pl.List else _plain(found)


def _plain(found: pl.Series) -> Any:
    """Return values that pandas compares as polars does, nulls left out of it."""
    if found.null_count():
        raise _LocalError
    if found.dtype == pl.Datetime:
        return [pd.Timestamp(value) for value in found.to_arrow().to_pandas()]
    if found.dtype.is_integer() or found.dtype.is_float() or found.dtype == pl.String:
        return found.to_list()
    raise _LocalError
