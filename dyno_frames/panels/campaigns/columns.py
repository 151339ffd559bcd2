"""The columns of the campaigns table: heading, cell and order of each. A new column is one more entry here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from enum import StrEnum

from dyno_frames.contract.lifecycle import Status
from dyno_frames.panels.campaigns import metrics
from dyno_frames.panels.campaigns.campaign import Campaign
from dyno_frames.panels.runtime.columns import Column


class SortKey(StrEnum):
    """The columns, by the names that views send back."""

    NAME = "name"
    STATUS = "status"
    SENT = "sent"
    OPENS = "opens"
    CLICKS = "clicks"
    BOUNCES = "bounces"
    COMPLAINTS = "complaints"
    START = "start"


URGENCY = {
    status.value: place
    for place, status in enumerate(
        (Status.RUNNING, Status.SCHEDULED, Status.PAUSED, Status.DRAFT, Status.FINISHED, Status.STOPPED)
    )
}
"""The order by status: what sends mail now comes first, and then what will."""


def progress_text(row: Campaign) -> str:
    """Return how much of a campaign is sent."""
    if not row.recipients:
        return ""
    return f"{row.sent:,} of {row.recipients:,} sent ({row.sent / row.recipients:.0%})"


def sent_cell(row: Campaign) -> str:
    """Return the same for a column whose heading says "Sent"."""
    return progress_text(row).replace(" sent", "")


def start_cell(row: Campaign) -> str:
    """Return a campaign's start for a column whose heading says "UTC"."""
    return "" if row.start_time is None else f"{row.start_time.astimezone(UTC):%Y-%m-%d %H:%M}"


def _start(row: Campaign) -> float | None:
    return None if row.start_time is None else row.start_time.timestamp()


def _urgency(row: Campaign) -> tuple[int, float]:
    by_time = (_start(row) or 0.0) if row.status == Status.SCHEDULED else 0.0
    return URGENCY.get(row.status, len(URGENCY)), by_time


def _metric(metric: metrics.Metric) -> Column[Campaign]:
    return Column(metric.label, metric.text, metric.value, number=True, warning=metric.warning)


COLUMNS: Mapping[SortKey, Column[Campaign]] = {
    SortKey.NAME: Column("Campaign", lambda row: row.label, lambda row: row.name.casefold()),
    SortKey.STATUS: Column("Status", lambda row: row.status or "not loaded", _urgency),
    SortKey.SENT: Column("Sent", sent_cell, lambda row: row.sent or None, number=True),
    SortKey.OPENS: _metric(metrics.OPENS),
    SortKey.CLICKS: _metric(metrics.CLICKS),
    SortKey.BOUNCES: _metric(metrics.BOUNCES),
    SortKey.COMPLAINTS: _metric(metrics.COMPLAINTS),
    SortKey.START: Column("When (UTC)", start_cell, _start, number=True),
}
"""The columns from left to right."""
