"""The panel's whole behaviour as one pure function: an action in, a state and effects out.

Two rules keep a campaign from being sent twice. A token is minted only by the read that makes a review, and
only while that review is being waited for; and a confirm leaves the review, so that the next one finds none.
An answer never arms anything: only the user opens a review.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TypeAlias, assert_never

from dyno_frames.contract.lifecycle import FINAL, Action
from dyno_frames.panels import actions as on
from dyno_frames.panels.effects import Act, Effect, ReadCampaigns, ReadForReview, Resolve
from dyno_frames.panels.forms import past, request_of
from dyno_frames.panels.rules import AT_ONCE, FORMS, REVIEW_LASTS, demand, meets, refusal
from dyno_frames.panels.state import (
    Campaign,
    Entry,
    Filling,
    Idle,
    Notice,
    Reading,
    Request,
    Review,
    State,
    Tone,
)

Next: TypeAlias = tuple[State, tuple[Effect, ...]]


def reduce(state: State, action: on.PanelAction) -> Next:
    """Return the state after an action, and what is to be done outside."""
    match action:
        case on.Selected() | on.PageTurned() | on.Filtered() | on.RefreshAsked():
            return _browse(state, action)
        case on.VerbChosen() | on.FormSent() | on.Dropped() | on.ReviewRead() | on.ReviewFailed():
            return _prepare(state, action)
        case on.ConfirmPressed():
            return _confirm(state, action)
        case on.Settled() | on.ResolveAsked() | on.Resolved():
            return _settle(state, action)
        case on.CampaignsRead():
            return _merge(state, action), ()
        case on.ReadFailed(message):
            text = f"Reading failed: {message} Nothing was sent."
            return replace(state, notice=Notice(Tone.FAILED, text)), ()
        case on.WatchStopped(message):
            return replace(state, watch_note=message), ()
        case _:
            assert_never(action)


def _browse(state: State, action: on.Selected | on.PageTurned | on.Filtered | on.RefreshAsked) -> Next:
    match action:
        case on.Selected(key):
            if state.row(key) is None or key == state.selected:
                return state, ()
            return replace(state, selected=key, phase=Idle(), notice=None), (ReadCampaigns((key,)),)
        case on.PageTurned(page):
            turned = replace(state, page=min(max(page, 0), state.pages - 1))
        case on.Filtered(text, status):
            turned = replace(state, text=text, status=status, page=0)
        case on.RefreshAsked():
            chosen = (state.selected,) if state.selected else ()
            ids = tuple(dict.fromkeys((*chosen, *(row.id for row in state.visible))))
            return replace(state, watch_note="", notice=None), (ReadCampaigns(ids),) if ids else ()
        case _:
            assert_never(action)
    unread = tuple(row.id for row in turned.visible if row.read_at is None)
    return turned, (ReadCampaigns(unread),) if unread else ()


def _prepare(
    state: State, action: on.VerbChosen | on.FormSent | on.Dropped | on.ReviewRead | on.ReviewFailed
) -> Next:
    phase = state.phase
    match action:
        case on.VerbChosen(verb):
            return _choose(state, Request(verb, state.selected or ""))
        case on.FormSent(serial):
            row = state.chosen
            if row is None or not isinstance(phase, Filling) or phase.serial != serial:
                return state, ()
            request, faults = request_of(action, phase, row)
            if request is None:
                return replace(state, phase=replace(phase, faults=faults)), ()
            return _read(state, request)
        case on.Dropped():
            told = Notice(Tone.NOTE, "Nothing was sent.") if isinstance(phase, Review | Reading) else None
            return replace(state, phase=Idle(), notice=told), ()
        case on.ReviewRead():
            return _review(state, action), ()
        case on.ReviewFailed(serial, message):
            if not isinstance(phase, Reading) or phase.serial != serial:
                return state, ()
            text = f"There is no review, because reading failed: {message} Nothing was sent."
            return replace(state, phase=Idle(), notice=Notice(Tone.FAILED, text)), ()
        case _:
            assert_never(action)


def _choose(state: State, request: Request) -> Next:
    if why := refusal(state, request.verb):
        return replace(state, notice=Notice(Tone.NOTE, f"{_said(request.verb)}: {why}.")), ()
    if request.verb in AT_ONCE:
        serial = state.serial + 1
        busy = {**state.busy, request.campaign_id: serial}
        return replace(state, serial=serial, busy=busy, phase=Idle(), notice=None), (Act(serial, request),)
    if request.verb in FORMS:
        serial = state.serial + 1
        return replace(state, serial=serial, phase=Filling(serial, request.verb), notice=None), ()
    return _read(state, request)


def _read(state: State, request: Request) -> Next:
    serial = state.serial + 1
    reading = replace(state, serial=serial, phase=Reading(serial, request), notice=None)
    return reading, (ReadForReview(serial, request),)


def _review(state: State, action: on.ReviewRead) -> State:
    phase = state.phase
    if not isinstance(phase, Reading) or phase.serial != action.serial or action.token in state.spent:
        return state
    state = _put(state, action.campaign)
    if why := refusal(state, phase.request.verb):
        text = f"{_said(phase.request.verb)}: {why}. Nothing was sent."
        return replace(state, phase=Idle(), notice=Notice(Tone.NOTE, text))
    review = Review(
        serial=action.serial,
        token=action.token,
        request=phase.request,
        campaign=action.campaign,
        reach=action.reach,
        demand=demand(phase.request.verb, action.reach),
        read_at=action.at,
        expires_at=action.at + REVIEW_LASTS,
    )
    return replace(state, phase=review)


def _confirm(state: State, action: on.ConfirmPressed) -> Next:
    review = state.phase
    if not isinstance(review, Review) or review.token != action.token or action.token in state.spent:
        return state, ()
    request = review.request
    if action.at >= review.expires_at:
        return _stale(state, "The review is older than a minute.")
    if past(request.epoch_s, action.at):
        return _stale(state, "The time chosen has passed meanwhile.")
    if why := refusal(state, request.verb):
        return _stale(state, f"{_said(request.verb)}: {why}.")
    if not meets(action.typed, review.demand, review.campaign.name):
        return replace(state, phase=replace(review, faults=(f"type {review.demand} first",))), ()
    serial = state.serial + 1
    sent = replace(
        state,
        serial=serial,
        phase=Idle(),
        notice=None,
        busy={**state.busy, request.campaign_id: serial},
        spent=state.spent | {review.token},
    )
    return sent, (Act(serial, request, review.campaign, review.token),)


def _stale(state: State, why: str) -> Next:
    notice = Notice(Tone.NOTE, f"{why} Nothing was sent; review again.")
    return replace(state, phase=Idle(), notice=notice), ()


def _settle(state: State, action: on.Settled | on.ResolveAsked | on.Resolved) -> Next:
    match action:
        case on.Settled():
            return _settled(state, action), ()
        case on.ResolveAsked():
            key = state.selected
            return state, (Resolve(key),) if key is not None and key in state.locked else ()
        case on.Resolved(key, result, message, at, fresh):
            if key not in state.locked:
                return state, ()
            found = result in {on.Result.APPLIED, on.Result.NOT_APPLIED, on.Result.CLEAR}
            if found:
                state = replace(state, locked={k: why for k, why in state.locked.items() if k != key})
            tone = Tone.DONE if found else Tone.UNKNOWN
            state = replace(_put(state, fresh), notice=Notice(tone, message))
            return _log(state, "look again", key, f"{result.value}: {message}", at), ()
        case _:
            assert_never(action)


_TONES = {
    on.Result.APPLIED: Tone.DONE,
    on.Result.CHANGED: Tone.NOTE,
    on.Result.REFUSED: Tone.REFUSED,
    on.Result.NOT_APPLIED: Tone.FAILED,
    on.Result.CLEAR: Tone.NOTE,
    on.Result.UNKNOWN: Tone.UNKNOWN,
}


def _settled(state: State, action: on.Settled) -> State:
    key = action.request.campaign_id
    if state.busy.get(key) != action.serial:
        return state
    state = replace(state, busy={k: serial for k, serial in state.busy.items() if k != key})
    if action.result is on.Result.UNKNOWN:
        state = replace(state, locked={**state.locked, key: action.message})
    state = _put(state, action.fresh)
    if action.fresh is None and (row := state.row(key)) is not None:
        state = _put(state, replace(row, read_at=None))
    state = replace(state, notice=Notice(_TONES[action.result], action.message))
    return _log(state, action.request.verb.value, key, action.result.value, action.at)


def _log(state: State, verb: str, key: str, outcome: str, at: datetime) -> State:
    row = state.row(key)
    entry = Entry(at, verb, key, row.name if row else "", outcome)
    return replace(state, journal=(*state.journal, entry))


def _merge(state: State, action: on.CampaignsRead) -> State:
    read = {campaign.id: campaign for campaign in action.campaigns}
    gone = set(action.asked) - set(read)
    rows = []
    for row in state.rows:
        fresh = read.get(row.id)
        if fresh is not None and _newer(fresh, row):
            rows.append(fresh)
        elif row.id in gone and (row.read_at is None or row.read_at <= action.at):
            rows.append(replace(row, status="deleted", read_at=action.at))
        else:
            rows.append(row)
    merged = replace(state, rows=tuple(rows))
    return replace(merged, page=min(merged.page, merged.pages - 1))


def _put(state: State, fresh: Campaign | None) -> State:
    if fresh is None:
        return state
    return replace(state, rows=tuple(fresh if row.id == fresh.id else row for row in state.rows))


def _newer(fresh: Campaign, row: Campaign) -> bool:
    """Tell whether a read may replace a row: a slow answer undoes no later one and revives no final one."""
    if row.read_at is None or fresh.read_at is None:
        return True
    return fresh.read_at >= row.read_at and not (row.status in FINAL and fresh.status not in FINAL)


def _said(verb: Action) -> str:
    return verb.value.replace("_", " ").capitalize()
