"""The rows of one account in SQLite. The HTTP application is not needed to use them.

There is one connection and one lock: one process uses a database, and every change is one transaction.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

import orjson

from dyno_frames.contract.envelope import Code
from dyno_frames.contract.profile import Profile
from dyno_frames.contract.resources import ID_FIELD, LISTS, RESOURCES, Resource
from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.filters import functions
from dyno_frames.sandbox.filters.semantics import DEFAULT_PROFILE, PAGE_LIMIT, complete_profile
from dyno_frames.sandbox.filters.sql_filter import compile_filter
from dyno_frames.sandbox.http.api_errors import RequestError
from dyno_frames.sandbox.mail import contacts
from dyno_frames.sandbox.store import database, rows, statements
from dyno_frames.sandbox.store.columns import Columns, add_columns, invalid_name_reason, read_columns
from dyno_frames.sandbox.store.values import ValueTypes

_BACKUP_PAUSE_S: Final = 0.001
"""The pause between two parts of a backup, in which other threads can use the database."""


class Store:
    """The rows of one account.

    Parameters
    ----------
    path
        The database file. It is created if it does not exist. None keeps the rows in memory.
    profile
        What filters mean. Every field must have a value.
    page_limit
        The largest page. A value other than 1,000 takes precedence over the profile's.

    Raises
    ------
    ConfigError
        The profile is not complete, or the file cannot be used.

    Examples
    --------
    >>> from dyno_frames.contract.resources import LISTS
    >>> with Store() as store:
    ...     store.load(LISTS, [{"id": "a", "name": "News"}, {"id": "b", "name": "Offers"}])
    ...     store.count(LISTS, {"name": {"like": "ew"}})
    2
    1
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        profile: Profile = DEFAULT_PROFILE,
        page_limit: int = PAGE_LIMIT,
    ) -> None:
        self.profile = complete_profile(profile, page_limit)
        self._lock = threading.RLock()
        self._connection = database.open_database(path)
        try:
            functions.register(self._connection, self.profile)
            self._columns = self._read_columns()
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise ConfigError(f"{path} cannot be read as a sandbox's database: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def find(self, resource: Resource, wire: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return one page of rows as JSON values, for a filter with its ``application_`` keys.

        Raise RequestError if the filter is not valid.
        """
        return self._find(resource, wire, json.loads)

    def find_json(self, resource: Resource, wire: Mapping[str, Any]) -> bytes:
        """Return one page of rows as the text of a JSON array; see :meth:`find`."""
        return orjson.dumps(self._find(resource, wire, orjson.Fragment))

    def count(self, resource: Resource, wire: Mapping[str, Any]) -> int:
        """Return how many rows a filter keeps, on all pages; see :meth:`find`."""
        with self._lock:
            query = compile_filter(wire, self._columns[resource.name], self.profile, resource=resource.name)
            return statements.count_rows(self._connection, resource, query)

    def get(self, resource: Resource, key: str) -> dict[str, Any] | None:
        """Return the row with an id, or None if there is none."""
        with self._lock:
            return self._row(resource, key, json.loads)

    def get_json(self, resource: Resource, key: str) -> bytes | None:
        """Return the row with an id as JSON text, or None if there is none."""
        with self._lock:
            row = self._row(resource, key, orjson.Fragment)
        return None if row is None else orjson.dumps(row)

    def insert(self, resource: Resource, row: Mapping[str, Any]) -> str:
        """Insert one row and return its id.

        Raise RequestError if another row has the id, or a value is not JSON.
        """
        with self.transaction() as connection:
            self._write(connection, resource, [row])
        return str(row[ID_FIELD])

    def update(
        self,
        resource: Resource,
        key: str,
        changes: Mapping[str, Any],
        *,
        now: int,
        statuses: Collection[str] | None = None,
    ) -> bool:
        """Change one row. Return False if there is no such row.

        Parameters
        ----------
        resource, key
            The row.
        changes
            The new values by field; for a list also ``emails``.
        now
            The new value of ``updated``, unless the row has a later one.
        statuses
            The statuses in which the row may be changed (default: all).
        """
        fields = dict(changes)
        with self.transaction() as connection:
            emails = fields.pop(rows.EMAILS, None) if resource is LISTS else None
            encoded, types = rows.encode_row(fields)
            if not statements.has_row(connection, resource, key, statuses):
                return False
            columns = self._add_columns(connection, resource, types)
            values = {columns[name].sql: value for name, value in encoded.items()}
            statements.update_row(connection, resource, key, values, now=now)
            if emails is not None:
                contacts.replace(connection, key, emails)
        return True

    def delete(self, resource: Resource, key: str, *, statuses: Collection[str] | None = None) -> bool:
        """Delete one row. Return False if there is no such row; ``statuses`` as in :meth:`update`."""
        with self.transaction() as connection:
            return statements.delete_row(connection, resource, key, statuses)

    def load(
        self, resource: Resource, table: Iterable[Mapping[str, Any]], *, replace_all: bool = False
    ) -> int:
        """Insert rows as they are and return how many. Missing fields stay missing.

        Parameters
        ----------
        resource
            The resource.
        table
            JSON values by field; each row has an id. Fields outside the contract are kept.
        replace_all
            Whether to delete all rows first, in the same transaction.

        Raises
        ------
        RequestError
            Two rows have the same id, or a value is not JSON.
        """
        loaded = list(table)
        with self.transaction() as connection:
            if replace_all:
                statements.delete_all(connection, resource)
            self._write(connection, resource, loaded)
        return len(loaded)

    def counts(self) -> dict[str, int]:
        """Return how many rows each resource has."""
        return {name: self.count(resource, {}) for name, resource in RESOURCES.items()}

    def ping(self) -> bool:
        """Return True if the database answers. If it is closed or damaged, an exception is raised."""
        with self._lock:
            return bool(self._connection.execute("SELECT 1").fetchone()[0])

    def column_names(self, resource: Resource) -> tuple[str, ...]:
        """Return the names of all fields of the resource, including extra fields."""
        return tuple(self._columns[resource.name])

    def set_extra_fields(self, resource: Resource, key: str, values: Mapping[str, Any]) -> None:
        """Set fields outside the contract on one row. Null for a field that no row has is ignored."""
        with self.transaction() as connection:
            known = self._columns[resource.name]
            kept = {name: value for name, value in values.items() if value is not None or name in known}
            encoded, types = rows.encode_row(kept)
            columns = self._add_columns(connection, resource, types)
            extra = {columns[name].sql: value for name, value in encoded.items()}
            statements.update_row(connection, resource, key, extra, now=None)

    def backup(self, path: Path) -> None:
        """Copy everything to a file, while requests are answered.

        Raise ConfigError if the copy cannot be written.
        """

        def yield_lock() -> None:
            self._lock.release()
            time.sleep(_BACKUP_PAUSE_S)
            self._lock.acquire()

        with self._lock:
            database.backup(self._connection, path, between_steps=yield_lock)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the lock and one transaction. It is committed at the end, and rolled back by an exception.

        A transaction inside another one of the same thread is part of that one.
        """
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.commit()
            except BaseException:
                self._connection.rollback()
                self._columns = self._read_columns()
                raise

    def close(self) -> None:
        """Close the database. A second call does nothing."""
        with self._lock:
            self._connection.close()

    def _find(self, resource: Resource, wire: Mapping[str, Any], read: Any) -> list[dict[str, Any]]:
        with self._lock:
            query = compile_filter(wire, self._columns[resource.name], self.profile, resource=resource.name)
            stored = statements.select_page(self._connection, resource, query)
        return rows.to_json_rows(stored, query.columns, read)

    def _row(self, resource: Resource, key: str, read: Any) -> dict[str, Any] | None:
        columns = tuple(self._columns[resource.name].values())
        stored = statements.select_row(self._connection, resource, key, columns)
        return next(iter(rows.to_json_rows(stored, columns, read)), None)

    def _write(
        self, connection: sqlite3.Connection, resource: Resource, given: list[Mapping[str, Any]]
    ) -> None:
        plain, emails = rows.split_emails(given) if resource is LISTS else (given, {})
        names = tuple(dict.fromkeys(name for row in plain for name in row))
        if not plain:
            return
        if ID_FIELD not in names:
            raise RequestError(Code.REJECTED, "id: missing")
        if reason := invalid_name_reason(names):
            raise RequestError(Code.REJECTED, reason)
        stored, types = rows.encode_rows(plain, names)
        columns = self._add_columns(connection, resource, types)
        statements.insert_rows(connection, resource, [columns[name] for name in names], stored)
        for key, addresses in emails.items():
            contacts.replace(connection, key, addresses)

    def _add_columns(
        self, connection: sqlite3.Connection, resource: Resource, types: Mapping[str, ValueTypes]
    ) -> Columns:
        columns = add_columns(connection, resource, self._columns[resource.name], types)
        self._columns[resource.name] = columns
        return columns

    def _read_columns(self) -> dict[str, Columns]:
        return {name: read_columns(self._connection, resource) for name, resource in RESOURCES.items()}
