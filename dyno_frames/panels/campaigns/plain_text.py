"""The campaign panel as plain text: for print, terminals and saved notebooks."""

from __future__ import annotations

from dyno_frames.panels.campaigns import review_text, wording
from dyno_frames.panels.campaigns.buttons import BUTTONS, button
from dyno_frames.panels.campaigns.campaign import Campaign
from dyno_frames.panels.campaigns.columns import progress_text
from dyno_frames.panels.campaigns.metrics import METRICS, Metric
from dyno_frames.panels.campaigns.phases import BulkReview, FormOpen, Review
from dyno_frames.panels.campaigns.state import State
from dyno_frames.panels.runtime.words import counted

_NAME_WIDTH = 40
HEADINGS = ("status", "name", "sent")
"""The headings of :func:`cells`."""


def summary(state: State) -> str:
    """Return the campaigns of the current page, without times, ids and addresses: the same for the same account."""
    rest = len(state.row_ids) - len(state.visible)
    more = (f"  and {rest:,} more",) if rest > 0 else ()
    return "\n".join((f"CampaignPanel of {counted(len(state.rows), 'campaign')}", *_rows(state), *more))


def full_text(state: State) -> str:
    """Return everything that a panel shows."""
    lines = [f"Campaign control · {counted(len(state.rows), 'campaign')} · {wording.as_of(state)}"]
    lines += filter(None, [wording.connection_line(state)])
    if len(state.rows) > 1:
        lines += [*_rows(state), f"  page {state.page + 1} of {state.pages}"]
    if state.open_campaign is not None:
        lines += _details(state, state.open_campaign)
    lines += ["", *wording.unresolved_lines(state)] if wording.unresolved_lines(state) else []
    word, text, more = wording.notice_text(state)
    lines += ["", *([f"{word}: {text}"] if word else []), *more] if word or more else []
    lines += _question(state)
    if state.journal:
        lines += ["", "Journal", *(f"  {wording.entry_line(entry)}" for entry in state.journal)]
    return "\n".join(_printable(line) for line in lines)


def _details(state: State, row: Campaign) -> list[str]:
    sending = wording.sending_text(row, state.facts.rates.get(row.id))
    pairs = [
        *wording.details(row, state.facts.audiences.get(row.id)),
        *([("Sent", sending)] if sending else []),
        *((metric.label, _metric(metric, row)) for metric in METRICS if metric.text(row)),
    ]
    possible = [one.label for one in BUTTONS if not one.disabled_reason(state)]
    pairs.append(("Now", ", ".join(possible) or "nothing"))
    pairs += [("Not now", line) for line in wording.disabled_lines(state)]
    return [
        "",
        f"“{row.name or row.id}” [{row.status}]",
        *(f"  {label:<12} {value}" for label, value in pairs),
    ]


def _metric(metric: Metric, row: Campaign) -> str:
    warning = metric.warning(row)
    return f"{metric.text(row)} ({metric.share(row)})" + (f", {warning}" if warning else "")


def _question(state: State) -> list[str]:
    match state.phase:
        case FormOpen(_, action, errors):
            return ["", f"Form: {button(action.value).name}", *(f"  {error}" for error in errors)]
        case Review() as review:
            lines = list(review_text.review_lines(review))
        case BulkReview() as review:
            rows = (
                f"{name} [{status}] {sent}".rstrip() for name, status, sent in review_text.bulk_rows(review)
            )
            lines = [review_text.bulk_headline(review), *rows, *review_text.bulk_lines(review)]
        case _:
            return []
    required = [review_text.required_line(review)] if review.required_text else []
    choice = f"[{review_text.keep_label(review)}]  [{review_text.confirm_label(review)}]"
    return ["", *lines, *required, *review.errors, review_text.expiry_line(review), choice]


def _rows(state: State) -> list[str]:
    rows = [cells(row) for row in state.visible]
    width = max((len(name) for _, name, _ in rows), default=0)
    return [f"  {status:<10} {name:<{width}}  {sent}".rstrip() for status, name, sent in rows]


def cells(row: Campaign) -> tuple[str, str, str]:
    """Return a campaign's status, name and progress; a long name is cut."""
    name = _printable(row.name)
    cut = name if len(name) <= _NAME_WIDTH else name[: _NAME_WIDTH - 1] + "…"
    return row.status, cut, progress_text(row)


def _printable(line: str) -> str:
    return "".join(character if character.isprintable() else " " for character in line)
