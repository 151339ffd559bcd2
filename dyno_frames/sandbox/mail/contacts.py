"""The addresses of a list: written, counted, mailed to, and never shown."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping


def replace(connection: sqlite3.Connection, list_id: str, emails: Iterable[str]) -> None:
    """Give a list these contacts and no others; called inside a transaction."""
    connection.execute("DELETE FROM contacts WHERE list_id = ?", (list_id,))
    add(connection, list_id, ((email, {}) for email in emails))


def add(
    connection: sqlite3.Connection, list_id: str, contacts: Iterable[tuple[str, Mapping[str, str]]]
) -> int:
    """Add contacts with their merge fields, and return how many are new; called inside a transaction.

    Notes
    -----
    An address is there once, whatever its case. One that is there already gets the fields.
    """
    before = _count(connection, list_id)
    connection.executemany(
        "INSERT INTO contacts (list_id, email, fields) VALUES (?, ?, ?)"
        " ON CONFLICT (list_id, email) DO UPDATE SET fields = excluded.fields",
        (
            (list_id, email.strip(), json.dumps(dict(fields), ensure_ascii=False))
            for email, fields in contacts
        ),
    )
    after = _count(connection, list_id)
    connection.execute("UPDATE lists SET contacts = ? WHERE id = ?", (after, list_id))
    return after - before


def _count(connection: sqlite3.Connection, list_id: str) -> int:
    found = connection.execute("SELECT count(*) FROM contacts WHERE list_id = ?", (list_id,)).fetchone()
    return int(found[0])
