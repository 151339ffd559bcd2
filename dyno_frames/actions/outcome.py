"""The outcome of an action, and its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from dyno_frames.contract.lifecycle import Action
from dyno_frames.errors import RequestSummary
from dyno_frames.reprs import code, html_table, strong

OutcomeStatus = Literal["applied", "not_applied", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of an action.

    Parameters
    ----------
    status
        ``"applied"``, ``"not_applied"`` or ``"unknown"``.
    action, campaign_id
        The action and the campaign.
    before
        The campaign's status before the action.
    after
        The status as last read; None if it could not be read.
    request
        A summary of the request, without secrets; None if nothing was sent.
    evidence
        Observations, in order.
    at
        When the outcome was determined, in UTC.

    Examples
    --------
    >>> Outcome(status="applied", action=Action.PAUSE, campaign_id="c1", before="running", after="paused")
    Outcome(pause c1: applied, running → paused)
    """

    status: OutcomeStatus
    action: Action
    campaign_id: str
    before: str
    after: str | None = None
    request: RequestSummary | None = None
    evidence: tuple[str, ...] = ()
    at: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    def __repr__(self) -> str:
        return (
            f"Outcome({self.action} {self.campaign_id}: {self.status}, {self.before} → {self.after or '?'})"
        )

    def _repr_html_(self) -> str:
        rows = [
            ("outcome", strong(self.status)),
            ("campaign", code(self.campaign_id)),
            ("status", f"{self.before} → {self.after or '?'}"),
            ("at", f"{self.at:%Y-%m-%d %H:%M:%S} UTC"),
            *(("evidence", line) for line in self.evidence),
        ]
        return html_table(rows, caption=f"Outcome: {self.action}")
