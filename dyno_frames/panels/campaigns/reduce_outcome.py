"""Reduce the results of effects to the state, without further effects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias, assert_never

from dyno_frames.panels.campaigns import actions as on
from dyno_frames.panels.campaigns.actions import ActionResult
from dyno_frames.panels.campaigns.campaign import DELETED, Campaign
from dyno_frames.panels.campaigns.facts import JournalEntry
from dyno_frames.panels.campaigns.state import Batch, Notice, NoticeKind, State

_NOTICE_KINDS = {
    ActionResult.APPLIED: NoticeKind.DONE,
    ActionResult.CHANGED: NoticeKind.NOTE,
    ActionResult.REFUSED: NoticeKind.REFUSED,
    ActionResult.NOT_STARTED: NoticeKind.FAILED,
    ActionResult.NOT_APPLIED: NoticeKind.FAILED,
    ActionResult.NOTHING_OPEN: NoticeKind.NOTE,
    ActionResult.UNKNOWN: NoticeKind.UNKNOWN,
}
_WORST_FIRST = (
    ActionResult.UNKNOWN,
    ActionResult.NOT_APPLIED,
    ActionResult.NOT_STARTED,
    ActionResult.REFUSED,
    ActionResult.CHANGED,
)

Answer: TypeAlias = (
    on.ActionFinished | on.OutcomeResolved | on.CampaignsRead | on.ReadFailed | on.WatchStopped
)


def reduce_answer(state: State, action: Answer) -> State:
    """Return the state after the answer to an effect."""
    match action:
        case on.ActionFinished():
            return _finished(state, action)
        case on.OutcomeResolved():
            return _resolved(state, action)
        case on.CampaignsRead():
            return with_bulk_read(state, action)
        case on.ReadFailed(_, datetime() as lost_at):
            return replace(state, facts=state.facts.with_connection_lost(lost_at))
        case on.ReadFailed(message):
            text = f"Reading failed: {message} Nothing was sent."
            return replace(state, notice=Notice(NoticeKind.FAILED, text))
        case on.WatchStopped(message):
            return replace(state, watch_note=message)
        case _:
            assert_never(action)


def with_reads(state: State, campaigns: Iterable[Campaign | None]) -> State:
    """Return the state with campaigns as they were just read. A deleted one keeps its last known values."""
    found = [_with_known_values(state, fresh) for fresh in campaigns if fresh is not None]
    return replace(state, facts=state.facts.with_reads(found)).arranged()


def _with_known_values(state: State, fresh: Campaign) -> Campaign:
    before = state.campaign(fresh.id)
    if fresh.status != DELETED or before is None:
        return fresh
    return replace(before, status=DELETED, read_at=fresh.read_at, outdated=False)


def with_bulk_read(state: State, action: on.CampaignsRead) -> State:
    """Return the state after a read of several campaigns. One that was requested and is missing was deleted."""
    missing = {*action.requested} - {fresh.id for fresh in action.campaigns}
    deleted = [Campaign.deleted(key, read_at=action.at) for key in missing if key in state.rows]
    found = [fresh for fresh in action.campaigns if fresh.id in state.rows]
    if not (found or deleted or action.audiences):
        return state
    audiences = {**state.facts.audiences, **dict(action.audiences)}
    return with_reads(replace(state, facts=replace(state.facts, audiences=audiences)), [*found, *deleted])


def _finished(state: State, action: on.ActionFinished) -> State:
    """Return the state after an action's outcome; a second report of it changes nothing."""
    key, facts = action.request.campaign_id, state.facts
    if facts.in_flight.get(key) != action.serial:
        return state
    before = state.campaign(key)
    facts = replace(facts, in_flight={k: serial for k, serial in facts.in_flight.items() if k != key})
    if action.result is ActionResult.UNKNOWN:
        facts = replace(facts, unresolved={**facts.unresolved, key: action.message})
    if action.fresh is None and action.result is not ActionResult.NOT_STARTED:
        facts = facts.with_outdated(key)
    state = with_reads(replace(state, facts=facts), [action.fresh])
    entry = _entry(action.request.action.value, key, before, action)
    state = _with_entry(state, entry)
    if state.batch is not None and state.batch.serials.get(key) == action.serial:
        return _batch_finished(state, state.batch, entry)
    return replace(state, notice=Notice(_NOTICE_KINDS[action.result], action.message))


def _batch_finished(state: State, batch: Batch, entry: JournalEntry) -> State:
    """Count one outcome of a bulk action; the notice tells of all outcomes so far."""
    waiting = {key: serial for key, serial in batch.serials.items() if key != entry.campaign_id}
    finished = (*batch.finished, (entry.name, entry.outcome, entry.message))
    outcomes = [outcome for _, outcome, _ in finished]
    numbers = ", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in dict.fromkeys(outcomes))
    worst = next((result for result in _WORST_FIRST if result.value in outcomes), ActionResult.APPLIED)
    open_ones = f"; {len(waiting)} not answered yet" if waiting else ""
    details = tuple(f"{name}: {said}" for name, outcome, said in finished if outcome != ActionResult.APPLIED)
    text = f"{batch.action.capitalize()}: {numbers}{open_ones}."
    batch = replace(batch, serials=waiting, finished=finished)
    return replace(state, batch=batch, notice=Notice(_NOTICE_KINDS[worst], text, details))


def _resolved(state: State, action: on.OutcomeResolved) -> State:
    """Return the state after resolving: a known outcome allows actions again."""
    key = action.campaign_id
    if key not in state.facts.unresolved:
        return state
    known = action.result in {ActionResult.APPLIED, ActionResult.NOT_APPLIED, ActionResult.NOTHING_OPEN}
    before = state.campaign(key)
    if known:
        unresolved = {k: message for k, message in state.facts.unresolved.items() if k != key}
        state = replace(state, facts=replace(state.facts, unresolved=unresolved))
    state = with_reads(state, [action.fresh])
    kind = NoticeKind.DONE if known else NoticeKind.UNKNOWN
    state = replace(state, notice=Notice(kind, action.message))
    return _with_entry(state, _entry("check again", key, before, action))


def _entry(
    name: str, key: str, before: Campaign | None, action: on.ActionFinished | on.OutcomeResolved
) -> JournalEntry:
    return JournalEntry(
        at=action.at,
        action=name,
        campaign_id=key,
        name=before.name if before else "",
        before=before.status if before else "",
        after=action.fresh.status if action.fresh else "",
        outcome=action.result.value,
        message=action.message,
    )


def _with_entry(state: State, entry: JournalEntry) -> State:
    return replace(state, facts=replace(state.facts, journal=(*state.facts.journal, entry)))
