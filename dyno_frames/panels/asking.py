"""A review's sentences: what is about to happen, to whom, and what the two buttons say."""

from __future__ import annotations

from datetime import tzinfo

from dyno_frames.contract.lifecycle import RULES, Action, Status
from dyno_frames.panels.campaign import Campaign, Request
from dyno_frames.panels.phases import BulkReview, Review
from dyno_frames.panels.wall import in_zones
from dyno_frames.panels.wording import clock_time, count, figures

_KEEP = {
    Status.DRAFT.value: "Keep as draft",
    Status.SCHEDULED.value: "Keep as scheduled",
    Status.RUNNING.value: "Keep running",
    Status.PAUSED.value: "Keep paused",
}


def reached(review: Review) -> str:
    """Return who will be written to."""
    number = review.reach.count
    people = "an unknown number of recipients" if number is None else count(number, "recipient")
    remaining = "the remaining " if review.campaign.status == Status.PAUSED and number is not None else ""
    return f"{remaining}{people}" + (
        f" of the list “{review.reach.list_name}”" if review.reach.list_name else ""
    )


def when(request: Request, here: tzinfo | None = None) -> str:
    """Return when an action takes effect."""
    return "NOW" if request.epoch_s is None else f"at {in_zones(request.epoch_s, request.time_zone, here)}"


def changed(review: Review) -> tuple[tuple[str, str, str], ...]:
    """Return what the request changes: the field, what it is, what it will be."""
    old = review.campaign
    return tuple(
        (name.replace("_", " "), str(getattr(old, name)), new) for name, new in review.request.overrides
    )


def review_lines(review: Review, here: tzinfo | None = None, *, with_changes: bool = True) -> tuple[str, ...]:
    """Return the sentences a user reads before confirming, each from the fresh read."""
    request, row = review.request, review.campaign
    lines = [_headline(review, here)]
    overrides = dict(request.overrides)
    if RULES[request.verb].sends:
        lines.append(f"Subject: {overrides.get('subject', row.subject) or '(none)'}")
        sender = overrides.get("from_name", row.from_name), overrides.get("from_email", row.from_email)
        lines.append(f"From: {sender[0]} <{sender[1]}>" if sender[1] else f"From: {sender[0] or '(none)'}")
        lines.append(f"List: {review.reach.list_name or '(could not be read)'}")
    if with_changes:
        lines += [f"Changed: {name} “{old}” → “{new}”" for name, old, new in changed(review)]
    if request.note:
        lines.append(f"Note: {request.note}.")
    lines.append(f"Read at {clock_time(review.read_at)}: status {row.status}.")
    return tuple(lines)


def expires(review: Review | BulkReview) -> str:
    """Return how long a review can still be confirmed."""
    return f"This review expires in {count(review.left_s, 'second')}."


def typing(review: Review | BulkReview) -> str:
    """Return what has to be typed."""
    return f"Type {review.demand} to confirm"


def _headline(review: Review, here: tzinfo | None) -> str:
    request, name = review.request, f"“{review.campaign.name}”"
    match request.verb:
        case Action.STOP:
            left = review.campaign.recipients - review.campaign.sent
            unsent = f" {left:,} have not been written to yet." if left > 0 else ""
            return f"You are about to stop {name} for good. It cannot be resumed.{unsent}"
        case Action.CANCEL_SCHEDULE:
            return (
                f"You are about to cancel the schedule of {name}. It becomes a draft again; nothing is sent."
            )
        case Action.RESUME | Action.UPDATE_AND_RESUME:
            said = f"resume {name} NOW, to {reached(review)}"
        case Action.RESCHEDULE if request.epoch_s is not None:
            said = f"move {name} to {when(request, here)[3:]}, to {reached(review)}"
        case _:
            said = f"send {name} {when(request, here)} to {reached(review)}"
    return f"You are about to {said}. Sent mail cannot be recalled."


def confirm_label(review: Review | BulkReview) -> str:
    """Return the words on the button that acts."""
    if isinstance(review, BulkReview):
        return f"{review.verb.value.capitalize()} {count(len(review.campaigns), 'campaign')}"
    number = review.reach.count
    people = "its list" if number is None else count(number, "recipient")
    match review.request.verb:
        case Action.STOP:
            return "Stop for good"
        case Action.CANCEL_SCHEDULE:
            return "Cancel the schedule"
        case Action.RESUME | Action.UPDATE_AND_RESUME:
            return f"Resume to {people}"
        case _:
            return f"{'Send' if review.request.epoch_s is None else 'Schedule'} to {people}"


def keep_label(review: Review | BulkReview) -> str:
    """Return the words on the button that does nothing."""
    if isinstance(review, BulkReview):
        return "Keep them as they are"
    return _KEEP.get(review.campaign.status, "Keep as it is")


def bulk_label(verb: Action, marked: int) -> str:
    """Return the words on the button that acts on the marked campaigns together."""
    return f"{verb.value.capitalize()} {count(marked, 'marked campaign') if marked else 'marked'}…"


def bulk_headline(review: BulkReview) -> str:
    """Return the sentence above the campaigns that are acted on together."""
    number = count(len(review.campaigns), "campaign")
    if review.verb is Action.STOP:
        return f"You are about to stop {number} for good. They cannot be resumed."
    return f"You are about to pause {number}. Nothing is sent; each can be resumed, one at a time."


def bulk_rows(review: BulkReview) -> tuple[tuple[str, str, str], ...]:
    """Return every campaign of a review: name, status, and how far it has got."""
    return tuple((_name(row), row.status, figures(row)) for row in review.campaigns)


def bulk_lines(review: BulkReview) -> tuple[str, ...]:
    """Return what stands below the campaigns: those left out, and when all were read."""
    left_out = tuple(f"Left out: {_name(row)}: {why}." for row, why in review.left_out)
    return (*left_out, f"Read at {clock_time(review.read_at)}.")


def _name(row: Campaign) -> str:
    return row.name or row.id[:8]
