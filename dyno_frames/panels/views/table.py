"""The table of campaigns: ten rows, made once and filled again with every state."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from dyno_frames.contract.lifecycle import Status
from dyno_frames.panels import actions as on
from dyno_frames.panels.state import PAGE_ROWS, Campaign, State
from dyno_frames.panels.views import markup
from dyno_frames.panels.wording import as_of, count, figures, share, start_utc, start_words

Send = Callable[[on.PanelAction], None]

_COLUMNS = "minmax(120px,1fr) max-content max-content max-content"
HEADINGS = ("Campaign", "Status", "Sent", "Start, UTC")


class Table:
    """Filter, rows and paging.

    Parameters
    ----------
    send
        Takes what the user did.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._page = 0
        self._keys = [""] * PAGE_ROWS
        self._search = widgets.Text(
            placeholder="name, subject or id", description="Find", continuous_update=False
        )
        self._status = widgets.Dropdown(options=[("any status", ""), *((s.value, s.value) for s in Status)])
        self._status.layout.width = "120px"
        self._refresh = widgets.Button(description="Refresh", tooltip="Read the campaigns shown again")
        self._earlier = widgets.Button(description="Previous", layout={"width": "90px"})
        self._later = widgets.Button(description="Next", layout={"width": "90px"})
        self._where = widgets.HTML()
        self._age = widgets.HTML()
        self._age.add_class("dyno-as-of")
        self._buttons = [self._row_button(i) for i in range(PAGE_ROWS)]
        self._cells = [[widgets.HTML() for _ in range(3)] for _ in range(PAGE_ROWS)]
        self._headings = [widgets.HTML(markup.heading(word)) for word in HEADINGS]
        layout = {"grid_template_columns": _COLUMNS, "grid_gap": "2px 12px", "align_items": "center"}
        self._grid = widgets.GridBox(layout=layout)
        self._grid.add_class("dyno-table")
        self._search.observe(lambda _change: self._filter(), "value")
        self._status.observe(lambda _change: self._filter(), "value")
        self._refresh.on_click(lambda _button: send(on.RefreshAsked()))
        self._earlier.on_click(lambda _button: send(on.PageTurned(self._page - 1)))
        self._later.on_click(lambda _button: send(on.PageTurned(self._page + 1)))

        tools = widgets.HBox([self._search, self._status, self._refresh, self._age])
        tools.add_class("dyno-tools")
        pages = widgets.HBox([self._earlier, self._where, self._later])
        self._pages = pages
        self.box = widgets.VBox([tools, self._grid, pages])

    def _row_button(self, place: int) -> widgets.Button:
        button = widgets.Button(layout={"width": "100%"})
        button.add_class("dyno-row")
        button.on_click(lambda _button: self._send(on.Selected(self._keys[place])))
        return button

    def _filter(self) -> None:
        self._send(on.Filtered(self._search.value, self._status.value))

    def draw(self, state: State) -> None:
        """Show the rows of a state; a single campaign needs no table."""
        single = len(state.rows) == 1
        visible = () if single else state.visible
        self._page = state.page
        shown: list[widgets.Widget] = [*self._headings] if visible else []
        for place, row in enumerate(visible):
            self._keys[place] = row.id
            self._fill(place, row, chosen=row.id == state.selected)
            shown += [self._buttons[place], *self._cells[place]]
        if self._grid.children != tuple(shown):
            self._grid.children = shown
        self._age.value = markup.cell(as_of(state))
        said = f"page {state.page + 1} of {state.pages}, {count(len(state.matching), 'campaign')}"
        self._where.value = markup.cell(said if visible else "no campaigns match")
        self._earlier.disabled = state.page == 0
        self._later.disabled = state.page + 1 >= state.pages
        for part in (self._search, self._status, self._grid, self._pages):
            part.layout.display = "none" if single else None

    def _fill(self, place: int, row: Campaign, *, chosen: bool) -> None:
        button = self._buttons[place]
        button.description = f"{'▶ ' if chosen else ''}{row.name or row.id[:8]}"
        button.tooltip = f"{row.name or row.id}: {'shown below' if chosen else 'show this campaign'}"
        status, progress, start = self._cells[place]
        status.value = markup.cell(row.status or "not read")
        words = figures(row)
        progress.value = markup.progress(row.sent, row.recipients, words, share(row)) if words else ""
        start.value = markup.cell(start_utc(row), start_words(row))
