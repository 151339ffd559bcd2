"""A panel's sentences, as plain text: every view says the same."""

from __future__ import annotations

from datetime import UTC, datetime

from dyno_frames.contract.lifecycle import RULES, Action, Status
from dyno_frames.contract.times import zone
from dyno_frames.panels.rules import refusal
from dyno_frames.panels.state import Campaign, Entry, Request, Review, State

LABELS = {
    Action.START: "Start or schedule…",
    Action.PAUSE: "Pause",
    Action.RESUME: "Resume…",
    Action.UPDATE_AND_RESUME: "Update and resume…",
    Action.RESCHEDULE: "Reschedule…",
    Action.CANCEL_SCHEDULE: "Cancel schedule…",
    Action.STOP: "Stop…",
}
"""The buttons, in their order; three dots mean that something is asked before anything happens."""

_KEEP = {
    Status.DRAFT.value: "Keep as draft",
    Status.SCHEDULED.value: "Keep as scheduled",
    Status.RUNNING.value: "Keep running",
    Status.PAUSED.value: "Keep paused",
}


def clock_time(at: datetime | None) -> str:
    """Return a time of day in UTC, to the second."""
    return "never" if at is None else f"{at.astimezone(UTC):%H:%M:%S} UTC"


def as_of(state: State) -> str:
    """Return when the campaigns shown were read: the oldest of them counts."""
    shown = [row.read_at for row in state.visible]
    if not shown:
        return ""
    known = [at for at in shown if at is not None]
    if len(known) < len(shown):
        return "not read yet: values are those of the frame"
    return f"as of {clock_time(min(known))}"


def count(number: int, singular: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {singular}{'' if number == 1 else 's'}"


def figures(row: Campaign) -> str:
    """Return how far a campaign has got, in words."""
    if not row.recipients:
        return ""
    return f"{row.sent:,} of {row.recipients:,} sent ({row.sent / row.recipients:.0%})"


def share(row: Campaign) -> str:
    """Return the same below a heading that says what is counted."""
    return figures(row).replace(" sent", "")


def start_words(row: Campaign) -> str:
    """Return a campaign's start in its own zone and in UTC."""
    if row.start_time is None:
        return ""
    return instant_words(int(row.start_time.timestamp()), row.time_zone)


def start_utc(row: Campaign) -> str:
    """Return a campaign's start in UTC, below a heading that says so."""
    return "" if row.start_time is None else f"{row.start_time.astimezone(UTC):%Y-%m-%d %H:%M}"


def instant_words(epoch_s: int, time_zone: str) -> str:
    """Return an instant in a zone and in UTC."""
    there = datetime.fromtimestamp(epoch_s, UTC)
    plain = f"{there:%Y-%m-%d %H:%M} UTC"
    try:
        place = zone(time_zone or None)
    except ValueError:
        return plain
    return plain if place.key == "UTC" else f"{there.astimezone(place):%Y-%m-%d %H:%M} {place.key} = {plain}"


def card(row: Campaign) -> tuple[tuple[str, str], ...]:
    """Return what is shown of the selected campaign, as pairs of label and value."""
    sender = f"{row.from_name} <{row.from_email}>" if row.from_email else row.from_name
    pairs = (
        ("Status", row.status or "unknown"),
        ("Subject", row.subject),
        ("From", sender),
        ("Preview", row.preview_message),
        ("Start", start_words(row)),
        ("Read", clock_time(row.read_at)),
    )
    return tuple((label, value) for label, value in pairs if value)


def disabled(state: State) -> tuple[str, ...]:
    """Return why actions are not possible; one sentence where all have the same reason."""
    if state.chosen is None:
        return ()
    reasons = {verb: refusal(state, verb) for verb in LABELS}
    if all(reasons.values()) and len(set(reasons.values())) == 1:
        return (f"No action is possible: {next(iter(reasons.values()))}.",)
    if not any(why and "needs status" not in why for why in reasons.values()) and all(reasons.values()):
        return (f"No action is possible: {state.chosen.status} is final.",)
    grouped: dict[str, list[str]] = {why: [] for why in reasons.values() if why}
    for verb, why in reasons.items():
        if why:
            grouped[why].append(LABELS[verb].rstrip("…"))
    return tuple(f"{', '.join(names)}: {why}." for why, names in grouped.items())


def reached(review: Review) -> str:
    """Return who will be written to."""
    number = review.reach.count
    people = "an unknown number of recipients" if number is None else count(number, "recipient")
    remaining = "the remaining " if review.campaign.status == Status.PAUSED and number is not None else ""
    return f"{remaining}{people}" + (
        f" of the list “{review.reach.list_name}”" if review.reach.list_name else ""
    )


def when(request: Request) -> str:
    """Return when an action takes effect."""
    return "NOW" if request.epoch_s is None else f"at {instant_words(request.epoch_s, request.time_zone)}"


def review_lines(review: Review) -> tuple[str, ...]:
    """Return the sentences a user reads before confirming, each from the fresh read."""
    request, row = review.request, review.campaign
    lines = [_headline(review)]
    overrides = dict(request.overrides)
    if RULES[request.verb].sends:
        lines.append(f"Subject: {overrides.get('subject', row.subject) or '(none)'}")
        sender = overrides.get("from_name", row.from_name), overrides.get("from_email", row.from_email)
        lines.append(f"From: {sender[0]} <{sender[1]}>" if sender[1] else f"From: {sender[0] or '(none)'}")
        lines.append(f"List: {review.reach.list_name or '(could not be read)'}")
    lines += [f"Changed: {name} “{getattr(row, name)}” → “{new}”" for name, new in request.overrides]
    if request.note:
        lines.append(f"Note: {request.note}.")
    until = clock_time(review.expires_at)
    lines.append(f"Read at {clock_time(review.read_at)}: status {row.status}. Good until {until}.")
    return tuple(lines)


def _headline(review: Review) -> str:
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
            said = f"move {name} to {when(request)[3:]}, to {reached(review)}"
        case _:
            said = f"send {name} {when(request)} to {reached(review)}"
    return f"You are about to {said}. Sent mail cannot be recalled."


def confirm_label(review: Review) -> str:
    """Return the words on the button that acts."""
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


def keep_label(review: Review) -> str:
    """Return the words on the button that does nothing."""
    return _KEEP.get(review.campaign.status, "Keep as it is")


def entry_line(entry: Entry) -> str:
    """Return one line of the journal."""
    return f"{clock_time(entry.at)} · {entry.verb.replace('_', ' ')} · {entry.name} · {entry.outcome}"
