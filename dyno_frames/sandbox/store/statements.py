"""The SQL statements on the table of a resource. The values are always parameters."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping

from dyno_frames.contract.envelope import Code
from dyno_frames.contract.resources import ID_FIELD, Resource
from dyno_frames.sandbox.filters.sql_filter import FilterQuery
from dyno_frames.sandbox.http.api_errors import RequestError
from dyno_frames.sandbox.store.columns import Column
from dyno_frames.sandbox.store.rows import SET_UPDATED, select_list
from dyno_frames.sandbox.store.values import SqlValue


def select_page(
    connection: sqlite3.Connection, resource: Resource, query: FilterQuery
) -> list[tuple[SqlValue, ...]]:
    """Return one page of the rows that a filter keeps."""
    order = f" ORDER BY {query.order}" if query.order else ""
    return connection.execute(
        f"SELECT {select_list(query.columns)} FROM {resource.name}{_where(query)}{order} LIMIT ? OFFSET ?",
        (*query.parameters, query.limit, query.offset),
    ).fetchall()


def count_rows(connection: sqlite3.Connection, resource: Resource, query: FilterQuery) -> int:
    """Return how many rows a filter keeps."""
    row = connection.execute(
        f"SELECT count(*) FROM {resource.name}{_where(query)}", query.parameters
    ).fetchone()
    return int(row[0])


def select_row(
    connection: sqlite3.Connection, resource: Resource, key: str, columns: tuple[Column, ...]
) -> list[tuple[SqlValue, ...]]:
    """Return the row with an id, as a list of one row or none."""
    try:
        return connection.execute(
            f"SELECT {select_list(columns)} FROM {resource.name} WHERE {ID_FIELD} = ?", (key,)
        ).fetchall()
    except UnicodeEncodeError:
        return []


def has_row(
    connection: sqlite3.Connection, resource: Resource, key: str, statuses: Collection[str] | None
) -> bool:
    """Return whether a row has this id and, if ``statuses`` are given, one of them."""
    target, parameters = _target(key, statuses)
    return bool(connection.execute(f"SELECT 1 FROM {resource.name} WHERE {target}", parameters).fetchall())


def insert_rows(
    connection: sqlite3.Connection,
    resource: Resource,
    columns: Iterable[Column],
    rows: Iterable[list[SqlValue]],
) -> None:
    """Insert rows. Raise RequestError if a row has no id, or the id of another row."""
    names = [column.sql for column in columns]
    try:
        connection.executemany(
            f"INSERT INTO {resource.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", rows
        )
    except sqlite3.IntegrityError as error:
        raise RequestError(Code.REJECTED, "id: missing, or the id of another row") from error


def update_row(
    connection: sqlite3.Connection,
    resource: Resource,
    key: str,
    values: Mapping[str, SqlValue],
    *,
    now: int | None,
) -> None:
    """Set columns of a row, by their SQL names; with ``now``, also ``updated``."""
    assignments = [f"{name} = ?" for name in values]
    parameters = list(values.values())
    if now is not None:
        assignments.append(SET_UPDATED)
        parameters.append(now)
    if assignments:
        connection.execute(
            f"UPDATE {resource.name} SET {', '.join(assignments)} WHERE {ID_FIELD} = ?", (*parameters, key)
        )


def delete_row(
    connection: sqlite3.Connection, resource: Resource, key: str, statuses: Collection[str] | None
) -> bool:
    """Delete a row. Return False if no row has this id and one of the statuses."""
    target, parameters = _target(key, statuses)
    return connection.execute(f"DELETE FROM {resource.name} WHERE {target}", parameters).rowcount > 0


def delete_all(connection: sqlite3.Connection, resource: Resource) -> None:
    """Delete every row."""
    connection.execute(f"DELETE FROM {resource.name}")


def _where(query: FilterQuery) -> str:
    return f" WHERE {query.where}" if query.where else ""


def _target(key: str, statuses: Collection[str] | None) -> tuple[str, tuple[str, ...]]:
    if statuses is None:
        return f"{ID_FIELD} = ?", (key,)
    return f"{ID_FIELD} = ? AND status IN ({', '.join('?' * len(statuses))})", (key, *sorted(statuses))
