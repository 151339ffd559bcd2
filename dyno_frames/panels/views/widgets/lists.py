"""Mailing lists in a notebook: how large each is, and how it grew."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import ipywidgets
import pandas as pd

from dyno_frames.client.queries import Queries
from dyno_frames.errors import TransportError
from dyno_frames.panels.lists.columns import CHART, COLUMNS
from dyno_frames.panels.lists.growth import (
    CAMPAIGN_COLUMNS,
    LIST_COLUMNS,
    MONTHS,
    ListGrowth,
    growth_frame,
    list_growth,
)
from dyno_frames.panels.runtime.columns import arranged
from dyno_frames.panels.runtime.failures import error_text
from dyno_frames.panels.runtime.words import connection_lost, counted, utc_time
from dyno_frames.panels.views import markup
from dyno_frames.panels.views.static_html import with_static_forms
from dyno_frames.panels.views.widgets import parts

_WIDTH, _HEIGHT, _LINE = 120, 24, "var(--jp-brand-color1,#1976d2)"
_NOTE = (
    f"Earlier sizes are the recipients of the largest campaign of each month, over the {MONTHS} months up to the last "
    "campaign. If campaigns went to a part of a list, their month looks smaller than the list was."
)
_EMPTY = "No lists yet. Create one with client.lists.create(…), then press Refresh."


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
        self._lists, self._read_at = read(lists, campaigns), datetime.now(UTC)
        self._order, self._descending = "contacts", True
        self._title, self._age = parts.html("", "dyno-heading"), parts.html("", "dyno-as-of")
        refresh = parts.button("Refresh", self._refresh, tooltip="Read lists and campaigns again")
        head = parts.line([self._title, parts.line([self._age, refresh], "dyno-push")])
        self._notice, self._rows = ipywidgets.HTML(), ipywidgets.HTML()
        sortable = [(key if key != CHART else "", one.label, one.number) for key, one in COLUMNS.items()]
        self._headings = parts.SortHeadings(sortable, self._sort)
        self._table = parts.classed(
            ipywidgets.Box([self._headings.box, self._rows]), "dyno-table", "dyno-mailing"
        )
        self._note = parts.html("", "dyno-quiet")
        super().__init__([parts.style(), head, self._notice, self._table, self._note])
        parts.classed(self, "dyno", "dyno-stack", "dyno-lists")
        self._draw()

    @property
    def frame(self) -> pd.DataFrame:
        """The lists as a frame: contacts, change, campaigns, unsubscribes and the time of the last campaign."""
        return growth_frame(tuple(self._ordered))

    @property
    def _ordered(self) -> list[ListGrowth]:
        return arranged(self._lists, COLUMNS[self._order], descending=self._descending)

    def _sort(self, key: str) -> None:
        self._descending = not self._descending if key == self._order else COLUMNS[key].number
        self._order = key
        self._draw()

    def _refresh(self) -> None:
        lost = False
        try:
            self._lists, self._notice.value = read(*self._sources), ""
            self._read_at = datetime.now(UTC)
        except TransportError:
            lost = True
            self._notice.value = markup.alert(connection_lost(datetime.now(UTC), retries=False))
        except Exception as error:  # noqa: BLE001 - ipywidgets would swallow it; the user must see it
            self._notice.value = markup.status(
                "Failed", f"{error_text(error)} The table shows what was read before."
            )
        parts.set_classes(self, lost=lost)
        self._draw()

    def _draw(self) -> None:
        self._title.value = markup.text(counted(len(self._lists), "list"))
        self._age.value = markup.text(f"as of {utc_time(self._read_at)}")
        self._headings.draw(self._order, descending=self._descending)
        self._rows.value = "".join(map(row_html, self._ordered))
        self._note.value = markup.text(_NOTE if self._lists else _EMPTY)
        parts.show(self._table, self._lists)

    def __repr__(self) -> str:
        return f"ListPanel of {counted(len(self._lists), 'list')}"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return with_static_forms(super()._repr_mimebundle_(**kwargs), repr(self), table(self._ordered))


def read(lists: Queries, campaigns: Queries) -> tuple[ListGrowth, ...]:
    """Return the account's lists with their growth."""
    found = lists.find(columns=LIST_COLUMNS)
    return list_growth(found, campaigns.find("sent > 0", columns=CAMPAIGN_COLUMNS))


def table(lists: Iterable[ListGrowth]) -> str:
    """Return lists as a table without scripts, for pages without a kernel."""
    head = "".join(f"<th>{markup.text(column.label)}</th>" for column in COLUMNS.values())
    rows = ("".join(f"<td>{cell_html(one, key)}</td>" for key in COLUMNS) for one in lists)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    shown = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f"{shown}<p>{markup.text(_NOTE)}</p>"


def row_html(one: ListGrowth) -> str:
    """Return a list as a row of the panel's table. In a narrow panel every cell shows the label of its column."""
    cells = []
    for key, column in COLUMNS.items():
        shown, is_name = cell_html(one, key), key == "name"
        kind = " dyno-name" if is_name else " dyno-number" if column.number else ""
        named = shown and not is_name
        label = f'<span class="dyno-label">{markup.text(column.label)}</span>' if named else ""
        cells.append(f'<div class="dyno-td{kind}">{label}{shown}</div>')
    return f'<div class="dyno-tr">{"".join(cells)}</div>'


def cell_html(one: ListGrowth, key: str) -> str:
    """Return a cell: its text, or a small line chart of the list's sizes."""
    words = COLUMNS[key].text(one)
    return sparkline(one, words) if key == CHART else markup.text(words)


def sparkline(one: ListGrowth, words: str) -> str:
    """Return a list's sizes by month, and its size now, as a small line chart that starts at 0.

    ``words`` says what the chart shows.
    """
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
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" role="img" aria-label="{markup.text(words)}">'
        f"<title>{markup.text(words)}</title>"
        f'<polyline points="{line}" style="fill:none;stroke:{_LINE};stroke-width:1.5"></polyline>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" style="fill:{_LINE}"></circle></svg>'
    )
