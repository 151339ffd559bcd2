"""Compile the flat JSON filter of a find or a count to SQL with parameters, under a profile."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, assert_never

from dyno_frames.contract.envelope import Code
from dyno_frames.contract.filters import KEY_PREFIX, FilterKey, NumberOperator, StringOperator
from dyno_frames.contract.profile import Profile, Several, UnknownField
from dyno_frames.sandbox.filters import paging
from dyno_frames.sandbox.filters.functions import COMPARE
from dyno_frames.sandbox.filters.texts import FALSE, TRUE, Condition, text_condition
from dyno_frames.sandbox.http.api_errors import RequestError, field_error, short_repr
from dyno_frames.sandbox.store.columns import Column, Columns
from dyno_frames.sandbox.store.values import INT64_MAX, INT64_MIN, SqlValue, ValueTypes, invalid_text_reason

Number: TypeAlias = int | float

MAX_CONDITIONS: Final = 500
"""How many conditions a filter may have. SQLite limits the depth of an expression."""

_COMPARISONS: Final = {
    NumberOperator.EQ: "=",
    NumberOperator.GT: ">",
    NumberOperator.GTE: ">=",
    NumberOperator.LT: "<",
    NumberOperator.LTE: "<=",
}
_EXACT_IN_DOUBLE = 2**53
_STRING_OPERATORS = frozenset(StringOperator)
_NUMBER_OPERATORS = frozenset(NumberOperator)
_KEYS = frozenset(FilterKey)


@dataclass(frozen=True, slots=True)
class FilterQuery:
    """A filter as the parts of a SELECT. An empty condition keeps every row; an empty order is that of insertion."""

    where: str
    parameters: tuple[SqlValue, ...]
    order: str
    limit: int
    offset: int
    columns: tuple[Column, ...]


def compile_filter(
    wire: Mapping[str, Any], columns: Columns, profile: Profile, *, resource: str = ""
) -> FilterQuery:
    """Compile the JSON object of a find or a count. A profile may ignore filters by a field of the resource.

    Raises
    ------
    RequestError
        The filter is not valid; the reason names the field.
    """
    conditions: list[Condition] = []
    for name, given in wire.items():
        if name in _KEYS:
            continue
        if name.startswith(KEY_PREFIX):
            raise field_error(name, f"unknown key; expected one of {', '.join(FilterKey)}")
        _check_text(name, name)
        if profile.filtered[f"{resource}.{name}"] is False:
            continue
        conditions += _field_conditions(name, given, columns.get(name), profile)
    if len(conditions) > MAX_CONDITIONS:
        raise RequestError(
            Code.REJECTED, f"the filter has {len(conditions)} conditions; the limit is {MAX_CONDITIONS}"
        )
    return FilterQuery(
        where=" AND ".join(sql for sql, _ in conditions),
        parameters=tuple(value for _, values in conditions for value in values),
        order=paging.order(wire, columns, profile),
        limit=paging.limit(wire, profile),
        offset=paging.offset(wire),
        columns=paging.projection(wire, columns, profile),
    )


def _field_conditions(name: str, given: Any, column: Column | None, profile: Profile) -> list[Condition]:
    if column is None:
        match profile.unknown_field:
            case UnknownField.ERROR:
                raise field_error(name, "unknown field")
            case UnknownField.IGNORED:
                return []
            case UnknownField.NULL | None:
                column = Column(name, "NULL", ValueTypes.NONE)
            case _:
                assert_never(profile.unknown_field)
    return [
        _string_condition(column, operator, literal, profile)
        if operator is None or operator in _STRING_OPERATORS
        else _number_condition(column, NumberOperator(operator), literal, profile)
        for operator, literal in _operators(name, given, profile)
    ]


def _operators(name: str, given: Any, profile: Profile) -> list[tuple[str | None, Any]]:
    """Return the operators and literals of one field. The operator None is the equality of a bare string."""
    if isinstance(given, Mapping):
        operators = list(given.items())
        if not operators:
            raise field_error(name, "the object has no operator")
        for operator, _ in operators:
            _check_operator(name, operator, profile)
        if len(operators) > 1 and profile.several is Several.ERROR:
            raise field_error(name, "the object has several operators; expected one")
        return operators[-1:] if profile.several is Several.LAST else operators
    if given is None:
        raise field_error(name, "null cannot be compared; no operator finds nulls")
    if isinstance(given, bool):
        raise field_error(name, f"{str(given).lower()}; no operator compares booleans")
    if isinstance(given, str):
        return [(None, given)]
    if isinstance(given, int | float):
        return [(NumberOperator.EQ, given)]
    raise field_error(name, f"{short_repr(given)}; expected a string, a number or an object of operators")


def _check_operator(name: str, operator: str, profile: Profile) -> None:
    if operator not in _STRING_OPERATORS and operator not in _NUMBER_OPERATORS:
        known = ", ".join((*StringOperator, *NumberOperator))
        raise field_error(name, f"unknown operator {short_repr(operator)}; expected one of {known}")
    if profile.operators[operator] is False:
        raise field_error(name, f"{operator} is not supported here")


def _string_condition(column: Column, operator: str | None, literal: Any, profile: Profile) -> Condition:
    name, types = column.name, column.types
    if types and ValueTypes.STRING not in types:
        label = operator or "equality with a string"
        raise field_error(name, f"{label} is for string fields, and this is a {_type_names(types)} field")
    if not isinstance(literal, str):
        raise field_error(name, f"{operator} is {short_repr(literal)}; expected a string")
    _check_text(name, literal)
    base = None if operator is None else StringOperator(operator.removeprefix("not_"))
    positive = text_condition(base, _text(column), literal, profile=profile, name=name)
    if operator == base:
        return positive if types else FALSE
    keeps = profile.not_in_keeps_null if base is StringOperator.IN else profile.not_like_keeps_null
    if not types:
        return TRUE if keeps else FALSE
    sql, parameters = positive
    null = f"{_text(column)} IS NULL OR " if keeps else ""
    return f"({null}NOT {sql})", parameters


def _text(column: Column) -> str:
    """Return the SQL of a column's text; NULL for other values."""
    if column.field is not None or column.types in {ValueTypes.STRING, ValueTypes.NONE}:
        return column.sql
    return f"(CASE typeof({column.sql}) WHEN 'text' THEN {column.sql} END)"


def _number_condition(column: Column, operator: NumberOperator, literal: Any, profile: Profile) -> Condition:
    types = column.types
    if types and ValueTypes.NUMBER not in types:
        raise field_error(
            column.name, f"{operator} is for number fields, and this is a {_type_names(types)} field"
        )
    number = _check_number(column.name, operator, literal)
    if not types:
        return FALSE
    sql, number = _as_compared(column.sql, number, profile)
    sign = _comparison(operator, profile)
    if (column.field is None and types != ValueTypes.NUMBER) or _is_large(number):
        parameter: SqlValue = str(number).encode() if _is_large(number) else number
        return f"({COMPARE}({sql}, ?) {sign} 0)", (parameter,)
    return f"({sql} {sign} ?)", (number,)


def _as_compared(sql: str, number: Number, profile: Profile) -> tuple[str, Number]:
    """Return a column and a number as a server of this profile compares them."""
    is_small = abs(number) < _EXACT_IN_DOUBLE
    if profile.null_compares:
        sql = f"COALESCE({sql}, 0)"
    if profile.fractions_kept is False:
        cut = f"typeof({sql}) = 'real' AND abs({sql}) < {_EXACT_IN_DOUBLE}"
        sql = f"(CASE WHEN {cut} THEN CAST({sql} AS INTEGER) ELSE {sql} END)"
        number = int(number) if is_small else number
    if profile.integers_exact is False:
        sql = f"(CASE WHEN typeof({sql}) = 'integer' THEN CAST({sql} AS REAL) ELSE {sql} END)"
        number = number if _is_large(number) else float(number)
    return sql, number


def _comparison(operator: NumberOperator, profile: Profile) -> str:
    sign = _COMPARISONS[operator]
    included = operator in {NumberOperator.GTE, NumberOperator.LTE}
    return sign.removesuffix("=") if included and profile.bounds_included is False else sign


def _check_number(name: str, operator: NumberOperator, literal: Any) -> Number:
    if isinstance(literal, bool) or not isinstance(literal, int | float):
        raise field_error(name, f"{operator} is {short_repr(literal)}; expected a number")
    if isinstance(literal, float) and not math.isfinite(literal):
        raise field_error(name, f"{operator} is {literal}; expected a finite number")
    return literal


def _check_text(name: str, literal: str) -> None:
    if reason := invalid_text_reason(literal):
        raise field_error(name, reason)


def _is_large(number: Number) -> bool:
    return isinstance(number, int) and not INT64_MIN <= number <= INT64_MAX


def _type_names(types: ValueTypes) -> str:
    names = {
        ValueTypes.STRING: "string",
        ValueTypes.NUMBER: "number",
        ValueTypes.BOOLEAN: "boolean",
        ValueTypes.OTHER: "array or object",
    }
    return " and ".join(name for kind, name in names.items() if kind in types)
