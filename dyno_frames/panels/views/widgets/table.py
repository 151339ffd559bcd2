"""The table of campaigns: filter, sortable headings, ten rows, pages, and the buttons for a selection."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import ipywidgets as widgets

from dyno_frames.contract.lifecycle import Status
from dyno_frames.panels.campaigns import actions as on
from dyno_frames.panels.campaigns.buttons import BULK_BUTTONS
from dyno_frames.panels.campaigns.columns import COLUMNS, SortKey
from dyno_frames.panels.campaigns.state import PAGE_ROWS, State
from dyno_frames.panels.campaigns.view_model import table_model
from dyno_frames.panels.views import markup
from dyno_frames.panels.views.drawing import Drawing
from dyno_frames.panels.views.widgets import parts

Send = Callable[[on.PanelAction], None]


class BulkRow:
    """The buttons for the selected campaigns, and those that select."""

    def __init__(self, send: Send) -> None:
        self._selected: tuple[str, ...] = ()
        self._visible: tuple[str, ...] = ()
        select = parts.button("Select this page", lambda: send(on.SelectionChanged(self._visible)))
        self._clear = parts.button(
            "Clear selection", lambda: send(on.SelectionChanged(self._selected, selected=False))
        )
        self._buttons = {
            one.key: parts.button("", partial(send, one.action), tone="danger" if one.irreversible else "")
            for one in BULK_BUTTONS
        }
        self.box = parts.line([select, self._clear, *self._buttons.values()])

    def draw(self, state: State) -> None:
        """Show the buttons that the selection allows."""
        self._selected = tuple(state.selected_ids)
        self._visible = tuple(row.id for row in state.visible)
        self._clear.disabled = not state.selected_ids
        parts.show(self._clear, state.selected_ids)
        for one in BULK_BUTTONS:
            widget, reason = self._buttons[one.key], one.disabled_reason(state)
            widget.description, widget.disabled, widget.tooltip = (
                one.text(state),
                bool(reason),
                reason or None,
            )
            parts.show(widget, state.selected_ids)


class Row:
    """One row: a checkbox, the name as a button that opens the campaign, and the other cells as HTML."""

    def __init__(self, send: Send, drawing: Drawing) -> None:
        self._key, self._drawing = "", drawing
        self._checkbox = parts.classed(widgets.Checkbox(indent=False), "dyno-check")
        self._checkbox.observe(lambda change: self._select(send, is_on=bool(change["new"])), "value")
        self._name = parts.button("", lambda: send(on.CampaignOpened(self._key)))
        self._name.add_class("dyno-row")
        self._cells = widgets.HTML()
        self.box = parts.classed(widgets.Box([self._checkbox, self._name, self._cells]), "dyno-tr")

    def _select(self, send: Send, *, is_on: bool) -> None:
        if not self._drawing.here:
            send(on.SelectionChanged((self._key,), selected=is_on))

    def draw(self, row: dict[str, Any]) -> None:
        """Show a row of the table's view model."""
        self._key = row["id"]
        self._name.description = row["name"]
        self._name.tooltip = f"{row['name']}: {'details are below' if row['open'] else 'show details'}"
        with self._drawing.by_this_thread():
            self._checkbox.description, self._checkbox.value = f"Select {row['name']}", row["selected"]
        self._cells.value = markup.row_cells(row)
        parts.set_classes(self.box, open=row["open"])


class Table:
    """Filter, rows, pages and the selection.

    Parameters
    ----------
    send
        Receives what the user did.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._page = 0
        self._search = widgets.Text(placeholder="Find by name, subject or id", continuous_update=False)
        self._status = widgets.Dropdown(options=[("Any status", ""), *((s.value, s.value) for s in Status)])
        tools = [parts.nameless(self._search, "Find"), parts.nameless(self._status, "Status")]
        for widget in tools:
            widget.observe(lambda _change: self._filter(), "value")
        columns = [(key.value, column.label, column.number) for key, column in COLUMNS.items()]
        self._headings = parts.SortHeadings(
            columns, lambda key: send(on.SortRequested(SortKey(key))), corner=True
        )
        drawing = Drawing()
        self._rows = [Row(send, drawing) for _ in range(PAGE_ROWS)]
        self._grid = parts.classed(widgets.Box(), "dyno-table", "dyno-campaigns")
        self._none = parts.html("", "dyno-none")
        self._previous = parts.button("Previous", lambda: send(on.PageChanged(self._page - 1)))
        self._next = parts.button("Next", lambda: send(on.PageChanged(self._page + 1)))
        self._position = parts.html("", "dyno-quiet")
        self._bulk = BulkRow(send)
        pages = parts.line([self._previous, self._position, self._next], "dyno-push")
        self._foot = parts.line([self._bulk.box, pages], "dyno-foot")
        self._tools = parts.line(tools, "dyno-tools")
        self.box = parts.stack([self._tools, self._grid, self._none, self._foot])

    def _filter(self) -> None:
        self._send(on.FilterChanged(self._search.value, self._status.value))

    def draw(self, state: State) -> None:
        """Show the rows of a state. A single campaign needs no table."""
        single = len(state.rows) == 1
        parts.show(self.box, not single)
        if single:
            return
        table = table_model(state)
        self._page = table["page"]
        self._headings.draw(state.sort_key.value, descending=state.descending)
        for row, shown in zip(self._rows, table["rows"], strict=False):
            row.draw(shown)
        boxes = (self._headings.box, *(row.box for row in self._rows[: len(table["rows"])]))
        if self._grid.children != boxes:
            self._grid.children = boxes
        self._none.value = markup.text(table["empty"])
        self._position.value = markup.text(table["page_text"])
        self._previous.disabled = table["page"] == 0
        self._next.disabled = table["page"] + 1 >= table["pages"]
        for part, shown in (
            (self._tools, table["any"]),
            (self._grid, table["rows"]),
            (self._foot, table["rows"]),
        ):
            parts.show(part, shown)
        self._bulk.draw(state)
