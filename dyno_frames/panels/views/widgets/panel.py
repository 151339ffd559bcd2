"""The campaign panel in a notebook, made of ipywidgets."""

from __future__ import annotations

import ipywidgets
import pandas as pd

from dyno_frames.panels.campaigns import wording
from dyno_frames.panels.campaigns.actions import RefreshRequested
from dyno_frames.panels.campaigns.campaign import Campaign
from dyno_frames.panels.campaigns.control import CampaignControl, Clock, utc_now
from dyno_frames.panels.campaigns.ports import Client
from dyno_frames.panels.campaigns.state import State
from dyno_frames.panels.campaigns.watch import INTERVAL_S
from dyno_frames.panels.runtime.runner import Spawn, on_a_thread
from dyno_frames.panels.views import markup
from dyno_frames.panels.views.panel_mixin import PanelMixin
from dyno_frames.panels.views.widgets.action_area import ActionArea
from dyno_frames.panels.views.widgets.table import Table


class CampaignPanel(PanelMixin, ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Watch and control campaigns: start, schedule, pause, resume and stop them.

    Every action that sends mail is reviewed first. The review reads the campaign again and says what will change and
    how many recipients there are. It can be confirmed once, within a minute. Pause needs one click. Several campaigns
    can be selected, and paused or stopped together.

    Parameters
    ----------
    client
        The connection.
    subject
        A campaign's id, or a frame of campaigns with the column ``id``.
    watch
        Whether to read visible campaigns again by itself: running ones every two seconds, scheduled ones every
        sixteen.
    clock, spawn, interval_s
        The time, where requests run, and the seconds between two reads; for tests.

    Raises
    ------
    SchemaError
        The frame has no ids, or is not one of campaigns.
    DynoError
        The campaign with this id cannot be read.

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
        self._action_area = ActionArea(self._dispatch, clock, self._table.refresh)
        self._details, self._notice, self._journal_lines = (ipywidgets.HTML() for _ in range(3))
        self._details.add_class("dyno-details")
        self._notice.add_class("dyno-notice")
        self._journal_box = ipywidgets.Accordion([self._journal_lines], selected_index=None)
        style = ipywidgets.HTML(markup.STYLE, layout={"display": "none"})
        parts = [style, self._table.box, self._details, self._notice, self._action_area.box]
        super().__init__([*parts, self._journal_box])
        self.add_class("dyno-panel")
        self._control.store.subscribe(self._redraw)
        if any(row.read_at is None for row in self._control.state.visible):
            self._dispatch(RefreshRequested())

    def _show_failure(self, word: str, sentence: str) -> None:
        self._notice.value = markup.status(word, sentence)

    def _draw(self, state: State) -> None:
        campaign = state.open_campaign
        self._table.draw(state)
        self._details.value = "" if campaign is None else details_html(campaign, state)
        word, sentence, lines = wording.notice_text(state)
        self._notice.value = (markup.status(word, sentence) if word else "") + markup.listing(lines)
        self._action_area.draw(state)
        self._journal_lines.value = markup.listing(
            wording.entry_line(entry) for entry in reversed(state.journal)
        )
        self._journal_box.set_title(0, f"Journal ({len(state.journal)})")
        self._journal_box.layout.display = None if state.journal else "none"


def details_html(row: Campaign, state: State) -> str:
    """Return the open campaign as HTML."""
    words = wording.sending_text(row, state.facts.rates.get(row.id))
    bar = markup.progress(row.sent, row.recipients, words) if words else ""
    pairs = wording.details(row, state.facts.audiences.get(row.id), wording.local_zone())
    return markup.title(row.name or row.id, wording.status_text(row)) + markup.pairs(pairs) + bar
