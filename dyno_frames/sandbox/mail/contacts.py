"""Store the e-mail addresses of a list. The API counts them and never returns them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping


def replace(connection: sqlite3.Connection, list_id: str, emails: Iterable[str]) -> None:
    """Replace the contacts of a list. Call this inside a transaction."""
    connection.execute("DELETE FROM contacts WHERE list_id = ?", (list_id,))
    add(connection, list_id, ((email, {}) for email in emails))


def add(
    connection: sqlite3.Connection, list_id: str, contacts: Iterable[tuple[str, Mapping[str, str]]]
) -> int:
    """Add contacts with their merge fields to a list and return how many are new.

    Call this inside a transaction.

    Notes
    -----
    Addresses are compared without case. An address that is already on the list gets the new merge fields.
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
