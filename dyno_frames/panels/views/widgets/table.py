"""The table of campaigns: ten rows of widgets, created once and filled again for every state."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from dyno_frames.contract.lifecycle import Status
from dyno_frames.panels.campaigns import actions as on
from dyno_frames.panels.campaigns import wording
from dyno_frames.panels.campaigns.buttons import BULK_BUTTONS, Button
from dyno_frames.panels.campaigns.campaign import Campaign
from dyno_frames.panels.campaigns.state import PAGE_ROWS, SortKey, State
from dyno_frames.panels.views import markup
from dyno_frames.panels.views.drawing import Drawing

Send = Callable[[on.PanelAction], None]

_WIDTHS = "28px minmax(120px,1fr) max-content max-content max-content"
_AUTO = {"width": "auto"}


class BulkRow:
    """The buttons for the selected campaigns, and those that select."""

    def __init__(self, send: Send) -> None:
        self._selected: tuple[str, ...] = ()
        self._visible: tuple[str, ...] = ()
        select = widgets.Button(description="Select this page", layout=_AUTO)
        select.on_click(lambda _button: send(on.SelectionChanged(self._visible)))
        self._clear = widgets.Button(description="Clear selection", layout=_AUTO)
        self._clear.on_click(lambda _button: send(on.SelectionChanged(self._selected, selected=False)))
        self._buttons = {button.key: _bulk_widget(button, send) for button in BULK_BUTTONS}
        self._reason = widgets.HTML()
        parts = [select, self._clear, *self._buttons.values(), self._reason]
        self.box = widgets.Box(parts, layout={"flex_flow": "row wrap", "align_items": "center"})

    def draw(self, state: State) -> None:
        """Enable the buttons that the selection allows."""
        self._selected = tuple(state.selected_ids)
        self._visible = tuple(row.id for row in state.visible)
        self._clear.disabled = not state.selected_ids
        for button in BULK_BUTTONS:
            widget = self._buttons[button.key]
            widget.description = button.text(state)
            widget.disabled = bool(button.disabled_reason(state))
        self._reason.value = markup.cell(BULK_BUTTONS[0].disabled_reason(state))


def _bulk_widget(button: Button, send: Send) -> widgets.Button:
    widget = widgets.Button(layout=_AUTO)
    widget.on_click(lambda _button: send(button.action))
    return widget


class Table:
    """Filter, rows, pages and the selection.

    Parameters
    ----------
    send
        Receives what the user did.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._drawing = Drawing()
        self._page = 0
        self._keys = [""] * PAGE_ROWS
        self._search = widgets.Text(
            placeholder="name, subject or id", description="Find", continuous_update=False
        )
        self._status = widgets.Dropdown(options=[("any status", ""), *((s.value, s.value) for s in Status)])
        self._status.layout.width = "120px"
        self.refresh = widgets.Button(description="Refresh", tooltip="Read the visible campaigns again")
        self._previous = widgets.Button(description="Previous", layout={"width": "90px"})
        self._next = widgets.Button(description="Next", layout={"width": "90px"})
        self._position, self._age, self._corner = (widgets.HTML() for _ in range(3))
        self._age.add_class("dyno-as-of")
        # Rows share their layouts and styles, because each of these is one more object for the page to create.
        self._plain = {"layout": widgets.Layout(), "style": widgets.HTML().style}
        self._wide = {"layout": widgets.Layout(width="100%"), "style": widgets.ButtonStyle()}
        self._narrow = {"layout": widgets.Layout(width="28px"), "style": widgets.Checkbox().style}
        self._checkboxes = [self._checkbox(i) for i in range(PAGE_ROWS)]
        self._buttons = [self._row_button(i) for i in range(PAGE_ROWS)]
        self._cells = [[widgets.HTML(**self._plain) for _ in range(3)] for _ in range(PAGE_ROWS)]
        self._headings = {key: self._heading(key) for key in wording.HEADINGS}
        layout = {"grid_template_columns": _WIDTHS, "grid_gap": "2px 12px", "align_items": "center"}
        self._grid = widgets.GridBox(layout=layout)
        self._grid.add_class("dyno-table")
        self._bulk = BulkRow(send)
        self._observe()
        tools = widgets.Box(
            [self._search, self._status, self.refresh, self._age],
            layout={"flex_flow": "row wrap", "align_items": "center"},
        )
        tools.add_class("dyno-tools")
        pages = widgets.HBox([self._previous, self._position, self._next])
        self._only_for_many = (self._search, self._status, self._grid, pages, self._bulk.box)
        self.box = widgets.VBox([tools, self._grid, pages, self._bulk.box])

    def _observe(self) -> None:
        send = self._send
        self._search.observe(lambda _change: self._filter(), "value")
        self._status.observe(lambda _change: self._filter(), "value")
        self.refresh.on_click(lambda _button: send(on.RefreshRequested()))
        self._previous.on_click(lambda _button: send(on.PageChanged(self._page - 1)))
        self._next.on_click(lambda _button: send(on.PageChanged(self._page + 1)))

    def _heading(self, key: SortKey) -> widgets.Button:
        button = widgets.Button(tooltip=f"Sort by {wording.HEADINGS[key]}")
        button.add_class("dyno-sort")
        button.on_click(lambda _button: self._send(on.SortRequested(key)))
        return button

    def _row_button(self, index: int) -> widgets.Button:
        button = widgets.Button(**self._wide)
        button.add_class("dyno-row")
        button.on_click(lambda _button: self._send(on.CampaignOpened(self._keys[index])))
        return button

    def _checkbox(self, index: int) -> widgets.Checkbox:
        box = widgets.Checkbox(indent=False, **self._narrow)
        box.add_class("dyno-select")

        def changed(change: dict[str, object]) -> None:
            if not self._drawing.here:
                self._send(on.SelectionChanged((self._keys[index],), selected=bool(change["new"])))

        box.observe(changed, "value")
        return box

    def _filter(self) -> None:
        self._send(on.FilterChanged(self._search.value, self._status.value))

    def draw(self, state: State) -> None:
        """Show the rows of a state. A single campaign needs no table."""
        single = len(state.rows) == 1
        self._age.value = markup.cell(wording.as_of(state))
        for part in self._only_for_many:
            part.layout.display = "none" if single else None
        if single:
            return
        visible = state.visible
        self._page = state.page
        for key, button in self._headings.items():
            arrow = (" ▼" if state.descending else " ▲") if key is state.sort_key else ""
            button.description = f"{wording.HEADINGS[key]}{arrow}"
        shown: list[widgets.Widget] = [self._corner, *self._headings.values()] if visible else []
        for index, row in enumerate(visible):
            self._keys[index] = row.id
            self._fill(index, row, state)
            shown += [self._checkboxes[index], self._buttons[index], *self._cells[index]]
        if self._grid.children != tuple(shown):
            self._grid.children = shown
        self._position.value = markup.cell(wording.page_text(state) if visible else "no campaigns match")
        self._previous.disabled = state.page == 0
        self._next.disabled = state.page + 1 >= state.pages
        self._bulk.draw(state)

    def _fill(self, index: int, row: Campaign, state: State) -> None:
        is_open = row.id == state.open_id
        button, checkbox = self._buttons[index], self._checkboxes[index]
        button.description = f"{'▶ ' if is_open else ''}{row.label}"
        button.tooltip = f"{row.name or row.id}: {'details are below' if is_open else 'show details'}"
        (button.add_class if is_open else button.remove_class)("dyno-open")
        with self._drawing.by_this_thread():
            checkbox.description, checkbox.value = f"Select {row.label}", row.id in state.selected_ids
        status, progress, start = self._cells[index]
        status.value = markup.badge(wording.status_text(row))
        words = wording.progress_text(row)
        progress.value = (
            markup.progress(row.sent, row.recipients, words, wording.progress_cell(row)) if words else ""
        )
        start.value = markup.cell(wording.start_cell(row), wording.start_text(row))
