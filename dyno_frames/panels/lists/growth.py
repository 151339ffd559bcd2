"""How large lists are and how they grew: the API knows a list's size now, and its campaigns remember earlier sizes."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

LIST_COLUMNS = ["id", "name", "contacts"]
CAMPAIGN_COLUMNS = ["list_id", "start_time", "created", "recipients", "sent", "unsubscribes"]
MONTHS = 12
"""Growth is computed over so many months."""


@dataclass(frozen=True, slots=True)
class ListGrowth:
    """A list and its size over time.

    Parameters
    ----------
    id, name
        The list.
    contacts
        How many contacts it has now.
    campaigns
        How many campaigns were sent to it.
    last_at
        When the last campaign was sent. None if there is none.
    sizes
        The largest number of recipients of a campaign, by month, earliest first. A month in which campaigns went to a
        part of the list looks smaller than the list was.
    unsubscribes
        How many contacts unsubscribed because of these campaigns.
    """

    id: str
    name: str
    contacts: int
    campaigns: int = 0
    last_at: pd.Timestamp | None = None
    sizes: tuple[tuple[str, int], ...] = ()
    unsubscribes: int = 0

    @property
    def change(self) -> float | None:
        """The growth since the first known month, as a share. None if no month is known."""
        first = next((size for _, size in self.sizes if size), 0)
        return self.contacts / first - 1 if first else None


def list_growth(lists: pd.DataFrame, campaigns: pd.DataFrame) -> tuple[ListGrowth, ...]:
    """Return lists with their sizes in the twelve months up to the last campaign, the largest list first.

    Parameters
    ----------
    lists
        With ``id``, ``name`` and ``contacts``.
    campaigns
        With ``list_id``, ``start_time``, ``created``, ``recipients``, ``sent`` and ``unsubscribes``.
    """
    times = campaigns["start_time"].fillna(campaigns["created"])
    sent = campaigns.assign(at=times)[campaigns["sent"].gt(0).fillna(value=False) & times.notna()]
    months = pd.PeriodIndex(sent["at"].dt.tz_localize(None), freq="M")
    recent = sent.assign(month=months)
    if len(recent):
        recent = recent[recent["month"] > months.max() - MONTHS]
    by_list = {str(key): rows for key, rows in recent.groupby("list_id")}
    rows = (_growth(row, by_list.get(str(row.id))) for row in lists[LIST_COLUMNS].itertuples(index=False))
    return tuple(sorted(rows, key=lambda one: (-one.contacts, one.name, one.id)))


def _growth(row: object, campaigns: pd.DataFrame | None) -> ListGrowth:
    key, name, contacts = (getattr(row, column) for column in LIST_COLUMNS)
    one = ListGrowth(str(key), "" if pd.isna(name) else str(name), 0 if pd.isna(contacts) else int(contacts))
    if campaigns is None:
        return one
    sizes = campaigns.groupby("month")["recipients"].max().fillna(0)
    return ListGrowth(
        one.id,
        one.name,
        one.contacts,
        campaigns=len(campaigns),
        last_at=campaigns["at"].max(),
        sizes=tuple((str(month), int(size)) for month, size in sizes.items()),
        unsubscribes=int(campaigns["unsubscribes"].fillna(0).sum()),
    )


def growth_frame(lists: tuple[ListGrowth, ...]) -> pd.DataFrame:
    """Return lists as a frame, one row per list."""
    rows = {
        "id": [one.id for one in lists],
        "name": [one.name for one in lists],
        "contacts": [one.contacts for one in lists],
        "change": [one.change for one in lists],
        "campaigns": [one.campaigns for one in lists],
        "unsubscribes": [one.unsubscribes for one in lists],
        "last": [one.last_at for one in lists],
    }
    frame = pd.DataFrame(rows)
    types = {"id": "str", "name": "str", "contacts": "int64", "change": "float64", "campaigns": "int64"}
    return frame.astype(types | {"unsubscribes": "int64", "last": "datetime64[s, UTC]"})
