"""Determine the outcome of an action by reading the campaign until its state shows it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from dyno_frames.actions import explain
from dyno_frames.actions.context import ActionContext, read, seen
from dyno_frames.actions.explain import Explanation
from dyno_frames.actions.intent import figures
from dyno_frames.actions.outcome import Outcome
from dyno_frames.contract.lifecycle import FINAL
from dyno_frames.errors import (
    ApiError,
    ConfigError,
    ContractError,
    NotFoundError,
    OutcomeUnknownError,
    TransportError,
)
from dyno_frames.transport import redact

_LOG = logging.getLogger("dyno_frames.actions")

_READINGS = 3
"""The minimum number of readings in the time for settling, even if each is slow."""


def confirmed(context: ActionContext) -> Outcome:
    """Read a campaign after the server accepted the action, until its state shows the action.

    Raise OutcomeUnknownError if its state does not show the action.
    """
    found = settled(context, lambda row: explain.after_acceptance(context.intent, row))
    if found is None:
        context.evidence.append("the server accepted it, and the campaign could not be read again")
        return context.concluded("applied")
    if found.word == "applied":
        return context.concluded("applied")
    raise unknown(context, found)


def reconciled(context: ActionContext, error: ApiError | TransportError | ContractError) -> Outcome:
    """Read a campaign after the action was sent and no answer gives its outcome, until its state shows it.

    This includes errors that do not prove a refusal: the server may have applied the action before the error, or may
    apply it later, and a replica that lags may answer.

    Raise ApiError or TransportError if the action had no effect. Raise OutcomeUnknownError if the outcome cannot be
    determined.
    """
    found = settled(
        context, lambda row: explain.after_silence(context.intent, row, now=context.policy.wall())
    )
    if found is not None and found.word == "applied":
        return context.concluded("applied")
    if found is not None and found.word == "not_applied":
        raise _not_applied(context, error, found)
    if found is not None and isinstance(error, ApiError):
        found = replace(
            found, reason=f"the server answered with error {error.code or '?'}, and {found.reason}"
        )
    raise unknown(context, found) from error


def _not_applied(
    context: ActionContext, error: ApiError | TransportError | ContractError, found: Explanation
) -> ApiError | TransportError:
    failure: ApiError | TransportError
    if isinstance(error, ApiError):
        failure = error
    else:
        said = f"{error.message}; it did not take effect: {found.reason}"
        failure = TransportError(said, request=context.request)
        failure.__cause__ = error
    failure.retryable = False
    failure.outcome = context.concluded("not_applied")
    return failure


def settled(
    context: ActionContext, judge: Callable[[Mapping[str, Any] | None], Explanation]
) -> Explanation | None:
    """Read until a reading is decisive or the time is over; return the last explanation, or None without a reading."""
    policy = context.policy
    deadline = policy.clock() + policy.settle_s
    pause_s, found, failure = policy.first_s, None, ""
    readings = 0
    longest_s = max(0.5, policy.settle_s / _READINGS)
    while True:
        try:
            left_s = max(0.5, deadline - policy.clock())
            context.row = read(context.session, context.intent.campaign_id, deadline_s=min(left_s, longest_s))
            found, failure = judge(context.row), ""
        except NotFoundError:
            context.row = None
            found, failure = judge(None), ""
        except (ApiError, TransportError, ContractError) as error:
            failure = error.message
        except ConfigError as error:  # the session was closed: nothing can be read, and the action has left
            failure = str(error)
        readings += 1
        if context.session.closed or _is_decided(context, found) or policy.clock() + pause_s >= deadline:
            break
        (policy.sleep or context.session.rest)(pause_s)
        pause_s = min(policy.longest_s, 2 * pause_s)
    _note(context, found, failure, readings)
    return found


def _is_decided(context: ActionContext, found: Explanation | None) -> bool:
    """Return whether more readings are useless. A replica that lags may not have a new campaign yet."""
    if found is None or found.word == "open" or not found.is_final:
        return False
    return context.row is not None or found.word != "unknown"


def _note(context: ActionContext, found: Explanation | None, failure: str, readings: int) -> None:
    times = "once" if readings == 1 else f"{readings} times"
    if found is None:
        context.evidence.append(f"read {times}, without an answer: {failure}")
        return
    if context.row is not None:
        context.evidence.append(seen(f"read {times}", context.row))
        now, then = figures(context.row), context.intent.counters
        moved = [
            f"{name} {then[name]} → {now[name]}" for name in now if then.get(name, now[name]) != now[name]
        ]
        if moved:
            context.evidence.append("counters that changed: " + ", ".join(moved))
    context.evidence.append(found.reason)


def unknown(context: ActionContext, found: Explanation | None, *, again: bool = False) -> OutcomeUnknownError:
    """Return the error of an action with an unknown outcome; sends of the campaign wait if any is possible.

    A campaign that the server does not find may exist all the same: the key of another account does not see it, and a
    replica may not have it yet. So sends keep waiting, too, unless a final status was read. ``again`` says that this
    was not the first look, so a person may have to decide.

    A campaign that the server does not find may exist all the same: another account's key does not see it, and a
    replica that lags does not know it yet. So sends wait then, too; only a final status that was read ends that.
    """
    intent = context.intent
    over = found is not None and context.row is not None and context.row.get("status") in FINAL
    reason = "the campaign could not be read" if found is None else found.reason
    shown = redact.message(intent.campaign_id)
    _LOG.warning("%s of campaign %s: outcome unknown: %s", intent.action, shown, reason)
    return OutcomeUnknownError(
        f"it is not known whether {intent.action} of campaign {intent.campaign_id}, requested at {intent.when}, took "
        f"effect: {reason}.",
        request=context.request,
        outcome=context.concluded("unknown", blocks=not over),
        cure="" if over else _cure(context, found, again=again),
    )


def _cure(context: ActionContext, found: Explanation | None, *, again: bool) -> str:
    verb = f"client.campaigns.resolve({context.intent.campaign_id!r}"
    held = "No action that sends mail is sent for it until this is resolved"
    if not again:
        return f"{held}: {verb})"
    gone = found is not None and context.row is None
    with_key = f" with the key that requested {context.intent.action}" if gone else ""
    known = f"or, if you know the outcome, state 'applied' or 'not_applied': {verb}, decision=…)"
    return f"{held}. Look again{with_key}; {known}"
