"""Lists, how large they are and how they grew: the API knows a list's size now, its campaigns remember earlier ones."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

LIST_COLUMNS = ["id", "name", "contacts"]
CAMPAIGN_COLUMNS = ["list_id", "start_time", "created", "recipients", "sent", "unsubscribes"]
MONTHS = 12
"""Over how many months growth is told."""


@dataclass(frozen=True, slots=True)
class Grown:
    """A list and its size over time.

    Parameters
    ----------
    id, name
        Which list.
    contacts
        How many it holds now.
    mailings
        How many campaigns went to it.
    last_at
        When the last one did; None where none did.
    sizes
        The most recipients that a campaign to it had, by month, the earliest first; a campaign to a part of it
        alone makes a month look small.
    unsubscribes
        How many left it with these campaigns.
    """

    id: str
    name: str
    contacts: int
    mailings: int = 0
    last_at: pd.Timestamp | None = None
    sizes: tuple[tuple[str, int], ...] = ()
    unsubscribes: int = 0

    @property
    def change(self) -> float | None:
        """By what share it is larger than in the first month known; None where there is none."""
        first = next((size for _, size in self.sizes if size), 0)
        return self.contacts / first - 1 if first else None


def grown(lists: pd.DataFrame, campaigns: pd.DataFrame) -> tuple[Grown, ...]:
    """Return lists with their sizes over the last twelve months that any of them was written to, the largest first.

    Parameters
    ----------
    lists
        With ``id``, ``name`` and ``contacts``.
    campaigns
        With ``list_id``, ``start_time``, ``created``, ``recipients``, ``sent`` and ``unsubscribes``.
    """
    times = campaigns["start_time"].fillna(campaigns["created"])
    mailed = campaigns.assign(at=times)[campaigns["sent"].gt(0).fillna(value=False) & times.notna()]
    months = pd.PeriodIndex(mailed["at"].dt.tz_localize(None), freq="M")
    recent = mailed.assign(month=months)
    if len(recent):
        recent = recent[recent["month"] > months.max() - MONTHS]
    by_list = {str(key): rows for key, rows in recent.groupby("list_id")}
    rows = (_grown(row, by_list.get(str(row.id))) for row in lists[LIST_COLUMNS].itertuples(index=False))
    return tuple(sorted(rows, key=lambda one: (-one.contacts, one.name, one.id)))


def _grown(row: object, mailed: pd.DataFrame | None) -> Grown:
    key, name, contacts = (getattr(row, column) for column in LIST_COLUMNS)
    one = Grown(str(key), "" if pd.isna(name) else str(name), 0 if pd.isna(contacts) else int(contacts))
    if mailed is None:
        return one
    sizes = mailed.groupby("month")["recipients"].max().fillna(0)
    return Grown(
        one.id,
        one.name,
        one.contacts,
        mailings=len(mailed),
        last_at=mailed["at"].max(),
        sizes=tuple((str(month), int(size)) for month, size in sizes.items()),
        unsubscribes=int(mailed["unsubscribes"].fillna(0).sum()),
    )


def as_frame(lists: tuple[Grown, ...]) -> pd.DataFrame:
    """Return lists as a table, one row each."""
    rows = {
        "id": [one.id for one in lists],
        "name": [one.name for one in lists],
        "contacts": [one.contacts for one in lists],
        "change": [one.change for one in lists],
        "campaigns": [one.mailings for one in lists],
        "unsubscribes": [one.unsubscribes for one in lists],
        "last": [one.last_at for one in lists],
    }
    frame = pd.DataFrame(rows)
    types = {"id": "str", "name": "str", "contacts": "int64", "change": "float64", "campaigns": "int64"}
    return frame.astype(types | {"unsubscribes": "int64", "last": "datetime64[s, UTC]"})
