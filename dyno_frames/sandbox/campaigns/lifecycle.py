"""The seven process actions. Each is one UPDATE with a condition, so of two concurrent actions one is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dyno_frames.contract import times
from dyno_frames.contract.envelope import Code
from dyno_frames.contract.lifecycle import OVERRIDES, TIMES, Action, Rule, Status, allowed
from dyno_frames.contract.resources import CAMPAIGNS, ID_FIELD
from dyno_frames.contract.times import Instant
from dyno_frames.sandbox.campaigns.edits import check_line
from dyno_frames.sandbox.http.api_errors import RequestError, field_error, short_repr
from dyno_frames.sandbox.mail import deliveries
from dyno_frames.sandbox.store.rows import SET_UPDATED
from dyno_frames.sandbox.store.storage import Store
from dyno_frames.sandbox.store.values import encode

_ISO, _ZONE = TIMES

SET_RECIPIENTS: Final = (
    "recipients = coalesce((SELECT contacts FROM lists WHERE lists.id = campaigns.list_id), recipients, 0)"
)
"""The assignment of an UPDATE that sets the recipients to the size of the list, when a campaign starts."""

PAUSE_REASON: Final = "pause_reason"
"""An extra field of a campaign: why the server paused it. It is null after the campaign is resumed."""

ACTIVE: Final = "status IN ('scheduled', 'running')"
"""The condition of the partial index. A statement with the same text reads only these campaigns."""

_SETS_START_TIME = frozenset({Action.START, Action.RESCHEDULE})


def act(store: Store, rule: Rule, body: Mapping[str, Any], *, now: int) -> dict[str, Any]:
    """Run an action and return the payload of the answer: the id, and a note if there is one.

    Raise RequestError if the body is not valid, the campaign does not exist, or its status does not allow the
    action.
    """
    key, given = _checked(rule, body)
    at = _instant(given)
    future = at is not None and at.epoch_s > now
    target = rule.target(future=future)
    values: dict[str, Any] = {"status": str(target)}
    values |= {name: given[name] for name in (*OVERRIDES, _ZONE) if name in given}
    if rule.action in _SETS_START_TIME:
        values["start_time"] = at.epoch_s if at is not None and future else now
    if rule.action is Action.CANCEL_SCHEDULE:
        values["start_time"] = None
    assignments = [f"{name} = ?" for name in values]
    starts = rule.action in _SETS_START_TIME and target is Status.RUNNING
    if starts:
        assignments.append(SET_RECIPIENTS)
    with store.transaction() as connection:
        _update(store, rule, key, assignments=assignments, parameters=list(values.values()), now=now)
        if starts:
            deliveries.create_deliveries(connection, key)
        store.set_extra_fields(CAMPAIGNS, key, {PAUSE_REASON: None})
    return {ID_FIELD: key} | ({"note": at.note} if at is not None and at.note else {})


def _checked(rule: Rule, body: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Return the campaign's id and the other parameters of an action."""
    known = (rule.id_key, *rule.optional)
    for name in body:
        if name not in known:
            raise field_error(
                name, f"{rule.action} has no such parameter; expected one of {', '.join(known)}"
            )
    key = body.get(rule.id_key)
    if not isinstance(key, str):
        reason = f"{short_repr(key)}; expected a campaign's id" if rule.id_key in body else "missing"
        raise field_error(rule.id_key, reason)
    for name, value in body.items():
        if not isinstance(value, str):
            raise field_error(name, f"{short_repr(value)}; expected a string")
        check_line(name, value)
        try:
            encode(value)
        except ValueError as error:
            raise field_error(name, str(error)) from error
    return key, {name: value for name, value in body.items() if name != rule.id_key}


def _instant(given: Mapping[str, str]) -> Instant | None:
    try:
        times.zone(given.get(_ZONE))
    except ValueError as error:
        raise field_error(_ZONE, str(error)) from error
    if _ISO not in given:
        return None
    try:
        return times.resolve(given[_ISO], given.get(_ZONE))
    except (ValueError, OverflowError) as error:
        raise field_error(_ISO, str(error)) from error


def _update(
    store: Store, rule: Rule, key: str, *, assignments: list[str], parameters: list[Any], now: int
) -> None:
    sources = sorted(rule.sources)
    with store.transaction() as connection:
        updated = connection.execute(
            f"UPDATE campaigns SET {', '.join(assignments)}, {SET_UPDATED}"
            f" WHERE id = ? AND status IN ({', '.join('?' * len(sources))})",
            (*parameters, now, key, *sources),
        ).rowcount
        if not updated:
            raise _not_allowed(store, key, str(rule.action))


def _not_allowed(store: Store, key: str, action: str) -> RequestError:
    """Return why the UPDATE found no campaign: it does not exist, or its status does not allow the action."""
    row = store.get(CAMPAIGNS, key)
    if row is None:
        return RequestError(Code.NOT_FOUND)
    status = row.get("status")
    actions = ", ".join(allowed(status)) if isinstance(status, str) else ""
    return RequestError(
        Code.ILLEGAL_TRANSITION,
        f"{action} is not allowed from {status}; allowed there: {actions or 'no action'}",
    )
