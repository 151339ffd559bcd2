"""The file that holds an account: opened by one owner, brought up to date, and copied while it is in use."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Final

from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.store.migrations import MIGRATIONS, VERSION

APPLICATION_ID: Final = 0x44594E4F
"""What marks a file as a sandbox's database."""

BACKUP_PAGES: Final = 256
"""How much of the file is copied at a time; the rows can be read and written between."""

_ON_DISK = (
    # one owner: a second sandbox over the same file would send the same mail again
    ("locking_mode", "EXCLUSIVE"),
    # a commit appends to one file; a process that is killed loses what it had not committed, and nothing else
    ("journal_mode", "WAL"),
    # what was acknowledged, and that a message was claimed, survive a power cut as well as a kill
    ("synchronous", "FULL"),
)
_ALWAYS = (
    # contacts go with their list, deliveries with their campaign
    ("foreign_keys", "ON"),
    # sorting and temporary indexes never touch the disk
    ("temp_store", "MEMORY"),
    # a file that somebody else made cannot call the functions that are registered here
    ("trusted_schema", "OFF"),
    # 64 MB: the upper levels of every index of a million campaigns
    ("cache_size", "-64000"),
)


def opened(path: Path | None) -> sqlite3.Connection:
    """Open a database, made where it is missing and migrated where it is old; None is memory.

    Raises
    ------
    ConfigError
        The file cannot be used, or is in use.
    """
    if path is not None and not path.parent.is_dir():
        raise ConfigError(f"the folder of {path} does not exist; make it, or give another path")
    connection = sqlite3.connect(
        ":memory:" if path is None else path, isolation_level=None, check_same_thread=False, timeout=0.5
    )
    try:
        _prepare(connection, on_disk=path is not None)
    except sqlite3.DatabaseError as error:
        connection.close()
        cure = "close the sandbox that has it open" if "locked" in str(error) else "give another path"
        raise ConfigError(f"{path} cannot be used as a sandbox's database: {error}; {cure}") from error
    return connection


def _prepare(connection: sqlite3.Connection, *, on_disk: bool) -> None:
    ours = False
    if on_disk:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        ours = _number(connection, "application_id") == APPLICATION_ID
        if not ours and connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            raise sqlite3.DatabaseError("it is another program's")
        _set(connection, _ON_DISK)
    if ours:
        # a migration makes tables anew, whose rows point at each other
        migrate(connection)
    else:
        _run(connection, f"{_schema()} PRAGMA application_id = {APPLICATION_ID};", version=VERSION)
    _set(connection, _ALWAYS)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a database to the present version, each step whole or not at all.

    Raises
    ------
    sqlite3.DatabaseError
        A later version of this package made it.
    """
    # the first version had no number
    version = _number(connection, "user_version") or 1
    if version > VERSION:
        raise sqlite3.DatabaseError(f"its version is {version}, and this package knows {VERSION}")
    for step in range(version, VERSION):
        _run(connection, MIGRATIONS[step], version=step + 1)


def _run(connection: sqlite3.Connection, script: str, *, version: int) -> None:
    try:
        connection.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {version}; COMMIT;")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.rollback()
        raise


def _set(connection: sqlite3.Connection, pragmas: tuple[tuple[str, str], ...]) -> None:
    for name, value in pragmas:
        connection.execute(f"PRAGMA {name} = {value}")


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


@lru_cache(maxsize=1)
def _schema() -> str:
    return resources.files(__package__).joinpath("schema.sql").read_text(encoding="utf-8")


def backup(connection: sqlite3.Connection, path: Path, *, breathe: Callable[[], None]) -> None:
    """Copy the database, as it is at the end of the copying, while others use it.

    Parameters
    ----------
    connection
        The database.
    path
        The copy; what stands there is replaced when the copy is whole.
    breathe
        Called between two parts.

    Raises
    ------
    ConfigError
        The copy cannot be written.
    """
    draft = path.with_name(f"{path.name}.partial")
    try:
        draft.unlink(missing_ok=True)
        copy = sqlite3.connect(draft)
        try:
            connection.backup(copy, pages=BACKUP_PAGES, progress=lambda *_: breathe(), sleep=0)
            # one file, without a log beside it
            copy.execute("PRAGMA journal_mode = DELETE")
        finally:
            copy.close()
        draft.replace(path)
    except (sqlite3.Error, OSError) as error:
        draft.unlink(missing_ok=True)
        raise ConfigError(f"{path} cannot be written: {error}; give another path") from error


def rest() -> None:
    """Give others a moment."""
    time.sleep(0.001)
