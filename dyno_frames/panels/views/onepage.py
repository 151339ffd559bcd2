"""The panel as one piece of HTML of its own, which ipywidgets' parts cannot be made into.

It has what those lack: a live region, a real progress bar, a table that is one, buttons that say why they are
off and keep the focus, and that keep Jupyter's single-letter shortcuts away.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import anywidget
import pandas as pd
import traitlets

from dyno_frames.contract.lifecycle import Action
from dyno_frames.panels import actions as on
from dyno_frames.panels.control import CampaignControl, utc_now
from dyno_frames.panels.phases import BulkReview, Review
from dyno_frames.panels.ports import Client
from dyno_frames.panels.scene import scene
from dyno_frames.panels.state import Order, State
from dyno_frames.panels.store import Spawn, on_a_thread
from dyno_frames.panels.views.face import Face
from dyno_frames.panels.views.form import Clock, choices
from dyno_frames.panels.views.markup import CSS
from dyno_frames.panels.wall import echo
from dyno_frames.panels.watch import INTERVAL_S
from dyno_frames.panels.wording import local_zone

_CSS = """
.dyno-accessible.dyno-cut{opacity:.45;pointer-events:none}
.dyno-accessible{font:var(--jp-ui-font-size1,13px) var(--jp-ui-font-family,sans-serif);
color:var(--jp-ui-font-color1,inherit)}
.dyno-accessible button{font:inherit;padding:4px 10px;border:1px solid var(--jp-border-color1,#999);
border-radius:3px;background:var(--jp-layout-color2,#eee);color:inherit;cursor:pointer}
.dyno-accessible button[aria-disabled=true]{opacity:.5;cursor:default}
.dyno-accessible button:focus-visible,.dyno-accessible input:focus-visible,.dyno-accessible summary:focus-visible
{outline:2px solid var(--jp-brand-color1,#1976d2);outline-offset:1px}
.dyno-accessible .dyno-danger{background:#b3261e;color:#fff;border-color:#b3261e}
.dyno-accessible .dyno-line,.dyno-accessible .dyno-tools
{display:flex;flex-wrap:wrap;gap:6px;align-items:center;margin:4px 0}
.dyno-accessible label{display:flex;gap:8px;align-items:center;margin:3px 0}
.dyno-accessible .dyno-form label>span{width:110px;text-align:right}
.dyno-accessible .dyno-form input:not([type=radio]){width:26em;max-width:100%}
.dyno-accessible .dyno-tools label>span{width:auto}
.dyno-accessible .dyno-list{border-collapse:collapse;width:100%}
.dyno-accessible .dyno-list td,.dyno-accessible .dyno-list th{text-align:left;padding:2px 8px}
.dyno-accessible .dyno-list th button{border:none;background:none;font-weight:bold;padding:0}
.dyno-accessible .dyno-row{width:100%} .dyno-accessible .dyno-row[aria-pressed=true]{font-weight:bold}
.dyno-accessible caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.dyno-accessible th[aria-sort=ascending] button::after{content:" ▲"/""}
.dyno-accessible th[aria-sort=descending] button::after{content:" ▼"/""}
"""


class AccessiblePanel(Face, anywidget.AnyWidget):
    """The control panel for keyboards and screen readers; what it does is what :class:`CampaignPanel` does.

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
        The one campaign asked for cannot be read.

    Examples
    --------
    >>> AccessiblePanel(client, sent.tail(3))  # doctest: +SKIP
    CampaignPanel of 3 campaigns
    """

    _esm = Path(__file__).with_name("panel.js")
    _css = CSS + _CSS
    scene = traitlets.Dict().tag(sync=True)
    echo = traitlets.Dict().tag(sync=True)
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
            scene=scene(self._control.state, local_zone()),
            echo={"text": "", "twice": []},
            zones=sorted(available_timezones()),
        )
        self.on_msg(self._heard)
        self._control.store.subscribe(self._redraw)
        if any(row.read_at is None for row in self._control.state.visible):
            self._dispatch(on.RefreshAsked())

    def _draw(self, state: State) -> None:
        self.scene = scene(state, local_zone())

    def _show_failure(self, word: str, sentence: str) -> None:
        self.scene = {**self.scene, "notice": {"word": word, "text": sentence, "details": []}}

    def _heard(self, _widget: object, said: object, _buffers: object) -> None:
        """Take what the page says of the user; what is not understood does nothing."""
        if not isinstance(said, Mapping):
            return
        try:
            if said.get("kind") == "time":
                self._tell(str(said["when"]), str(said["zone"]), asked=bool(said["asked"]))
                return
            action = self._read(said)
        except (KeyError, TypeError, ValueError):
            return
        except Exception as error:  # noqa: BLE001 - ipywidgets would swallow it; the user must see it
            self._failed(error)
            return
        if action is None:
            return
        if isinstance(action, on.VerbChosen):
            self._tell("", "", asked=False)
        self._dispatch(action)

    def _tell(self, when: str, zone: str, *, asked: bool) -> None:
        twice = [words for words, _ in choices(when, zone)] if asked else []
        self.echo = {"text": echo(when, zone, local_zone()) if asked else "", "twice": twice}

    def _read(self, said: Mapping[str, Any]) -> on.PanelAction | None:
        match said["kind"]:
            case "refresh":
                return on.RefreshAsked()
            case "filter":
                return on.Filtered(str(said["text"]), str(said["status"]))
            case "sort":
                return on.SortAsked(Order(said["order"]))
            case "page":
                return on.PageTurned(int(said["page"]))
            case "select":
                return on.Selected(str(said["id"]))
            case "mark":
                return on.Marked(tuple(map(str, said["ids"])), marked=bool(said["marked"]))
            case _:
                return self._read_action(said)

    def _read_action(self, said: Mapping[str, Any]) -> on.PanelAction | None:
        match said["kind"]:
            case "verb":
                return on.VerbChosen(Action(said["verb"]))
            case "together":
                return on.BulkAsked(Action(said["verb"]))
            case "drop":
                return on.Dropped()
            case "resolve":
                return on.ResolveAsked()
            case "form":
                return self._form(said)
            case "confirm":
                return self._confirm(int(said["serial"]), str(said["typed"]))
            case _:
                return None

    def _form(self, said: Mapping[str, Any]) -> on.FormSent:
        return on.FormSent(
            int(said["serial"]),
            self._control.clock(),
            when=str(said["when"]),
            time_zone=str(said["time_zone"]),
            fold=None if said["fold"] is None else int(said["fold"]),
            overrides=tuple((str(name), str(value)) for name, value in said["overrides"]),
        )

    def _confirm(self, serial: int, typed: str) -> on.ConfirmPressed | None:
        """Return the confirm of the review of this number, if it is the one that is open."""
        review = self._control.state.phase
        if not isinstance(review, Review | BulkReview) or review.serial != serial:
            return None
        return on.ConfirmPressed(review.token, self._control.clock(), typed)
