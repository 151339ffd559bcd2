"""What came of an action, and what is then known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias, assert_never

from dyno_frames.panels import actions as on
from dyno_frames.panels.campaign import DELETED, Campaign
from dyno_frames.panels.facts import Entry
from dyno_frames.panels.state import Batch, Notice, State, Tone

_TONES = {
    on.Result.APPLIED: Tone.DONE,
    on.Result.CHANGED: Tone.NOTE,
    on.Result.REFUSED: Tone.REFUSED,
    on.Result.NOT_STARTED: Tone.FAILED,
    on.Result.NOT_APPLIED: Tone.FAILED,
    on.Result.CLEAR: Tone.NOTE,
    on.Result.UNKNOWN: Tone.UNKNOWN,
}
_WORST_FIRST = (
    on.Result.UNKNOWN,
    on.Result.NOT_APPLIED,
    on.Result.NOT_STARTED,
    on.Result.REFUSED,
    on.Result.CHANGED,
)


Answer: TypeAlias = on.Settled | on.Resolved | on.CampaignsRead | on.ReadFailed | on.WatchStopped


def learn(state: State, action: Answer) -> State:
    """Return the state after an answer from outside; none of them asks for anything."""
    match action:
        case on.Settled():
            return settled(state, action)
        case on.Resolved():
            return resolved(state, action)
        case on.CampaignsRead():
            return merged(state, action)
        case on.ReadFailed(message):
            text = f"Reading failed: {message} Nothing was sent."
            return replace(state, notice=Notice(Tone.FAILED, text))
        case on.WatchStopped(message):
            return replace(state, watch_note=message)
        case _:
            assert_never(action)


def know(state: State, campaigns: Iterable[Campaign | None]) -> State:
    """Return the state with campaigns as they were just read; a deleted one keeps its last known values."""
    found = [fresh for fresh in campaigns if fresh is not None]
    facts = state.facts.knowing(
        _as_known(state, fresh) if fresh.status == DELETED else fresh for fresh in found
    )
    return replace(state, facts=facts).arranged()


def _as_known(state: State, deleted: Campaign) -> Campaign:
    before = state.row(deleted.id) or deleted
    return replace(before, status=DELETED, read_at=deleted.read_at)


def merged(state: State, action: on.CampaignsRead) -> State:
    """Return the state after a read: what was asked for and did not come is gone."""
    gone = {*action.asked} - {fresh.id for fresh in action.campaigns}
    missing = [Campaign.deleted(key, read_at=action.at) for key in gone if key in state.rows]
    came = [fresh for fresh in action.campaigns if fresh.id in state.rows]
    if not (came or missing or action.reaches):
        return state
    reaches = {**state.facts.reaches, **dict(action.reaches)}
    return know(replace(state, facts=replace(state.facts, reaches=reaches)), [*came, *missing])


def settled(state: State, action: on.Settled) -> State:
    """Return the state after an action came out; told twice is once."""
    key = action.request.campaign_id
    facts = state.facts
    if facts.busy.get(key) != action.serial:
        return state
    before = state.row(key)
    busy = {k: serial for k, serial in facts.busy.items() if k != key}
    locked = {**facts.locked, key: action.message} if action.result is on.Result.UNKNOWN else facts.locked
    facts = replace(facts, busy=busy, locked=locked)
    if action.fresh is None and action.result is not on.Result.NOT_STARTED:
        facts = facts.without(key)
    state = know(replace(state, facts=facts), [action.fresh])
    entry = Entry(
        at=action.at,
        verb=action.request.verb.value,
        campaign_id=key,
        name=before.name if before else "",
        before=before.status if before else "",
        after=action.fresh.status if action.fresh else "",
        outcome=action.result.value,
        said=action.message,
    )
    state = _logged(state, entry)
    if state.batch is not None and state.batch.serials.get(key) == action.serial:
        return _batched(state, state.batch, entry)
    return replace(state, notice=Notice(_TONES[action.result], action.message))


def _batched(state: State, batch: Batch, entry: Entry) -> State:
    """Count an answer to one of several actions; the notice tells of all that were answered."""
    waiting = {key: serial for key, serial in batch.serials.items() if key != entry.campaign_id}
    batch = replace(
        batch, serials=waiting, came_out=(*batch.came_out, (entry.name, entry.outcome, entry.said))
    )
    results = [outcome for _, outcome, _ in batch.came_out]
    counted = ", ".join(f"{results.count(word)} {word}" for word in dict.fromkeys(results))
    worst = next((result for result in _WORST_FIRST if result.value in results), on.Result.APPLIED)
    still = f"; {len(waiting)} not answered yet" if waiting else ""
    details = tuple(
        f"{name}: {said}" for name, outcome, said in batch.came_out if outcome != on.Result.APPLIED
    )
    notice = Notice(_TONES[worst], f"{batch.verb.capitalize()}: {counted}{still}.", details)
    return replace(state, batch=batch, notice=notice)


def resolved(state: State, action: on.Resolved) -> State:
    """Return the state after looking again: what was found out unlocks the campaign."""
    key = action.campaign_id
    if key not in state.facts.locked:
        return state
    found = action.result in {on.Result.APPLIED, on.Result.NOT_APPLIED, on.Result.CLEAR}
    before = state.row(key)
    if found:
        locked = {k: why for k, why in state.facts.locked.items() if k != key}
        state = replace(state, facts=replace(state.facts, locked=locked))
    state = know(state, [action.fresh])
    entry = Entry(
        at=action.at,
        verb="look again",
        campaign_id=key,
        name=before.name if before else "",
        before=before.status if before else "",
        after=action.fresh.status if action.fresh else "",
        outcome=action.result.value,
        said=action.message,
    )
    state = replace(state, notice=Notice(Tone.DONE if found else Tone.UNKNOWN, action.message))
    return _logged(state, entry)


def _logged(state: State, entry: Entry) -> State:
    return replace(state, facts=replace(state.facts, journal=(*state.facts.journal, entry)))
