"""Rows between JSON and SQLite: what is written, and what a stored row shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dyno_frames.contract.envelope import Code
from dyno_frames.contract.resources import KEY, UPDATED
from dyno_frames.sandbox.filters.sql_filter import shows_blobs
from dyno_frames.sandbox.http.api_errors import RequestError
from dyno_frames.sandbox.store.columns import Column
from dyno_frames.sandbox.store.values import Held, Stored, encode

EMAILS = "emails"
"""The field of a list that is written and never read."""

TOUCHED = f"{UPDATED} = max(coalesce({UPDATED}, 0), ?)"
"""The term of an UPDATE that says when, for one bound value; a clock that is put back changes nothing."""


def listed(shown: Iterable[Column]) -> str:
    """Return the terms of a SELECT."""
    return ", ".join(column.sql for column in shown) or "NULL"


def named(stored: list[tuple[Stored, ...]], shown: tuple[Column, ...], read: Any) -> list[dict[str, Any]]:
    """Name the values of each row; a field that is never null is left out where the row does not have it.

    Parameters
    ----------
    stored
        What SQLite returned.
    shown
        The columns, in order.
    read
        What makes a value of a BLOB of JSON text.

    Notes
    -----
    The rows become text by orjson, all at once: SQLite's own JSON functions write a float with fifteen digits.
    """
    names = [column.name for column in shown]
    rows: list[dict[str, Any]] = [dict(zip(names, values, strict=False)) for values in stored]
    for name in (column.name for column in shown if column.field is not None and not column.field.nullable):
        for row in rows:
            if row[name] is None:
                del row[name]
    for name in shows_blobs(shown):
        for row in rows:
            if isinstance(row[name], bytes):
                row[name] = read(row[name])
    return rows


def encoded(row: Mapping[str, Any]) -> tuple[dict[str, Stored], dict[str, Held]]:
    """Return the stored form of a row, and what each value is.

    Raises
    ------
    RequestError
        A value is no JSON.
    """
    stored: dict[str, Stored] = {}
    seen: dict[str, Held] = {}
    for name, value in row.items():
        try:
            stored[name], seen[name] = encode(value)
        except ValueError as error:
            raise RequestError(Code.REJECTED, f"{name}: {error}") from error
    return stored, seen


def all_encoded(
    rows: Iterable[Mapping[str, Any]], names: tuple[str, ...]
) -> tuple[list[list[Stored]], dict[str, Held]]:
    """Return the stored form of many rows, each with all names in order, and what each column holds."""
    seen: dict[str, Held] = dict.fromkeys(names, Held.NOTHING)
    stored: list[list[Stored]] = []
    for row in rows:
        one, held = encoded(row)
        for name, kind in held.items():
            seen[name] |= kind
        stored.append([one.get(name) for name in names])
    return stored, seen


def without_emails(
    rows: Iterable[Mapping[str, Any]],
) -> tuple[list[Mapping[str, Any]], dict[str, list[str]]]:
    """Part lists from their addresses."""
    kept = list(rows)
    emails = {row[KEY]: row[EMAILS] for row in kept if KEY in row and row.get(EMAILS) is not None}
    return [{name: value for name, value in row.items() if name != EMAILS} for row in kept], emails
