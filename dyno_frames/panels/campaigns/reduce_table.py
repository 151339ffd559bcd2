"""What the user's clicks in the table do to the state; they ask for reads and for nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias, assert_never

from dyno_frames.panels.campaigns import actions as on
from dyno_frames.panels.campaigns.columns import COLUMNS, SortKey
from dyno_frames.panels.campaigns.effects import Effect, ReadCampaigns
from dyno_frames.panels.campaigns.phases import BulkReview, Idle, LoadingBulkReview
from dyno_frames.panels.campaigns.state import State

TableAction: TypeAlias = (
    on.CampaignOpened
    | on.PageChanged
    | on.FilterChanged
    | on.SortRequested
    | on.SelectionChanged
    | on.RefreshRequested
)


def reduce_table(state: State, action: TableAction) -> tuple[State, tuple[Effect, ...]]:
    """Return the state after a click in the table. Campaigns that come into view are read."""
    match action:
        case on.CampaignOpened(key):
            if state.campaign(key) is None or key == state.open_id:
                return state, ()
            opened = replace(state, open_id=key, phase=Idle(), notice=None)
            return opened, (ReadCampaigns((key,), audience_of=key),)
        case on.SelectionChanged(ids, selected):
            return _select(state, ids, selected=selected), ()
        case on.RefreshRequested():
            open_id = state.open_id or ""
            ids = tuple(dict.fromkeys(filter(None, (open_id, *(row.id for row in state.visible)))))
            refreshed = replace(state, watch_note="", notice=None)
            return refreshed, (ReadCampaigns(ids, open_id),) if ids else ()
        case on.PageChanged(page):
            changed = replace(state, page=min(max(page, 0), state.pages - 1))
        case on.FilterChanged(search, status):
            changed = replace(state, search=search, status=status, page=0).arranged()
        case on.SortRequested(key):
            changed = _sort(state, key)
        case _:
            assert_never(action)
    if changed.visible == state.visible and all(row.read_at is not None for row in changed.visible):
        return changed, ()
    ids = tuple(row.id for row in changed.visible)
    return changed, (ReadCampaigns(ids),) if ids else ()


def _sort(state: State, key: SortKey) -> State:
    descending = not state.descending if key is state.sort_key else COLUMNS[key].number
    return replace(state, sort_key=key, descending=descending, page=0).arranged()


def _select(state: State, ids: tuple[str, ...], *, selected: bool) -> State:
    known = frozenset(key for key in ids if key in state.rows)
    selection = state.selected_ids | known if selected else state.selected_ids - known
    if selection == state.selected_ids:
        return state
    # An open bulk review lists the campaigns that were selected before, so another selection closes it.
    phase = Idle() if isinstance(state.phase, LoadingBulkReview | BulkReview) else state.phase
    return replace(state, selected_ids=selection, phase=phase)
