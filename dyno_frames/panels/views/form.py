"""The form of an action: when, and with which subject and sender."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import available_timezones

import ipywidgets as widgets

from dyno_frames.contract.lifecycle import OVERRIDES, RULES
from dyno_frames.panels import actions as on
from dyno_frames.panels.campaign import Campaign
from dyno_frames.panels.phases import Filling
from dyno_frames.panels.views import markup
from dyno_frames.panels.wall import echo, in_zones, read_wall
from dyno_frames.panels.wording import LABELS, local_zone

Send = Callable[[on.PanelAction], None]
Clock = Callable[[], datetime]

_AUTO = {"width": "auto"}
_FOLDS = ("the earlier", "the later")


def choices(when: str, time_zone: str) -> list[tuple[str, int]]:
    """Return the two readings of a wall time that happens twice, in words; none of one that does not."""
    wall = read_wall(when, time_zone)
    if len(wall.instants) < 2:
        return []
    pairs = enumerate(zip(_FOLDS, wall.instants, strict=True))
    return [(f"{word}, {in_zones(epoch_s, 'UTC')}", fold) for fold, (word, epoch_s) in pairs]


class When:
    """Now, or a wall time in a zone, with what that time means while it is typed."""

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
        self._echo = widgets.HTML()
        self._echo.add_class("dyno-echo")
        self._fold = widgets.RadioButtons(
            options=[("-", -1)], value=None, description="Which", layout={"display": "none"}
        )
        self.now.observe(lambda _change: self._open(), "value")
        for box in (self._time, self._zone):
            box.observe(lambda _change: self._tell(), "value")
        self.parts = [self.now, self._time, self._zone, self._echo, self._fold]

    def _open(self) -> None:
        self._time.disabled = self._zone.disabled = bool(self.now.value)
        self._tell()

    def _tell(self) -> None:
        """Say what the time means; where it means two instants, ask which."""
        said = "" if self.now.value else echo(self._time.value, self._zone.value, local_zone())
        self._echo.value = f'<div role="status">{markup.text(said)}</div>' if said else ""
        folds = [] if self.now.value else choices(self._time.value, self._zone.value)
        if folds and tuple(self._fold.options) != tuple(folds):
            self._fold.options = folds
            self._fold.value = None
        self._fold.layout.display = None if folds else "none"

    @property
    def typed(self) -> tuple[str, str, int | None]:
        """What the user chose: the time, empty for now, its zone, and which of two instants."""
        asked = self._fold.layout.display is None
        fold = self._fold.value if asked and self._fold.value in {0, 1} else None
        return "" if self.now.value else self._time.value or "no time", self._zone.value, fold


class Form:
    """What may be said with an action; made anew whenever it opens."""

    def __init__(self, filling: Filling, campaign: Campaign, send: Send, clock: Clock) -> None:
        self._serial, self._send, self._clock = filling.serial, send, clock
        timed = "iso_start_time" in RULES[filling.verb].optional
        self._when = When(campaign.time_zone) if timed else None
        self._overrides = {
            name: widgets.Text(placeholder=getattr(campaign, name), description=name.replace("_", " "))
            for name in OVERRIDES
        }
        for box in self._overrides.values():
            box.style.description_width, box.layout.width = "120px", "560px"
        self._faults = widgets.HTML()
        self._faults.add_class("dyno-faults")
        review = widgets.Button(description="Review…", layout=_AUTO)
        review.on_click(lambda _button: self._submit())
        back = widgets.Button(description="Back", layout=_AUTO)
        back.on_click(lambda _button: send(on.Dropped()))
        note = widgets.HTML(
            markup.paragraphs([LABELS[filling.verb].rstrip("…"), "Empty fields stay as they are."])
        )
        times = self._when.parts if self._when else []
        self.first = self._when.now if self._when else self._overrides[OVERRIDES[0]]
        tail = [self._faults, widgets.HBox([back, review])]
        self.box = widgets.VBox([note, *times, *self._overrides.values(), *tail])

    def _submit(self) -> None:
        when, time_zone, fold = self._when.typed if self._when else ("", "", None)
        self._send(
            on.FormSent(
                self._serial,
                self._clock(),
                when=when,
                time_zone=time_zone,
                fold=fold,
                overrides=tuple((name, box.value) for name, box in self._overrides.items()),
            )
        )

    def draw(self, filling: Filling) -> None:
        """Show the form's faults."""
        self._faults.value = markup.listing(filling.faults)
