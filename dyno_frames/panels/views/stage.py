"""What stands below the table: the seven buttons, or a form, or a review."""

from __future__ import annotations

import ipywidgets as widgets

from dyno_frames.contract.lifecycle import Action
from dyno_frames.panels import actions as on
from dyno_frames.panels.phases import BulkReading, BulkReview, Filling, Reading, Review
from dyno_frames.panels.rules import refusal
from dyno_frames.panels.state import State
from dyno_frames.panels.views import markup
from dyno_frames.panels.views.form import Clock, Form, Send
from dyno_frames.panels.views.reviews import BulkBox, ReviewBox, Reviewed
from dyno_frames.panels.wording import LABELS, disabled, lock_lines

_AUTO = {"width": "auto"}


class Verbs:
    """The seven buttons, in words why some are not possible, and the box of an unknown outcome."""

    def __init__(self, send: Send) -> None:
        self._buttons = {verb: self._button(verb, send) for verb in LABELS}
        self._why = widgets.HTML()
        self._why.add_class("dyno-why")
        self._lock = widgets.HTML()
        again = widgets.Button(description="Look again", layout={"width": "auto", "align_self": "flex-start"})
        again.tooltip = "Find out what became of the last action; this only reads"
        again.on_click(lambda _button: send(on.ResolveAsked()))
        self._unknown = widgets.VBox([self._lock, again])
        self._unknown.add_class("dyno-unknown")
        self._row = widgets.Box(list(self._buttons.values()), layout={"flex_flow": "row wrap"})
        self.box = widgets.VBox([self._unknown, self._row, self._why])

    def _button(self, verb: Action, send: Send) -> widgets.Button:
        button = widgets.Button(description=LABELS[verb], layout=_AUTO)
        button.on_click(lambda _button: send(on.VerbChosen(verb)))
        return button

    def possible(self, verb: Action | None) -> widgets.Button | None:
        """Return the button of an action where it can be pressed."""
        button = self._buttons.get(verb) if verb is not None else None
        return button if button is not None and not button.disabled else None

    def draw(self, state: State) -> None:
        """Enable what the selected campaign allows."""
        for verb, button in self._buttons.items():
            why = refusal(state, verb)
            button.disabled = bool(why)
            button.tooltip = f"{LABELS[verb].rstrip('…')}: {why}" if why else ""
        lines = lock_lines(state)
        self._lock.value = markup.paragraphs(lines)
        self._unknown.layout.display = None if lines else "none"
        self._why.value = markup.listing(disabled(state))


class Stage:
    """Shows the one that fits the state's phase, and moves the focus to its safe choice.

    Parameters
    ----------
    send
        Takes what the user did.
    clock
        The time now.
    anchor
        What takes the focus where nothing of the stage can.
    """

    def __init__(self, send: Send, clock: Clock, anchor: widgets.Widget) -> None:
        self._forward, self._clock, self._anchor = send, clock, anchor
        self._verbs = Verbs(send)
        self._waiting = widgets.HTML(
            markup.status("Reading", "the campaign is read from the server for a review.")
        )
        self._key: tuple[str, int] = ("", 0)
        self._part: Form | Reviewed | None = None
        self._verb: Action | None = None
        self._leaving = False
        self.box = widgets.VBox()

    def _send(self, action: on.PanelAction) -> None:
        """Pass on what the user did in a form or a review, and remember that it was here."""
        self._leaving = isinstance(action, on.Dropped | on.ConfirmPressed)
        self._forward(action)

    def draw(self, state: State) -> None:
        """Show a state's phase."""
        phase = state.phase
        self.box.layout.display = None
        match phase:
            case Filling(serial, verb) if state.chosen is not None:
                self._verb = verb
                if self._turn(("form", serial)):
                    form = Form(phase, state.chosen, self._send, self._clock)
                    self._swap(form.box, form)
                    focus(form.first)
                if isinstance(self._part, Form):
                    self._part.draw(phase)
            case Review() | BulkReview():
                self._review(phase)
            case Reading() | BulkReading():
                if self._turn(("reading", 0)):
                    self._swap(self._waiting, None)
            case _:
                self._idle(state)

    def _review(self, phase: Review | BulkReview) -> None:
        self._verb = phase.request.verb if isinstance(phase, Review) else None
        if self._turn(("review", phase.serial)):
            if isinstance(phase, Review):
                shown: Reviewed = ReviewBox(phase, self._send, self._clock)
            else:
                shown = BulkBox(phase, self._send, self._clock)
            self._swap(shown.box, shown)
            focus(shown.keep)
        if isinstance(self._part, Reviewed):
            self._part.draw(phase)

    def _idle(self, state: State) -> None:
        self._verbs.draw(state)
        if self._turn(("verbs", 0)):
            self._swap(self._verbs.box, None)
            if self._leaving:
                focus(self._verbs.possible(self._verb) or self._anchor)
            self._leaving = False
        self.box.layout.display = None if state.chosen is not None else "none"

    def _turn(self, key: tuple[str, int]) -> bool:
        turned, self._key = key != self._key, key
        return turned

    def _swap(self, shown: widgets.Widget, part: Form | Reviewed | None) -> None:
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
