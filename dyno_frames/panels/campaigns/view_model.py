"""What the campaign panel shows, as plain JSON values: the input of a view that is not made of ipywidgets.

A view model contains no token. It names a review by its serial number, which is compared with the open review and
confirms nothing by itself.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from dyno_frames.contract.lifecycle import OVERRIDES, RULES, Status
from dyno_frames.panels.campaigns import review_text, wording
from dyno_frames.panels.campaigns.buttons import BULK_BUTTONS, BUTTONS, Button, button, main_button
from dyno_frames.panels.campaigns.campaign import Campaign
from dyno_frames.panels.campaigns.columns import COLUMNS, SortKey
from dyno_frames.panels.campaigns.metrics import METRICS
from dyno_frames.panels.campaigns.phases import (
    BulkReview,
    FormOpen,
    LoadingBulkReview,
    LoadingReview,
    Review,
)
from dyno_frames.panels.campaigns.state import State
from dyno_frames.panels.runtime.words import counted

ViewModel = dict[str, Any]


def view_model(state: State, kernel_zone: tzinfo | None = None) -> ViewModel:
    """Return what a state shows; ``kernel_zone`` is the zone of the kernel's machine."""
    campaign = state.open_campaign
    has_table = len(state.rows) != 1
    return {
        "label": f"Campaign control, {counted(len(state.rows), 'campaign')}",
        "title": wording.title(state),
        "as_of": wording.as_of(state),
        "connection": wording.connection_line(state),
        "table": table_model(state) if has_table else None,
        "bulk": _bulk(state) if has_table else None,
        "details": None if campaign is None else details_model(campaign, state, kernel_zone),
        "unresolved": list(wording.unresolved_lines(state)),
        "notice": _notice(state),
        "buttons": [] if campaign is None else _possible(state),
        "why": None if wording.no_action_possible(state) else wording.WHY_UNAVAILABLE,
        "disabled": list(wording.disabled_lines(state)),
        "form": _form(state),
        "review": _review(state, kernel_zone),
        "loading": isinstance(state.phase, LoadingReview | LoadingBulkReview),
        "journal": [wording.entry_line(entry) for entry in reversed(state.journal)],
    }


def table_model(state: State) -> ViewModel:
    """Return what the table shows. Without campaigns it shows one sentence."""
    direction = "descending" if state.descending else "ascending"
    return {
        "headings": [
            [key.value, column.label, direction if key is state.sort_key else "none", column.number]
            for key, column in COLUMNS.items()
        ],
        "rows": [_row(row, state) for row in state.visible],
        "empty": wording.empty_text(state),
        "any": bool(state.rows),
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
        "current": wording.is_current(row, state),
        "progress": [row.sent, row.recipients] if row.sent < row.recipients else None,
        "cells": [
            [key.value, column.label, column.text(row), column.warning(row)]
            for key, column in COLUMNS.items()
            if key not in {SortKey.NAME, SortKey.STATUS}
        ],
        "open": row.id == state.open_id,
        "selected": row.id in state.selected_ids,
    }


def _bulk(state: State) -> ViewModel:
    return {
        "selected": sorted(state.selected_ids),
        "buttons": [
            [one.key, one.text(state), "danger" if one.irreversible else ""]
            for one in BULK_BUTTONS
            if not one.disabled_reason(state)
        ],
        "hint": BULK_BUTTONS[0].disabled_reason(state),
    }


def _possible(state: State) -> list[list[str]]:
    main = main_button(state)
    return [[one.key, one.label, button_tone(one, main)] for one in BUTTONS if not one.disabled_reason(state)]


def button_tone(one: Button, main: Button | None) -> str:
    """Return how a view shows a button: as the main action, as dangerous, or as one of the others."""
    return "danger" if one.irreversible else "main" if one is main else ""


def details_model(row: Campaign, state: State, kernel_zone: tzinfo | None) -> ViewModel:
    """Return what is shown about the open campaign."""
    current = wording.is_current(row, state)
    words = wording.sending_text(row, state.facts.rates.get(row.id) if current else None)
    pairs = wording.details(row, state.facts.audiences.get(row.id), kernel_zone)
    return {
        "name": row.name or row.id,
        "status": wording.status_text(row),
        "current": current,
        "metrics": [
            [metric.label, metric.text(row), metric.share(row), metric.warning(row)]
            for metric in METRICS
            if metric.text(row)
        ],
        "pairs": [list(pair) for pair in pairs],
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
            parts: ViewModel = {
                "headline": review_text.headline(review, kernel_zone),
                "pairs": [list(pair) for pair in review_text.review_pairs(review)],
                "lines": [],
                "changes": [list(change) for change in review_text.changed_fields(review)],
                "rows": [],
            }
        case BulkReview() as review:
            parts = {
                "headline": review_text.bulk_headline(review),
                "pairs": [],
                "lines": list(review_text.bulk_lines(review)),
                "changes": [],
                "rows": [list(row) for row in review_text.bulk_rows(review)],
            }
        case _:
            return None
    return parts | {
        "serial": review.serial,
        "required_line": review_text.required_line(review) if review.required_text else "",
        "keep": review_text.keep_label(review),
        "confirm": review_text.confirm_label(review),
        "tone": "danger" if review_text.is_irreversible(review) else "main",
        "errors": list(review.errors),
        "expires": review_text.expiry_line(review),
    }
