"""A review: its sentences, the button that changes nothing, and a button that confirms this review alone."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from dyno_frames.panels.campaigns import review_text
from dyno_frames.panels.campaigns.actions import ConfirmPressed, Dismissed, PanelAction
from dyno_frames.panels.campaigns.control import Clock
from dyno_frames.panels.campaigns.phases import BulkReview, Review
from dyno_frames.panels.campaigns.wording import local_zone
from dyno_frames.panels.views import markup

Send = Callable[[PanelAction], None]

_AUTO = {"width": "auto"}


class ReviewBox:
    """One review. Its confirm button has this review's token and no other."""

    def __init__(self, review: Review | BulkReview, html: str, send: Send, clock: Clock) -> None:
        self._typed = widgets.Text(
            placeholder=review.required_text, description=review_text.required_line(review)
        )
        self._typed.style.description_width = "initial"
        self._errors = widgets.HTML()
        self._errors.add_class("dyno-errors")
        self._expiry = widgets.HTML()
        token = review.token
        confirm = widgets.Button(
            description=review_text.confirm_label(review), button_style="danger", layout=_AUTO
        )
        confirm.on_click(lambda _button: send(ConfirmPressed(token, clock(), self._typed.value)))
        self.keep = widgets.Button(description=review_text.keep_label(review), layout=_AUTO)
        self.keep.on_click(lambda _button: send(Dismissed()))
        typed = [self._typed] if review.required_text else []
        row = widgets.HBox([self.keep, confirm, self._expiry], layout={"align_items": "center"})
        self.box = widgets.VBox([widgets.HTML(html), *typed, self._errors, row])
        self.box.add_class("dyno-review")

    def draw(self, review: Review | BulkReview) -> None:
        """Show what is missing for a confirmation, and the seconds left."""
        self._errors.value = markup.listing(review.errors)
        self._expiry.value = markup.timer(review_text.expiry_line(review))


class SingleReviewBox(ReviewBox):
    """The review of one campaign."""

    def __init__(self, review: Review, send: Send, clock: Clock) -> None:
        headline, *lines = review_text.review_lines(review, local_zone(), with_changes=False)
        rest = "".join(f"<p>{markup.text(line)}</p>" for line in lines)
        html = markup.paragraphs([headline]) + markup.changes(review_text.changed_fields(review)) + rest
        super().__init__(review, html, send, clock)


class BulkReviewBox(ReviewBox):
    """The review of several campaigns, one line each."""

    def __init__(self, review: BulkReview, send: Send, clock: Clock) -> None:
        rows = markup.table(("campaign", "status", "sent"), review_text.bulk_rows(review))
        html = markup.paragraphs([review_text.bulk_headline(review)]) + f'<div class="dyno-many">{rows}</div>'
        super().__init__(review, html + markup.listing(review_text.bulk_lines(review)), send, clock)
