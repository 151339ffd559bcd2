"""The sentences of the campaign panel, as plain text: every view shows the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo

from dyno_frames.contract.lifecycle import FINAL, Status
from dyno_frames.panels.campaigns.buttons import BUTTONS
from dyno_frames.panels.campaigns.campaign import Audience, Campaign, SendingRate
from dyno_frames.panels.campaigns.columns import progress_text
from dyno_frames.panels.campaigns.facts import JournalEntry
from dyno_frames.panels.campaigns.local_time import format_in_zones
from dyno_frames.panels.campaigns.state import State
from dyno_frames.panels.runtime.words import connection_lost, counted, utc_time

FORM_NOTE = "Leave a field empty to keep its value."
"""The sentence at the top of a form."""

WHY_UNAVAILABLE = "Why are others unavailable?"
"""The heading that hides the reasons for disabled buttons."""


def title(state: State) -> str:
    """Return the heading of the panel."""
    return "Campaign" if len(state.rows) == 1 else counted(len(state.rows), "campaign")


def connection_line(state: State) -> str:
    """Return since when the server does not answer. Empty if it does."""
    lost_at = state.facts.lost_at
    return "" if lost_at is None else connection_lost(lost_at, retries=state.retries and not state.watch_note)


def as_of(state: State) -> str:
    """Return when the visible campaigns were read; the oldest read counts."""
    times = [row.read_at for row in state.visible]
    if not times:
        return ""
    known = [at for at in times if at is not None]
    if len(known) < len(times):
        return "not loaded yet; values are from your frame"
    if state.facts.lost_at is not None:
        return f"last values from {utc_time(min(known))}"
    return f"as of {utc_time(min(known))}"


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
        ("As of", "your frame, not loaded yet" if row.read_at is None else utc_time(row.read_at)),
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


def is_current(row: Campaign, state: State) -> bool:
    """Return whether a campaign's values are current. Views show others in gray."""
    return row.current and state.facts.lost_at is None


def empty_text(state: State) -> str:
    """Return what a table without rows says. Empty if there are rows."""
    if state.row_ids:
        return ""
    if state.rows:
        return "No campaigns match the filter."
    return "No campaigns yet. Create one with client.campaigns.create(…), then open the panel again."


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
    """Return why buttons are not shown, one line per reason. If no action is possible, one line says so."""
    campaign = state.open_campaign
    if campaign is None:
        return ()
    reasons = {button.name: button.disabled_reason(state) for button in BUTTONS}
    if all(reasons.values()):
        if len(set(reasons.values())) == 1:
            return (f"No action is possible: {next(iter(reasons.values()))}.",)
        if campaign.status in FINAL:
            return (f"No action is possible: a {campaign.status} campaign cannot be changed.",)
    return _by_reason(reasons)


def no_action_possible(state: State) -> bool:
    """Return whether every button is disabled. The reasons are then shown at once, not on request."""
    return all(button.disabled_reason(state) for button in BUTTONS)


def _by_reason(reasons: Mapping[str, str]) -> tuple[str, ...]:
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
