"""Which columns a resource's table has: the contract's fields, and those that its rows brought along."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from dyno_frames.contract.fields import Field, Wire
from dyno_frames.contract.filters import KEY_PREFIX
from dyno_frames.contract.resources import Resource
from dyno_frames.sandbox.store.values import Held, fault_in_text

MOST_EXTRAS = 1500
"""SQLite allows 2,000 columns to a table."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Parameters
    ----------
    name
        The field's name on the wire.
    sql
        The column's name in SQL: the contract's, or ``x1`` and so on; never text from outside.
    held
        What its values were seen to be.
    field
        The contract's field, or None outside it.
    """

    name: str
    sql: str
    held: Held
    field: Field | None = None


Columns: TypeAlias = dict[str, Column]

_HELD = {
    Wire.STRING: Held.STRING,
    Wire.NUMBER: Held.NUMBER,
    Wire.BOOLEAN: Held.BOOLEAN,
    Wire.OTHER: Held.OTHER,
}


def of_contract(resource: Resource) -> Columns:
    """Return the columns that every table of the resource has."""
    return {field.name: Column(field.name, field.name, _HELD[field.wire], field) for field in resource.fields}


def read(connection: sqlite3.Connection, resource: Resource) -> Columns:
    """Return all columns of the resource's table."""
    stored = connection.execute(
        "SELECT name, position, held FROM extra_fields WHERE resource = ? ORDER BY position",
        (resource.name,),
    )
    extras = {name: Column(name, f"x{position}", Held(held)) for name, position, held in stored}
    return of_contract(resource) | extras


def widen(
    connection: sqlite3.Connection, resource: Resource, columns: Columns, seen: Mapping[str, Held]
) -> Columns:
    """Return the columns with room for what was seen; called inside a transaction.

    Raises
    ------
    ValueError
        Too many different fields.
    """
    extras = sum(column.field is None for column in columns.values())
    wider = dict(columns)
    for name, held in seen.items():
        known = columns.get(name)
        if known is None:
            extras += 1
            wider[name] = _added(connection, resource, name, position=extras, held=held)
        elif known.field is None and held & ~known.held:
            wider[name] = replace(known, held=known.held | held)
            connection.execute(
                "UPDATE extra_fields SET held = ? WHERE resource = ? AND name = ?",
                (int(known.held | held), resource.name, name),
            )
    return wider


def _added(
    connection: sqlite3.Connection, resource: Resource, name: str, *, position: int, held: Held
) -> Column:
    if position > MOST_EXTRAS:
        raise ValueError(f"{resource.name} already hold {MOST_EXTRAS} fields outside the contract")
    connection.execute(f"ALTER TABLE {resource.name} ADD COLUMN x{position}")
    connection.execute(
        "INSERT INTO extra_fields (resource, position, name, held) VALUES (?, ?, ?, ?)",
        (resource.name, position, name, int(held)),
    )
    return Column(name, f"x{position}", held)


def fault_in_names(names: Iterable[object]) -> str:
    """Return why one of these cannot be a field's name, or nothing."""
    for name in names:
        if not isinstance(name, str):
            return f"{name!r} is a {type(name).__name__}; a field's name is a string"
        if name.startswith(KEY_PREFIX):
            return f"{name!r} begins with {KEY_PREFIX!r}, which no field's name does"
        if fault := fault_in_text(name):
            return f"{name!r} {fault}"
    return ""
