"""Check the body of a create or a change, and convert it to the fields of a row."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from dyno_frames.contract import times
from dyno_frames.contract.envelope import Code
from dyno_frames.contract.fields import Kind
from dyno_frames.contract.lifecycle import Status
from dyno_frames.contract.resources import (
    CAMPAIGNS,
    COUNTERS,
    CREATED,
    ID_FIELD,
    LISTS,
    ONE_LINE,
    UPDATED,
    Resource,
)
from dyno_frames.contract.texts import control_character
from dyno_frames.sandbox.http.api_errors import RequestError, field_error, short_repr
from dyno_frames.sandbox.store.columns import invalid_name_reason
from dyno_frames.sandbox.store.rows import EMAILS
from dyno_frames.sandbox.store.values import encode

_NAME: Final = "name"
_TIME_ZONE: Final = "time_zone"


def new_row(resource: Resource, body: Mapping[str, Any], *, now: int, user_id: str) -> dict[str, Any]:
    """Return the row that a create inserts: the fields of the body, and those that the server sets.

    Raise RequestError if a field is missing, is set by the server only, or has a value that is not valid.
    """
    _check(resource, body)
    if _NAME not in body:
        raise field_error(_NAME, "missing; a new object needs a name")
    row: dict[str, Any] = {
        ID_FIELD: str(uuid.uuid4()),
        CREATED: now,
        UPDATED: now,
        "user_id": user_id,
        **body,
    }
    if resource is LISTS:
        row["contacts"] = 0
        row[EMAILS] = body.get(EMAILS) or []
    if resource is CAMPAIGNS:
        row |= dict.fromkeys(COUNTERS, 0)
        row["status"] = str(Status.DRAFT)
    return row


def changes(resource: Resource, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that a change sets; see :func:`new_row`."""
    _check(resource, body)
    if not body:
        raise RequestError(Code.REJECTED, "the body is empty; expected at least one field to change")
    return dict(body)


def _check(resource: Resource, body: Mapping[str, Any]) -> None:
    if reason := invalid_name_reason(body):
        raise RequestError(Code.REJECTED, reason)
    server_set = resource.server_set
    for name, value in body.items():
        if name in server_set:
            raise field_error(name, "only the server sets this field")
        if name in resource.write_only:
            check_emails(value)
        else:
            _check_value(resource, name, value)


def _check_value(resource: Resource, name: str, value: Any) -> None:
    field = resource.field(name)
    if field is not None and field.kind is Kind.STRING:
        if value is None and field.nullable:
            return
        if not isinstance(value, str):
            raise field_error(name, f"{short_repr(value)}; expected a string")
        if not field.nullable and not value.strip():
            raise field_error(name, "empty; expected a string that is not blank")
        check_line(name, value)
        if name == _TIME_ZONE:
            _check_zone(value)
    try:
        encode(value)
    except ValueError as error:
        raise field_error(name, str(error)) from error


def check_line(name: str, value: str) -> None:
    """Refuse a line end or another control character in a text that becomes a header of a message."""
    if name in ONE_LINE and (control := control_character(value)):
        raise field_error(name, f"contains {control!r}; expected one line of text")


def _check_zone(value: str) -> None:
    try:
        times.zone(value)
    except ValueError as error:
        raise field_error(_TIME_ZONE, str(error)) from error


def check_emails(value: Any) -> None:
    """Check that a value is an array of e-mail addresses. The error gives their places, not the addresses."""
    if not isinstance(value, list):
        raise field_error(EMAILS, "expected an array of e-mail addresses")
    wrong = [
        place
        for place, email in enumerate(value)
        if not isinstance(email, str) or not is_email_address(email)
    ]
    if wrong:
        places = ", ".join(map(str, wrong[:5]))
        raise field_error(
            EMAILS, f"{len(wrong)} of {len(value)} are not valid e-mail addresses; first at index {places}"
        )


def is_email_address(email: str) -> bool:
    """Return whether a text has the form of an e-mail address, without spaces inside."""
    name, at, domain = email.strip().rpartition("@")
    return bool(name and at and domain) and email.isprintable() and not any(map(str.isspace, email.strip()))
