"""The form of an action: when to send, and with which subject and sender."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import available_timezones

import ipywidgets as widgets

from dyno_frames.contract.lifecycle import OVERRIDES, RULES
from dyno_frames.panels.campaigns.actions import Dismissed, FormSubmitted, PanelAction
from dyno_frames.panels.campaigns.buttons import button
from dyno_frames.panels.campaigns.campaign import Campaign
from dyno_frames.panels.campaigns.control import Clock
from dyno_frames.panels.campaigns.local_time import reading_choices, time_hint
from dyno_frames.panels.campaigns.phases import FormOpen
from dyno_frames.panels.campaigns.wording import FORM_NOTE, field_label, local_zone
from dyno_frames.panels.views import markup
from dyno_frames.panels.views.widgets import parts


class TimeInput:
    """Now, or a local time in a zone, with what that time means while it is typed."""

    def __init__(self, time_zone: str) -> None:
        self.now = widgets.RadioButtons(
            options=[("Now", True), ("At the time below", False)], description="When"
        )
        self._time = widgets.Text(placeholder="YYYY-MM-DD HH:MM", description="Time", disabled=True)
        self._zone = widgets.Combobox(
            options=sorted(available_timezones()),
            value=time_zone or "UTC",
            description="Time zone",
            placeholder="type to search",
            ensure_option=False,
            disabled=True,
        )
        self._hint = parts.html("", "dyno-hint", "dyno-quiet")
        self._fold = widgets.RadioButtons(
            options=[("-", -1)], value=None, description="Which", layout={"display": "none"}
        )
        self.now.observe(lambda _change: self._now_changed(), "value")
        for box in (self._time, self._zone):
            box.observe(lambda _change: self._draw_hint(), "value")
        self.parts = [self.now, self._time, self._zone, self._hint, self._fold]

    def _now_changed(self) -> None:
        self._time.disabled = self._zone.disabled = bool(self.now.value)
        self._draw_hint()

    def _draw_hint(self) -> None:
        """Show what the time means. If it means two instants, offer both."""
        hint = "" if self.now.value else time_hint(self._time.value, self._zone.value, local_zone())
        self._hint.value = f'<div role="status">{markup.text(hint)}</div>' if hint else ""
        choices = [] if self.now.value else reading_choices(self._time.value, self._zone.value)
        if choices and tuple(self._fold.options) != tuple(choices):
            self._fold.options = choices
            self._fold.value = None
        parts.show(self._fold, choices)

    @property
    def typed(self) -> tuple[str, str, int | None]:
        """The time (empty for now), its zone, and which of two instants."""
        offered = self._fold.layout.display is None
        fold = self._fold.value if offered and self._fold.value in {0, 1} else None
        return "" if self.now.value else self._time.value or "no time", self._zone.value, fold


class Form:
    """The form of an action; a new one for every time it opens."""

    def __init__(
        self, phase: FormOpen, campaign: Campaign, send: Callable[[PanelAction], None], clock: Clock
    ) -> None:
        self._serial, self._send, self._clock = phase.serial, send, clock
        timed = "iso_start_time" in RULES[phase.action].optional
        self._time = TimeInput(campaign.time_zone) if timed else None
        self._overrides = {
            name: widgets.Text(placeholder=getattr(campaign, name), description=field_label(name))
            for name in OVERRIDES
        }
        for box in self._overrides.values():
            box.layout.width = "auto"
        self._errors = parts.html("", "dyno-errors")
        review = parts.button("Review…", self._submit, tone="main")
        back = parts.button("Back", lambda: send(Dismissed()))
        note = widgets.HTML(markup.lead(button(phase.action.value).name) + markup.paragraphs([FORM_NOTE]))
        time_parts = self._time.parts if self._time else []
        self.first = self._time.now if self._time else self._overrides[OVERRIDES[0]]
        tail = [self._errors, parts.line([back, review])]
        self.box = parts.stack([note, *time_parts, *self._overrides.values(), *tail], "dyno-form")

    def _submit(self) -> None:
        when, time_zone, fold = self._time.typed if self._time else ("", "", None)
        self._send(
            FormSubmitted(
                self._serial,
                self._clock(),
                when=when,
                time_zone=time_zone,
                fold=fold,
                overrides=tuple((name, box.value) for name, box in self._overrides.items()),
            )
        )

    def draw(self, phase: FormOpen) -> None:
        """Show the form's errors."""
        self._errors.value = markup.listing(phase.errors)
