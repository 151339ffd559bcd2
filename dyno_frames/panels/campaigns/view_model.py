"""What the campaign panel shows, as plain JSON values: the input of a view that is not made of ipywidgets.

A view model contains no token. It names a review by its serial number, which is compared with the open review and
confirms nothing by itself.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from dyno_frames.contract.lifecycle import OVERRIDES, RULES, Status
from dyno_frames.panels.campaigns import review_text, wording
from dyno_frames.panels.campaigns.buttons import BULK_BUTTONS, BUTTONS, Button, button
from dyno_frames.panels.campaigns.campaign import Campaign
from dyno_frames.panels.campaigns.phases import (
    BulkReview,
    FormOpen,
    LoadingBulkReview,
    LoadingReview,
    Review,
)
from dyno_frames.panels.campaigns.state import State

ViewModel = dict[str, Any]


def view_model(state: State, kernel_zone: tzinfo | None = None) -> ViewModel:
    """Return what a state shows; ``kernel_zone`` is the zone of the kernel's machine."""
    campaign = state.open_campaign
    has_table = len(state.rows) != 1
    return {
        "title": f"Campaign control, {wording.counted(len(state.rows), 'campaign')}",
        "as_of": wording.as_of(state),
        "table": _table(state) if has_table else None,
        "bulk": _bulk(state) if has_table else None,
        "details": None if campaign is None else _details(campaign, state, kernel_zone),
        "unresolved": list(wording.unresolved_lines(state)),
        "notice": _notice(state),
        "buttons": [] if campaign is None else _buttons(BUTTONS, state),
        "disabled": list(wording.disabled_lines(state)),
        "form": _form(state),
        "review": _review(state, kernel_zone),
        "loading": isinstance(state.phase, LoadingReview | LoadingBulkReview),
        "journal": [wording.entry_line(entry) for entry in reversed(state.journal)],
    }


def _table(state: State) -> ViewModel:
    direction = "descending" if state.descending else "ascending"
    return {
        "headings": [
            [key.value, label, direction if key is state.sort_key else "none"]
            for key, label in wording.HEADINGS.items()
        ],
        "rows": [_row(row, state) for row in state.visible],
        "page": state.page,
        "pages": state.pages,
        "page_text": wording.page_text(state),
        "statuses": [status.value for status in Status],
    }


def _row(row: Campaign, state: State) -> ViewModel:
    return {
        "id": row.id,
        "name": row.label,
        "status": wording.status_text(row),
        "sent": wording.progress_cell(row),
        "start": wording.start_cell(row),
        "open": row.id == state.open_id,
        "selected": row.id in state.selected_ids,
    }


def _bulk(state: State) -> ViewModel:
    return {"selected": sorted(state.selected_ids), "buttons": _buttons(BULK_BUTTONS, state)}


def _buttons(buttons: tuple[Button, ...], state: State) -> list[list[str]]:
    return [[one.key, one.text(state), one.disabled_reason(state)] for one in buttons]


def _details(row: Campaign, state: State, kernel_zone: tzinfo | None) -> ViewModel:
    words = wording.sending_text(row, state.facts.rates.get(row.id))
    return {
        "name": row.name or row.id,
        "status": wording.status_text(row),
        "pairs": [
            list(pair) for pair in wording.details(row, state.facts.audiences.get(row.id), kernel_zone)
        ],
        "progress": [min(row.sent, row.recipients), row.recipients, words] if words else None,
    }


def _notice(state: State) -> ViewModel:
    word, text, lines = wording.notice_text(state)
    return {"word": word, "text": text, "details": list(lines)}


def _form(state: State) -> ViewModel | None:
    phase, campaign = state.phase, state.open_campaign
    if not isinstance(phase, FormOpen) or campaign is None:
        return None
    return {
        "serial": phase.serial,
        "title": button(phase.action.value).name,
        "note": wording.FORM_NOTE,
        "timed": "iso_start_time" in RULES[phase.action].optional,
        "zone": campaign.time_zone or "UTC",
        "fields": [[name, wording.field_label(name), getattr(campaign, name)] for name in OVERRIDES],
        "errors": list(phase.errors),
    }


def _review(state: State, kernel_zone: tzinfo | None) -> ViewModel | None:
    match state.phase:
        case Review() as review:
            headline, *lines = review_text.review_lines(review, kernel_zone, with_changes=False)
            parts: ViewModel = {
                "changes": [list(change) for change in review_text.changed_fields(review)],
                "rows": [],
            }
        case BulkReview() as review:
            headline, lines = review_text.bulk_headline(review), list(review_text.bulk_lines(review))
            parts = {"changes": [], "rows": [list(row) for row in review_text.bulk_rows(review)]}
        case _:
            return None
    return parts | {
        "serial": review.serial,
        "headline": headline,
        "lines": lines,
        "required_line": review_text.required_line(review) if review.required_text else "",
        "required_text": review.required_text,
        "keep": review_text.keep_label(review),
        "confirm": review_text.confirm_label(review),
        "errors": list(review.errors),
        "expires": review_text.expiry_line(review),
    }
