"""What stands below the table: the seven buttons, or a form, or a review."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import available_timezones

import ipywidgets as widgets

from dyno_frames.contract.lifecycle import OVERRIDES, RULES, Action
from dyno_frames.panels import actions as on
from dyno_frames.panels.rules import refusal
from dyno_frames.panels.state import Campaign, Filling, Reading, Review, State
from dyno_frames.panels.views import markup
from dyno_frames.panels.wording import LABELS, confirm_label, disabled, keep_label, review_lines

Send = Callable[[on.PanelAction], None]
Clock = Callable[[], datetime]

_AUTO = {"width": "auto"}


class Verbs:
    """The seven buttons, and in words why some are not possible."""

    def __init__(self, send: Send) -> None:
        self._buttons = {verb: self._button(verb, send) for verb in LABELS}
        self._why = widgets.HTML()
        self._why.add_class("dyno-why")
        self._again = widgets.Button(description="Look again", layout=_AUTO)
        self._again.tooltip = "Find out what became of the last action"
        self._again.on_click(lambda _button: send(on.ResolveAsked()))
        row = widgets.Box(list(self._buttons.values()), layout={"flex_flow": "row wrap"})
        self.box = widgets.VBox([row, self._again, self._why])

    def _button(self, verb: Action, send: Send) -> widgets.Button:
        button = widgets.Button(description=LABELS[verb], layout=_AUTO)
        button.on_click(lambda _button: send(on.VerbChosen(verb)))
        return button

    def draw(self, state: State) -> None:
        """Enable what the selected campaign allows."""
        for verb, button in self._buttons.items():
            button.disabled = bool(refusal(state, verb))
        locked = state.selected in state.locked
        self._again.layout.display = None if locked else "none"
        self._why.value = markup.listing(disabled(state))


class Form:
    """When, and with which subject and sender; made anew whenever it opens."""

    def __init__(self, filling: Filling, campaign: Campaign, send: Send, clock: Clock) -> None:
        self._serial, self._send, self._clock = filling.serial, send, clock
        timed = "iso_start_time" in RULES[filling.verb].optional
        self._now = widgets.RadioButtons(
            options=[("Now", True), ("At the time below", False)], description="When"
        )
        self._time = widgets.Text(placeholder="YYYY-MM-DD HH:MM", description="Time", disabled=True)
        self._zone = widgets.Combobox(
            options=sorted(available_timezones()) if timed else (),
            value=campaign.time_zone or "UTC",
            description="Time zone",
            ensure_option=False,
            disabled=True,
        )
        self._now.observe(lambda _change: self._open_time(), "value")
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
        times = [self._now, self._time, self._zone] if timed else []
        self.first = self._now if timed else self._overrides[OVERRIDES[0]]
        tail = [self._faults, widgets.HBox([back, review])]
        self.box = widgets.VBox([note, *times, *self._overrides.values(), *tail])

    def _open_time(self) -> None:
        self._time.disabled = self._zone.disabled = bool(self._now.value)

    def _submit(self) -> None:
        self._send(
            on.FormSent(
                self._serial,
                self._clock(),
                when="" if self._now.value else self._time.value or "no time",
                time_zone=self._zone.value,
                overrides=tuple((name, box.value) for name, box in self._overrides.items()),
            )
        )

    def draw(self, filling: Filling) -> None:
        """Show the form's faults."""
        self._faults.value = markup.listing(filling.faults)


class ReviewBox:
    """One review with a confirm button of its own: the button knows this review's token and no other."""

    def __init__(self, review: Review, send: Send, clock: Clock) -> None:
        sentences = widgets.HTML(markup.paragraphs(review_lines(review)))
        self._typed = widgets.Text(placeholder=review.demand)
        self._typed.description = f"Type {review.demand} to confirm"
        self._typed.style.description_width = "initial"
        self._faults = widgets.HTML()
        self._faults.add_class("dyno-faults")
        token = review.token
        confirm = widgets.Button(description=confirm_label(review), button_style="danger", layout=_AUTO)
        confirm.on_click(lambda _button: send(on.ConfirmPressed(token, clock(), self._typed.value)))
        self.keep = widgets.Button(description=keep_label(review), layout=_AUTO)
        self.keep.on_click(lambda _button: send(on.Dropped()))
        typed = [self._typed] if review.demand else []
        self.box = widgets.VBox([sentences, *typed, self._faults, widgets.HBox([self.keep, confirm])])
        self.box.add_class("dyno-review")

    def draw(self, review: Review) -> None:
        """Show what is missing before it can be confirmed."""
        self._faults.value = markup.listing(review.faults)


class Stage:
    """Shows the one that fits the state's phase, and moves the focus to its safe choice."""

    def __init__(self, send: Send, clock: Clock) -> None:
        self._send, self._clock = send, clock
        self._verbs = Verbs(send)
        self._waiting = widgets.HTML(
            markup.status("Reading", "the campaign is read from the server for a review.")
        )
        self._key: tuple[str, int] = ("", 0)
        self._part: Form | ReviewBox | None = None
        self.box = widgets.VBox()

    def draw(self, state: State) -> None:
        """Show a state's phase."""
        phase = state.phase
        match phase:
            case Filling(serial) if state.chosen is not None:
                if self._turn(("form", serial)):
                    form = Form(phase, state.chosen, self._send, self._clock)
                    self._swap(form.box, form)
                    focus(form.first)
                if isinstance(self._part, Form):
                    self._part.draw(phase)
            case Review(serial):
                if self._turn(("review", serial)):
                    review = ReviewBox(phase, self._send, self._clock)
                    self._swap(review.box, review)
                    focus(review.keep)
                if isinstance(self._part, ReviewBox):
                    self._part.draw(phase)
            case Reading():
                if self._turn(("reading", 0)):
                    self._swap(self._waiting, None)
            case _:
                self._verbs.draw(state)
                if self._turn(("verbs", 0)):
                    self._swap(self._verbs.box, None)
                self.box.layout.display = None if state.chosen is not None else "none"

    def _turn(self, key: tuple[str, int]) -> bool:
        turned, self._key = key != self._key, key
        return turned

    def _swap(self, shown: widgets.Widget, part: Form | ReviewBox | None) -> None:
        """Show another part, and close the one before: a closed button can be clicked no more."""
        before = self._part
        self._part = part
        self.box.children = [shown]
        if before is not None:
            close_all(before.box)


def close_all(box: widgets.Widget) -> None:
    """Close a widget and all within it, so that nothing typed stays in the notebook's widget state."""
    for child in getattr(box, "children", ()):
        close_all(child)
    box.close()


def focus(widget: widgets.Widget) -> None:
    """Move the focus, where this version of ipywidgets can."""
    move = getattr(widget, "focus", None)
    if callable(move):
        move()
