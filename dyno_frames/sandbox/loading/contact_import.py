"""People from a table into a list: who was taken, who was there already, and which rows were refused and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from dyno_frames.contract.resources import KEY, LISTS
from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.campaigns.edits import creation, is_address
from dyno_frames.sandbox.loading.files import Source, raw_rows
from dyno_frames.sandbox.loading.tables import told
from dyno_frames.sandbox.mail import contacts
from dyno_frames.sandbox.store.columns import invalid_name_reason
from dyno_frames.sandbox.store.rows import SET_UPDATED
from dyno_frames.sandbox.store.storage import Store
from dyno_frames.sandbox.store.values import invalid_text_reason

EMAIL: Final = "email"
_MOST_FIELD = 1000


@dataclass(frozen=True, slots=True)
class ContactReport:
    """What became of the rows of a table of people.

    Parameters
    ----------
    added
        How many are new on the list.
    known
        How many were on it already; their fields are those of the table now.
    refused
        Why a row was refused, by its number from 0; no address is in it.
    """

    added: int
    known: int
    refused: Mapping[int, str]

    def __str__(self) -> str:
        head = f"{self.added:,} added, {self.known:,} there already, {len(self.refused):,} rows refused"
        return "\n  ".join([head, *told(self.refused)])


def add(store: Store, list_id: str, source: Source, *, now: int) -> ContactReport:
    """Add the people of a table to a list; see :meth:`dyno_frames.sandbox.sandbox.Sandbox.add_contacts`."""
    rows, refused = raw_rows(LISTS, source, what="contacts", texts=True)
    if rows and all(EMAIL not in row for row in rows):
        columns = ", ".join(dict.fromkeys(repr(name) for row in rows for name in row))
        raise ConfigError(
            f"contacts: no column {EMAIL!r}; rename the one that holds the addresses. The columns are {columns}."
        )
    if fault := invalid_name_reason(dict.fromkeys(name for row in rows for name in row)):
        raise ConfigError(f"contacts: {fault}; rename the column")
    good: dict[str, tuple[str, dict[str, str]]] = {}
    for place, row in enumerate(rows):
        if place in refused:
            continue
        email = row.get(EMAIL)
        reason = _reason(email) or _field_reason(row)
        if not reason and str(email).strip().lower() in good:
            reason = "the address stands in an earlier row"
        if reason:
            refused[place] = reason
            continue
        fields = {name: _text(value) for name, value in row.items() if name != EMAIL and _text(value)}
        good[str(email).strip().lower()] = (str(email).strip(), fields)
    with store.transaction() as connection:
        if store.get(LISTS, list_id) is None:
            raise ConfigError(f"there is no list {list_id!r}; create it first")
        added = contacts.add(connection, list_id, good.values())
        connection.execute(
            f"UPDATE lists SET {SET_UPDATED} WHERE id = ?",  # noqa: S608 - SQL from constants
            (now, list_id),
        )
    return ContactReport(added, len(good) - added, refused)


def list_named(store: Store, name: str, *, now: int, user_id: str) -> str:
    """Return the id of the list that has this id or name, which is made where it is missing."""
    given: Any = name
    if not isinstance(given, str) or invalid_text_reason(given):
        raise ConfigError(f"{name!r} is not the name of a list; expected a string of Unicode text")
    with store.transaction():
        if store.get(LISTS, name) is not None:
            return name
        found = store.find(LISTS, {"name": name, "application_fields": [KEY], "application_limit": 2})
        if len(found) > 1:
            raise ConfigError(f"several lists are called {name!r}; give the id of one")
        if found:
            return str(found[0][KEY])
        return store.insert(LISTS, creation(LISTS, {"name": name}, now=now, user_id=user_id))


def _reason(email: Any) -> str:
    if _text(email) == "":
        return "no address"
    if not isinstance(email, str):
        return "the address is no text"
    return "" if is_address(email) else "not an address"


def _field_reason(row: Mapping[str, Any]) -> str:
    for name, value in row.items():
        text = _text(value)
        if len(text) > _MOST_FIELD:
            return f"{name}: longer than {_MOST_FIELD} characters"
        if fault := invalid_text_reason(text):
            return f"{name}: {fault}"
    return ""


def _text(value: Any) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):  # noqa: PLR0124 - NaN
        return ""
    return str(value).strip()
