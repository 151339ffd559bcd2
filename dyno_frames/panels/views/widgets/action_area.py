"""The area below the table: the buttons, or a form, or a review."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import ipywidgets as widgets

from dyno_frames.panels.campaigns import wording
from dyno_frames.panels.campaigns.actions import ConfirmPressed, Dismissed, PanelAction, ResolveRequested
from dyno_frames.panels.campaigns.buttons import BUTTONS, main_button
from dyno_frames.panels.campaigns.control import Clock
from dyno_frames.panels.campaigns.phases import (
    BulkReview,
    FormOpen,
    LoadingBulkReview,
    LoadingReview,
    Review,
)
from dyno_frames.panels.campaigns.state import State
from dyno_frames.panels.campaigns.view_model import button_tone
from dyno_frames.panels.views import markup
from dyno_frames.panels.views.widgets import parts
from dyno_frames.panels.views.widgets.form import Form
from dyno_frames.panels.views.widgets.reviews import ReviewBox, WriteProgram

Send = Callable[[PanelAction], None]


class ButtonRow:
    """The buttons that the open campaign allows, why others are unavailable, and the box for an unknown outcome."""

    def __init__(self, send: Send) -> None:
        self._buttons = {one.key: parts.button(one.label, partial(send, one.action)) for one in BUTTONS}
        self._reasons, self._nothing = widgets.HTML(), parts.html("", "dyno-quiet")
        self._why = parts.fold(wording.WHY_UNAVAILABLE, self._reasons)
        self._unresolved_text = widgets.HTML()
        check = parts.button(
            "Check again",
            lambda: send(ResolveRequested()),
            tone="main",
            tooltip="Find out the outcome of the last action; this only reads",
        )
        self._unresolved = parts.stack([self._unresolved_text, parts.line([check])], "dyno-unknown")
        self._row = parts.line(self._buttons.values())
        self.box = parts.stack([self._unresolved, self._row, self._nothing, self._why])

    def possible(self, key: str) -> widgets.Button | None:
        """Return the button of a key if it can be pressed."""
        button = self._buttons.get(key)
        return button if button is not None and not button.disabled else None

    def draw(self, state: State) -> None:
        """Show the buttons that the open campaign allows. A hidden one is disabled too."""
        main = main_button(state)
        for one in BUTTONS:
            widget, reason = self._buttons[one.key], one.disabled_reason(state)
            widget.disabled = bool(reason)
            parts.show(widget, not reason)
            parts.set_tone(widget, button_tone(one, main))
        nothing, lines = wording.no_action_possible(state), wording.disabled_lines(state)
        self._nothing.value = markup.paragraphs(lines) if nothing else ""
        self._reasons.value = markup.listing(lines)
        parts.show(self._row, not nothing)
        parts.show(self._why, not nothing)
        unresolved = wording.unresolved_lines(state)
        self._unresolved_text.value = markup.lead_and_paragraphs(unresolved)
        parts.show(self._unresolved, unresolved)


class ActionArea:
    """Shows what fits the state's phase, and moves the focus to the button that changes nothing.

    Parameters
    ----------
    send
        Receives what the user did.
    clock
        Returns the time now.
    write
        Returns the action of a review as a program.
    anchor
        Takes the focus if nothing in the area can.
    """

    def __init__(self, send: Send, clock: Clock, write: WriteProgram, anchor: widgets.Widget) -> None:
        self._forward, self._clock, self._write, self._anchor = send, clock, write, anchor
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
                    parts.focus(form.first)
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
            box = ReviewBox(review, self._send, self._clock, self._write)
            self._show(box.box, box)
            parts.focus(box.keep)
        if isinstance(self._part, ReviewBox):
            self._part.draw(review)

    def _draw_buttons(self, state: State) -> None:
        self._buttons.draw(state)
        if self._changes_to("buttons", 0):
            self._show(self._buttons.box, None)
            if self._leaving:
                parts.focus(self._buttons.possible(self._opener) or self._anchor)
            self._leaving = False
        parts.show(self.box, state.open_campaign is not None)

    def _changes_to(self, kind: str, serial: int) -> bool:
        before, self._shown = self._shown, (kind, serial)
        return before != self._shown

    def _show(self, box: widgets.Widget, part: Form | ReviewBox | None) -> None:
        """Show another part and close the one before: a closed button cannot be clicked any more."""
        before, self._part = self._part, part
        self.box.children = [box]
        if before is not None:
            parts.close_all(before.box)
