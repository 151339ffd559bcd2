"""The panel's whole behaviour as one pure function: an action in, a state and effects out.

Two rules keep a campaign from being sent twice. A token is minted only by the read that makes a review, and
only while that review is being waited for; and a confirm leaves the review, so that the next one finds none.
An answer never arms anything: only the user opens a review.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from math import ceil
from typing import TypeAlias, assert_never

from dyno_frames.contract.lifecycle import Action
from dyno_frames.panels import actions as on
from dyno_frames.panels.browse import browse
from dyno_frames.panels.campaign import Request
from dyno_frames.panels.effects import Act, Effect, ReadForBulk, ReadForReview, Resolve
from dyno_frames.panels.facts import Facts
from dyno_frames.panels.forms import past, request_of
from dyno_frames.panels.phases import BulkReading, BulkReview, Filling, Idle, Reading, Review
from dyno_frames.panels.rules import (
    AT_ONCE,
    FORMS,
    REVIEW_LASTS,
    bulk_refusal,
    demand,
    meets,
    refusal,
    refused,
)
from dyno_frames.panels.settle import know, learn, merged
from dyno_frames.panels.state import Batch, Notice, State, Tone

Next: TypeAlias = tuple[State, tuple[Effect, ...]]


def reduce(state: State, action: on.PanelAction) -> Next:
    """Return the state after an action, and what is to be done outside."""
    match action:
        case (
            on.Selected() | on.PageTurned() | on.Filtered() | on.SortAsked() | on.Marked() | on.RefreshAsked()
        ):
            return browse(state, action)
        case on.VerbChosen() | on.FormSent() | on.Dropped() | on.BulkAsked():
            return _prepare(state, action)
        case on.ReviewRead() | on.BulkRead() | on.ReviewFailed() | on.Ticked():
            return _reviewing(state, action), ()
        case on.ConfirmPressed():
            return _confirm(state, action)
        case on.ResolveAsked():
            key = state.selected
            return state, (Resolve(key),) if key is not None and key in state.facts.locked else ()
        case on.Settled() | on.Resolved() | on.CampaignsRead() | on.ReadFailed() | on.WatchStopped():
            return learn(state, action), ()
        case _:
            assert_never(action)


def adopt(state: State, facts: Facts) -> State:
    """Return a panel's state with what another panel learnt or began; its own question about that is over."""
    if facts is state.facts:
        return state
    taken = (facts.busy.keys() - state.facts.busy.keys()) | (facts.locked.keys() - state.facts.locked.keys())
    state = replace(state, facts=facts).arranged()
    if not taken & _asked(state):
        return state
    text = "Another panel began an action for this campaign. Nothing was sent from here."
    return replace(state, phase=Idle(), notice=Notice(Tone.NOTE, text))


def _asked(state: State) -> set[str]:
    """Return the campaigns that a question to the user is about."""
    match state.phase:
        case Idle():
            return set()
        case Filling():
            return {state.selected} if state.selected else set()
        case Reading(_, request):
            return {request.campaign_id}
        case Review():
            return {state.phase.request.campaign_id}
        case BulkReading(_, _, ids):
            return set(ids)
        case BulkReview():
            return {row.id for row in state.phase.campaigns}
        case _:
            assert_never(state.phase)


def _prepare(state: State, action: on.VerbChosen | on.FormSent | on.Dropped | on.BulkAsked) -> Next:
    phase = state.phase
    match action:
        case on.VerbChosen(verb):
            return _choose(state, Request(verb, state.selected or ""))
        case on.BulkAsked(verb):
            return _choose_many(state, verb)
        case on.FormSent(serial):
            row = state.chosen
            if row is None or not isinstance(phase, Filling) or phase.serial != serial:
                return state, ()
            form = request_of(action, phase, row)
            if form.faults:
                return replace(state, phase=replace(phase, faults=form.faults, twice=form.twice)), ()
            return _read(state, form.request)
        case on.Dropped():
            asked = isinstance(phase, Review | Reading | BulkReview | BulkReading)
            told = Notice(Tone.NOTE, "Nothing was sent.") if asked else None
            return replace(state, phase=Idle(), notice=told), ()
        case _:
            assert_never(action)


def _numbered(state: State) -> tuple[State, int]:
    serial = state.facts.serial + 1
    return replace(state, facts=replace(state.facts, serial=serial), notice=None), serial


def _choose(state: State, request: Request) -> Next:
    if why := refusal(state, request.verb):
        # The button was off: this is a click that came late, and must not hide what the first one led to.
        told = state.notice or Notice(Tone.NOTE, f"{_said(request.verb)}: {why}.")
        return replace(state, notice=told), ()
    if request.verb in AT_ONCE:
        state, serial = _numbered(replace(state, phase=Idle()))
        return _busy(state, {request.campaign_id: serial}), (Act(serial, request),)
    if request.verb in FORMS:
        state, serial = _numbered(state)
        return replace(state, phase=Filling(serial, request.verb)), ()
    return _read(state, request)


def _choose_many(state: State, verb: Action) -> Next:
    if why := bulk_refusal(state, verb):
        return replace(state, notice=Notice(Tone.NOTE, f"{_said(verb)} together: {why}.")), ()
    state, serial = _numbered(state)
    ids = tuple(key for key in state.rows if key in state.marked)
    return replace(state, phase=BulkReading(serial, verb, ids)), (ReadForBulk(serial, verb, ids),)


def _read(state: State, request: Request) -> Next:
    state, serial = _numbered(state)
    return replace(state, phase=Reading(serial, request)), (ReadForReview(serial, request),)


def _busy(state: State, serials: dict[str, int]) -> State:
    return replace(state, facts=replace(state.facts, busy={**state.facts.busy, **serials}))


def _reviewing(state: State, action: on.ReviewRead | on.BulkRead | on.ReviewFailed | on.Ticked) -> State:
    phase = state.phase
    match action:
        case on.ReviewRead():
            return _review(state, action)
        case on.BulkRead():
            return _bulk_review(state, action)
        case on.ReviewFailed(serial, message):
            if not isinstance(phase, Reading | BulkReading) or phase.serial != serial:
                return state
            text = f"There is no review, because reading failed: {message} Nothing was sent."
            return replace(state, phase=Idle(), notice=Notice(Tone.FAILED, text))
        case on.Ticked(at):
            if not isinstance(phase, Review | BulkReview):
                return state
            left_s = ceil((phase.expires_at - at).total_seconds())
            if left_s <= 0:
                return _stale(state, "The review is older than a minute.")[0]
            return state if left_s == phase.left_s else replace(state, phase=replace(phase, left_s=left_s))
        case _:
            assert_never(action)


def _review(state: State, action: on.ReviewRead) -> State:
    phase = state.phase
    fits = isinstance(phase, Reading) and phase.serial == action.serial
    if not fits or not isinstance(phase, Reading) or action.token in state.facts.spent:
        return state
    state = know(state, [action.campaign])
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
        left_s=int(REVIEW_LASTS.total_seconds()),
    )
    return replace(state, phase=review)


def _bulk_review(state: State, action: on.BulkRead) -> State:
    phase = state.phase
    if not isinstance(phase, BulkReading) or phase.serial != action.serial:
        return state
    if action.token in state.facts.spent:
        return state
    state = merged(state, on.CampaignsRead(action.campaigns, phase.ids, action.at))
    rows = [row for key in phase.ids if (row := state.row(key)) is not None]
    judged = [(row, refused(state, row, phase.verb)) for row in rows]
    possible = tuple(row for row, why in judged if not why)
    if not possible:
        text = f"{_said(phase.verb)} together: none of the {len(rows)} marked allows it. Nothing was sent."
        reasons = tuple(f"{row.name or row.id}: {why}" for row, why in judged)
        return replace(state, phase=Idle(), notice=Notice(Tone.NOTE, text, reasons))
    review = BulkReview(
        serial=action.serial,
        token=action.token,
        verb=phase.verb,
        campaigns=possible,
        left_out=tuple((row, why) for row, why in judged if why),
        demand="stop" if phase.verb is Action.STOP else "",
        read_at=action.at,
        expires_at=action.at + REVIEW_LASTS,
        left_s=int(REVIEW_LASTS.total_seconds()),
    )
    return replace(state, phase=review)


def _confirm(state: State, action: on.ConfirmPressed) -> Next:
    review = state.phase
    if not isinstance(review, Review | BulkReview) or review.token != action.token:
        return state, ()
    if action.token in state.facts.spent:
        return state, ()
    if action.at >= review.expires_at:
        return _stale(state, "The review is older than a minute.")
    if why := _overtaken(state, review, action.at):
        return _stale(state, why)
    name = review.campaign.name if isinstance(review, Review) else ""
    if not meets(action.typed, review.demand, name):
        return replace(state, phase=replace(review, faults=(f"type {review.demand} first",))), ()
    spent = replace(state.facts, spent=state.facts.spent | {review.token})
    return _send(replace(state, facts=spent, phase=Idle(), notice=None), review)


def _overtaken(state: State, review: Review | BulkReview, now: datetime) -> str:
    """Return why a review no longer holds; empty where it does."""
    if isinstance(review, BulkReview):
        rows = [state.row(row.id) or row for row in review.campaigns]
        found = [f"{row.name or row.id}: {why}." for row in rows if (why := refused(state, row, review.verb))]
        return " ".join(found)
    if past(review.request.epoch_s, now):
        return "The time chosen has passed meanwhile."
    why = refusal(state, review.request.verb)
    return f"{_said(review.request.verb)}: {why}." if why else ""


def _send(state: State, review: Review | BulkReview) -> Next:
    if isinstance(review, Review):
        state, serial = _numbered(state)
        sent = _busy(state, {review.request.campaign_id: serial})
        return sent, (Act(serial, review.request, review.campaign, review.token),)
    serials, acts = {}, []
    for row in review.campaigns:
        state, serials[row.id] = _numbered(state)
        request = Request(review.verb, row.id)
        acts.append(Act(serials[row.id], request, row, f"{review.token}/{row.id}"))
    batch = Batch(review.verb.value, serials)
    return replace(_busy(state, serials), batch=batch, marked=frozenset()), tuple(acts)


def _stale(state: State, why: str) -> Next:
    notice = Notice(Tone.NOTE, f"{why} Nothing was sent; review again.")
    return replace(state, phase=Idle(), notice=notice), ()


def _said(verb: Action) -> str:
    return verb.value.replace("_", " ").capitalize()
