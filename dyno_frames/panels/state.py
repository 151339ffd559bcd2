"""Everything a panel knows, as frozen values: views are drawn from this and from nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from dyno_frames.contract.lifecycle import Status
from dyno_frames.panels.campaign import Campaign
from dyno_frames.panels.facts import Entry, Facts
from dyno_frames.panels.phases import Idle, Phase

PAGE_ROWS = 10
"""How many campaigns a page of the table shows."""


class Tone(StrEnum):
    """What kind of sentence a notice is; shown as a word, never as colour alone."""

    DONE = "Done"
    NOTE = "Note"
    REFUSED = "Refused"
    FAILED = "Failed"
    UNKNOWN = "Outcome unknown"


@dataclass(frozen=True, slots=True)
class Notice:
    """The last thing that happened, in words, with whether anything was sent."""

    tone: Tone
    text: str
    details: tuple[str, ...] = ()


class Order(StrEnum):
    """What the table may be ordered by."""

    GIVEN = "given"
    NAME = "name"
    STATUS = "status"
    SENT = "sent"
    START = "start"


@dataclass(frozen=True, slots=True)
class Batch:
    """Several actions that one review sent.

    Parameters
    ----------
    serials
        Those not answered yet, by campaign.
    came_out
        Those answered: name, outcome and what was said.
    """

    verb: str
    serials: Mapping[str, int]
    came_out: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """A panel.

    Parameters
    ----------
    rows
        Every campaign it is about, by id, with the values it came with.
    facts
        What all panels of the connection know.
    order
        The ids that the filter lets through, as the table shows them.
    text, status
        The filter: words and a status, empty for any.
    sorted_by, descending
        The order.
    page, selected, marked
        What is shown of the table, which campaign is chosen, and which are marked to act on together.
    phase
        What the user is asked.
    batch
        The actions that were sent together last.
    watch_note
        Why live reading stopped; empty while it runs or is not needed.
    """

    rows: Mapping[str, Campaign] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    order: tuple[str, ...] = ()
    page: int = 0
    text: str = ""
    status: str = ""
    sorted_by: Order = Order.GIVEN
    descending: bool = False
    selected: str | None = None
    marked: frozenset[str] = frozenset()
    phase: Phase = field(default_factory=Idle)
    notice: Notice | None = None
    batch: Batch | None = None
    watch_note: str = ""

    @classmethod
    def about(cls, campaigns: Iterable[Campaign], *, facts: Facts | None = None) -> Self:
        """Return the panel of some campaigns; one alone is chosen at once."""
        rows = {row.id: row for row in campaigns}
        selected = next(iter(rows)) if len(rows) == 1 else None
        return cls(rows=rows, facts=facts or Facts(), selected=selected).arranged()

    def arranged(self) -> Self:
        """Return the state with the table filtered and ordered anew, on a page that exists."""
        wanted = self.text.strip().casefold()
        known = [self.facts.read.get(key, row) for key, row in self.rows.items()]
        found = [
            row
            for row in known
            if (not self.status or row.status == self.status)
            and (not wanted or wanted in f"{row.name}\n{row.subject}\n{row.id}".casefold())
        ]
        if self.sorted_by is not Order.GIVEN:
            found.sort(key=_KEYS[self.sorted_by], reverse=self.descending)
        order = tuple(row.id for row in found)
        return replace(self, order=order, page=min(self.page, max(-(-len(order) // PAGE_ROWS) - 1, 0)))

    @property
    def pages(self) -> int:
        """How many pages the table has; at least one."""
        return max(1, -(-len(self.order) // PAGE_ROWS))

    @property
    def visible(self) -> tuple[Campaign, ...]:
        """The campaigns on the page shown."""
        keys = self.order[self.page * PAGE_ROWS : (self.page + 1) * PAGE_ROWS]
        return tuple(self.facts.read.get(key) or self.rows[key] for key in keys)

    @property
    def chosen(self) -> Campaign | None:
        """The campaign selected."""
        return self.row(self.selected) if self.selected else None

    @property
    def journal(self) -> tuple[Entry, ...]:
        """What was done to the campaigns of this panel, here or in another one."""
        return tuple(entry for entry in self.facts.journal if entry.campaign_id in self.rows)

    def row(self, key: str) -> Campaign | None:
        """Return the campaign of this id, as last read."""
        given = self.rows.get(key)
        return None if given is None else self.facts.read.get(key, given)


def _place(row: Campaign) -> int:
    words = [status.value for status in Status]
    return words.index(row.status) if row.status in words else len(words)


_KEYS: Mapping[Order, Callable[[Campaign], Any]] = {
    Order.NAME: lambda row: (row.name.casefold(), row.id),
    Order.STATUS: lambda row: (_place(row), row.status, row.id),
    Order.SENT: lambda row: (row.sent, row.id),
    Order.START: lambda row: (row.start_time.timestamp() if row.start_time is not None else 0.0, row.id),
}
