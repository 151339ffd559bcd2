"""Everything a campaign panel knows, as frozen values: views draw from this and from nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

from dyno_frames.panels.campaigns.campaign import Campaign
from dyno_frames.panels.campaigns.columns import COLUMNS, SortKey
from dyno_frames.panels.campaigns.facts import Facts, JournalEntry
from dyno_frames.panels.campaigns.phases import Idle, Phase
from dyno_frames.panels.runtime.columns import arranged

PAGE_ROWS = 10
"""Campaigns on a page of the table."""


class NoticeKind(StrEnum):
    """The kind of a notice. Views show it as a word, never as color alone."""

    DONE = "Done"
    NOTE = "Note"
    REFUSED = "Refused"
    FAILED = "Failed"
    UNKNOWN = "Outcome unknown"


@dataclass(frozen=True, slots=True)
class Notice:
    """The last thing that happened, in words, with whether anything was sent."""

    kind: NoticeKind
    text: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """Several actions that were confirmed by one review.

    Parameters
    ----------
    serials
        Those without an outcome yet, by campaign.
    finished
        Those with an outcome: the campaign's name, the outcome and its message.
    """

    action: str
    serials: Mapping[str, int]
    finished: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """The state of a campaign panel.

    Parameters
    ----------
    rows
        The panel's campaigns by id, with the values they came with.
    facts
        What all panels of the connection know.
    row_ids
        The ids that match the filter, in the table's order.
    search, status
        The filter: words and a status; empty matches all.
    sort_key, descending
        The order: by default running campaigns come first, then scheduled ones by time.
    page
        The page of the table.
    open_id
        The campaign whose details are shown.
    selected_ids
        The campaigns selected for a bulk action.
    phase
        What the user is asked.
    notice
        The last thing that happened.
    batch
        The last bulk action.
    watch_note
        Why running campaigns are no longer read again; empty if they are.
    retries
        Whether the panel tries to read again by itself after the connection was lost.
    """

    rows: Mapping[str, Campaign] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    row_ids: tuple[str, ...] = ()
    page: int = 0
    search: str = ""
    status: str = ""
    sort_key: SortKey = SortKey.STATUS
    descending: bool = False
    open_id: str | None = None
    selected_ids: frozenset[str] = frozenset()
    phase: Phase = field(default_factory=Idle)
    notice: Notice | None = None
    batch: Batch | None = None
    watch_note: str = ""
    retries: bool = False

    @classmethod
    def of(cls, campaigns: Iterable[Campaign], *, facts: Facts | None = None) -> Self:
        """Return the first state of a panel of these campaigns. A single campaign is opened at once."""
        rows = {row.id: row for row in campaigns}
        open_id = next(iter(rows)) if len(rows) == 1 else None
        return cls(rows=rows, facts=facts or Facts(), open_id=open_id).arranged()

    def arranged(self) -> Self:
        """Return the state with the table filtered and sorted again, on a page that exists."""
        words = self.search.strip().casefold()
        known = [self.facts.campaigns.get(key, row) for key, row in self.rows.items()]
        found = [
            row
            for row in known
            if (not self.status or row.status == self.status)
            and (not words or words in f"{row.name}\n{row.subject}\n{row.id}".casefold())
        ]
        ids = tuple(row.id for row in arranged(found, COLUMNS[self.sort_key], descending=self.descending))
        return replace(self, row_ids=ids, page=min(self.page, max(-(-len(ids) // PAGE_ROWS) - 1, 0)))

    @property
    def pages(self) -> int:
        """The number of pages of the table, at least one."""
        return max(1, -(-len(self.row_ids) // PAGE_ROWS))

    @property
    def visible(self) -> tuple[Campaign, ...]:
        """The campaigns on the current page."""
        keys = self.row_ids[self.page * PAGE_ROWS : (self.page + 1) * PAGE_ROWS]
        return tuple(self.facts.campaigns.get(key) or self.rows[key] for key in keys)

    @property
    def open_campaign(self) -> Campaign | None:
        """The campaign whose details are shown."""
        return self.campaign(self.open_id) if self.open_id else None

    @property
    def journal(self) -> tuple[JournalEntry, ...]:
        """The actions on this panel's campaigns, from this panel or another."""
        return tuple(entry for entry in self.facts.journal if entry.campaign_id in self.rows)

    def campaign(self, key: str) -> Campaign | None:
        """Return the campaign of an id, as last read."""
        given = self.rows.get(key)
        return None if given is None else self.facts.campaigns.get(key, given)
