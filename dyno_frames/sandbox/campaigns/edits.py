"""What create and change info accept: the body of a request, checked, as columns of a row."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from dyno_frames.contract import times
from dyno_frames.contract.envelope import Code
from dyno_frames.contract.fields import Kind
from dyno_frames.contract.lifecycle import Status
from dyno_frames.contract.resources import CAMPAIGNS, COUNTERS, CREATED, KEY, LISTS, UPDATED, Resource
from dyno_frames.sandbox.http.api_errors import RequestError, field_error, short_repr
from dyno_frames.sandbox.store.columns import invalid_name_reason
from dyno_frames.sandbox.store.values import encode

EMAILS = "emails"
_NAME, _TIME_ZONE = "name", "time_zone"


def creation(resource: Resource, body: Mapping[str, Any], *, now: int, user_id: str) -> dict[str, Any]:
    """Return the row that a create adds, with all that the server sets.

    Parameters
    ----------
    resource
        Of which resource.
    body
        What was sent.
    now
        Epoch seconds.
    user_id
        The account's.

    Raises
    ------
    RequestError
        A field is missing, is the server's, or holds what it cannot hold.
    """
    _check(resource, body)
    if _NAME not in body:
        raise field_error(_NAME, "missing; a new object needs one")
    row: dict[str, Any] = {KEY: str(uuid.uuid4()), CREATED: now, UPDATED: now, "user_id": user_id, **body}
    if resource is LISTS:
        row["contacts"] = 0
        row[EMAILS] = body.get(EMAILS) or []
    if resource is CAMPAIGNS:
        row |= dict.fromkeys(COUNTERS, 0)
        row["status"] = str(Status.DRAFT)
    return row


def change(resource: Resource, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that a change info sets; see :func:`creation`."""
    _check(resource, body)
    if not body:
        raise RequestError(Code.REJECTED, "the body names no field to change")
    return dict(body)


def _check(resource: Resource, body: Mapping[str, Any]) -> None:
    if fault := invalid_name_reason(body):
        raise RequestError(Code.REJECTED, fault)
    taken = resource.server_set
    for name, value in body.items():
        if name in taken:
            raise field_error(name, "only the server sets it")
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
            raise field_error(name, "empty; expected some text")
        if name == _TIME_ZONE:
            _check_zone(value)
    try:
        encode(value)
    except ValueError as error:
        raise field_error(name, str(error)) from error


def _check_zone(value: str) -> None:
    try:
        times.zone(value)
    except ValueError as error:
        raise field_error(_TIME_ZONE, str(error)) from error


def check_emails(value: Any) -> None:
    """Refuse what is no array of addresses; the reason names places, never an address."""
    if not isinstance(value, list):
        raise field_error(EMAILS, "expected an array of addresses")
    wrong = [
        place for place, email in enumerate(value) if not isinstance(email, str) or not is_address(email)
    ]
    if wrong:
        places = ", ".join(map(str, wrong[:5]))
        raise field_error(
            EMAILS, f"{len(wrong)} of {len(value)} are no address; the first are at place {places}"
        )


def is_address(email: str) -> bool:
    """Tell whether a text can be an address: something, an @, something, and no blank within."""
    name, at, domain = email.strip().rpartition("@")
    return bool(name and at and domain) and email.isprintable() and not any(map(str.isspace, email.strip()))
