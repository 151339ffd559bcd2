"""Compile the ``application_`` keys of a filter: order, limit, offset and fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dyno_frames.contract.filters import ASCENDING, DESCENDING, FilterKey
from dyno_frames.contract.profile import Overlong, Profile, UnknownField
from dyno_frames.contract.resources import CREATED, ID_FIELD
from dyno_frames.sandbox.filters.functions import BY_NUMBER, DIGITS
from dyno_frames.sandbox.filters.semantics import DEFAULT_LIMIT
from dyno_frames.sandbox.http.api_errors import field_error, short_repr
from dyno_frames.sandbox.store.columns import Column, Columns
from dyno_frames.sandbox.store.values import INT64_MAX, ValueTypes


def order(wire: Mapping[str, Any], columns: Columns, profile: Profile) -> str:
    """Return the terms of ORDER BY, or an empty string if the filter has no order."""
    direction = wire.get(FilterKey.ORDER_DIRECTION, ASCENDING)
    if direction not in (ASCENDING, DESCENDING):  # a tuple, because the value may not be hashable
        raise field_error(
            FilterKey.ORDER_DIRECTION, f"{short_repr(direction)}; expected {ASCENDING!r} or {DESCENDING!r}"
        )
    if FilterKey.ORDER_BY not in wire:
        return ""
    name = wire[FilterKey.ORDER_BY]
    if not isinstance(name, str):
        raise field_error(FilterKey.ORDER_BY, f"{short_repr(name)}; expected a field's name")
    column = columns.get(name)
    if column is None:
        if profile.unknown_field is UnknownField.ERROR:
            raise field_error(FilterKey.ORDER_BY, f"unknown field {short_repr(name)}")
        return ""
    if name == CREATED:
        # one index has created and id, so that a page costs the same at any offset
        return f"{CREATED} {direction}, {ID_FIELD} {direction}"
    if ValueTypes.LARGE in column.types:
        return f"{DIGITS}({column.sql}) COLLATE {BY_NUMBER} {direction}"
    return f"{column.sql} {direction}"


def limit(wire: Mapping[str, Any], profile: Profile) -> int:
    """Return the number of rows on the page."""
    most = profile.page_limit or 0
    given = _whole_number(wire, FilterKey.LIMIT)
    if given is None:
        return min(DEFAULT_LIMIT, most)
    if given > most and profile.overlong is Overlong.ERROR:
        raise field_error(FilterKey.LIMIT, f"{given}; the largest page is {most} rows")
    return min(given, most)


def offset(wire: Mapping[str, Any]) -> int:
    """Return the number of rows before the page."""
    return min(_whole_number(wire, FilterKey.OFFSET) or 0, INT64_MAX)


def projection(wire: Mapping[str, Any], columns: Columns, profile: Profile) -> tuple[Column, ...]:
    """Return the columns of the answer."""
    if FilterKey.FIELDS not in wire:
        return tuple(columns.values())
    given = wire[FilterKey.FIELDS]
    if not isinstance(given, list) or not given or not all(isinstance(name, str) for name in given):
        raise field_error(
            FilterKey.FIELDS, f"{short_repr(given)}; expected an array of at least one field's name"
        )
    if profile.unknown_field is UnknownField.ERROR and (unknown := set(given) - set(columns)):
        raise field_error(FilterKey.FIELDS, f"unknown field {short_repr(min(unknown))}")
    return tuple(columns[name] for name in dict.fromkeys(given) if name in columns)


def _whole_number(wire: Mapping[str, Any], key: FilterKey) -> int | None:
    if key not in wire:
        return None
    value = wire[key]
    if isinstance(value, float) and value.is_integer():
        # JSON has one number type: 10.0 is 10
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise field_error(key, f"{short_repr(value)}; expected an integer, 0 or more")
    return value
