"""What is true of campaigns whichever panel shows them: all panels of one connection know it together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from dyno_frames.contract.lifecycle import FINAL
from dyno_frames.panels.campaign import DELETED, Campaign, Pace, Reach


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal."""

    at: datetime
    verb: str
    campaign_id: str
    name: str
    before: str
    after: str
    outcome: str
    said: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of campaigns, by id.

    Parameters
    ----------
    read
        Each as last read.
    reaches
        How many each would write to, where that was asked.
    pace
        How fast the running ones go.
    busy
        Those with an action under way, by that action's serial.
    locked
        Those whose last action's outcome is unknown, each with what is known.
    spent
        Tokens already used.
    serial
        The last number given to a question or an action.
    journal
        What was done, oldest first.
    """

    read: Mapping[str, Campaign] = field(default_factory=dict)
    reaches: Mapping[str, Reach] = field(default_factory=dict)
    pace: Mapping[str, Pace] = field(default_factory=dict)
    busy: Mapping[str, int] = field(default_factory=dict)
    locked: Mapping[str, str] = field(default_factory=dict)
    spent: frozenset[str] = frozenset()
    serial: int = 0
    journal: tuple[Entry, ...] = ()

    def knowing(self, campaigns: Iterable[Campaign]) -> Facts:
        """Return the facts after reads; a slow answer undoes no later one and revives no final status."""
        read, pace = dict(self.read), dict(self.pace)
        for fresh in campaigns:
            before = read.get(fresh.id)
            if before is not None and not _newer(fresh, before):
                continue
            read[fresh.id] = fresh
            pace[fresh.id] = pace.get(fresh.id, Pace()).after(fresh)
        return replace(self, read=read, pace=pace)

    def without(self, key: str) -> Facts:
        """Return the facts with a campaign's values marked as not read."""
        known = self.read.get(key)
        return self if known is None else replace(self, read={**self.read, key: replace(known, read_at=None)})


def _newer(fresh: Campaign, row: Campaign) -> bool:
    if row.read_at is None or fresh.read_at is None:
        return True
    revived = row.status in FINAL and fresh.status not in {*FINAL, DELETED}
    return fresh.read_at >= row.read_at and not revived
