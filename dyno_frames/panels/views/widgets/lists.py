"""Mailing lists in a notebook: how large each is, and how it grew."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import ipywidgets
import pandas as pd

from dyno_frames.client.queries import Queries
from dyno_frames.panels.campaigns.wording import counted
from dyno_frames.panels.lists.growth import (
    CAMPAIGN_COLUMNS,
    LIST_COLUMNS,
    MONTHS,
    ListGrowth,
    growth_frame,
    list_growth,
)
from dyno_frames.panels.runtime.failures import error_text
from dyno_frames.panels.views import markup
from dyno_frames.panels.views.static_html import with_static_forms

STYLE = """<style>
.dyno-lists{border:1px solid var(--jp-border-color2,#ccc);border-radius:4px;padding:8px;max-width:980px}
.dyno-lists.jupyter-widgets-disconnected{opacity:.45;pointer-events:none}
.dyno-lists table{border-collapse:collapse;line-height:1.5}
.dyno-lists td,.dyno-lists th{text-align:left;padding:2px 14px 2px 0;
 border-bottom:1px solid var(--jp-border-color2,#ddd)}
.dyno-lists p{margin:4px 0;line-height:1.4}
.dyno-lists .dyno-number{text-align:right;font-variant-numeric:tabular-nums}
</style>"""

_WIDTH, _HEIGHT = 120, 24
_HEADINGS = (
    "List",
    "Contacts",
    f"Growth in {MONTHS} months",
    "Recipients by month",
    "Campaigns",
    "Unsubscribes",
    "Last campaign",
)
_NOTE = (
    f"Earlier sizes are the recipients of the largest campaign of each month, over the {MONTHS} months up to the last "
    "campaign. If campaigns went to a part of a list, their month looks smaller than the list was."
)
ORDERS: dict[str, Callable[[ListGrowth], Any]] = {
    "contacts": lambda one: -one.contacts,
    "growth": lambda one: -(one.change if one.change is not None else -2),
    "name": lambda one: one.name.casefold(),
}
"""What the table can be sorted by."""


class ListPanel(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Show how large each list is and how it grew.

    Parameters
    ----------
    lists, campaigns
        Those of one account.

    Raises
    ------
    DynoError
        Lists or campaigns cannot be read.

    Examples
    --------
    >>> client.lists.panel()  # doctest: +SKIP
    ListPanel of 8 lists
    """

    def __init__(self, lists: Queries, campaigns: Queries) -> None:
        self._sources = lists, campaigns
        self._lists = read(lists, campaigns)
        self._order = ipywidgets.Dropdown(
            options=list(ORDERS), description="Sort by", layout={"width": "220px"}
        )
        refresh = ipywidgets.Button(description="Refresh", layout={"width": "auto"})
        refresh.on_click(lambda _button: self._refresh())
        self._order.observe(lambda _change: self._draw(), "value")
        self._notice, self._table = ipywidgets.HTML(), ipywidgets.HTML()
        style = ipywidgets.HTML(STYLE, layout={"display": "none"})
        super().__init__([style, ipywidgets.HBox([self._order, refresh]), self._notice, self._table])
        self.add_class("dyno-lists")
        self._draw()

    @property
    def frame(self) -> pd.DataFrame:
        """The lists as a frame: contacts, change, campaigns, unsubscribes and the time of the last campaign."""
        return growth_frame(self._ordered)

    @property
    def _ordered(self) -> tuple[ListGrowth, ...]:
        return tuple(sorted(self._lists, key=ORDERS[self._order.value]))

    def _refresh(self) -> None:
        try:
            self._lists, self._notice.value = read(*self._sources), ""
        except Exception as error:  # noqa: BLE001 - ipywidgets would swallow it; the user must see it
            self._notice.value = markup.status(
                "Failed", f"{error_text(error)} The table shows what was read before."
            )
        self._draw()

    def _draw(self) -> None:
        self._table.value = table(self._ordered)

    def __repr__(self) -> str:
        return f"ListPanel of {counted(len(self._lists), 'list')}"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return with_static_forms(super()._repr_mimebundle_(**kwargs), repr(self), table(self._ordered))


def read(lists: Queries, campaigns: Queries) -> tuple[ListGrowth, ...]:
    """Return the account's lists with their growth."""
    found = lists.find(columns=LIST_COLUMNS)
    return list_growth(found, campaigns.find("sent > 0", columns=CAMPAIGN_COLUMNS))


def table(lists: Iterable[ListGrowth]) -> str:
    """Return lists as a table without scripts, with a small line chart per list."""
    head = "".join(f"<th>{markup.text(words)}</th>" for words in _HEADINGS)
    body = "".join(f"<tr>{''.join(_cells(one))}</tr>" for one in lists)
    shown = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f"{shown}<p>{markup.text(_NOTE)}</p>"


def _cells(one: ListGrowth) -> Iterable[str]:
    change = "" if one.change is None else f"{one.change:+.0%}"
    last = "never" if one.last_at is None else f"{one.last_at:%Y-%m-%d}"
    yield f"<td>{markup.text(one.name or one.id)}</td>"
    yield _number(f"{one.contacts:,}")
    yield _number(change)
    yield f"<td>{sparkline(one)}</td>"
    yield _number(f"{one.campaigns:,}")
    yield _number(f"{one.unsubscribes:,}")
    yield f"<td>{markup.text(last)}</td>"


def _number(text: str) -> str:
    return f'<td class="dyno-number">{markup.text(text)}</td>'


def sparkline(one: ListGrowth) -> str:
    """Return a list's sizes by month, and its size now, as a small line chart that starts at 0."""
    sizes = [size for _, size in one.sizes] + [one.contacts]
    if len(sizes) < 2 or not max(sizes):
        return ""
    step = (_WIDTH - 6) / (len(sizes) - 1)
    points = [
        (3 + index * step, _HEIGHT - 3 - (_HEIGHT - 6) * size / max(sizes))
        for index, size in enumerate(sizes)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    first, _ = one.sizes[0]
    words = f"{sizes[0]:,} in {first}, {one.contacts:,} now"
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" role="img" aria-label="{markup.text(words)}">'
        f"<title>{markup.text(words)}</title>"
        f'<polyline points="{line}" fill="none" stroke="#0072b2" stroke-width="1.5"></polyline>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="#d55e00"></circle></svg>'
    )
