"""From the wire's flat JSON filter to one SQL question with bound parameters, under a profile."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never

from dyno_frames.contract.envelope import Code
from dyno_frames.contract.filters import (
    ASCENDING,
    DESCENDING,
    KEY_PREFIX,
    Key,
    NumberOperator,
    StringOperator,
)
from dyno_frames.contract.profile import Nulls, Overlong, Profile, Several, TextNumber, UnknownField
from dyno_frames.contract.resources import CREATED, KEY
from dyno_frames.sandbox.filters.functions import BY_NUMBER, COMPARE, DIGITS
from dyno_frames.sandbox.filters.texts import NO, YES, Condition, text_condition
from dyno_frames.sandbox.http.api_errors import RequestError, field_error, short_repr
from dyno_frames.sandbox.store.columns import Column, Columns
from dyno_frames.sandbox.store.values import IN_BLOBS, INT64_MAX, INT64_MIN, Held, Stored, fault_in_text

Number: TypeAlias = int | float

MOST_CONDITIONS = 500
"""SQLite's expressions have a depth, and each condition takes one."""

_COMPARISONS = {
    NumberOperator.EQ: "=",
    NumberOperator.GT: ">",
    NumberOperator.GTE: ">=",
    NumberOperator.LT: "<",
    NumberOperator.LTE: "<=",
}
_EXACT_IN_DOUBLE = 2**53
_STRING_OPERATORS = frozenset(StringOperator)
_NUMBER_OPERATORS = frozenset(NumberOperator)
_NEGATED = frozenset(operator for operator in StringOperator if operator.startswith("not_"))
_KEYS = frozenset(Key)


@dataclass(frozen=True, slots=True)
class Question:
    """A filter as SQL.

    Parameters
    ----------
    where, parameters
        The condition and what it binds; an empty condition keeps every row.
    order
        The terms of ORDER BY, or nothing for the rows' own order.
    limit, offset
        The page.
    columns
        What each row shows.
    """

    where: str
    parameters: tuple[Stored, ...]
    order: str
    limit: int
    offset: int
    columns: tuple[Column, ...]


def question(wire: Mapping[str, Any], columns: Columns, profile: Profile, *, resource: str = "") -> Question:
    """Read a filter.

    Parameters
    ----------
    wire
        The JSON object of a find or a count.
    columns
        The columns of the resource that is asked.
    profile
        What the filter means.
    resource
        The name of the resource, for a profile that ignores filters by one of its fields.

    Raises
    ------
    RequestError
        The filter is not acceptable; the reason names the field.
    """
    conditions: list[Condition] = []
    for name, asked in wire.items():
        if name in _KEYS:
            continue
        if name.startswith(KEY_PREFIX):
            raise field_error(name, f"no such key; expected one of {', '.join(Key)}")
        _check_text(name, name)
        if profile.filtered[f"{resource}.{name}"] is False:
            continue
        conditions += _field_conditions(name, asked, columns.get(name), profile)
    if len(conditions) > MOST_CONDITIONS:
        raise RequestError(
            Code.REJECTED, f"{len(conditions)} conditions; at most {MOST_CONDITIONS} are answered"
        )
    return Question(
        where=" AND ".join(sql for sql, _ in conditions),
        parameters=tuple(value for _, bound in conditions for value in bound),
        order=_order(wire, columns, profile),
        limit=_limit(wire, profile),
        offset=_offset(wire, profile),
        columns=_projection(wire, columns, profile),
    )


def _field_conditions(name: str, asked: Any, column: Column | None, profile: Profile) -> list[Condition]:
    if column is None:
        match profile.unknown_field:
            case UnknownField.ERROR:
                raise field_error(name, "no such field")
            case UnknownField.IGNORED:
                return []
            case UnknownField.NULL | None:
                pass
            case _:
                assert_never(profile.unknown_field)
    held = column.held if column is not None else Held.NOTHING
    return [
        _string_condition(name, operator, literal, column=column, held=held, profile=profile)
        if operator is None or operator in _STRING_OPERATORS
        else _number_condition(
            name, NumberOperator(operator), literal, column=column, held=held, profile=profile
        )
        for operator, literal in _operators(name, asked, profile)
    ]


def _operators(name: str, asked: Any, profile: Profile) -> list[tuple[str | None, Any]]:
    """Return the operators of one field's object; None stands for the equality of a bare string."""
    if isinstance(asked, Mapping):
        operators = list(asked.items())
        if not operators:
            raise field_error(name, "an object without an operator")
        for operator, _ in operators:
            _check_operator(name, operator, profile)
        if len(operators) > 1 and profile.several is Several.ERROR:
            raise field_error(name, "several operators in one object; one is expected")
        return operators[-1:] if profile.several is Several.LAST else operators
    if asked is None:
        raise field_error(name, "equality with null; no operator finds nulls")
    if isinstance(asked, bool):
        raise field_error(name, f"{str(asked).lower()}; no operator filters booleans")
    if isinstance(asked, str):
        return [(None, asked)]
    if isinstance(asked, int | float):
        return [(NumberOperator.EQ, asked)]
    raise field_error(name, f"{short_repr(asked)}; expected a string, a number or an object of operators")


def _check_operator(name: str, operator: str, profile: Profile) -> None:
    if operator not in _STRING_OPERATORS and operator not in _NUMBER_OPERATORS:
        known = ", ".join((*StringOperator, *NumberOperator))
        raise field_error(name, f"no operator is called {short_repr(operator)}; expected one of {known}")
    if profile.operators[operator] is False:
        raise field_error(name, f"{operator} is not supported here")


def _string_condition(
    name: str, operator: str | None, literal: Any, *, column: Column | None, held: Held, profile: Profile
) -> Condition:
    if held and Held.STRING not in held:
        word = operator or "equality with a string"
        raise field_error(name, f"{word} is for string fields, and this is a {_words(held)} field")
    if not isinstance(literal, str):
        raise field_error(name, f"{operator} is {short_repr(literal)}; expected a string")
    _check_text(name, literal)
    negated = operator in _NEGATED
    base = operator.removeprefix("not_") if operator is not None else None
    positive = text_condition(
        None if base is None else StringOperator(base), _text(column), literal, profile=profile, name=name
    )
    if not negated:
        return positive if held else NO
    keeps = profile.not_in_keeps_null if operator == StringOperator.NOT_IN else profile.not_like_keeps_null
    if not held:
        return YES if keeps else NO
    sql, bound = positive
    null = f"{_text(column)} IS NULL OR " if keeps else ""
    return f"({null}NOT {sql})", bound


def _text(column: Column | None) -> str:
    if column is None or not column.held:
        return "NULL"
    if column.field is not None or column.held is Held.STRING:
        return column.sql
    return f"(CASE typeof({column.sql}) WHEN 'text' THEN {column.sql} END)"


def _number_condition(
    name: str, operator: NumberOperator, literal: Any, *, column: Column | None, held: Held, profile: Profile
) -> Condition:
    if held and Held.NUMBER not in held:
        if held is not Held.STRING or column is None:
            raise field_error(name, f"{operator} is for number fields, and this is a {_words(held)} field")
        return _number_on_text(name, operator, literal, column=column, profile=profile)
    number = _check_number(name, operator, literal)
    if column is None or not held:
        return NO
    sql, number = _as_compared(column.sql, number, profile)
    sign = _comparison(operator, profile)
    if (column.field is None and held != Held.NUMBER) or _is_great(number):
        bound: Stored = str(number).encode() if _is_great(number) else number
        return f"({COMPARE}({sql}, ?) {sign} 0)", (bound,)
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
        number = number if _is_great(number) else float(number)
    return sql, number


def _comparison(operator: NumberOperator, profile: Profile) -> str:
    sign = _COMPARISONS[operator]
    included = operator in {NumberOperator.GTE, NumberOperator.LTE}
    return sign.removesuffix("=") if included and profile.bounds_included is False else sign


def _number_on_text(
    name: str, operator: NumberOperator, literal: Any, *, column: Column, profile: Profile
) -> Condition:
    match profile.text_number:
        case TextNumber.ERROR | None:
            raise field_error(name, f"{operator} is for number fields, and this is a string field")
        case TextNumber.NOTHING:
            if not isinstance(literal, str):
                _check_number(name, operator, literal)
            return NO
        case TextNumber.TEXT_ORDER:
            if isinstance(literal, str):
                _check_text(name, literal)
            else:
                literal = str(_check_number(name, operator, literal))
            return f"({column.sql} {_COMPARISONS[operator]} ?)", (literal,)
        case _:
            assert_never(profile.text_number)


def _check_number(name: str, operator: NumberOperator, literal: Any) -> Number:
    if isinstance(literal, bool) or not isinstance(literal, int | float):
        raise field_error(name, f"{operator} is {short_repr(literal)}; expected a number")
    if isinstance(literal, float) and not math.isfinite(literal):
        raise field_error(name, f"{operator} is {literal}; expected a finite number")
    return literal


def _check_text(name: str, literal: str) -> None:
    if fault := fault_in_text(literal):
        raise field_error(name, fault)


def _is_great(number: Number) -> bool:
    return isinstance(number, int) and not INT64_MIN <= number <= INT64_MAX


def _words(held: Held) -> str:
    names = {
        Held.STRING: "string",
        Held.NUMBER: "number",
        Held.BOOLEAN: "boolean",
        Held.OTHER: "array or object",
    }
    return " and ".join(word for kind, word in names.items() if kind in held)


def _order(wire: Mapping[str, Any], columns: Columns, profile: Profile) -> str:
    direction = wire.get(Key.ORDER_DIRECTION, ASCENDING)
    if direction not in (ASCENDING, DESCENDING):  # a tuple: the value may be unhashable
        raise field_error(
            Key.ORDER_DIRECTION, f"{short_repr(direction)}; expected {ASCENDING!r} or {DESCENDING!r}"
        )
    if Key.ORDER_BY not in wire:
        return ""
    name = wire[Key.ORDER_BY]
    if not isinstance(name, str):
        raise field_error(Key.ORDER_BY, f"{short_repr(name)}; expected a field's name")
    column = columns.get(name)
    if column is None:
        if profile.unknown_field is UnknownField.ERROR:
            raise field_error(Key.ORDER_BY, f"no field is called {short_repr(name)}")
        return ""
    way = direction.upper()
    if name == CREATED and profile.nulls is not Nulls.LAST:
        # created and id stand in one index, so that a page costs the same at any depth
        return f"{CREATED} {way}, {KEY} {way}"
    terms = f"{column.sql} {way}"
    if Held.LARGE in column.held:
        terms = f"{DIGITS}({column.sql}) COLLATE {BY_NUMBER} {way}"
    if profile.nulls is Nulls.LAST:
        terms += " NULLS LAST" if direction == ASCENDING else " NULLS FIRST"
    return terms


def _whole(wire: Mapping[str, Any], key: Key) -> int | None:
    if key not in wire:
        return None
    value = wire[key]
    if isinstance(value, float) and value.is_integer():
        # JSON has one kind of number: 10.0 is ten
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise field_error(key, f"{short_repr(value)}; expected an integer, 0 or more")
    return value


def _limit(wire: Mapping[str, Any], profile: Profile) -> int:
    most = profile.page_limit or 0
    asked = _whole(wire, Key.LIMIT)
    if asked is None:
        return min(profile.default_limit or 0, most)
    if asked > most and profile.overlong is Overlong.ERROR:
        raise field_error(Key.LIMIT, f"{asked}; at most {most} rows are answered at once")
    return min(asked, most)


def _offset(wire: Mapping[str, Any], profile: Profile) -> int:
    offset = _whole(wire, Key.OFFSET) or 0
    if profile.deep_offset is not None and offset > profile.deep_offset:
        raise field_error(Key.OFFSET, f"{offset}; rows after {profile.deep_offset} are not answered")
    return min(offset, INT64_MAX)


def _projection(wire: Mapping[str, Any], columns: Columns, profile: Profile) -> tuple[Column, ...]:
    if Key.FIELDS not in wire:
        return tuple(columns.values())
    asked = wire[Key.FIELDS]
    if not isinstance(asked, list) or not asked or not all(isinstance(name, str) for name in asked):
        raise field_error(Key.FIELDS, f"{short_repr(asked)}; expected an array of at least one field's name")
    if profile.unknown_field is UnknownField.ERROR and (missing := set(asked) - set(columns)):
        raise field_error(Key.FIELDS, f"no field is called {short_repr(min(missing))}")
    return tuple(columns[name] for name in dict.fromkeys(asked) if name in columns)


def shows_blobs(columns: tuple[Column, ...]) -> tuple[str, ...]:
    """Return the names of the columns whose values may be JSON text in BLOBs."""
    return tuple(column.name for column in columns if column.held & IN_BLOBS)
