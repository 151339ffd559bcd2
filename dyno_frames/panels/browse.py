"""What the user does with the table: none of it asks for anything but reads."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias, assert_never

from dyno_frames.panels import actions as on
from dyno_frames.panels.effects import Effect, ReadCampaigns
from dyno_frames.panels.phases import BulkReading, BulkReview, Idle
from dyno_frames.panels.state import Order, State

Browsing: TypeAlias = on.Selected | on.PageTurned | on.Filtered | on.SortAsked | on.Marked | on.RefreshAsked


def browse(state: State, action: Browsing) -> tuple[State, tuple[Effect, ...]]:
    """Return the state after an action on the table; what comes into view is read."""
    match action:
        case on.Selected(key):
            if state.row(key) is None or key == state.selected:
                return state, ()
            chosen = replace(state, selected=key, phase=Idle(), notice=None)
            return chosen, (ReadCampaigns((key,), reach_of=key),)
        case on.Marked(ids, marked):
            return _mark(state, ids, marked=marked), ()
        case on.RefreshAsked():
            chosen_id = state.selected or ""
            ids = tuple(dict.fromkeys(filter(None, (chosen_id, *(row.id for row in state.visible)))))
            return replace(state, watch_note="", notice=None), (ReadCampaigns(ids, chosen_id),) if ids else ()
        case on.PageTurned(page):
            turned = replace(state, page=min(max(page, 0), state.pages - 1))
        case on.Filtered(text, status):
            turned = replace(state, text=text, status=status, page=0).arranged()
        case on.SortAsked(order):
            turned = _sorted(state, order)
        case _:
            assert_never(action)
    if turned.visible == state.visible and all(row.read_at is not None for row in turned.visible):
        return turned, ()
    ids = tuple(row.id for row in turned.visible)
    return turned, (ReadCampaigns(ids),) if ids else ()


def _sorted(state: State, order: Order) -> State:
    again = order is state.sorted_by
    falling = not state.descending if again else order in {Order.SENT, Order.START}
    return replace(state, sorted_by=order, descending=falling, page=0).arranged()


def _mark(state: State, ids: tuple[str, ...], *, marked: bool) -> State:
    known = frozenset(key for key in ids if key in state.rows)
    marks = state.marked | known if marked else state.marked - known
    if marks == state.marked:
        return state
    # A review that is open lists what was marked before; it is no review of other marks.
    phase = Idle() if isinstance(state.phase, BulkReading | BulkReview) else state.phase
    return replace(state, marked=marks, phase=phase)
