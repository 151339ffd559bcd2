"""The addresses of a list: written, counted, mailed to, and never shown."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable


def replace(connection: sqlite3.Connection, list_id: str, emails: Iterable[str]) -> None:
    """Give a list these contacts and no others; called inside a transaction."""
    distinct = dict.fromkeys(email.strip() for email in emails)
    forget(connection, list_id)
    connection.executemany(
        "INSERT INTO contacts (list_id, email) VALUES (?, ?)", ((list_id, email) for email in distinct)
    )
    connection.execute("UPDATE lists SET contacts = ? WHERE id = ?", (len(distinct), list_id))


def forget(connection: sqlite3.Connection, list_id: str) -> None:
    """Remove the contacts of a list; called inside a transaction."""
    connection.execute("DELETE FROM contacts WHERE list_id = ?", (list_id,))
