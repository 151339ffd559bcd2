"""What became of an action, with what proves it."""

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
    """What became of an action.

    Parameters
    ----------
    status
        ``"applied"``, ``"not_applied"`` or ``"unknown"``.
    action
        What was asked for.
    campaign_id
        Of which campaign.
    before
        The campaign's status that was read before.
    after
        The status that was read last; None where none could be read.
    request
        What was sent, fit to be shown; None where nothing was.
    evidence
        What was seen, in order.
    at
        When it was judged, in UTC.

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
            *(("evidence", line) for line in self.evidence),
        ]
        return html_table(rows, caption=f"Outcome: {self.action}")
