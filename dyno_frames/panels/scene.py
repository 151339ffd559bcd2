"""What a panel shows, as plain JSON values: for a view that is not made of ipywidgets.

There is no token in a scene. A review is known by its number, and the number opens nothing: it is compared
with the review that is open.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from dyno_frames.contract.lifecycle import OVERRIDES, RULES, Status
from dyno_frames.panels.asking import (
    bulk_headline,
    bulk_label,
    bulk_lines,
    bulk_rows,
    changed,
    confirm_label,
    expires,
    keep_label,
    review_lines,
    typing,
)
from dyno_frames.panels.campaign import Campaign
from dyno_frames.panels.phases import BulkReading, BulkReview, Filling, Reading, Review
from dyno_frames.panels.rules import BULK, bulk_refusal, refusal
from dyno_frames.panels.state import State
from dyno_frames.panels.wording import (
    COLUMNS,
    LABELS,
    as_of,
    badge,
    card,
    count,
    disabled,
    entry_line,
    figures,
    lock_lines,
    notice_words,
    pace_words,
    share,
    start_utc,
)

Scene = dict[str, Any]


def scene(state: State, here: tzinfo | None = None) -> Scene:
    """Return what is shown of a state; ``here`` is the kernel's zone."""
    row = state.chosen
    return {
        "title": f"Campaign control, {count(len(state.rows), 'campaign')}",
        "as_of": as_of(state),
        "table": _table(state) if len(state.rows) != 1 else None,
        "bulk": _bulk(state) if len(state.rows) != 1 else None,
        "card": None if row is None else _card(row, state, here),
        "lock": list(lock_lines(state)),
        "notice": _notice(state),
        "verbs": [] if row is None else _verbs(state),
        "why": list(disabled(state)),
        "form": _form(state),
        "review": _review(state, here),
        "reading": isinstance(state.phase, Reading | BulkReading),
        "journal": [entry_line(entry) for entry in reversed(state.journal)],
    }


def _table(state: State) -> Scene:
    direction = "descending" if state.descending else "ascending"
    return {
        "headings": [
            [order.value, label, direction if order is state.sorted_by else "none"]
            for order, label in COLUMNS.items()
        ],
        "rows": [_row(row, state) for row in state.visible],
        "page": state.page,
        "pages": state.pages,
        "said": f"page {state.page + 1} of {state.pages}, {count(len(state.order), 'campaign')}",
        "statuses": [status.value for status in Status],
    }


def _row(row: Campaign, state: State) -> Scene:
    return {
        "id": row.id,
        "name": row.name or row.id[:8],
        "status": badge(row),
        "sent": share(row),
        "start": start_utc(row),
        "chosen": row.id == state.selected,
        "marked": row.id in state.marked,
    }


def _bulk(state: State) -> Scene:
    number = len(state.marked)
    return {
        "marked": sorted(state.marked),
        "buttons": [[verb.value, bulk_label(verb, number), bulk_refusal(state, verb)] for verb in BULK],
    }


def _card(row: Campaign, state: State, here: tzinfo | None) -> Scene:
    words = " · ".join(filter(None, (figures(row), pace_words(row, state.facts.pace.get(row.id)))))
    return {
        "name": row.name or row.id,
        "status": badge(row),
        "pairs": [list(pair) for pair in card(row, state.facts.reaches.get(row.id), here)],
        "progress": [min(row.sent, row.recipients), row.recipients, words] if words else None,
    }


def _notice(state: State) -> Scene:
    word, text, details = notice_words(state)
    return {"word": word, "text": text, "details": list(details)}


def _verbs(state: State) -> list[list[str]]:
    return [[verb.value, label, refusal(state, verb)] for verb, label in LABELS.items()]


def _form(state: State) -> Scene | None:
    phase, row = state.phase, state.chosen
    if not isinstance(phase, Filling) or row is None:
        return None
    return {
        "serial": phase.serial,
        "title": LABELS[phase.verb].rstrip("…"),
        "timed": "iso_start_time" in RULES[phase.verb].optional,
        "zone": row.time_zone or "UTC",
        "fields": [[name, name.replace("_", " "), getattr(row, name)] for name in OVERRIDES],
        "faults": list(phase.faults),
    }


def _review(state: State, here: tzinfo | None) -> Scene | None:
    match state.phase:
        case Review() as review:
            headline, *lines = review_lines(review, here, with_changes=False)
            parts: Scene = {"diff": [list(change) for change in changed(review)], "rows": []}
        case BulkReview() as review:
            headline, lines = bulk_headline(review), list(bulk_lines(review))
            parts = {"diff": [], "rows": [list(row) for row in bulk_rows(review)]}
        case _:
            return None
    return parts | {
        "serial": review.serial,
        "headline": headline,
        "lines": lines,
        "typing": typing(review) if review.demand else "",
        "demand": review.demand,
        "keep": keep_label(review),
        "confirm": confirm_label(review),
        "faults": list(review.faults),
        "expires": expires(review),
    }
