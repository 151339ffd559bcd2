"""A panel's sentences, as plain text: every view says the same."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from dyno_frames.contract.lifecycle import Action, Status
from dyno_frames.panels.campaign import Campaign, Pace, Reach
from dyno_frames.panels.facts import Entry
from dyno_frames.panels.rules import refusal
from dyno_frames.panels.state import Order, State
from dyno_frames.panels.wall import in_zones

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

COLUMNS = {
    Order.NAME: "Campaign",
    Order.STATUS: "Status",
    Order.SENT: "Sent",
    Order.START: "When, UTC",
}
"""The table's headings."""


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


def pace_words(row: Campaign, pace: Pace | None) -> str:
    """Return how fast a running campaign goes and how long it takes; empty while that cannot be told."""
    rate = pace.per_minute if pace is not None and row.status == Status.RUNNING else None
    if rate is None or pace is None:
        return ""
    if rate == 0:
        return f"no mail went out in the last {pace.seconds:.0f} seconds" if pace.seconds >= 5 else ""
    left = pace.minutes_left(row)
    return f"{rate:,.0f} a minute" + ("" if left is None else f", about {_lasts(left)} left")


def _lasts(minutes: float) -> str:
    if minutes < 1:
        return "a minute"
    if minutes < 90:
        return count(round(minutes), "minute")
    hours = minutes / 60
    return count(round(hours), "hour") if hours < 48 else count(round(hours / 24), "day")


def start_words(row: Campaign, here: tzinfo | None = None) -> str:
    """Return a campaign's start in its own zone, in UTC and in the kernel's zone."""
    if row.start_time is None:
        return ""
    return in_zones(int(row.start_time.timestamp()), row.time_zone, here)


def start_utc(row: Campaign) -> str:
    """Return a campaign's start in UTC, below a heading that says so."""
    return "" if row.start_time is None else f"{row.start_time.astimezone(UTC):%Y-%m-%d %H:%M}"


def local_zone() -> tzinfo | None:
    """Return the zone of the kernel's machine."""
    return datetime.now(UTC).astimezone().tzinfo


def card(
    row: Campaign, reach: Reach | None = None, here: tzinfo | None = None
) -> tuple[tuple[str, str], ...]:
    """Return what is shown of the selected campaign, as pairs of label and value."""
    sender = f"{row.from_name} <{row.from_email}>" if row.from_email else row.from_name
    pairs = (
        ("To", "…" if reach is None else to_words(reach, row)),
        ("From", sender),
        ("Subject", row.subject),
        ("Preview", row.preview_message),
        ("Start", start_words(row, here)),
        ("Read", clock_time(row.read_at)),
    )
    return tuple((label, value) for label, value in pairs if value)


def to_words(reach: Reach, row: Campaign) -> str:
    """Return the list a campaign goes to, and how many are still to be written to."""
    begun = row.status in {Status.RUNNING, Status.PAUSED}
    people = "" if reach.count is None else count(reach.count, "recipient") + (" left" if begun else "")
    return " · ".join(filter(None, (reach.list_name, people))) or "a list that could not be read"


def badge(row: Campaign) -> str:
    """Return the word on a campaign's badge."""
    return row.status or "not read"


def notice_words(state: State) -> tuple[str, str, tuple[str, ...]]:
    """Return the last thing that happened: its word, its sentence and more lines; empty where nothing did."""
    if state.selected in state.facts.busy:
        return "Sent", "waiting for the server's answer.", ()
    said, watch = state.notice, (state.watch_note,) if state.watch_note else ()
    if said is None or said.text == state.facts.locked.get(state.selected or ""):
        return "", "", watch  # an unknown outcome has a box of its own
    return said.tone.value, said.text, (*said.details, *watch)


def lock_lines(state: State) -> tuple[str, ...]:
    """Return what stands in the box of a campaign whose last action's outcome is unknown."""
    known = state.facts.locked.get(state.selected or "")
    if known is None:
        return ()
    return (
        "Outcome unknown",
        known,
        "The request left and nobody can tell yet whether it was carried out. Nothing is sent again by itself.",
        "No action is possible here until that is clear. “Look again” only reads.",
    )


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


def entry_line(entry: Entry) -> str:
    """Return one line of the journal."""
    path = f"{entry.before} → {entry.after or '?'}" if entry.before else ""
    parts = (clock_time(entry.at), entry.verb.replace("_", " "), entry.name, path, entry.outcome)
    return " · ".join(filter(None, parts))
