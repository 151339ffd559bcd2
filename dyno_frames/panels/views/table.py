"""The table of campaigns: ten rows, made once and filled again with every state."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import ipywidgets as widgets

from dyno_frames.contract.lifecycle import Status
from dyno_frames.panels import actions as on
from dyno_frames.panels.asking import bulk_label
from dyno_frames.panels.campaign import Campaign
from dyno_frames.panels.rules import BULK, bulk_refusal
from dyno_frames.panels.state import PAGE_ROWS, Order, State
from dyno_frames.panels.views import markup
from dyno_frames.panels.wording import COLUMNS, as_of, badge, count, figures, share, start_utc, start_words

Send = Callable[[on.PanelAction], None]

_WIDTHS = "28px minmax(120px,1fr) max-content max-content max-content"
_AUTO = {"width": "auto"}


class Bulk:
    """What can be done with the marked campaigns together."""

    def __init__(self, send: Send) -> None:
        self._marked: tuple[str, ...] = ()
        self._shown: tuple[str, ...] = ()
        self._all = widgets.Button(description="Mark this page", layout=_AUTO)
        self._all.on_click(lambda _button: send(on.Marked(self._shown)))
        self._none = widgets.Button(description="Clear marks", layout=_AUTO)
        self._none.on_click(lambda _button: send(on.Marked(self._marked, marked=False)))
        self._buttons = {verb: widgets.Button(layout=_AUTO) for verb in BULK}
        for verb, button in self._buttons.items():
            button.on_click(lambda _button, verb=verb: send(on.BulkAsked(verb)))
        self._why = widgets.HTML()
        buttons = [self._all, self._none, *self._buttons.values(), self._why]
        self.box = widgets.Box(buttons, layout={"flex_flow": "row wrap", "align_items": "center"})

    def draw(self, state: State) -> None:
        """Enable what the marks allow."""
        self._marked = tuple(state.marked)
        self._shown = tuple(row.id for row in state.visible)
        self._none.disabled = not state.marked
        for verb, button in self._buttons.items():
            button.description = bulk_label(verb, len(state.marked))
            button.disabled = bool(bulk_refusal(state, verb))
        self._why.value = markup.cell(bulk_refusal(state, BULK[0]))


class Table:
    """Filter, rows, paging and marks.

    Parameters
    ----------
    send
        Takes what the user did.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._page = 0
        self._drawing = 0
        self._keys = [""] * PAGE_ROWS
        self._search = widgets.Text(
            placeholder="name, subject or id", description="Find", continuous_update=False
        )
        self._status = widgets.Dropdown(options=[("any status", ""), *((s.value, s.value) for s in Status)])
        self._status.layout.width = "120px"
        self.refresh = widgets.Button(description="Refresh", tooltip="Read the campaigns shown again")
        self._earlier = widgets.Button(description="Previous", layout={"width": "90px"})
        self._later = widgets.Button(description="Next", layout={"width": "90px"})
        self._where = widgets.HTML()
        self._age = widgets.HTML()
        self._age.add_class("dyno-as-of")
        # Rows share their layouts and styles: each is one more thing that the page would have to make.
        self._plain = {"layout": widgets.Layout(), "style": widgets.HTML().style}
        self._wide = {"layout": widgets.Layout(width="100%"), "style": widgets.ButtonStyle()}
        self._narrow = {"layout": widgets.Layout(width="28px"), "style": widgets.Checkbox().style}
        self._marks = [self._mark(i) for i in range(PAGE_ROWS)]
        self._buttons = [self._row_button(i) for i in range(PAGE_ROWS)]
        self._cells = [[widgets.HTML(**self._plain) for _ in range(3)] for _ in range(PAGE_ROWS)]
        self._headings = {order: self._heading(order) for order in COLUMNS}
        self._corner = widgets.HTML()
        layout = {"grid_template_columns": _WIDTHS, "grid_gap": "2px 12px", "align_items": "center"}
        self._grid = widgets.GridBox(layout=layout)
        self._grid.add_class("dyno-table")
        self._search.observe(lambda _change: self._filter(), "value")
        self._status.observe(lambda _change: self._filter(), "value")
        self.refresh.on_click(lambda _button: send(on.RefreshAsked()))
        self._earlier.on_click(lambda _button: send(on.PageTurned(self._page - 1)))
        self._later.on_click(lambda _button: send(on.PageTurned(self._page + 1)))

        tools = widgets.Box(
            [self._search, self._status, self.refresh, self._age],
            layout={"flex_flow": "row wrap", "align_items": "center"},
        )
        tools.add_class("dyno-tools")
        pages = widgets.HBox([self._earlier, self._where, self._later])
        self._bulk = Bulk(send)
        self._many = (self._search, self._status, self._grid, pages, self._bulk.box)
        self.box = widgets.VBox([tools, self._grid, pages, self._bulk.box])

    def _heading(self, order: Order) -> widgets.Button:
        button = widgets.Button(tooltip=f"Order by {COLUMNS[order]}")
        button.add_class("dyno-sort")
        button.on_click(lambda _button: self._send(on.SortAsked(order)))
        return button

    def _row_button(self, place: int) -> widgets.Button:
        button = widgets.Button(**self._wide)
        button.add_class("dyno-row")
        button.on_click(lambda _button: self._send(on.Selected(self._keys[place])))
        return button

    def _mark(self, place: int) -> widgets.Checkbox:
        box = widgets.Checkbox(indent=False, **self._narrow)
        box.add_class("dyno-mark")

        def marked(change: dict[str, object]) -> None:
            if self._drawing != threading.get_ident():
                self._send(on.Marked((self._keys[place],), marked=bool(change["new"])))

        box.observe(marked, "value")
        return box

    @contextmanager
    def _drawn_here(self) -> Iterator[None]:
        """Let the boxes change without being taken for the user; what another thread says is the user's."""
        before, self._drawing = self._drawing, threading.get_ident()
        try:
            yield
        finally:
            self._drawing = before

    def _filter(self) -> None:
        self._send(on.Filtered(self._search.value, self._status.value))

    def draw(self, state: State) -> None:
        """Show the rows of a state; a single campaign needs no table."""
        single = len(state.rows) == 1
        self._age.value = markup.cell(as_of(state))
        for part in self._many:
            part.layout.display = "none" if single else None
        if single:
            return
        visible = state.visible
        self._page = state.page
        for order, button in self._headings.items():
            arrow = (" ▼" if state.descending else " ▲") if order is state.sorted_by else ""
            button.description = f"{COLUMNS[order]}{arrow}"
        shown: list[widgets.Widget] = [self._corner, *self._headings.values()] if visible else []
        for place, row in enumerate(visible):
            self._keys[place] = row.id
            self._fill(place, row, state)
            shown += [self._marks[place], self._buttons[place], *self._cells[place]]
        if self._grid.children != tuple(shown):
            self._grid.children = shown
        said = f"page {state.page + 1} of {state.pages}, {count(len(state.order), 'campaign')}"
        self._where.value = markup.cell(said if visible else "no campaigns match")
        self._earlier.disabled = state.page == 0
        self._later.disabled = state.page + 1 >= state.pages
        self._bulk.draw(state)

    def _fill(self, place: int, row: Campaign, state: State) -> None:
        name, chosen = row.name or row.id[:8], row.id == state.selected
        button, mark = self._buttons[place], self._marks[place]
        button.description = f"{'▶ ' if chosen else ''}{name}"
        button.tooltip = f"{row.name or row.id}: {'shown below' if chosen else 'show this campaign'}"
        (button.add_class if chosen else button.remove_class)("dyno-chosen")
        with self._drawn_here():
            mark.description, mark.value = f"Mark {name}", row.id in state.marked
        status, progress, start = self._cells[place]
        status.value = markup.badge(badge(row))
        words = figures(row)
        progress.value = markup.progress(row.sent, row.recipients, words, share(row)) if words else ""
        start.value = markup.cell(start_utc(row), start_words(row))
