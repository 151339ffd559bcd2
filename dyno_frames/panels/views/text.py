"""A panel as text: what print, plain terminals and saved notebooks show. No times, ids or addresses."""

from __future__ import annotations

from dyno_frames.panels.state import Campaign, State
from dyno_frames.panels.views import markup
from dyno_frames.panels.wording import count, figures

_NAME_WIDTH = 40
HEADINGS = ("status", "name", "sent")


def lines(state: State) -> tuple[str, ...]:
    """Return the campaigns of the page shown."""
    shown = [_cells(row) for row in state.visible]
    width = max((len(name) for _, name, _ in shown), default=0)
    rows = (f"  {status:<10} {name:<{width}}  {sent}".rstrip() for status, name, sent in shown)
    rest = len(state.matching) - len(shown)
    more = (f"  and {rest:,} more",) if rest > 0 else ()
    return (f"CampaignPanel of {count(len(state.rows), 'campaign')}", *rows, *more)


def static_html(state: State) -> str:
    """Return the same as a table without scripts, for pages where no kernel answers."""
    head = (
        f"<p>Control panel of {markup.text(count(len(state.rows), 'campaign'))}; run the cell to use it.</p>"
    )
    return head + markup.table(HEADINGS, [_cells(row) for row in state.visible])


def _cells(row: Campaign) -> tuple[str, str, str]:
    name = "".join(character if character.isprintable() else " " for character in row.name)
    cut = name if len(name) <= _NAME_WIDTH else name[: _NAME_WIDTH - 1] + "…"
    return row.status, cut, figures(row)
