"""The columns of a resource's table: the contract's fields and the extra fields of its rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from dyno_frames.contract.envelope import Code
from dyno_frames.contract.fields import Field, Wire
from dyno_frames.contract.filters import KEY_PREFIX
from dyno_frames.contract.resources import ID_FIELD, Resource
from dyno_frames.sandbox.http.api_errors import RequestError
from dyno_frames.sandbox.store.values import STORED_AS_JSON, ValueTypes, invalid_text_reason

MAX_EXTRA_FIELDS: Final = 1500
"""How many extra fields a resource may have. SQLite allows 2,000 columns in a table."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Parameters
    ----------
    name
        The field's name in JSON.
    sql
        The column's name in SQL: the field's name, or ``x1``, ``x2``, … for an extra field. It never contains text
        from a request.
    types
        The types of the values.
    field
        The contract's field; None for an extra field.
    """

    name: str
    sql: str
    types: ValueTypes
    field: Field | None = None


Columns: TypeAlias = dict[str, Column]

_TYPES: Final = {
    Wire.STRING: ValueTypes.STRING,
    Wire.NUMBER: ValueTypes.NUMBER,
    Wire.BOOLEAN: ValueTypes.BOOLEAN,
    Wire.OTHER: ValueTypes.OTHER,
}


def create_table(resource: Resource) -> str:
    """Return the SQL that creates the table of a resource, with a column for each field of the contract."""
    columns = [f"{field.name} {_sql_type(field)}" for field in resource.fields]
    return f"CREATE TABLE {resource.name} ({', '.join(['position INTEGER PRIMARY KEY', *columns])});"


def _sql_type(field: Field) -> str:
    if field.name == ID_FIELD:
        return "TEXT NOT NULL UNIQUE"
    # INTEGER affinity keeps a float as it is. A loaded row may lack any field, so every field may be NULL.
    return "INTEGER" if field.wire is Wire.NUMBER else "TEXT"


def contract_columns(resource: Resource) -> Columns:
    """Return the columns that every table of the resource has."""
    return {
        field.name: Column(field.name, field.name, _TYPES[field.wire], field) for field in resource.fields
    }


def read_columns(connection: sqlite3.Connection, resource: Resource) -> Columns:
    """Return all columns of the resource's table."""
    stored = connection.execute(
        "SELECT name, position, types FROM extra_fields WHERE resource = ? ORDER BY position",
        (resource.name,),
    )
    extra = {name: Column(name, f"x{position}", ValueTypes(types)) for name, position, types in stored}
    return contract_columns(resource) | extra


def add_columns(
    connection: sqlite3.Connection, resource: Resource, columns: Columns, seen: Mapping[str, ValueTypes]
) -> Columns:
    """Add columns for new fields and new types of extra fields, and return all columns.

    Call this inside a transaction.

    Raise RequestError if a value has another type than the contract's field, or there are too many extra fields.
    """
    count = sum(column.field is None for column in columns.values())
    added = dict(columns)
    for name, types in seen.items():
        known = columns.get(name)
        if known is None:
            count += 1
            added[name] = _add_column(connection, resource, name, position=count, types=types)
        elif known.field is not None and types & ~known.types:
            raise RequestError(Code.REJECTED, f"{name}: expected a {known.field.wire} of at most 64 bits")
        elif types & ~known.types:
            added[name] = replace(known, types=known.types | types)
            connection.execute(
                "UPDATE extra_fields SET types = ? WHERE resource = ? AND name = ?",
                (int(known.types | types), resource.name, name),
            )
    return added


def _add_column(
    connection: sqlite3.Connection, resource: Resource, name: str, *, position: int, types: ValueTypes
) -> Column:
    if position > MAX_EXTRA_FIELDS:
        raise RequestError(
            Code.REJECTED, f"{resource.name} already have {MAX_EXTRA_FIELDS} fields outside the contract"
        )
    connection.execute(f"ALTER TABLE {resource.name} ADD COLUMN x{position}")
    connection.execute(
        "INSERT INTO extra_fields (resource, position, name, types) VALUES (?, ?, ?, ?)",
        (resource.name, position, name, int(types)),
    )
    return Column(name, f"x{position}", types)


def json_columns(columns: tuple[Column, ...]) -> tuple[str, ...]:
    """Return the names of the columns whose values may be stored as JSON text."""
    return tuple(column.name for column in columns if column.types & STORED_AS_JSON)


def invalid_name_reason(names: Iterable[object]) -> str:
    """Return why one of the names cannot be a field's name, or an empty string if all can."""
    for name in names:
        if not isinstance(name, str):
            return f"{name!r} is a {type(name).__name__}; a field's name is a string"
        if name.startswith(KEY_PREFIX):
            return f"{name!r} starts with {KEY_PREFIX!r}, which is reserved"
        if reason := invalid_text_reason(name):
            return f"{name!r} {reason}"
    return ""
