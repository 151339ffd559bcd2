"""Convert rows between JSON and SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from dyno_frames.contract.envelope import Code
from dyno_frames.contract.resources import ID_FIELD, UPDATED
from dyno_frames.sandbox.http.api_errors import RequestError
from dyno_frames.sandbox.store.columns import Column, json_columns
from dyno_frames.sandbox.store.values import SqlValue, ValueTypes, encode

EMAILS: Final = "emails"
"""The field of a list that is written and never returned."""

SET_UPDATED: Final = f"{UPDATED} = max(coalesce({UPDATED}, 0), ?)"
"""The assignment of an UPDATE that sets the time, for one parameter. If the clock goes back, it changes nothing."""


def select_list(columns: Iterable[Column]) -> str:
    """Return the columns of a SELECT."""
    return ", ".join(column.sql for column in columns) or "NULL"


def to_json_rows(
    stored: list[tuple[SqlValue, ...]], columns: tuple[Column, ...], decode: Any
) -> list[dict[str, Any]]:
    """Return rows as JSON objects. A field that is never null is left out of a row that does not have it.

    Notes
    -----
    The text of the answer is written by orjson, because the JSON functions of SQLite round floats to 15 digits.
    """
    names = [column.name for column in columns]
    rows: list[dict[str, Any]] = [dict(zip(names, values, strict=False)) for values in stored]
    for name in (column.name for column in columns if column.field is not None and not column.field.nullable):
        for row in rows:
            if row[name] is None:
                del row[name]
    for name in json_columns(columns):
        for row in rows:
            if isinstance(row[name], bytes):
                row[name] = decode(row[name])
    return rows


def encode_row(row: Mapping[str, Any]) -> tuple[dict[str, SqlValue], dict[str, ValueTypes]]:
    """Return what SQLite stores for a row, and the type of each value.

    Raise RequestError if a value is not JSON.
    """
    stored: dict[str, SqlValue] = {}
    types: dict[str, ValueTypes] = {}
    for name, value in row.items():
        try:
            stored[name], types[name] = encode(value)
        except ValueError as error:
            raise RequestError(Code.REJECTED, f"{name}: {error}") from error
    return stored, types


def encode_rows(
    rows: Iterable[Mapping[str, Any]], names: tuple[str, ...]
) -> tuple[list[list[SqlValue]], dict[str, ValueTypes]]:
    """Return what SQLite stores for rows, with the values in the order of ``names``, and the types of each column."""
    types: dict[str, ValueTypes] = dict.fromkeys(names, ValueTypes.NONE)
    stored: list[list[SqlValue]] = []
    for row in rows:
        encoded, row_types = encode_row(row)
        for name, kind in row_types.items():
            types[name] |= kind
        stored.append([encoded.get(name) for name in names])
    return stored, types


def split_emails(
    rows: Iterable[Mapping[str, Any]],
) -> tuple[list[Mapping[str, Any]], dict[str, list[str]]]:
    """Return lists without their e-mail addresses, and the addresses by list."""
    kept = list(rows)
    emails = {row[ID_FIELD]: row[EMAILS] for row in kept if ID_FIELD in row and row.get(EMAILS) is not None}
    return [{name: value for name, value in row.items() if name != EMAILS} for row in kept], emails
