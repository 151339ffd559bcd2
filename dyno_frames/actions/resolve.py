"""Resolve actions whose outcome was unknown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from dyno_frames.actions import in_flight
from dyno_frames.actions.context import ActionContext, PollPolicy, read, seen
from dyno_frames.actions.entry import Entry
from dyno_frames.actions.explain import Explanation, after_silence
from dyno_frames.actions.journal import Journal
from dyno_frames.actions.journal_damage import CURE, told
from dyno_frames.actions.outcome import Outcome, OutcomeStatus
from dyno_frames.actions.reconcile import unknown
from dyno_frames.errors import ConfigError, NotFoundError, OutcomeUnknownError, short_interrupt
from dyno_frames.transport.session import Session

Decided = Literal["applied", "not_applied"]


def resolve(
    session: Session,
    journal: Journal,
    campaign_id: str,
    *,
    decision: Decided | None = None,
    policy: PollPolicy | None = None,
) -> Outcome | None:
    """Read a campaign, resolve its unresolved actions, and return the latest outcome; None if there was none.

    No action is sent. With ``decision``, a person states the outcome that readings cannot show: ``"applied"`` or
    ``"not_applied"``. The journal records that a person decided.

    Raise OutcomeUnknownError if an outcome is still unknown after all were checked, so sends keep waiting; or the
    journal is damaged and shows no action. Raise ConfigError if ``decision`` is not valid.
    """
    if decision not in {None, "applied", "not_applied"}:
        raise ConfigError(f"decision= is {decision!r}; expected 'applied', 'not_applied' or None")
    policy = policy or PollPolicy()
    last: Outcome | None = None
    errors: list[OutcomeUnknownError] = []
    for entry in journal.unresolved(campaign_id):
        context = ActionContext(session, journal.keeper(entry), entry.intent, policy)
        try:
            with short_interrupt("resolve was interrupted; call it again"):
                last = _settle(context, entry, decision)
        except OutcomeUnknownError as error:
            errors.append(error)
    if errors:
        raise _together(campaign_id, errors)
    damage = journal.damage()
    if last is None and damage:
        raise OutcomeUnknownError(
            f"It is unknown whether an action of campaign {campaign_id} is unresolved: {told(damage)} {CURE}"
        )
    return last


def _together(campaign_id: str, errors: Sequence[OutcomeUnknownError]) -> OutcomeUnknownError:
    """Return one error for all actions that stay unknown, with the latest outcome."""
    if len(errors) == 1:
        return errors[0]
    return OutcomeUnknownError(
        f"{len(errors)} actions of campaign {campaign_id} are unresolved: "
        + " ".join(error.message for error in errors),
        outcome=errors[-1].outcome,
        cure=" ".join(dict.fromkeys(error.cure for error in errors if error.cure)),
    )


def _settle(context: ActionContext, entry: Entry, decision: Decided | None) -> Outcome:
    now = context.policy.wall()
    if in_flight.is_sending(context.intent, now=now):
        raise _still_going(context)
    context.evidence += [
        *entry.evidence,
        f"looked again at {datetime.fromtimestamp(now, UTC):%Y-%m-%d %H:%M:%S} UTC",
    ]
    found = _reading(context, now)
    if decision is not None:
        context.evidence.append(f"decided by a person: {decision}")
        return context.concluded(decision)
    context.evidence.append(found.reason)
    settled: dict[str, OutcomeStatus] = {"applied": "applied", "not_applied": "not_applied"}
    if found.word in settled:
        return context.concluded(settled[found.word])
    raise unknown(context, found, again=True)


def _reading(context: ActionContext, now: float) -> Explanation:
    found = _read_once(context, now)
    if found.is_final or found.word not in {"applied", "not_applied"}:
        return found
    (context.policy.sleep or context.session.rest)(context.policy.longest_s)
    return _read_once(context, now)


def _read_once(context: ActionContext, now: float) -> Explanation:
    try:
        context.row = read(context.session, context.intent.campaign_id)
    except NotFoundError:
        context.row = None
        context.evidence.append("read: the server does not find it")
    else:
        context.evidence.append(seen("read", context.row))
    return after_silence(context.intent, context.row, now=now)


def _still_going(context: ActionContext) -> OutcomeUnknownError:
    intent = context.intent
    until = f"{datetime.fromtimestamp(intent.until, UTC):%H:%M:%S} UTC"
    context.evidence.append(f"its own process may still be sending it, until {until} at the latest")
    return OutcomeUnknownError(
        f"{intent.action} of campaign {intent.campaign_id}, requested at {intent.when}, is still going on in another "
        "thread or process of this machine.",
        outcome=context.outcome("unknown"),
        cure=f"Look again when it has ended, or after {until}.",
    )
