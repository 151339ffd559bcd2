"""Import contacts from a table into a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from dyno_frames.contract.resources import ID_FIELD, LISTS
from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.campaigns.edits import is_email_address, new_row
from dyno_frames.sandbox.loading.files import Source, read_rows
from dyno_frames.sandbox.loading.refused_rows import summarize
from dyno_frames.sandbox.mail import contacts
from dyno_frames.sandbox.store.columns import invalid_name_reason
from dyno_frames.sandbox.store.rows import SET_UPDATED
from dyno_frames.sandbox.store.storage import Store
from dyno_frames.sandbox.store.values import invalid_text_reason

EMAIL: Final = "email"
_MAX_FIELD_LENGTH: Final = 1000


@dataclass(frozen=True, slots=True)
class ContactReport:
    """The result of an import.

    Parameters
    ----------
    added
        How many contacts are new on the list.
    known
        How many contacts were on the list before. Their merge fields are those of the table now.
    refused
        Why rows are refused, by the row's number from 0. It contains no e-mail address.
    """

    added: int
    known: int
    refused: Mapping[int, str]

    def __str__(self) -> str:
        head = f"{self.added:,} added, {self.known:,} already on the list, {len(self.refused):,} rows refused"
        return "\n  ".join([head, *summarize(self.refused)])


def import_contacts(store: Store, list_id: str, source: Source, *, now: int) -> ContactReport:
    """Import contacts; see :meth:`dyno_frames.sandbox.sandbox.Sandbox.add_contacts`."""
    rows, refused = read_rows(LISTS, source, what="contacts", all_text=True)
    _check_columns(list(dict.fromkeys(name for row in rows for name in row)))
    valid: dict[str, tuple[str, dict[str, str]]] = {}
    for place, row in enumerate(rows):
        if place in refused:
            continue
        email = row.get(EMAIL)
        reason = _email_reason(email) or _field_reason(row)
        if not reason and str(email).strip().lower() in valid:
            reason = "another row before has the same address"
        if reason:
            refused[place] = reason
            continue
        fields = {name: _text(value) for name, value in row.items() if name != EMAIL and _text(value)}
        valid[str(email).strip().lower()] = (str(email).strip(), fields)
    with store.transaction() as connection:
        if store.get(LISTS, list_id) is None:
            raise ConfigError(f"there is no list {list_id!r}; create it first")
        added = contacts.add(connection, list_id, valid.values())
        connection.execute(f"UPDATE lists SET {SET_UPDATED} WHERE id = ?", (now, list_id))
    return ContactReport(added, len(valid) - added, refused)


def find_or_create_list(store: Store, name: str, *, now: int, user_id: str) -> str:
    """Return the id of the list with this id or name. If there is none, create it."""
    given: Any = name
    if not isinstance(given, str) or invalid_text_reason(given):
        raise ConfigError(f"{name!r} is not the name of a list; expected a string of Unicode text")
    with store.transaction():
        if store.get(LISTS, name) is not None:
            return name
        found = store.find(LISTS, {"name": name, "application_fields": [ID_FIELD], "application_limit": 2})
        if len(found) > 1:
            raise ConfigError(f"several lists have the name {name!r}; pass the id of one")
        if found:
            return str(found[0][ID_FIELD])
        return store.insert(LISTS, new_row(LISTS, {"name": name}, now=now, user_id=user_id))


def _check_columns(names: list[Any]) -> None:
    if reason := invalid_name_reason(names):
        raise ConfigError(f"contacts: {reason}; rename the column")
    if names and EMAIL not in names:
        raise ConfigError(
            f"contacts: there is no column {EMAIL!r}; the columns are {', '.join(map(repr, names))}. "
            f"Rename the column with the e-mail addresses to {EMAIL!r}."
        )


def _email_reason(email: Any) -> str:
    if _text(email) == "":
        return "no address"
    if not isinstance(email, str):
        return "the address is not text"
    return "" if is_email_address(email) else "not an e-mail address"


def _field_reason(row: Mapping[str, Any]) -> str:
    for name, value in row.items():
        text = _text(value)
        if len(text) > _MAX_FIELD_LENGTH:
            return f"{name}: longer than {_MAX_FIELD_LENGTH} characters"
        if reason := invalid_text_reason(text):
            return f"{name}: {reason}"
    return ""


def _text(value: Any) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):  # noqa: PLR0124 - NaN
        return ""
    return str(value).strip()
