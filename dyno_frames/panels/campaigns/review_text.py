"""The sentences of a review: what is about to happen, to whom, and the labels of its two buttons."""

from __future__ import annotations

from datetime import tzinfo

from dyno_frames.contract.lifecycle import RULES, Action, Status
from dyno_frames.panels.campaigns.campaign import action_name
from dyno_frames.panels.campaigns.columns import sent_cell
from dyno_frames.panels.campaigns.local_time import format_in_zones
from dyno_frames.panels.campaigns.phases import BulkReview, Review
from dyno_frames.panels.campaigns.rules import IRREVERSIBLE, matches_required
from dyno_frames.panels.campaigns.wording import field_label
from dyno_frames.panels.runtime.words import counted, utc_time

COPY_NOTE = (
    "A program sends the action once, without the checks of this panel, and the journal does not record it."
)

_KEEP_LABELS = {
    Status.DRAFT.value: "Keep as draft",
    Status.SCHEDULED.value: "Keep as scheduled",
    Status.RUNNING.value: "Keep running",
    Status.PAUSED.value: "Keep paused",
}


def review_lines(review: Review, kernel_zone: tzinfo | None = None) -> tuple[str, ...]:
    """Return the sentences that the user reads before confirming, all from the fresh read."""
    lines = [headline(review, kernel_zone), *(f"{label}: {value}" for label, value in review_pairs(review))]
    lines += [f"Changed: {name} “{old}” → “{new}”" for name, old, new in changed_fields(review)]
    return tuple(lines)


def review_pairs(review: Review) -> tuple[tuple[str, str], ...]:
    """Return what the user checks before confirming, as pairs of label and value, without what changes."""
    request, row = review.request, review.campaign
    overrides = dict(request.overrides)
    pairs = []
    if RULES[request.action].sends:
        name = overrides.get("from_name", row.from_name)
        email = overrides.get("from_email", row.from_email)
        subject = [] if "subject" in overrides else [("Subject", row.subject or "(none)")]
        pairs = [
            *subject,
            ("From", f"{name} <{email}>" if email else name or "(none)"),
            ("List", review.audience.list_name or "(could not be read)"),
        ]
    if request.note:
        pairs.append(("Note", f"{request.note}."))
    return (*pairs, ("As of", f"{utc_time(review.read_at)}, status {row.status}"))


def changed_fields(review: Review) -> tuple[tuple[str, str, str], ...]:
    """Return what the request changes: the field, its value, its new value."""
    old = review.campaign
    return tuple((field_label(name), str(getattr(old, name)), new) for name, new in review.request.overrides)


def headline(review: Review, kernel_zone: tzinfo | None) -> str:
    """Return the sentence that says what is about to happen, when, and to whom."""
    request, name = review.request, f"“{review.campaign.name}”"
    match request.action:
        case Action.STOP:
            left = review.campaign.recipients - review.campaign.sent
            unsent = f" {counted(left, 'recipient')} will not receive it." if left > 0 else ""
            return f"You are about to stop {name} for good. It cannot be resumed.{unsent}"
        case Action.CANCEL_SCHEDULE:
            return (
                f"You are about to cancel the schedule of {name}. It becomes a draft again; nothing is sent."
            )
        case Action.RESUME | Action.UPDATE_AND_RESUME:
            what = f"resume {name} NOW, to {_audience(review)}"
        case Action.RESCHEDULE if request.epoch_s is not None:
            what = f"move {name} to {_time(review, kernel_zone)}, to {_audience(review)}"
        case _:
            when = "NOW" if request.epoch_s is None else f"at {_time(review, kernel_zone)}"
            what = f"send {name} {when} to {_audience(review)}"
    return f"You are about to {what}. Sent mail cannot be recalled."


def _time(review: Review, kernel_zone: tzinfo | None) -> str:
    return format_in_zones(review.request.epoch_s or 0, review.request.time_zone, kernel_zone)


def _audience(review: Review) -> str:
    number = review.audience.count
    people = "an unknown number of recipients" if number is None else counted(number, "recipient")
    remaining = "the remaining " if review.campaign.status == Status.PAUSED and number is not None else ""
    of_list = f" of the list “{review.audience.list_name}”" if review.audience.list_name else ""
    return f"{remaining}{people}{of_list}"


def expiry_line(review: Review | BulkReview) -> str:
    """Return how long a review can still be confirmed."""
    return f"This review expires in {counted(review.left_s, 'second')}."


def required_line(review: Review | BulkReview) -> str:
    """Return what the user has to type."""
    return f"Type {review.required_text} to confirm"


def is_confirmed_by(review: Review | BulkReview, typed: str) -> bool:
    """Return whether the typed text allows the review to be confirmed."""
    name = review.campaign.name if isinstance(review, Review) else ""
    return matches_required(typed, review.required_text, name)


def is_irreversible(review: Review | BulkReview) -> bool:
    """Return whether no other action reverses what the review confirms."""
    action = review.request.action if isinstance(review, Review) else review.action
    return action in IRREVERSIBLE


def confirm_label(review: Review | BulkReview) -> str:
    """Return the label of the button that confirms."""
    if isinstance(review, BulkReview):
        return f"{action_name(review.action)} {counted(len(review.campaigns), 'campaign')}"
    number = review.audience.count
    people = "its list" if number is None else counted(number, "recipient")
    match review.request.action:
        case Action.STOP:
            return "Stop for good"
        case Action.CANCEL_SCHEDULE:
            return "Cancel the schedule"
        case Action.RESUME | Action.UPDATE_AND_RESUME:
            return f"Resume to {people}"
        case _:
            return f"{'Send' if review.request.epoch_s is None else 'Schedule'} to {people}"


def keep_label(review: Review | BulkReview) -> str:
    """Return the label of the button that changes nothing."""
    if isinstance(review, BulkReview):
        return "Keep them as they are"
    return _KEEP_LABELS.get(review.campaign.status, "Keep as it is")


def bulk_headline(review: BulkReview) -> str:
    """Return the sentence above the campaigns of a bulk review."""
    number = counted(len(review.campaigns), "campaign")
    if review.action is Action.STOP:
        return f"You are about to stop {number} for good. They cannot be resumed."
    return f"You are about to pause {number}. Nothing is sent; each can be resumed, one at a time."


def bulk_rows(review: BulkReview) -> tuple[tuple[str, str, str], ...]:
    """Return every campaign of a bulk review: name, status, and how much is sent."""
    return tuple((row.label, row.status, sent_cell(row)) for row in review.campaigns)


def bulk_lines(review: BulkReview) -> tuple[str, ...]:
    """Return the lines below the campaigns: those left out, and when all were read."""
    left_out = tuple(f"Left out: {row.label}: {reason}." for row, reason in review.left_out)
    return (*left_out, f"As of {utc_time(review.read_at)}.")
