"""The area below the table: the buttons, or a form, or a review."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from dyno_frames.panels.campaigns import wording
from dyno_frames.panels.campaigns.actions import ConfirmPressed, Dismissed, PanelAction, ResolveRequested
from dyno_frames.panels.campaigns.buttons import BUTTONS, Button
from dyno_frames.panels.campaigns.control import Clock
from dyno_frames.panels.campaigns.phases import (
    BulkReview,
    FormOpen,
    LoadingBulkReview,
    LoadingReview,
    Review,
)
from dyno_frames.panels.campaigns.state import State
from dyno_frames.panels.views import markup
from dyno_frames.panels.views.widgets.form import Form
from dyno_frames.panels.views.widgets.reviews import BulkReviewBox, ReviewBox, SingleReviewBox

Send = Callable[[PanelAction], None]

_AUTO = {"width": "auto"}


class ButtonRow:
    """The buttons for the open campaign, why some are disabled, and the box for an unknown outcome."""

    def __init__(self, send: Send) -> None:
        self._buttons = {button.key: _widget(button, send) for button in BUTTONS}
        self._reasons = widgets.HTML()
        self._reasons.add_class("dyno-reasons")
        self._unresolved_text = widgets.HTML()
        check = widgets.Button(
            description="Check again", layout={"width": "auto", "align_self": "flex-start"}
        )
        check.tooltip = "Find out the outcome of the last action; this only reads"
        check.on_click(lambda _button: send(ResolveRequested()))
        self._unresolved = widgets.VBox([self._unresolved_text, check])
        self._unresolved.add_class("dyno-unknown")
        row = widgets.Box(list(self._buttons.values()), layout={"flex_flow": "row wrap"})
        self.box = widgets.VBox([self._unresolved, row, self._reasons])

    def enabled(self, key: str) -> widgets.Button | None:
        """Return the button of a key if it can be pressed."""
        button = self._buttons.get(key)
        return button if button is not None and not button.disabled else None

    def draw(self, state: State) -> None:
        """Enable the buttons that the open campaign allows."""
        for button in BUTTONS:
            widget, reason = self._buttons[button.key], button.disabled_reason(state)
            widget.disabled = bool(reason)
            widget.tooltip = f"{button.name}: {reason}" if reason else ""
        lines = wording.unresolved_lines(state)
        self._unresolved_text.value = markup.paragraphs(lines)
        self._unresolved.layout.display = None if lines else "none"
        self._reasons.value = markup.listing(wording.disabled_lines(state))


def _widget(button: Button, send: Send) -> widgets.Button:
    widget = widgets.Button(description=button.label, layout=_AUTO)
    widget.on_click(lambda _button: send(button.action))
    return widget


class ActionArea:
    """Shows what fits the state's phase, and moves the focus to the button that changes nothing.

    Parameters
    ----------
    send
        Receives what the user did.
    clock
        Returns the time now.
    anchor
        Takes the focus if nothing in the area can.
    """

    def __init__(self, send: Send, clock: Clock, anchor: widgets.Widget) -> None:
        self._forward, self._clock, self._anchor = send, clock, anchor
        self._buttons = ButtonRow(send)
        self._loading = widgets.HTML(markup.status("Loading", "the campaign is read again for a review."))
        self._shown: tuple[str, int] = ("", 0)
        self._part: Form | ReviewBox | None = None
        self._opener = ""
        self._leaving = False
        self.box = widgets.VBox()

    def _send(self, action: PanelAction) -> None:
        """Pass on what the user did in a form or a review, and remember that it may close."""
        self._leaving = isinstance(action, Dismissed | ConfirmPressed)
        self._forward(action)

    def draw(self, state: State) -> None:
        """Show a state's phase."""
        phase = state.phase
        self.box.layout.display = None
        match phase:
            case FormOpen(serial, action) if state.open_campaign is not None:
                self._opener = action.value
                if self._changes_to("form", serial):
                    form = Form(phase, state.open_campaign, self._send, self._clock)
                    self._show(form.box, form)
                    focus(form.first)
                if isinstance(self._part, Form):
                    self._part.draw(phase)
            case Review() | BulkReview():
                self._draw_review(phase)
            case LoadingReview() | LoadingBulkReview():
                if self._changes_to("loading", 0):
                    self._show(self._loading, None)
            case _:
                self._draw_buttons(state)

    def _draw_review(self, review: Review | BulkReview) -> None:
        self._opener = review.request.action.value if isinstance(review, Review) else ""
        if self._changes_to("review", review.serial):
            box: ReviewBox
            if isinstance(review, Review):
                box = SingleReviewBox(review, self._send, self._clock)
            else:
                box = BulkReviewBox(review, self._send, self._clock)
            self._show(box.box, box)
            focus(box.keep)
        if isinstance(self._part, ReviewBox):
            self._part.draw(review)

    def _draw_buttons(self, state: State) -> None:
        self._buttons.draw(state)
        if self._changes_to("buttons", 0):
            self._show(self._buttons.box, None)
            if self._leaving:
                focus(self._buttons.enabled(self._opener) or self._anchor)
            self._leaving = False
        self.box.layout.display = None if state.open_campaign is not None else "none"

    def _changes_to(self, kind: str, serial: int) -> bool:
        before, self._shown = self._shown, (kind, serial)
        return before != self._shown

    def _show(self, box: widgets.Widget, part: Form | ReviewBox | None) -> None:
        """Show another part and close the one before: a closed button cannot be clicked any more."""
        before, self._part = self._part, part
        self.box.children = [box]
        if before is not None:
            close_all(before.box)


def close_all(box: widgets.Widget) -> None:
    """Close a widget and all widgets in it, so that nothing typed stays in the notebook's widget state."""
    for child in getattr(box, "children", ()):
        close_all(child)
    box.close()


def focus(widget: widgets.Widget) -> None:
    """Move the focus to a widget, if this version of ipywidgets can."""
    move = getattr(widget, "focus", None)
    if callable(move):
        move()
