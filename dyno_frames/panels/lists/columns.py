"""The columns of the lists table: heading, cell and order of each. A new column is one more entry here."""

from __future__ import annotations

from collections.abc import Mapping

from dyno_frames.panels.lists.growth import MONTHS, ListGrowth
from dyno_frames.panels.runtime.columns import Column

CHART = "sizes"
"""The key of the column that shows a small line chart; its text is what the chart shows."""


def _change(one: ListGrowth) -> str:
    return "" if one.change is None else f"{one.change:+.0%}"


def _sizes(one: ListGrowth) -> str:
    if not one.sizes:
        return ""
    month, size = one.sizes[0]
    return f"{size:,} in {month}, {one.contacts:,} now"


def _last(one: ListGrowth) -> str:
    return "never" if one.last_at is None else f"{one.last_at:%Y-%m-%d}"


COLUMNS: Mapping[str, Column[ListGrowth]] = {
    "name": Column("List", lambda one: one.name or one.id, lambda one: one.name.casefold()),
    "contacts": Column("Contacts", lambda one: f"{one.contacts:,}", lambda one: one.contacts, number=True),
    "change": Column(f"Change in {MONTHS} months", _change, lambda one: one.change, number=True),
    CHART: Column("Recipients by month", _sizes, lambda one: one.change),
    "campaigns": Column(
        "Campaigns", lambda one: f"{one.campaigns:,}", lambda one: one.campaigns, number=True
    ),
    "unsubscribes": Column(
        "Unsubscribes", lambda one: f"{one.unsubscribes:,}", lambda one: one.unsubscribes, number=True
    ),
    "last": Column("Last campaign", _last, lambda one: one.last_at, number=True),
}
"""The columns from left to right."""
