"""What is known about campaigns, whichever panel shows them: all panels of one connection share it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from dyno_frames.contract.lifecycle import FINAL
from dyno_frames.panels.campaigns.campaign import DELETED, Audience, Campaign, SendingRate


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One action and its outcome."""

    at: datetime
    action: str
    campaign_id: str
    name: str
    before: str
    after: str
    outcome: str
    message: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about campaigns, by id.

    Parameters
    ----------
    campaigns
        Each campaign as last read.
    audiences
        Who each would send mail to, if that was read.
    rates
        How fast the running ones send.
    in_flight
        Campaigns with an action under way, with that action's serial.
    unresolved
        Campaigns whose last action has an unknown outcome, with what is known about it.
    used_tokens
        Tokens of reviews that were confirmed.
    serial
        The last number given to a form, a review or an action.
    journal
        Actions with their outcomes, oldest first.
    lost_at
        When the connection to the server was lost. None while the server answers.
    """

    campaigns: Mapping[str, Campaign] = field(default_factory=dict)
    audiences: Mapping[str, Audience] = field(default_factory=dict)
    rates: Mapping[str, SendingRate] = field(default_factory=dict)
    in_flight: Mapping[str, int] = field(default_factory=dict)
    unresolved: Mapping[str, str] = field(default_factory=dict)
    used_tokens: frozenset[str] = frozenset()
    serial: int = 0
    journal: tuple[JournalEntry, ...] = ()
    lost_at: datetime | None = None

    def with_reads(self, reads: Iterable[Campaign]) -> Facts:
        """Return the facts after reads, which show that the server answers.

        A late answer does not replace a newer one or a final status.
        """
        campaigns, rates = dict(self.campaigns), dict(self.rates)
        lost_at = self.lost_at
        for fresh in reads:
            lost_at = None
            before = campaigns.get(fresh.id)
            if before is not None and not _newer(fresh, before):
                continue
            campaigns[fresh.id] = fresh
            rates[fresh.id] = rates.get(fresh.id, SendingRate()).after(fresh)
        return replace(self, campaigns=campaigns, rates=rates, lost_at=lost_at)

    def with_outdated(self, key: str) -> Facts:
        """Return the facts with a campaign's values marked as older than an action."""
        known = self.campaigns.get(key)
        if known is None:
            return self
        return replace(self, campaigns={**self.campaigns, key: replace(known, outdated=True)})

    def with_connection_lost(self, at: datetime) -> Facts:
        """Return the facts after the server did not answer. The first of several failures counts."""
        return self if self.lost_at is not None else replace(self, lost_at=at)


def _newer(fresh: Campaign, before: Campaign) -> bool:
    if before.read_at is None or fresh.read_at is None:
        return True
    revived = before.status in FINAL and fresh.status not in {*FINAL, DELETED}
    return fresh.read_at >= before.read_at and not revived
