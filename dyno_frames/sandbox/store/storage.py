"""The rows of one account in SQLite, asked and changed directly; HTTP stands in front, and is not needed.

One connection under one lock: a process owns its database, in memory or on disk, and every change is one
transaction.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

import orjson

from dyno_frames.contract.envelope import Code
from dyno_frames.contract.profile import Profile
from dyno_frames.contract.resources import KEY, LISTS, RESOURCES, Resource
from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.filters import functions
from dyno_frames.sandbox.filters.semantics import DECIDED, PAGE_LIMIT, settled
from dyno_frames.sandbox.filters.sql_filter import question
from dyno_frames.sandbox.http.api_errors import RequestError
from dyno_frames.sandbox.mail import contacts
from dyno_frames.sandbox.store import columns as catalogue
from dyno_frames.sandbox.store import database, rows
from dyno_frames.sandbox.store.columns import Columns
from dyno_frames.sandbox.store.values import Held, decode

_T = TypeVar("_T")


class Store:
    """The rows of one account.

    Parameters
    ----------
    path
        The database file, made where it is missing; None keeps everything in memory.
    profile
        What filters mean here. Every semantic must be known.
    page_limit
        The largest page; another number than 1,000 stands before the profile's.

    Raises
    ------
    ConfigError
        The profile leaves something unknown, or the file cannot be used.

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
        self, path: Path | None = None, *, profile: Profile = DECIDED, page_limit: int = PAGE_LIMIT
    ) -> None:
        self.profile = settled(profile, page_limit)
        self._lock = threading.RLock()
        self._connection = database.opened(path)
        self._open = True
        try:
            functions.register(
                self._connection,
                collation=_known(self.profile.collation),
                like_folding=_known(self.profile.like_folding),
                dialect=_known(self.profile.dialect),
                regex=_known(self.profile.regex),
            )
            self._columns = self._read_columns()
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise ConfigError(f"{path} cannot be read as a sandbox's database: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def find(self, resource: Resource, wire: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the rows of one page, as JSON values.

        Parameters
        ----------
        resource
            Where to look.
        wire
            The filter, with its ``application_`` keys.

        Raises
        ------
        RequestError
            The filter is not acceptable.
        """
        return self._find(resource, wire, decode)

    def find_json(self, resource: Resource, wire: Mapping[str, Any]) -> bytes:
        """Return the rows of one page as the text of a JSON array; see :meth:`find`."""
        return orjson.dumps(self._find(resource, wire, orjson.Fragment))

    def count(self, resource: Resource, wire: Mapping[str, Any]) -> int:
        """Return how many rows a filter keeps, whatever page it asks for; see :meth:`find`."""
        with self._lock:
            asked = question(wire, self._columns[resource.name], self.profile, resource=resource.name)
            where = f" WHERE {asked.where}" if asked.where else ""
            row = self._connection.execute(
                f"SELECT count(*) FROM {resource.name}{where}",  # noqa: S608 - SQL from constants
                asked.parameters,
            ).fetchone()
        return int(row[0])

    def get(self, resource: Resource, key: str) -> dict[str, Any] | None:
        """Return one row, or None where no row has this id."""
        with self._lock:
            return self._row(resource, key, decode)

    def get_json(self, resource: Resource, key: str) -> bytes | None:
        """Return one row as JSON text, or None where no row has this id."""
        with self._lock:
            row = self._row(resource, key, orjson.Fragment)
        return None if row is None else orjson.dumps(row)

    def insert(self, resource: Resource, row: Mapping[str, Any]) -> str:
        """Add one row, and return its id.

        Raises
        ------
        RequestError
            The id is taken, or a value is no JSON.
        """
        with self.transaction() as connection:
            self._write(connection, resource, [row])
        return str(row[KEY])

    def update(
        self,
        resource: Resource,
        key: str,
        changes: Mapping[str, Any],
        *,
        now: int,
        statuses: Collection[str] | None = None,
    ) -> bool:
        """Change one row, and say whether there was one to change.

        Parameters
        ----------
        resource, key
            Which row.
        changes
            The fields and their new values; for a list also ``emails``.
        now
            What ``updated`` becomes, unless it is later already.
        statuses
            Where given, the row must be in one of these.
        """
        plain = dict(changes)
        with self.transaction() as connection:
            emails = plain.pop(rows.EMAILS, None) if resource is LISTS else None
            encoded, seen = rows.encoded(plain)
            condition, bound = _status_condition(statuses)
            target = f"{KEY} = ?{condition}"
            if not connection.execute(
                f"SELECT 1 FROM {resource.name} WHERE {target}",  # noqa: S608 - SQL from constants
                (key, *bound),
            ).fetchall():
                return False
            table = self._widen(connection, resource, seen)
            sets = [f"{table[name].sql} = ?" for name in encoded]
            sets.append(rows.TOUCHED)
            connection.execute(
                f"UPDATE {resource.name} SET {', '.join(sets)} WHERE {target}",  # noqa: S608 - SQL from constants
                (*encoded.values(), now, key, *bound),
            )
            if emails is not None:
                contacts.replace(connection, key, emails)
        return True

    def delete(self, resource: Resource, key: str, *, statuses: Collection[str] | None = None) -> bool:
        """Remove one row, and say whether there was one; ``statuses`` as in :meth:`update`."""
        condition, bound = _status_condition(statuses)
        with self.transaction() as connection:
            gone = connection.execute(
                f"DELETE FROM {resource.name} WHERE {KEY} = ?{condition}",  # noqa: S608 - SQL from constants
                (key, *bound),
            ).rowcount
        return gone > 0

    def load(
        self, resource: Resource, table: Iterable[Mapping[str, Any]], *, replace_all: bool = False
    ) -> int:
        """Add rows as they are, and return how many; nothing is invented, not even a counter.

        Parameters
        ----------
        resource
            Where they go.
        table
            JSON values by field; each has an id. Fields outside the contract are kept.
        replace_all
            Remove every row first, in the same transaction.

        Raises
        ------
        RequestError
            An id is there twice, or a value is no JSON.
        """
        kept = list(table)
        with self.transaction() as connection:
            if replace_all:
                connection.execute(f"DELETE FROM {resource.name}")  # noqa: S608 - SQL from constants
            self._write(connection, resource, kept)
        return len(kept)

    def counts(self) -> dict[str, int]:
        """Return how many rows each resource has."""
        return {name: self.count(resource, {}) for name, resource in RESOURCES.items()}

    def ping(self) -> bool:
        """Tell whether the database answers; one that is closed or broken raises."""
        with self._lock:
            return bool(self._connection.execute("SELECT 1").fetchone()[0])

    def column_names(self, resource: Resource) -> tuple[str, ...]:
        """Return the names of all fields that the resource's rows may have."""
        return tuple(self._columns[resource.name])

    def annotate(self, resource: Resource, key: str, notes: Mapping[str, Any]) -> None:
        """Set fields outside the contract on one row; a null for a field that no row has changes nothing."""
        with self.transaction() as connection:
            known = self._columns[resource.name]
            kept = {name: value for name, value in notes.items() if value is not None or name in known}
            encoded, seen = rows.encoded(kept)
            table = self._widen(connection, resource, seen)
            for name, value in encoded.items():
                connection.execute(
                    f"UPDATE {resource.name} SET {table[name].sql} = ? WHERE {KEY} = ?",  # noqa: S608 - SQL from constants
                    (value, key),
                )

    def backup(self, path: Path) -> None:
        """Copy everything into a file of its own, while requests are answered.

        Raises
        ------
        ConfigError
            The copy cannot be written.
        """

        def breathe() -> None:
            self._lock.release()
            database.rest()
            self._lock.acquire()

        with self._lock:
            database.backup(self._connection, path, breathe=breathe)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the lock and one transaction: committed at the end, rolled back by an exception.

        Inside another transaction of the same thread it is a part of that one.
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

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return not self._open

    def close(self) -> None:
        """Close the database; a second call does nothing."""
        with self._lock:
            self._open = False
            self._connection.close()

    def _find(self, resource: Resource, wire: Mapping[str, Any], read: Any) -> list[dict[str, Any]]:
        with self._lock:
            asked = question(wire, self._columns[resource.name], self.profile, resource=resource.name)
            where = f" WHERE {asked.where}" if asked.where else ""
            order = f" ORDER BY {asked.order}" if asked.order else ""
            stored = self._connection.execute(
                f"SELECT {rows.listed(asked.columns)} FROM {resource.name}{where}{order} LIMIT ? OFFSET ?",  # noqa: S608 - SQL from constants
                (*asked.parameters, asked.limit, asked.offset),
            ).fetchall()
        return rows.named(stored, asked.columns, read)

    def _row(self, resource: Resource, key: str, read: Any) -> dict[str, Any] | None:
        shown = tuple(self._columns[resource.name].values())
        try:
            stored = self._connection.execute(
                f"SELECT {rows.listed(shown)} FROM {resource.name} WHERE {KEY} = ?",  # noqa: S608 - SQL from constants
                (key,),
            ).fetchall()
        except UnicodeEncodeError:
            return None
        return next(iter(rows.named(stored, shown, read)), None)

    def _write(
        self, connection: sqlite3.Connection, resource: Resource, given: list[Mapping[str, Any]]
    ) -> None:
        plain, emails = rows.without_emails(given) if resource is LISTS else (given, {})
        names = tuple(dict.fromkeys(name for row in plain for name in row))
        if not plain:
            return
        if KEY not in names:
            raise RequestError(Code.REJECTED, "id: missing")
        if fault := catalogue.fault_in_names(names):
            raise RequestError(Code.REJECTED, fault)
        stored, seen = rows.all_encoded(plain, names)
        table = self._widen(connection, resource, seen)
        terms = rows.listed(table[name] for name in names)
        try:
            connection.executemany(
                f"INSERT INTO {resource.name} ({terms}) VALUES ({', '.join('?' * len(names))})",  # noqa: S608 - SQL from constants
                stored,
            )
        except sqlite3.IntegrityError as error:
            raise RequestError(Code.REJECTED, "id: missing, or the id of another row") from error
        for key, addresses in emails.items():
            contacts.replace(connection, key, addresses)

    def _widen(self, connection: sqlite3.Connection, resource: Resource, seen: Mapping[str, Held]) -> Columns:
        known = self._columns[resource.name]
        for name, held in seen.items():
            column = known.get(name)
            if column is not None and column.field is not None and held & ~column.held:
                raise RequestError(
                    Code.REJECTED, f"{name}: expected a {column.field.wire} of at most 64 bits"
                )
        try:
            table = catalogue.widen(connection, resource, known, seen)
        except ValueError as error:
            raise RequestError(Code.REJECTED, str(error)) from error
        self._columns[resource.name] = table
        return table

    def _read_columns(self) -> dict[str, Columns]:
        return {name: catalogue.read(self._connection, resource) for name, resource in RESOURCES.items()}


def _known(value: _T | None) -> _T:
    if value is None:  # pragma: no cover - a settled profile knows
        raise ConfigError("the profile leaves something unknown")
    return value


def _status_condition(statuses: Collection[str] | None) -> tuple[str, tuple[str, ...]]:
    if statuses is None:
        return "", ()
    bound = tuple(sorted(statuses))
    return f" AND status IN ({', '.join('?' * len(bound))})", bound
