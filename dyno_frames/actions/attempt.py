"""A process action, at most once: written down, sent once, and judged by reading the campaign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from dyno_frames.actions import flight
from dyno_frames.actions.action_request import why_not
from dyno_frames.actions.case import RESOURCE, Case, Patience, read, seen
from dyno_frames.actions.entry import Entry
from dyno_frames.actions.intent import Intent
from dyno_frames.actions.journal import Journal
from dyno_frames.actions.journal_damage import CURE, JournalDamage, told
from dyno_frames.actions.outcome import Outcome
from dyno_frames.actions.plan import ActionPlan, recipients
from dyno_frames.actions.reconcile import confirmed, reconciled
from dyno_frames.contract.envelope import Code
from dyno_frames.contract.lifecycle import RULES, Action
from dyno_frames.contract.operations import operation
from dyno_frames.errors import (
    ApiError,
    ConfigError,
    ConnectError,
    ContractError,
    IllegalTransitionError,
    OutcomeUnknownError,
    RejectedError,
    TransportError,
)
from dyno_frames.transport import redact
from dyno_frames.transport.responses import says_nothing_changed
from dyno_frames.transport.session import Session


def attempt(
    session: Session,
    journal: Journal,
    action: Action,
    campaign_id: str,
    body: Mapping[str, Any],
    *,
    patience: Patience | None = None,
    planned: ActionPlan | None = None,
) -> Outcome:
    """Ask for an action once, and find out what became of it.

    Parameters
    ----------
    session
        The connection.
    journal
        Where the intent is written before the request leaves.
    action
        Which action.
    campaign_id
        Of which campaign.
    body
        The request's body without the id: texts, ``iso_start_time``, ``time_zone``.
    patience
        How long to read until the state explains itself.
    planned
        What a person saw; where the campaign or the number of recipients is another now, nothing is sent.

    Returns
    -------
    Outcome
        Its status is ``"applied"``.

    Raises
    ------
    ApiError
        The application refused, or the status does not allow it and nothing was sent.
    TransportError
        No answer came, and it did not take effect.
    OutcomeUnknownError
        Nobody can tell; or an earlier action of this campaign is unresolved and nothing was sent.
    """
    patience = patience or Patience()
    body = {RULES[action].id_key: campaign_id, **body}
    # Again only after another process wrote an entry of the campaign, so one of them always gets on.
    while True:
        known_lines = _known_lines(journal, campaign_id) if RULES[action].sends else None
        row = _first_read(session, action, campaign_id, patience)
        now = patience.wall()
        until = now + session.deadline_s + patience.settle_s
        intent = Intent.of(action, row, body, campaign_id=campaign_id, now=now, until=until)
        case = Case(session, journal, intent, patience, row=row, evidence=[seen("before", row)])
        if planned is not None:
            _check_planned(case, planned, row)
        _check_status(case)
        with flight.under_way(intent.id):
            blockers = journal.intend(intent, alone=RULES[action].sends, known_lines=known_lines)
            if blockers:
                raise _blocked(case, blockers)
            if blockers is not None:
                return _send(case, body)


def _known_lines(journal: Journal, campaign_id: str) -> int:
    try:
        return journal.count_lines(campaign_id)
    except ConfigError:
        return -1  # writing the intent raises this, too, unless the status does not allow the action


def _first_read(session: Session, action: Action, campaign_id: str, patience: Patience) -> Mapping[str, Any]:
    try:
        return read(session, campaign_id)
    except (ApiError, TransportError, ContractError) as error:
        error.outcome = Outcome(
            status="not_applied",
            action=action,
            campaign_id=campaign_id,
            before="?",
            evidence=("the campaign could not be read, and nothing was sent",),
            at=datetime.fromtimestamp(patience.wall(), UTC),
        )
        raise


def _check_planned(case: Case, plan: ActionPlan, row: Mapping[str, Any]) -> None:
    shown = case.session.shown
    changed = [
        f"{name} was {shown(str(was))!r}, is {shown(str(row.get(name)))!r}"
        for name, was in plan.planned
        if row.get(name) != was
    ]
    if not changed and RULES[plan.action].sends:
        try:
            reached, _ = recipients(case.session, plan.action, row)
        except TransportError as failure:
            case.evidence.append("the recipients could not be counted")
            _refused_here(case, failure)
            raise
        changed += [] if reached == plan.recipients else [f"recipients were {plan.recipients}, are {reached}"]
    if changed:
        error = RejectedError(
            f"campaign {case.intent.campaign_id} is not as it was planned for: {'; '.join(changed)}",
            code=Code.REJECTED,
            sent=False,
            cure="Plan it again, and look at what it says now.",
        )
        raise _refused_here(case, error)


def _check_status(case: Case) -> None:
    reason = why_not(case.intent.action, case.intent.before)
    if not reason:
        return
    raise _refused_here(
        case,
        IllegalTransitionError(
            f"campaign {case.intent.campaign_id}: {reason}", code=Code.ILLEGAL_TRANSITION, sent=False
        ),
    )


def _refused_here(case: Case, error: ApiError | TransportError) -> ApiError | TransportError:
    case.evidence.append("nothing was sent")
    error.outcome = case.refused()
    return error


def _blocked(case: Case, blockers: Sequence[Entry | JournalDamage]) -> OutcomeUnknownError:
    action = case.intent.action
    damage = [one for one in blockers if isinstance(one, JournalDamage)]
    if damage:
        case.evidence.append("the journal is damaged: nothing was sent")
        return OutcomeUnknownError(f"{action} was not sent: {told(damage)} {CURE}", outcome=case.refused())
    earlier = [one.intent for one in blockers if isinstance(one, Entry)][-1]
    case.evidence.append(f"{earlier.action} of {earlier.when} is unresolved: nothing was sent")
    return OutcomeUnknownError(
        f"{action} was not sent: the outcome of {earlier.action}, asked for at {earlier.when}, is not known yet.",
        outcome=case.refused(),
        cure=f"Look first: client.campaigns.resolve({case.intent.campaign_id!r})",
    )


def _send(case: Case, body: Mapping[str, Any]) -> Outcome:
    asked = operation(RESOURCE, case.intent.action)
    case.request = redact.summary(asked, body=body)
    try:
        reply = case.session.send(asked, body=body)
    except ApiError as error:
        case.evidence.append(f"the server refused with code {error.code or '?'}")
        if not says_nothing_changed(error):
            return reconciled(case, error)
        error.outcome = case.concluded("not_applied")
        raise
    except ConnectError as error:
        case.evidence.append("no byte of the request left this machine")
        error.outcome = case.concluded("not_applied")
        raise
    except ConfigError:
        case.evidence.append("nothing was sent")
        case.concluded("not_applied")
        raise
    except (TransportError, ContractError) as error:
        case.evidence.append(f"sent once; {error.message}")
        return reconciled(case, error)
    case.evidence.append(f"the server accepted it in {reply.elapsed_s:.3g} s")
    return confirmed(case)
