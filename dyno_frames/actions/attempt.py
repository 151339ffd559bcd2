"""Send a process action at most once: record it, send it, and read the campaign to learn the outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from dyno_frames.actions import in_flight
from dyno_frames.actions.action_request import why_not
from dyno_frames.actions.context import RESOURCE, ActionContext, PollPolicy, read, seen
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
    short_interrupt,
)
from dyno_frames.transport import redact
from dyno_frames.transport.responses import says_nothing_changed
from dyno_frames.transport.session import Session
from dyno_frames.transport.tasks import check_not_in_task


def attempt(
    session: Session,
    journal: Journal,
    action: Action,
    campaign_id: str,
    body: Mapping[str, Any],
    *,
    policy: PollPolicy | None = None,
    planned: ActionPlan | None = None,
) -> Outcome:
    """Send an action once, and return its outcome, whose status is ``"applied"``.

    If ``planned`` is given and the campaign or its number of recipients has changed since, nothing is sent.

    Raises
    ------
    ApiError
        The application refused it, or the campaign's status does not allow it and nothing was sent.
    TransportError
        No answer came, and the action had no effect.
    ConfigError
        This code runs in a task of Dask or a process pool, which may run more than once; nothing was sent.
    OutcomeUnknownError
        The outcome cannot be determined; or an earlier action of the campaign is unresolved and nothing was sent.
    """
    check_not_in_task(action)
    policy = policy or PollPolicy()
    body = {RULES[action].id_key: campaign_id, **body}
    # repeated only if another process recorded an action of the campaign meanwhile, so one of them always proceeds
    while True:
        with short_interrupt(f"{action} of campaign {campaign_id} was interrupted before it was sent"):
            known_lines = _known_lines(journal, campaign_id) if RULES[action].sends else None
            row = _first_read(session, action, campaign_id, policy)
            now = policy.wall()
            until = now + session.deadline_s + policy.settle_s
            intent = Intent.of(action, row, body, campaign_id=campaign_id, now=now, until=until)
            context = ActionContext(session, journal, intent, policy, row=row, evidence=[seen("before", row)])
            if planned is not None:
                _check_planned(context, planned, row)
            _check_status(context)
        with in_flight.sending(intent.id), short_interrupt(_interrupted(context), perhaps_sent=True):
            blockers = journal.intend(intent, alone=RULES[action].sends, known_lines=known_lines)
            if blockers:
                raise _blocked(context, blockers)
            if blockers is not None:
                return _send(context, body)


def _interrupted(context: ActionContext) -> str:
    action, campaign_id = context.intent.action, context.intent.campaign_id
    return (
        f"{action} of campaign {campaign_id} was interrupted, and may have been sent. "
        f"Look: client.campaigns.resolve({campaign_id!r})"
    )


def _known_lines(journal: Journal, campaign_id: str) -> int:
    try:
        return journal.count_lines(campaign_id)
    except ConfigError:
        return -1  # writing the intent raises the same error, unless the status does not allow the action


def _first_read(session: Session, action: Action, campaign_id: str, policy: PollPolicy) -> Mapping[str, Any]:
    try:
        return read(session, campaign_id)
    except (ApiError, TransportError, ContractError) as error:
        error.outcome = Outcome(
            status="not_applied",
            action=action,
            campaign_id=campaign_id,
            before="?",
            evidence=("the campaign could not be read, and nothing was sent",),
            at=datetime.fromtimestamp(policy.wall(), UTC),
        )
        raise


def _check_planned(context: ActionContext, plan: ActionPlan, row: Mapping[str, Any]) -> None:
    shown = context.session.shown
    changed = [
        f"{name} was {shown(str(was))!r}, is {shown(str(row.get(name)))!r}"
        for name, was in plan.planned
        if row.get(name) != was
    ]
    if not changed and RULES[plan.action].sends:
        try:
            reached, _ = recipients(context.session, plan.action, row)
        except TransportError as failure:
            context.evidence.append("the recipients could not be counted")
            _refused_here(context, failure)
            raise
        changed += [] if reached == plan.recipients else [f"recipients were {plan.recipients}, are {reached}"]
    if changed:
        error = RejectedError(
            f"campaign {context.intent.campaign_id} has changed since it was planned: {'; '.join(changed)}",
            code=Code.REJECTED,
            sent=False,
            cure="Plan it again, and check the new plan.",
        )
        raise _refused_here(context, error)


def _check_status(context: ActionContext) -> None:
    reason = why_not(context.intent.action, context.intent.before)
    if not reason:
        return
    raise _refused_here(
        context,
        IllegalTransitionError(
            f"campaign {context.intent.campaign_id}: {reason}", code=Code.ILLEGAL_TRANSITION, sent=False
        ),
    )


def _refused_here(context: ActionContext, error: ApiError | TransportError) -> ApiError | TransportError:
    context.evidence.append("nothing was sent")
    error.outcome = context.refused()
    return error


def _blocked(context: ActionContext, blockers: Sequence[Entry | JournalDamage]) -> OutcomeUnknownError:
    action = context.intent.action
    damage = [one for one in blockers if isinstance(one, JournalDamage)]
    if damage:
        context.evidence.append("the journal is damaged: nothing was sent")
        return OutcomeUnknownError(f"{action} was not sent: {told(damage)} {CURE}", outcome=context.refused())
    earlier = [one.intent for one in blockers if isinstance(one, Entry)][-1]
    context.evidence.append(f"{earlier.action} of {earlier.when} is unresolved: nothing was sent")
    return OutcomeUnknownError(
        f"{action} was not sent: the outcome of {earlier.action}, requested at {earlier.when}, is not known yet.",
        outcome=context.refused(),
        cure=f"Look first: client.campaigns.resolve({context.intent.campaign_id!r})",
    )


def _send(context: ActionContext, body: Mapping[str, Any]) -> Outcome:
    asked = operation(RESOURCE, context.intent.action)
    context.request = redact.summary(asked, body=body)
    try:
        reply = context.session.send(asked, body=body)
    except ApiError as error:
        context.evidence.append(f"the server refused with code {error.code or '?'}")
        if not says_nothing_changed(error):
            return reconciled(context, error)
        error.outcome = context.concluded("not_applied")
        raise
    except ConnectError as error:
        context.evidence.append("no byte of the request left this machine")
        error.outcome = context.concluded("not_applied")
        raise
    except ConfigError:
        context.evidence.append("nothing was sent")
        context.concluded("not_applied")
        raise
    except (TransportError, ContractError) as error:
        context.evidence.append(f"sent once; {error.message}")
        return reconciled(context, error)
    context.evidence.append(f"the server accepted it in {reply.elapsed_s:.3g} s")
    return confirmed(context)
