"""The panel in a notebook: ipywidgets drawn from the control's state."""

from __future__ import annotations

import ipywidgets
import pandas as pd

from dyno_frames.panels import actions as on
from dyno_frames.panels.campaign import Campaign
from dyno_frames.panels.control import CampaignControl, utc_now
from dyno_frames.panels.ports import Client
from dyno_frames.panels.state import State
from dyno_frames.panels.store import Spawn, on_a_thread
from dyno_frames.panels.views import markup
from dyno_frames.panels.views.face import Face
from dyno_frames.panels.views.form import Clock
from dyno_frames.panels.views.stage import Stage
from dyno_frames.panels.views.table import Table
from dyno_frames.panels.watch import INTERVAL_S
from dyno_frames.panels.wording import badge, card, entry_line, figures, local_zone, notice_words, pace_words


def shown(row: Campaign, state: State) -> str:
    """Return the selected campaign as HTML."""
    words = " · ".join(filter(None, (figures(row), pace_words(row, state.facts.pace.get(row.id)))))
    bar = markup.progress(row.sent, row.recipients, words) if words else ""
    pairs = card(row, state.facts.reaches.get(row.id), local_zone())
    return markup.title(row.name or row.id, badge(row)) + markup.pairs(pairs) + bar


class CampaignPanel(Face, ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Watch and control campaigns: start, schedule, pause, resume and stop, each with a fresh review.

    Whatever sends mail is reviewed first, from a fresh read, with what will change and how many will be
    written to; a review can be confirmed once, within a minute. Pause needs one click. Several campaigns can be
    marked, and paused or stopped together.

    Parameters
    ----------
    client
        The connection.
    subject
        A campaign's id, or a frame of campaigns with the column ``id``.
    watch
        Whether campaigns shown are read again by themselves: running ones every two seconds, scheduled ones
        every sixteen.
    clock, spawn, interval_s
        The time, where requests run, and the watcher's pause; for tests.

    Raises
    ------
    SchemaError
        The frame has no ids, or is not one of campaigns.
    DynoError
        The one campaign asked for cannot be read.

    Examples
    --------
    >>> panel = CampaignPanel(client, sent.tail(3))  # doctest: +SKIP
    >>> panel  # doctest: +SKIP
    CampaignPanel of 3 campaigns
    """

    def __init__(
        self,
        client: Client,
        subject: str | pd.DataFrame,
        *,
        watch: bool = True,
        clock: Clock = utc_now,
        spawn: Spawn = on_a_thread,
        interval_s: float = INTERVAL_S,
    ) -> None:
        self._control = CampaignControl(
            client, subject, watch=watch, clock=clock, spawn=spawn, interval_s=interval_s
        )
        self._table = Table(self._dispatch)
        self._stage = Stage(self._dispatch, clock, self._table.refresh)
        self._card = ipywidgets.HTML()
        self._card.add_class("dyno-card")
        self._notice = ipywidgets.HTML()
        self._notice.add_class("dyno-notice")
        self._lines = ipywidgets.HTML()
        self._journal = ipywidgets.Accordion([self._lines], selected_index=None)
        style = ipywidgets.HTML(markup.STYLE, layout={"display": "none"})
        parts = [style, self._table.box, self._card, self._notice, self._stage.box, self._journal]
        super().__init__(parts)
        self.add_class("dyno-panel")
        self._control.store.subscribe(self._redraw)
        if any(row.read_at is None for row in self._control.state.visible):
            self._dispatch(on.RefreshAsked())

    def _show_failure(self, word: str, sentence: str) -> None:
        self._notice.value = markup.status(word, sentence)

    def _draw(self, state: State) -> None:
        row = state.chosen
        self._table.draw(state)
        self._card.value = "" if row is None else shown(row, state)
        word, said, details = notice_words(state)
        self._notice.value = (markup.status(word, said) if word else "") + markup.listing(details)
        self._stage.draw(state)
        self._lines.value = markup.listing(entry_line(entry) for entry in reversed(state.journal))
        self._journal.set_title(0, f"Journal ({len(state.journal)})")
        self._journal.layout.display = None if state.journal else "none"
