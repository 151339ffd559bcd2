"""The seven process actions: each one guarded statement, so that of two that race one is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dyno_frames.contract import times
from dyno_frames.contract.envelope import Code
from dyno_frames.contract.lifecycle import OVERRIDES, TIMES, Action, Rule, Status, allowed
from dyno_frames.contract.resources import CAMPAIGNS, KEY
from dyno_frames.contract.times import Instant
from dyno_frames.sandbox.http.api_errors import RequestError, field_error, short_repr
from dyno_frames.sandbox.mail import deliveries
from dyno_frames.sandbox.store.rows import SET_UPDATED
from dyno_frames.sandbox.store.storage import Store
from dyno_frames.sandbox.store.values import encode

_ISO, _ZONE = TIMES

RECIPIENTS_OF_LIST = (
    "recipients = coalesce((SELECT contacts FROM lists WHERE lists.id = campaigns.list_id), recipients, 0)"
)
"""A campaign goes to those who are on its list when it begins to run."""

PAUSE_REASON = "pause_reason"
"""The field, outside the contract, that says why a campaign was paused by the server; null once it goes on."""

IN_MOTION = "status IN ('scheduled', 'running')"
"""The words of the partial index; a statement that repeats them looks at no other campaign."""

_ENTERING = frozenset({Action.START, Action.RESCHEDULE})


@dataclass(frozen=True, slots=True)
class Order:
    """What an action asks for, checked.

    Parameters
    ----------
    key
        The campaign's id.
    overrides
        The fields it changes as well.
    at
        When, or None for now.
    time_zone
        The zone's name, where one was given.
    """

    key: str
    overrides: Mapping[str, str]
    at: Instant | None = None
    time_zone: str | None = None


def act(store: Store, rule: Rule, body: Mapping[str, Any], *, now: int) -> dict[str, Any]:
    """Carry out one action and return the answer's payload: the id, and a note where there is one.

    Parameters
    ----------
    store
        Where the campaign is.
    rule
        The action's rule.
    body
        What was sent.
    now
        Epoch seconds.

    Raises
    ------
    RequestError
        The body is not acceptable, there is no such campaign, or its status does not allow the action.
    """
    order = read_order(rule, body)
    future = order.at is not None and order.at.epoch_s > now
    target = rule.target(future=future)
    sets: dict[str, Any] = {"status": str(target), **order.overrides}
    if order.time_zone is not None:
        sets[_ZONE] = order.time_zone
    if rule.action in _ENTERING:
        sets["start_time"] = order.at.epoch_s if order.at is not None and future else now
    if rule.action is Action.CANCEL_SCHEDULE:
        sets["start_time"] = None
    terms = [f"{name} = ?" for name in sets]
    begins = rule.action in _ENTERING and target is Status.RUNNING
    if begins:
        terms.append(RECIPIENTS_OF_LIST)
    with store.transaction() as connection:
        _transition(store, rule, order.key, terms=terms, bound=list(sets.values()), now=now)
        if begins:
            deliveries.create_deliveries(connection, order.key)
        store.set_extra_fields(CAMPAIGNS, order.key, {PAUSE_REASON: None})
    note = {"note": order.at.note} if order.at is not None and order.at.note else {}
    return {KEY: order.key, **note}


def read_order(rule: Rule, body: Mapping[str, Any]) -> Order:
    """Check an action's body."""
    known = (rule.id_key, *rule.optional)
    for name in body:
        if name not in known:
            raise field_error(name, f"{rule.action} takes no such parameter; it takes {', '.join(known)}")
    key = body.get(rule.id_key)
    if not isinstance(key, str):
        reason = f"{short_repr(key)}; expected a campaign's id" if rule.id_key in body else "missing"
        raise field_error(rule.id_key, reason)
    given = {name: value for name, value in body.items() if name != rule.id_key}
    for name, value in {rule.id_key: key, **given}.items():
        if not isinstance(value, str):
            raise field_error(name, f"{short_repr(value)}; expected a string")
        try:
            encode(value)
        except ValueError as error:
            raise field_error(name, str(error)) from error
    return Order(
        key,
        {name: given[name] for name in OVERRIDES if name in given},
        _instant(given),
        given.get(_ZONE),
    )


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


def _transition(store: Store, rule: Rule, key: str, *, terms: list[str], bound: list[Any], now: int) -> None:
    sources = sorted(rule.sources)
    with store.transaction() as connection:
        moved = connection.execute(
            f"UPDATE campaigns SET {', '.join(terms)}, {SET_UPDATED}"  # noqa: S608 - SQL from constants
            f" WHERE id = ? AND status IN ({', '.join('?' * len(sources))})",
            (*bound, now, key, *sources),
        ).rowcount
        if not moved:
            raise refusal(store, key, str(rule.action))


def refusal(store: Store, key: str, deed: str) -> RequestError:
    """Return why a guarded statement found no campaign to change."""
    row = store.get(CAMPAIGNS, key)
    if row is None:
        return RequestError(Code.NOT_FOUND)
    status = row.get("status")
    ways = ", ".join(allowed(status)) if isinstance(status, str) else ""
    return RequestError(
        Code.ILLEGAL_TRANSITION, f"{deed} is not allowed from {status}; allowed there: {ways or 'no action'}"
    )
