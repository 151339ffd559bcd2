"""What happens to a review: it opens, counts down, expires, and is confirmed at most once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from math import ceil
from typing import TypeAlias, assert_never

from dyno_frames.contract.lifecycle import Action
from dyno_frames.panels.campaigns import actions as on
from dyno_frames.panels.campaigns.campaign import ActionRequest, action_name
from dyno_frames.panels.campaigns.effects import SendAction
from dyno_frames.panels.campaigns.forms import is_past
from dyno_frames.panels.campaigns.phases import BulkReview, Idle, LoadingBulkReview, LoadingReview, Review
from dyno_frames.panels.campaigns.reduce_outcome import with_bulk_read, with_reads
from dyno_frames.panels.campaigns.review_text import is_confirmed_by
from dyno_frames.panels.campaigns.rules import (
    REVIEW_LASTS,
    disabled_reason,
    not_allowed_reason,
    required_text,
)
from dyno_frames.panels.campaigns.state import Batch, Notice, NoticeKind, State

ReviewAction: TypeAlias = on.ReviewReady | on.BulkReviewReady | on.ReviewFailed | on.ClockTicked


def reduce_review(state: State, action: ReviewAction) -> State:
    """Return the state after something happened to a review, other than its confirmation."""
    phase = state.phase
    match action:
        case on.ReviewReady():
            return _open_review(state, action)
        case on.BulkReviewReady():
            return _open_bulk_review(state, action)
        case on.ReviewFailed(serial, message, lost_at):
            if lost_at is not None:
                state = replace(state, facts=state.facts.with_connection_lost(lost_at))
            if not isinstance(phase, LoadingReview | LoadingBulkReview) or phase.serial != serial:
                return state
            text = f"The review could not be loaded: {message} Nothing was sent."
            return replace(state, phase=Idle(), notice=Notice(NoticeKind.FAILED, text))
        case on.ClockTicked(at):
            if not isinstance(phase, Review | BulkReview):
                return state
            left_s = ceil((phase.expires_at - at).total_seconds())
            if left_s <= 0:
                return _outdated(state, "The review is older than a minute.")
            return state if left_s == phase.left_s else replace(state, phase=replace(phase, left_s=left_s))
        case _:
            assert_never(action)


def _open_review(state: State, action: on.ReviewReady) -> State:
    phase = state.phase
    if not isinstance(phase, LoadingReview) or phase.serial != action.serial:
        return state
    if action.token in state.facts.used_tokens:
        return state
    state = with_reads(state, [action.campaign])
    if reason := disabled_reason(state, phase.request.action):
        text = f"{action_name(phase.request.action)}: {reason}. Nothing was sent."
        return replace(state, phase=Idle(), notice=Notice(NoticeKind.NOTE, text))
    review = Review(
        serial=action.serial,
        token=action.token,
        request=phase.request,
        campaign=action.campaign,
        audience=action.audience,
        required_text=required_text(phase.request.action, action.audience),
        read_at=action.at,
        expires_at=action.at + REVIEW_LASTS,
        left_s=int(REVIEW_LASTS.total_seconds()),
    )
    return replace(state, phase=review)


def _open_bulk_review(state: State, action: on.BulkReviewReady) -> State:
    phase = state.phase
    if not isinstance(phase, LoadingBulkReview) or phase.serial != action.serial:
        return state
    if action.token in state.facts.used_tokens:
        return state
    state = with_bulk_read(state, on.CampaignsRead(action.campaigns, phase.ids, action.at))
    rows = [row for key in phase.ids if (row := state.campaign(key)) is not None]
    reasons = [(row, not_allowed_reason(state, row, phase.action)) for row in rows]
    possible = tuple(row for row, reason in reasons if not reason)
    if not possible:
        text = f"{action_name(phase.action)}: not possible for any of the {len(rows)} campaigns. Nothing was sent."
        lines = tuple(f"{row.label}: {reason}" for row, reason in reasons)
        return replace(state, phase=Idle(), notice=Notice(NoticeKind.NOTE, text, lines))
    review = BulkReview(
        serial=action.serial,
        token=action.token,
        action=phase.action,
        campaigns=possible,
        left_out=tuple((row, reason) for row, reason in reasons if reason),
        required_text="stop" if phase.action is Action.STOP else "",
        read_at=action.at,
        expires_at=action.at + REVIEW_LASTS,
        left_s=int(REVIEW_LASTS.total_seconds()),
    )
    return replace(state, phase=review)


def confirm(state: State, action: on.ConfirmPressed) -> tuple[State, tuple[SendAction, ...]]:
    """Return the state after a click on the button that confirms, and the actions to send."""
    review = state.phase
    if not isinstance(review, Review | BulkReview) or review.token != action.token:
        return state, ()
    if action.token in state.facts.used_tokens:
        return state, ()
    if action.at >= review.expires_at:
        return _outdated(state, "The review is older than a minute."), ()
    if reason := _no_longer_holds(state, review, action.at):
        return _outdated(state, reason), ()
    if not is_confirmed_by(review, action.typed):
        return replace(state, phase=replace(review, errors=(f"type {review.required_text} first",))), ()
    used = replace(state.facts, used_tokens=state.facts.used_tokens | {review.token})
    return _send(replace(state, facts=used, phase=Idle(), notice=None), review)


def _no_longer_holds(state: State, review: Review | BulkReview, now: datetime) -> str:
    """Return why a review no longer holds. Empty if it does."""
    if isinstance(review, BulkReview):
        rows = [state.campaign(row.id) or row for row in review.campaigns]
        reasons = [(row, not_allowed_reason(state, row, review.action)) for row in rows]
        return " ".join(f"{row.label}: {reason}." for row, reason in reasons if reason)
    if is_past(review.request.epoch_s, now):
        return "The chosen time has passed meanwhile."
    reason = disabled_reason(state, review.request.action)
    return f"{action_name(review.request.action)}: {reason}." if reason else ""


def _send(state: State, review: Review | BulkReview) -> tuple[State, tuple[SendAction, ...]]:
    if isinstance(review, Review):
        state, serial = with_serial(state)
        state = with_in_flight(state, {review.request.campaign_id: serial})
        return state, (SendAction(serial, review.request, review.campaign, review.token),)
    serials, effects = {}, []
    for row in review.campaigns:
        state, serials[row.id] = with_serial(state)
        request = ActionRequest(review.action, row.id)
        effects.append(SendAction(serials[row.id], request, row, f"{review.token}/{row.id}"))
    batch = Batch(review.action.value, serials)
    return replace(with_in_flight(state, serials), batch=batch, selected_ids=frozenset()), tuple(effects)


def _outdated(state: State, reason: str) -> State:
    notice = Notice(NoticeKind.NOTE, f"{reason} Nothing was sent; review again.")
    return replace(state, phase=Idle(), notice=notice)


def with_serial(state: State) -> tuple[State, int]:
    """Return the state with the next serial number used, and that number; the last notice goes."""
    serial = state.facts.serial + 1
    return replace(state, facts=replace(state.facts, serial=serial), notice=None), serial


def with_in_flight(state: State, serials: dict[str, int]) -> State:
    """Return the state with actions under way, by campaign."""
    return replace(state, facts=replace(state.facts, in_flight={**state.facts.in_flight, **serials}))
