"""The sentences of the campaign panel, as plain text: every view shows the same."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from dyno_frames.contract.lifecycle import FINAL, Status
from dyno_frames.panels.campaigns.buttons import BUTTONS
from dyno_frames.panels.campaigns.campaign import Audience, Campaign, SendingRate
from dyno_frames.panels.campaigns.facts import JournalEntry
from dyno_frames.panels.campaigns.local_time import format_in_zones
from dyno_frames.panels.campaigns.state import SortKey, State

HEADINGS = {
    SortKey.NAME: "Campaign",
    SortKey.STATUS: "Status",
    SortKey.SENT: "Sent",
    SortKey.START: "When (UTC)",
}
"""The headings of the table."""

FORM_NOTE = "Leave a field empty to keep its value."
"""The sentence at the top of a form."""


def utc_time(at: datetime | None) -> str:
    """Return a time of day in UTC, to the second."""
    return "never" if at is None else f"{at.astimezone(UTC):%H:%M:%S} UTC"


def as_of(state: State) -> str:
    """Return when the visible campaigns were read; the oldest read counts."""
    times = [row.read_at for row in state.visible]
    if not times:
        return ""
    known = [at for at in times if at is not None]
    if len(known) < len(times):
        return "not loaded yet; values are from your frame"
    return f"as of {utc_time(min(known))}"


def counted(number: int, singular: str) -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> counted(1_200, "campaign")
    '1,200 campaigns'
    """
    return f"{number:,} {singular}{'' if number == 1 else 's'}"


def field_label(name: str) -> str:
    """Return a field's name as a label.

    Examples
    --------
    >>> field_label("preview_message")
    'Preview message'
    """
    return name.replace("_", " ").capitalize()


def page_text(state: State) -> str:
    """Return which page of the table is shown, and how many campaigns match the filter."""
    return f"page {state.page + 1} of {state.pages}, {counted(len(state.row_ids), 'campaign')}"


def progress_text(row: Campaign) -> str:
    """Return how much of a campaign is sent."""
    if not row.recipients:
        return ""
    return f"{row.sent:,} of {row.recipients:,} sent ({row.sent / row.recipients:.0%})"


def progress_cell(row: Campaign) -> str:
    """Return the same for a column whose heading says "Sent"."""
    return progress_text(row).replace(" sent", "")


def rate_text(row: Campaign, rate: SendingRate | None) -> str:
    """Return how fast a running campaign is sent and how long it takes. Empty if that is unknown."""
    per_minute = rate.per_minute if rate is not None and row.status == Status.RUNNING else None
    if per_minute is None or rate is None:
        return ""
    if per_minute == 0:
        return f"no message was sent in the last {rate.seconds:.0f} seconds" if rate.seconds >= 5 else ""
    left = rate.minutes_left(row)
    return f"{per_minute:,.0f} a minute" + ("" if left is None else f", about {_duration(left)} left")


def _duration(minutes: float) -> str:
    if minutes < 1:
        return "a minute"
    if minutes < 90:
        return counted(round(minutes), "minute")
    hours = minutes / 60
    return counted(round(hours), "hour") if hours < 48 else counted(round(hours / 24), "day")


def sending_text(row: Campaign, rate: SendingRate | None) -> str:
    """Return how much of a campaign is sent, and how fast."""
    return " · ".join(filter(None, (progress_text(row), rate_text(row, rate))))


def start_text(row: Campaign, kernel_zone: tzinfo | None = None) -> str:
    """Return a campaign's start in its own zone, in UTC and in the kernel's zone."""
    if row.start_time is None:
        return ""
    return format_in_zones(int(row.start_time.timestamp()), row.time_zone, kernel_zone)


def start_cell(row: Campaign) -> str:
    """Return a campaign's start for a column whose heading says "UTC"."""
    return "" if row.start_time is None else f"{row.start_time.astimezone(UTC):%Y-%m-%d %H:%M}"


def local_zone() -> tzinfo | None:
    """Return the zone of the kernel's machine."""
    return datetime.now(UTC).astimezone().tzinfo


def details(
    row: Campaign, audience: Audience | None = None, kernel_zone: tzinfo | None = None
) -> tuple[tuple[str, str], ...]:
    """Return the details of the open campaign, as pairs of label and value."""
    sender = f"{row.from_name} <{row.from_email}>" if row.from_email else row.from_name
    pairs = (
        ("To", "…" if audience is None else audience_text(audience, row)),
        ("From", sender),
        ("Subject", row.subject),
        ("Preview", row.preview_message),
        ("Start", start_text(row, kernel_zone)),
        ("Loaded", utc_time(row.read_at)),
    )
    return tuple((label, value) for label, value in pairs if value)


def audience_text(audience: Audience, row: Campaign) -> str:
    """Return a campaign's list, and how many recipients are left."""
    begun = row.status in {Status.RUNNING, Status.PAUSED}
    people = (
        "" if audience.count is None else counted(audience.count, "recipient") + (" left" if begun else "")
    )
    return " · ".join(filter(None, (audience.list_name, people))) or "a list that could not be read"


def status_text(row: Campaign) -> str:
    """Return a campaign's status as one word or two."""
    return row.status or "not loaded"


def notice_text(state: State) -> tuple[str, str, tuple[str, ...]]:
    """Return the last thing that happened as a word, a sentence and more lines. Empty if nothing happened."""
    if state.open_id in state.facts.in_flight:
        return "Sent", "waiting for the server's answer.", ()
    notice, watch = state.notice, (state.watch_note,) if state.watch_note else ()
    if notice is None or notice.text == state.facts.unresolved.get(state.open_id or ""):
        return "", "", watch  # an unknown outcome has a box of its own
    return notice.kind.value, notice.text, (*notice.details, *watch)


def unresolved_lines(state: State) -> tuple[str, ...]:
    """Return the text for an open campaign whose last action has an unknown outcome."""
    known = state.facts.unresolved.get(state.open_id or "")
    if known is None:
        return ()
    return (
        "Outcome unknown",
        known,
        "The request was sent and the answer was lost, so it may have been carried out. Nothing is sent again.",
        "No action is possible until the outcome is known. “Check again” only reads.",
    )


def disabled_lines(state: State) -> tuple[str, ...]:
    """Return why buttons are disabled, one line per reason."""
    campaign = state.open_campaign
    if campaign is None:
        return ()
    reasons = {button.name: button.disabled_reason(state) for button in BUTTONS}
    if all(reasons.values()):
        if len(set(reasons.values())) == 1:
            return (f"No action is possible: {next(iter(reasons.values()))}.",)
        if campaign.status in FINAL:
            return (f"No action is possible: a {campaign.status} campaign cannot be changed.",)
    names: dict[str, list[str]] = {reason: [] for reason in reasons.values() if reason}
    for name, reason in reasons.items():
        if reason:
            names[reason].append(name)
    return tuple(f"{', '.join(found)}: {reason}." for reason, found in names.items())


def entry_line(entry: JournalEntry) -> str:
    """Return one line of the journal."""
    path = f"{entry.before} → {entry.after or '?'}" if entry.before else ""
    parts = (utc_time(entry.at), entry.action.replace("_", " "), entry.name, path, entry.outcome)
    return " · ".join(filter(None, parts))
