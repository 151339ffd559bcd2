"""The SQL functions and the collation that filters use and SQLite does not have."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Any, Final, TypeVar

from dyno_frames.contract.profile import Collation, Dialect, Folding, Profile, Regex
from dyno_frames.sandbox.filters import collation as collations
from dyno_frames.sandbox.store.values import SqlValue

EQUAL_KEY: Final = "dyno_equal_key"
CASE_KEY: Final = "dyno_case_key"
LIKE: Final = "dyno_like"
REGEX: Final = "dyno_regex"
COMPARE: Final = "dyno_compare"
DIGITS: Final = "dyno_digits"
BY_NUMBER: Final = "dyno_by_number"

_T = TypeVar("_T")


def register(connection: sqlite3.Connection, profile: Profile) -> None:
    """Register the functions on a connection, with the meanings of a profile."""
    dialect, regex = profile.dialect or Dialect.RE2, profile.regex or Regex.SEARCH

    def search(pattern: str, text: str) -> bool:
        return collations.regex_matcher(pattern, dialect, regex)(text) is not None

    functions: tuple[tuple[str, int, Callable[..., Any]], ...] = (
        (EQUAL_KEY, 1, _on_text(collations.collation_key(profile.collation or Collation.CODEPOINT))),
        (CASE_KEY, 1, _on_text(collations.case_key(profile.like_folding or Folding.UNICODE))),
        (DIGITS, 1, _digits),
        (LIKE, 2, _with_text(_like)),
        (REGEX, 2, _with_text(search)),
        (COMPARE, 2, _compare),
    )
    for name, arguments, function in functions:
        connection.create_function(name, arguments, function, deterministic=True)
    connection.create_collation(BY_NUMBER, _by_number)


def _on_text(function: Callable[[str], _T]) -> Callable[[SqlValue], _T | None]:
    return lambda value: function(value) if isinstance(value, str) else None


def _with_text(function: Callable[[str, str], _T]) -> Callable[[str, SqlValue], _T | None]:
    return lambda literal, value: function(literal, value) if isinstance(value, str) else None


def _like(expression: str, text: str) -> bool:
    return collations.compiled_like(expression).fullmatch(text) is not None


def _number(value: SqlValue) -> int | float | None:
    if isinstance(value, bytes):
        value = json.loads(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _compare(value: SqlValue, literal: SqlValue) -> int | None:
    """Compare integers and floats of any size exactly, as Python does."""
    left, right = _number(value), _number(literal)
    if left is None or right is None:
        return None
    return (left > right) - (left < right)


def _digits(value: SqlValue) -> str | None:
    number = _number(value)
    return None if number is None else repr(number)


def _by_number(left: str, right: str) -> int:
    # _digits wrote these texts, so json reads them exactly
    first, second = json.loads(left), json.loads(right)
    return int(first > second) - int(first < second)
