"""The SQL functions and the collation that SQLite lacks, registered on a connection for one profile."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

from dyno_frames.contract.profile import Collation, Dialect, Folding, Regex
from dyno_frames.sandbox.filters import collation as folding
from dyno_frames.sandbox.store.values import Stored, decode

EQUAL_KEY = "dyno_equal_key"
CASE_KEY = "dyno_case_key"
LIKE = "dyno_like"
REGEX = "dyno_regex"
COMPARE = "dyno_compare"
DIGITS = "dyno_digits"
BY_NUMBER = "dyno_by_number"

_T = TypeVar("_T")


def register(
    connection: sqlite3.Connection,
    *,
    collation: Collation,
    like_folding: Folding,
    dialect: Dialect,
    regex: Regex,
) -> None:
    """Register everything that :mod:`dyno_frames.sandbox.filters.sql_filter` writes into its SQL."""

    def search(pattern: str, text: str) -> bool:
        return folding.matcher(pattern, dialect, regex)(text) is not None

    one: tuple[tuple[str, Callable[..., Any]], ...] = (
        (EQUAL_KEY, _of_text(folding.of_collation(collation))),
        (CASE_KEY, _of_text(folding.of_folding(like_folding))),
        (DIGITS, _digits),
    )
    two: tuple[tuple[str, Callable[..., Any]], ...] = (
        (LIKE, _with_text(_like)),
        (REGEX, _with_text(search)),
        (COMPARE, _compare),
    )
    for name, function in one:
        connection.create_function(name, 1, function, deterministic=True)
    for name, function in two:
        connection.create_function(name, 2, function, deterministic=True)
    connection.create_collation(BY_NUMBER, _by_number)


def _of_text(function: Callable[[str], _T]) -> Callable[[Stored], _T | None]:
    return lambda value: function(value) if isinstance(value, str) else None


def _with_text(function: Callable[[str, str], _T]) -> Callable[[str, Stored], _T | None]:
    return lambda literal, value: function(literal, value) if isinstance(value, str) else None


def _like(expression: str, text: str) -> bool:
    return folding.compiled_like(expression).fullmatch(text) is not None


def _number(value: Stored) -> int | float | None:
    if isinstance(value, bytes):
        value = decode(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _compare(value: Stored, literal: Stored) -> int | None:
    """Compare as Python does: integers and floats exactly, whatever their size."""
    left, right = _number(value), _number(literal)
    if left is None or right is None:
        return None
    return (left > right) - (left < right)


def _digits(value: Stored) -> str | None:
    number = _number(value)
    return None if number is None else repr(number)


def _by_number(left: str, right: str) -> int:
    # Python's own literals, written by _digits: decode reads every one of them without loss
    first, second = decode(left.encode()), decode(right.encode())
    return int(first > second) - int(first < second)
