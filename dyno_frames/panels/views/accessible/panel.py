"""The campaign panel as one piece of HTML, for what ipywidgets cannot be made into.

It has a live region, a real progress bar and a real table. Its disabled buttons keep the focus and say why they are
disabled, and Jupyter's single-letter shortcuts do not reach it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import anywidget
import pandas as pd
import traitlets

from dyno_frames.contract.languages import Language
from dyno_frames.errors import DynoError
from dyno_frames.panels.campaigns import actions as on
from dyno_frames.panels.campaigns.buttons import bulk_button, button
from dyno_frames.panels.campaigns.columns import SortKey
from dyno_frames.panels.campaigns.control import CampaignControl, Clock, utc_now
from dyno_frames.panels.campaigns.local_time import reading_choices, time_hint
from dyno_frames.panels.campaigns.phases import BulkReview, Review
from dyno_frames.panels.campaigns.ports import Client
from dyno_frames.panels.campaigns.review_text import COPY_NOTE, is_confirmed_by
from dyno_frames.panels.campaigns.state import State
from dyno_frames.panels.campaigns.view_model import view_model
from dyno_frames.panels.campaigns.watch import INTERVAL_S
from dyno_frames.panels.campaigns.wording import local_zone
from dyno_frames.panels.runtime.runner import Spawn, on_a_thread
from dyno_frames.panels.views.markup import CSS
from dyno_frames.panels.views.panel_mixin import PanelMixin

Message = Mapping[str, Any]
"""What the page sends: ``kind``, and what belongs to it."""


class AccessiblePanel(PanelMixin, anywidget.AnyWidget):
    """The control panel for keyboards and screen readers. It does the same as :class:`CampaignPanel`.

    Parameters
    ----------
    client
        The connection.
    subject
        A campaign's id, or a frame of campaigns with the column ``id``.
    watch, clock, spawn, interval_s
        As in :class:`CampaignPanel`.

    Raises
    ------
    MissingExtraError
        anywidget is not installed.
    SchemaError
        The frame has no ids, or is not one of campaigns.
    DynoError
        The campaign with this id cannot be read.

    Examples
    --------
    >>> AccessiblePanel(client, sent.tail(3))  # doctest: +SKIP
    CampaignPanel of 3 campaigns
    """

    _esm = Path(__file__).with_name("panel.js")
    _css = CSS
    view = traitlets.Dict().tag(sync=True)
    time_hint = traitlets.Dict().tag(sync=True)
    programs = traitlets.Dict().tag(sync=True)
    ready = traitlets.Int().tag(sync=True)
    zones: traitlets.List[str] = traitlets.List().tag(sync=True)

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
        super().__init__(
            view=view_model(self._control.state, local_zone()),
            time_hint={"text": "", "readings": []},
            programs={"serial": 0, "note": COPY_NOTE, "texts": []},
            zones=sorted(available_timezones()),
        )
        self.on_msg(self._receive)
        self._control.store.subscribe(self._redraw)
        if any(row.read_at is None for row in self._control.state.visible):
            self._dispatch(on.RefreshRequested())

    def _draw(self, state: State) -> None:
        review = state.phase
        if isinstance(review, Review) and review.serial != self.programs["serial"]:
            texts = [[language.label, *self._program(review, language)] for language in Language]
            self.programs = {**self.programs, "serial": review.serial, "texts": texts}
        self.view = view_model(state, local_zone())

    def _program(self, review: Review, language: Language) -> tuple[str, str]:
        """Return the action of a review as a program, and why it cannot be written; one of the two is empty."""
        try:
            return self._control.program(review, language), ""
        except DynoError as error:
            return "", str(error)

    def _show_failure(self, word: str, sentence: str) -> None:
        self.view = {**self.view, "notice": {"word": word, "text": sentence, "details": []}}

    def _receive(self, _widget: object, message: object, _buffers: object) -> None:
        """Apply a message of the page. A message that is not understood does nothing."""
        if not isinstance(message, Mapping):
            return
        try:
            action = self._read(message)
        except (KeyError, TypeError, ValueError):
            return
        except Exception as error:  # noqa: BLE001 - ipywidgets would swallow it; the user must see it
            self._failed(error)
            return
        if action is None:
            return
        if isinstance(action, on.ActionChosen):
            self._show_time_hint("", "", shown=False)
        self._dispatch(action)

    def _show_time_hint(self, when: str, zone: str, *, shown: bool) -> None:
        readings = [words for words, _ in reading_choices(when, zone)] if shown else []
        text = time_hint(when, zone, local_zone()) if shown else ""
        self.time_hint = {"text": text, "readings": readings}

    def _read(self, message: Message) -> on.PanelAction | None:
        """Return the action of a message, or None if there is nothing to do."""
        match message["kind"]:
            case "time":
                shown = bool(message["shown"])
                self._show_time_hint(str(message["when"]), str(message["zone"]), shown=shown)
                return None
            case "typed":
                self._allow_confirmation(int(message["serial"]), str(message["typed"]))
                return None
            case "form":
                return self._read_form(message)
            case "confirm":
                return self._read_confirmation(int(message["serial"]), str(message["typed"]))
            case kind:
                return _ACTIONS[kind](message)

    def _read_form(self, message: Message) -> on.FormSubmitted:
        return on.FormSubmitted(
            int(message["serial"]),
            self._control.clock(),
            when=str(message["when"]),
            time_zone=str(message["time_zone"]),
            fold=None if message["fold"] is None else int(message["fold"]),
            overrides=tuple((str(name), str(value)) for name, value in message["overrides"]),
        )

    def _allow_confirmation(self, serial: int, typed: str) -> None:
        """Tell the page whether the typed text confirms the open review: ``ready`` is then its serial."""
        review = self._review(serial)
        self.ready = serial if review is not None and is_confirmed_by(review, typed) else 0

    def _read_confirmation(self, serial: int, typed: str) -> on.ConfirmPressed | None:
        review = self._review(serial)
        return None if review is None else on.ConfirmPressed(review.token, self._control.clock(), typed)

    def _review(self, serial: int) -> Review | BulkReview | None:
        """Return the open review if it has this serial."""
        review = self._control.state.phase
        return review if isinstance(review, Review | BulkReview) and review.serial == serial else None


_ACTIONS: dict[str, Callable[[Message], on.PanelAction]] = {
    "refresh": lambda _message: on.RefreshRequested(),
    "filter": lambda message: on.FilterChanged(str(message["search"]), str(message["status"])),
    "sort": lambda message: on.SortRequested(SortKey(message["key"])),
    "page": lambda message: on.PageChanged(int(message["page"])),
    "open": lambda message: on.CampaignOpened(str(message["id"])),
    "select": lambda message: on.SelectionChanged(
        tuple(map(str, message["ids"])), selected=bool(message["selected"])
    ),
    "press": lambda message: button(message["button"]).action,
    "press_bulk": lambda message: bulk_button(message["button"]).action,
    "dismiss": lambda _message: on.Dismissed(),
    "resolve": lambda _message: on.ResolveRequested(),
}
"""What the messages of the page mean; those that need the panel's state are read by its methods."""
