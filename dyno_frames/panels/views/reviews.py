"""A review on the screen: its sentences, a safe choice, and a confirm button that knows this review alone."""

from __future__ import annotations

import ipywidgets as widgets

from dyno_frames.panels import actions as on
from dyno_frames.panels.asking import (
    bulk_headline,
    bulk_lines,
    bulk_rows,
    changed,
    confirm_label,
    expires,
    keep_label,
    review_lines,
    typing,
)
from dyno_frames.panels.phases import BulkReview, Review
from dyno_frames.panels.views import markup
from dyno_frames.panels.views.form import Clock, Send
from dyno_frames.panels.wording import local_zone

_AUTO = {"width": "auto"}


class Reviewed:
    """One review with a confirm button of its own: the button knows this review's token and no other."""

    def __init__(self, review: Review | BulkReview, said: str, send: Send, clock: Clock) -> None:
        self._typed = widgets.Text(placeholder=review.demand, description=typing(review))
        self._typed.style.description_width = "initial"
        self._faults = widgets.HTML()
        self._faults.add_class("dyno-faults")
        self._left = widgets.HTML()
        token = review.token
        confirm = widgets.Button(description=confirm_label(review), button_style="danger", layout=_AUTO)
        confirm.on_click(lambda _button: send(on.ConfirmPressed(token, clock(), self._typed.value)))
        self.keep = widgets.Button(description=keep_label(review), layout=_AUTO)
        self.keep.on_click(lambda _button: send(on.Dropped()))
        typed = [self._typed] if review.demand else []
        row = widgets.HBox([self.keep, confirm, self._left], layout={"align_items": "center"})
        self.box = widgets.VBox([widgets.HTML(said), *typed, self._faults, row])
        self.box.add_class("dyno-review")

    def draw(self, review: Review | BulkReview) -> None:
        """Show what is missing before it can be confirmed, and how long it can."""
        self._faults.value = markup.listing(review.faults)
        self._left.value = markup.timer(expires(review))


class ReviewBox(Reviewed):
    """The review of one campaign."""

    def __init__(self, review: Review, send: Send, clock: Clock) -> None:
        first, *rest = review_lines(review, local_zone(), with_changes=False)
        lines = "".join(f"<p>{markup.text(line)}</p>" for line in rest)
        said = markup.paragraphs([first]) + markup.diff(changed(review)) + lines
        super().__init__(review, said, send, clock)


class BulkBox(Reviewed):
    """The review of several campaigns, each of them a line."""

    def __init__(self, review: BulkReview, send: Send, clock: Clock) -> None:
        rows = markup.table(("campaign", "status", "sent"), bulk_rows(review))
        said = markup.paragraphs([bulk_headline(review)]) + f'<div class="dyno-many">{rows}</div>'
        super().__init__(review, said + markup.listing(bulk_lines(review)), send, clock)
