"""Open and copy the SQLite file of an account."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Final

from dyno_frames.contract.resources import RESOURCES
from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.store.columns import contract_columns, create_table

APPLICATION_ID: Final = 0x44594E4F
"""The number that marks a file as a sandbox's database."""

FORMAT_VERSION: Final = 4
"""The version of the tables. A file with another version is refused."""

_BACKUP_PAGES: Final = 256
"""How many pages are copied at a time. Other threads can use the database between two copies."""

_ON_DISK: Final = (
    # one process at a time: a second sandbox on the same file would send the same mail again
    ("locking_mode", "EXCLUSIVE"),
    # a killed process loses only what it had not committed
    ("journal_mode", "WAL"),
    # a commit survives a power cut, so no message is sent twice
    ("synchronous", "FULL"),
)
_ALWAYS: Final = (
    # deleting a list deletes its contacts, deleting a campaign its deliveries
    ("foreign_keys", "ON"),
    # sort in memory
    ("temp_store", "MEMORY"),
    # a file from elsewhere cannot call the functions that are registered here
    ("trusted_schema", "OFF"),
    # 64 MB: the upper levels of the indexes of a million campaigns
    ("cache_size", "-64000"),
)


def open_database(path: Path | None) -> sqlite3.Connection:
    """Open a database, and create it if it does not exist. None is a database in memory.

    Raise ConfigError if the file cannot be used, is in use, or has another format.
    """
    if path is not None and not path.parent.is_dir():
        raise ConfigError(f"the folder of {path} does not exist; create it, or give another path")
    try:
        connection = sqlite3.connect(
            ":memory:" if path is None else path, isolation_level=None, check_same_thread=False, timeout=0.5
        )
        try:
            _prepare(connection, on_disk=path is not None)
        except sqlite3.DatabaseError:
            connection.close()
            raise
    except sqlite3.DatabaseError as error:
        cure = "close the sandbox that uses it" if "locked" in str(error) else "give another path"
        raise ConfigError(f"{path} cannot be used as a sandbox's database: {error}; {cure}") from error
    return connection


def _prepare(connection: sqlite3.Connection, *, on_disk: bool) -> None:
    exists = False
    if on_disk:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        exists = _pragma(connection, "application_id") == APPLICATION_ID
        if not exists and connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            raise sqlite3.DatabaseError("it belongs to another program")
        if exists:
            _check_format(connection)
        _set(connection, _ON_DISK)
    if not exists:
        _create(connection)
    _set(connection, _ALWAYS)


def _check_format(connection: sqlite3.Connection) -> None:
    """Refuse a file whose tables differ from those that this version of the package creates."""
    version = _pragma(connection, "user_version")
    if version != FORMAT_VERSION:
        raise sqlite3.DatabaseError(
            f"its format is version {version}, and this version of dyno_frames uses {FORMAT_VERSION}"
        )
    for name, resource in RESOURCES.items():
        columns = {row[1] for row in connection.execute(f"PRAGMA table_info({name})")}
        if missing := set(contract_columns(resource)) - columns:
            raise sqlite3.DatabaseError(f"its table {name} has no column {min(missing)}")


def _create(connection: sqlite3.Connection) -> None:
    try:
        connection.executescript(
            f"BEGIN IMMEDIATE; {_schema()}"
            f" PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT_VERSION}; COMMIT;"
        )
    except sqlite3.Error:
        if connection.in_transaction:
            connection.rollback()
        raise


def _schema() -> str:
    others = resources.files(__package__).joinpath("schema.sql").read_text(encoding="utf-8")
    return "\n".join([*map(create_table, RESOURCES.values()), others])


def _set(connection: sqlite3.Connection, pragmas: tuple[tuple[str, str], ...]) -> None:
    for name, value in pragmas:
        connection.execute(f"PRAGMA {name} = {value}")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def backup(connection: sqlite3.Connection, path: Path, *, between_steps: Callable[[], None]) -> None:
    """Copy the database while others use it between steps. The copy has the state at the end.

    Raise ConfigError if the copy cannot be written.
    """
    draft = path.with_name(f"{path.name}.partial")
    try:
        draft.unlink(missing_ok=True)
        copy = sqlite3.connect(draft)
        try:
            connection.backup(copy, pages=_BACKUP_PAGES, progress=lambda *_: between_steps(), sleep=0)
            # one file, without a log beside it
            copy.execute("PRAGMA journal_mode = DELETE")
        finally:
            copy.close()
        draft.replace(path)
    except (sqlite3.Error, OSError) as error:
        draft.unlink(missing_ok=True)
        raise ConfigError(f"{path} cannot be written: {error}; give another path") from error
