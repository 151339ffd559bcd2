"""The behavior of the campaign panel as one pure function: an action in, a state and effects out.

Two rules prevent a campaign from being sent twice. First, a token is created only by the read that makes a review,
and is accepted only while that review is expected. Second, confirming closes the review, so that a second click finds
none. An answer never opens a review by itself: only the user does.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias, assert_never

from dyno_frames.contract.lifecycle import Action
from dyno_frames.panels.campaigns import actions as on
from dyno_frames.panels.campaigns.campaign import ActionRequest, action_name
from dyno_frames.panels.campaigns.confirmation import WITHOUT_REVIEW
from dyno_frames.panels.campaigns.effects import (
    Effect,
    ReadForBulkReview,
    ReadForReview,
    ResolveOutcome,
    SendAction,
)
from dyno_frames.panels.campaigns.facts import Facts
from dyno_frames.panels.campaigns.forms import check_form
from dyno_frames.panels.campaigns.phases import (
    BulkReview,
    FormOpen,
    Idle,
    LoadingBulkReview,
    LoadingReview,
    Review,
)
from dyno_frames.panels.campaigns.reduce_outcome import reduce_answer
from dyno_frames.panels.campaigns.reduce_review import confirm, reduce_review, with_in_flight, with_serial
from dyno_frames.panels.campaigns.reduce_table import reduce_table
from dyno_frames.panels.campaigns.rules import WITH_FORM, bulk_disabled_reason, disabled_reason
from dyno_frames.panels.campaigns.state import Notice, NoticeKind, State

Next: TypeAlias = tuple[State, tuple[Effect, ...]]


def reduce(state: State, action: on.PanelAction) -> Next:
    """Return the state after an action, and the effects to perform."""
    match action:
        case (
            on.CampaignOpened()
            | on.PageChanged()
            | on.FilterChanged()
            | on.SortRequested()
            | on.SelectionChanged()
            | on.RefreshRequested()
        ):
            return reduce_table(state, action)
        case on.ActionChosen() | on.FormSubmitted() | on.Dismissed() | on.BulkActionChosen():
            return _before_review(state, action)
        case on.ReviewReady() | on.BulkReviewReady() | on.ReviewFailed() | on.ClockTicked():
            return reduce_review(state, action), ()
        case on.ConfirmPressed():
            return confirm(state, action)
        case on.ResolveRequested():
            key = state.open_id
            return state, (ResolveOutcome(key),) if key is not None and key in state.facts.unresolved else ()
        case (
            on.ActionFinished()
            | on.OutcomeResolved()
            | on.CampaignsRead()
            | on.ReadFailed()
            | on.WatchStopped()
        ):
            return reduce_answer(state, action), ()
        case _:
            assert_never(action)


def adopt(state: State, facts: Facts) -> State:
    """Return a panel's state with facts that another panel changed.

    If the other panel began an action for a campaign that this panel asks its user about, the question is closed.
    """
    if facts is state.facts:
        return state
    began = facts.in_flight.keys() - state.facts.in_flight.keys()
    began |= facts.unresolved.keys() - state.facts.unresolved.keys()
    state = replace(state, facts=facts).arranged()
    if not began & _asked_about(state):
        return state
    text = "Another panel began an action for this campaign. Nothing was sent from here."
    return replace(state, phase=Idle(), notice=Notice(NoticeKind.NOTE, text))


def _asked_about(state: State) -> set[str]:
    """Return the campaigns that the user is asked about now."""
    match state.phase:
        case Idle():
            return set()
        case FormOpen():
            return {state.open_id} if state.open_id else set()
        case LoadingReview(_, request):
            return {request.campaign_id}
        case Review():
            return {state.phase.request.campaign_id}
        case LoadingBulkReview(_, _, ids):
            return set(ids)
        case BulkReview():
            return {row.id for row in state.phase.campaigns}
        case _:
            assert_never(state.phase)


def _before_review(
    state: State, action: on.ActionChosen | on.FormSubmitted | on.Dismissed | on.BulkActionChosen
) -> Next:
    phase = state.phase
    match action:
        case on.ActionChosen(chosen):
            return _choose(state, ActionRequest(chosen, state.open_id or ""))
        case on.BulkActionChosen(chosen):
            return _choose_bulk(state, chosen)
        case on.FormSubmitted(serial):
            campaign = state.open_campaign
            if campaign is None or not isinstance(phase, FormOpen) or phase.serial != serial:
                return state, ()
            form = check_form(action, phase, campaign)
            if form.errors:
                return replace(state, phase=replace(phase, errors=form.errors, readings=form.readings)), ()
            return _load_review(state, form.request)
        case on.Dismissed():
            reviewed = isinstance(phase, Review | LoadingReview | BulkReview | LoadingBulkReview)
            notice = Notice(NoticeKind.NOTE, "Nothing was sent.") if reviewed else None
            return replace(state, phase=Idle(), notice=notice), ()
        case _:
            assert_never(action)


def _choose(state: State, request: ActionRequest) -> Next:
    if reason := disabled_reason(state, request.action):
        # The button was disabled, so this is a late second click. It must not hide what the first one led to.
        notice = state.notice or Notice(NoticeKind.NOTE, f"{action_name(request.action)}: {reason}.")
        return replace(state, notice=notice), ()
    if request.action in WITHOUT_REVIEW:
        state, serial = with_serial(replace(state, phase=Idle()))
        return with_in_flight(state, {request.campaign_id: serial}), (SendAction(serial, request),)
    if request.action in WITH_FORM:
        state, serial = with_serial(state)
        return replace(state, phase=FormOpen(serial, request.action)), ()
    return _load_review(state, request)


def _choose_bulk(state: State, action: Action) -> Next:
    if reason := bulk_disabled_reason(state, action):
        text = f"{action_name(action)} several campaigns: {reason}."
        return replace(state, notice=Notice(NoticeKind.NOTE, text)), ()
    state, serial = with_serial(state)
    ids = tuple(key for key in state.rows if key in state.selected_ids)
    return (
        replace(state, phase=LoadingBulkReview(serial, action, ids)),
        (ReadForBulkReview(serial, action, ids),),
    )


def _load_review(state: State, request: ActionRequest) -> Next:
    state, serial = with_serial(state)
    return replace(state, phase=LoadingReview(serial, request)), (ReadForReview(serial, request),)
