"""A review: its sentences, the button that changes nothing, and a button that confirms this review alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import ipywidgets as widgets

from dyno_frames.panels.campaigns import review_text
from dyno_frames.panels.campaigns.actions import ConfirmPressed, Dismissed, PanelAction
from dyno_frames.panels.campaigns.control import Clock
from dyno_frames.panels.campaigns.phases import BulkReview, Review
from dyno_frames.panels.campaigns.wording import local_zone
from dyno_frames.panels.views import markup
from dyno_frames.panels.views.widgets import parts
from dyno_frames.panels.views.widgets.copy_as import CopyAs

Send = Callable[[PanelAction], None]
WriteProgram = Callable[[Review, str], str]
"""Returns the action of a review as a program in a language."""


class ReviewBox:
    """One review. Its confirm button has this review's token and no other.

    The button is disabled until the text that the review requires is typed.
    """

    def __init__(self, review: Review | BulkReview, send: Send, clock: Clock, write: WriteProgram) -> None:
        self._review = review
        self._typed = parts.classed(
            widgets.Text(description=review_text.required_line(review)), "dyno-confirm-field"
        )
        self._typed.style.description_width = "initial"
        self._typed.observe(lambda _change: self._allow(), "value")
        self._errors, self._expiry = parts.html("", "dyno-errors"), widgets.HTML()
        irreversible = review_text.is_irreversible(review)
        token = review.token
        self._confirm = parts.button(
            review_text.confirm_label(review),
            lambda: send(ConfirmPressed(token, clock(), self._typed.value)),
            tone="danger" if irreversible else "main",
        )
        self._confirm.add_class("dyno-solid")
        self.keep = parts.button(review_text.keep_label(review), lambda: send(Dismissed()))
        typed = [self._typed] if review.required_text else []
        row = parts.line([self.keep, self._confirm, self._expiry])
        shown = [widgets.HTML(review_html(review)), *typed, self._errors, row]
        if isinstance(review, Review):
            programs = CopyAs(note=review_text.COPY_NOTE)
            programs.draw(partial(write, review))
            shown.append(parts.fold("Copy as a program", programs.box))
        self.box = parts.stack(shown, "dyno-review")
        parts.set_classes(self.box, irreversible=irreversible)
        self._allow()

    def _allow(self) -> None:
        self._confirm.disabled = not review_text.is_confirmed_by(self._review, self._typed.value)

    def draw(self, review: Review | BulkReview) -> None:
        """Show what is missing for a confirmation, and the seconds left."""
        self._errors.value = markup.listing(review.errors)
        self._expiry.value = markup.timer(review_text.expiry_line(review))


def review_html(review: Review | BulkReview) -> str:
    """Return what the user reads before confirming."""
    if isinstance(review, Review):
        changes = markup.changes(review_text.changed_fields(review))
        lead = markup.lead(review_text.headline(review, local_zone()))
        shown = lead + changes + markup.pairs(review_text.review_pairs(review))
        return f'<div class="dyno-stack">{shown}</div>'
    rows = markup.table(("Campaign", "Status", "Sent"), review_text.bulk_rows(review), numbers=frozenset({2}))
    lead, lines = markup.lead(review_text.bulk_headline(review)), review_text.bulk_lines(review)
    shown = f'{lead}<div class="dyno-many">{rows}</div>{markup.paragraphs(lines)}'
    return f'<div class="dyno-stack">{shown}</div>'
