"""A panel as text: what print, plain terminals and saved notebooks show."""

from __future__ import annotations

from dyno_frames.panels.asking import (
    bulk_headline,
    bulk_lines,
    bulk_rows,
    confirm_label,
    expires,
    keep_label,
    review_lines,
    typing,
)
from dyno_frames.panels.campaign import Campaign
from dyno_frames.panels.phases import BulkReview, Filling, Review
from dyno_frames.panels.rules import refusal
from dyno_frames.panels.state import State
from dyno_frames.panels.views import markup
from dyno_frames.panels.wording import (
    LABELS,
    as_of,
    card,
    count,
    disabled,
    entry_line,
    figures,
    lock_lines,
    notice_words,
    pace_words,
)

_NAME_WIDTH = 40
HEADINGS = ("status", "name", "sent")


def lines(state: State) -> tuple[str, ...]:
    """Return the campaigns of the page shown, without times, ids or addresses: the same for the same account."""
    rest = len(state.order) - len(state.visible)
    more = (f"  and {rest:,} more",) if rest > 0 else ()
    return (f"CampaignPanel of {count(len(state.rows), 'campaign')}", *_rows(state), *more)


def page(state: State) -> tuple[str, ...]:
    """Return everything that a panel shows now."""
    said = [f"Campaign control · {count(len(state.rows), 'campaign')} · {as_of(state)}"]
    if len(state.rows) > 1:
        said += [*_rows(state), f"  page {state.page + 1} of {state.pages}"]
    row = state.chosen
    if row is not None:
        pace = pace_words(row, state.facts.pace.get(row.id))
        said += ["", f"“{row.name or row.id}” [{row.status}]"]
        said += [f"  {label:<8} {value}" for label, value in card(row, state.facts.reaches.get(row.id))]
        said += [f"  {'Sent':<8} {' · '.join(filter(None, (figures(row), pace)))}"] if figures(row) else []
        possible = [LABELS[verb] for verb in LABELS if not refusal(state, verb)]
        said += [f"  {'Now':<8} {', '.join(possible) or 'nothing'}"]
        said += [f"  {'Not now':<8} {line}" for line in disabled(state)]
    said += ["", *lock_lines(state)] if lock_lines(state) else []
    word, told, details = notice_words(state)
    said += ["", *([f"{word}: {told}"] if word else []), *details] if word or details else []
    said += _question(state)
    said += ["", "Journal", *(f"  {entry_line(entry)}" for entry in state.journal)] if state.journal else []
    return tuple(_plain(line) for line in said)


def _question(state: State) -> list[str]:
    match state.phase:
        case Filling(_, verb, faults):
            return ["", f"Form: {LABELS[verb].rstrip('…')}", *(f"  {fault}" for fault in faults)]
        case Review() as review:
            said = list(review_lines(review))
        case BulkReview() as review:
            rows = (f"{name} [{status}] {sent}".rstrip() for name, status, sent in bulk_rows(review))
            said = [bulk_headline(review), *rows, *bulk_lines(review)]
        case _:
            return []
    wanted = [typing(review)] if review.demand else []
    choice = f"[{keep_label(review)}]  [{confirm_label(review)}]"
    return ["", *said, *wanted, *review.faults, expires(review), choice]


def static_html(state: State) -> str:
    """Return the same as :func:`lines` as a table without scripts, for pages where no kernel answers."""
    head = (
        f"<p>Control panel of {markup.text(count(len(state.rows), 'campaign'))}; run the cell to use it.</p>"
    )
    return head + markup.table(HEADINGS, [_cells(row) for row in state.visible])


def _rows(state: State) -> list[str]:
    shown = [_cells(row) for row in state.visible]
    width = max((len(name) for _, name, _ in shown), default=0)
    return [f"  {status:<10} {name:<{width}}  {sent}".rstrip() for status, name, sent in shown]


def _cells(row: Campaign) -> tuple[str, str, str]:
    name = _plain(row.name)
    cut = name if len(name) <= _NAME_WIDTH else name[: _NAME_WIDTH - 1] + "…"
    return row.status, cut, figures(row)


def _plain(line: str) -> str:
    return "".join(character if character.isprintable() else " " for character in line)
