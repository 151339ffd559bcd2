"""The flat JSON filter: one object, a conjunction; its operators and its paging keys."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool
Filter: TypeAlias = Mapping[str, "Scalar | list[str] | Mapping[str, Scalar]"]
"""A filter as JSON."""


class StringOperator(StrEnum):
    """Operators of string fields. A bare value means equal."""

    LIKE = "like"
    LIKE_IGNORE_CASE = "like_ignore_case"
    LIKE_REGEX = "like_regex"
    NOT_LIKE = "not_like"
    NOT_LIKE_IGNORE_CASE = "not_like_ignore_case"
    NOT_LIKE_REGEX = "not_like_regex"
    IN = "in"
    NOT_IN = "not_in"


class NumberOperator(StrEnum):
    """Operators of number fields. A bare value means ``eq``."""

    EQ = "eq"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"


class FilterKey(StrEnum):
    """Names in a filter that are not fields: paging, order and projection."""

    FIELDS = "application_fields"
    LIMIT = "application_limit"
    OFFSET = "application_offset"
    ORDER_BY = "application_order_by"
    ORDER_DIRECTION = "application_order_direction"


KEY_PREFIX = "application_"
"""The prefix of these names, which no field has."""

ASCENDING, DESCENDING = "asc", "desc"
"""The two directions."""

LIST_SEPARATOR = ","
"""The separator of values in ``in`` and ``not_in``; it cannot be escaped."""
