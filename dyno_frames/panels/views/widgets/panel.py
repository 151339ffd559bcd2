"""The campaign panel in a notebook, made of ipywidgets."""

from __future__ import annotations

import ipywidgets as widgets
import pandas as pd

from dyno_frames.panels.campaigns import wording
from dyno_frames.panels.campaigns.actions import RefreshRequested
from dyno_frames.panels.campaigns.control import CampaignControl, Clock, utc_now
from dyno_frames.panels.campaigns.phases import Idle
from dyno_frames.panels.campaigns.ports import Client
from dyno_frames.panels.campaigns.state import State
from dyno_frames.panels.campaigns.view_model import details_model
from dyno_frames.panels.campaigns.watch import INTERVAL_S
from dyno_frames.panels.runtime.runner import Spawn, on_a_thread
from dyno_frames.panels.views import markup
from dyno_frames.panels.views.panel_mixin import PanelMixin
from dyno_frames.panels.views.widgets import parts
from dyno_frames.panels.views.widgets.action_area import ActionArea
from dyno_frames.panels.views.widgets.table import Table


class CampaignPanel(PanelMixin, widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
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
        self._title = parts.html("", "dyno-heading")
        self._age, self._connection = parts.html("", "dyno-as-of"), widgets.HTML()
        refresh = parts.button(
            "Refresh", lambda: self._dispatch(RefreshRequested()), tooltip="Read the visible campaigns again"
        )
        head = parts.line([self._title, parts.line([self._age, refresh], "dyno-push")])
        self._table = Table(self._dispatch)
        self._action_area = ActionArea(self._dispatch, clock, self._control.program, refresh)
        self._campaign, self._journal_lines = widgets.HTML(), widgets.HTML()
        self._notice = parts.html("", "dyno-notice")
        self._details = parts.stack([self._campaign, self._notice, self._action_area.box], "dyno-details")
        self._journal_box = parts.fold("Journal", self._journal_lines)
        sections = [head, self._connection, self._table.box, self._details, self._journal_box]
        super().__init__([parts.style(), *sections])
        parts.classed(self, "dyno", "dyno-stack", "dyno-panel")
        self._control.store.subscribe(self._redraw)
        if any(row.read_at is None for row in self._control.state.visible):
            self._dispatch(RefreshRequested())

    def _show_failure(self, word: str, sentence: str) -> None:
        self._notice.value = markup.status(word, sentence)
        parts.show(self._details, True)

    def _draw(self, state: State) -> None:
        campaign, lost = state.open_campaign, wording.connection_line(state)
        self._title.value = markup.text(wording.title(state))
        self._age.value = markup.text(wording.as_of(state))
        self._connection.value = markup.alert(lost)
        self._table.draw(state)
        shown = (
            "" if campaign is None else markup.campaign(details_model(campaign, state, wording.local_zone()))
        )
        self._campaign.value = shown
        word, sentence, lines = wording.notice_text(state)
        self._notice.value = (markup.status(word, sentence) if word else "") + markup.listing(lines)
        self._action_area.draw(state)
        self._journal_lines.value = markup.listing(
            wording.entry_line(entry) for entry in reversed(state.journal)
        )
        asked = not isinstance(state.phase, Idle)
        parts.show(self._details, campaign is not None or asked or self._notice.value)
        parts.set_classes(self._details, alone=len(state.rows) == 1)
        parts.show(self._journal_box, state.journal)
        parts.set_classes(self, lost=bool(lost))
