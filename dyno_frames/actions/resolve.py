"""Settling actions whose outcome nobody could tell when they were asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from dyno_frames.actions import flight
from dyno_frames.actions.case import Case, Patience, read, seen
from dyno_frames.actions.entry import Entry
from dyno_frames.actions.explain import Explanation, after_silence
from dyno_frames.actions.journal import Journal
from dyno_frames.actions.journal_damage import CURE, told
from dyno_frames.actions.outcome import Outcome, OutcomeStatus
from dyno_frames.actions.reconcile import unknown
from dyno_frames.errors import ConfigError, NotFoundError, OutcomeUnknownError
from dyno_frames.transport.session import Session

Decided = Literal["applied", "not_applied"]


def resolve(
    session: Session,
    journal: Journal,
    campaign_id: str,
    *,
    decision: Decided | None = None,
    patience: Patience | None = None,
) -> Outcome | None:
    """Read a campaign and settle every action of it that is unresolved. Nothing but readings is sent.

    Parameters
    ----------
    session
        The connection.
    journal
        Where the actions are written.
    campaign_id
        Which campaign.
    decision
        The outcome of the unresolved actions, if a person knows it and the readings cannot show it: ``"applied"`` or
        ``"not_applied"``. The journal notes that a person decided.
    patience
        Whose clock is used.

    Returns
    -------
    Outcome or None
        Of the latest; None where nothing was unresolved.

    Raises
    ------
    OutcomeUnknownError
        Every action was looked at, and at least one stays unknown, so sends go on waiting; or the journal is damaged
        and shows none.
    ConfigError
        ``decision`` is another word.
    """
    if decision not in {None, "applied", "not_applied"}:
        raise ConfigError(f"decision= is {decision!r}; expected 'applied', 'not_applied' or None")
    patience = patience or Patience()
    last: Outcome | None = None
    errors: list[OutcomeUnknownError] = []
    for entry in journal.unresolved(campaign_id):
        try:
            last = _settle(Case(session, journal.keeper(entry), entry.intent, patience), entry, decision)
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
    """Return one error of the actions that stay unknown; its outcome is the latest's."""
    if len(errors) == 1:
        return errors[0]
    return OutcomeUnknownError(
        f"{len(errors)} actions of campaign {campaign_id} are unresolved: "
        + " ".join(error.message for error in errors),
        outcome=errors[-1].outcome,
        cure=" ".join(dict.fromkeys(error.cure for error in errors if error.cure)),
    )


def _settle(case: Case, entry: Entry, decision: Decided | None) -> Outcome:
    now = case.patience.wall()
    if flight.is_under_way(case.intent, now=now):
        raise _still_going(case)
    case.evidence += [
        *entry.evidence,
        f"looked again at {datetime.fromtimestamp(now, UTC):%Y-%m-%d %H:%M:%S} UTC",
    ]
    found = _reading(case, now)
    if decision is not None:
        case.evidence.append(f"decided by a person: {decision}")
        return case.concluded(decision)
    case.evidence.append(found.reason)
    settled: dict[str, OutcomeStatus] = {"applied": "applied", "not_applied": "not_applied"}
    if found.word in settled:
        return case.concluded(settled[found.word])
    raise unknown(case, found, again=True)


def _reading(case: Case, now: float) -> Explanation:
    found = _read_once(case, now)
    if found.is_final or found.word not in {"applied", "not_applied"}:
        return found
    (case.patience.sleep or case.session.rest)(case.patience.longest_s)
    return _read_once(case, now)


def _read_once(case: Case, now: float) -> Explanation:
    try:
        case.row = read(case.session, case.intent.campaign_id)
    except NotFoundError:
        case.row = None
        case.evidence.append("read: the server does not find it")
    else:
        case.evidence.append(seen("read", case.row))
    return after_silence(case.intent, case.row, now=now)


def _still_going(case: Case) -> OutcomeUnknownError:
    until = f"{datetime.fromtimestamp(case.intent.until, UTC):%H:%M:%S} UTC"
    case.evidence.append(f"its own process may still be at it, until {until} at the latest")
    return OutcomeUnknownError(
        f"{case.intent.action} of campaign {case.intent.campaign_id}, asked for at {case.intent.when}, is still going "
        f"on in another thread or process of this machine.",
        outcome=case.outcome("unknown"),
        cure=f"Look again when it has ended, or after {until}.",
    )
