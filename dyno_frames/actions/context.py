"""The state of one attempt at an action, and how a campaign is read."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dyno_frames.actions.intent import Intent, number
from dyno_frames.actions.journal import Journal
from dyno_frames.actions.outcome import Outcome, OutcomeStatus
from dyno_frames.contract.lifecycle import Status
from dyno_frames.contract.operations import operation
from dyno_frames.errors import ConfigError, ContractError, RequestSummary
from dyno_frames.transport.session import Session

RESOURCE = "campaigns"


@dataclass(frozen=True, slots=True, kw_only=True)
class PollPolicy:
    """How long and how often a campaign is read to learn the outcome of an action.

    Parameters
    ----------
    settle_s
        How long to read, in seconds.
    first_s, longest_s
        The first pause between two readings, in seconds, which doubles; and the longest pause.
    wall, clock
        Functions that return epoch seconds and monotonic seconds.
    sleep
        A function that waits (default: until the time is over or the session is closed).
    """

    settle_s: float = 15.0
    first_s: float = 0.1
    longest_s: float = 2.0
    wall: Callable[[], float] = time.time
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] | None = None


@dataclass(slots=True)
class ActionContext:
    """One attempt at an action, and the evidence so far.

    Parameters
    ----------
    session, journal, intent, policy
        The connection, the journal, the action, and how long to read.
    request
        A summary of the request, without secrets; None before it is sent.
    evidence
        Observations, in order.
    row
        The campaign as last read; None if it was not found or not read.
    """

    session: Session
    journal: Journal
    intent: Intent
    policy: PollPolicy
    request: RequestSummary | None = None
    evidence: list[str] = field(default_factory=list)
    row: Mapping[str, Any] | None = None

    def outcome(self, status: OutcomeStatus) -> Outcome:
        """Return the current outcome."""
        return Outcome(
            status=status,
            action=self.intent.action,
            campaign_id=self.intent.campaign_id,
            before=self.intent.before,
            after=None if self.row is None else str(self.row.get("status")),
            request=self.request,
            evidence=tuple(self.evidence),
            at=datetime.fromtimestamp(self.policy.wall(), UTC),
        )

    def concluded(self, status: OutcomeStatus, *, blocks: bool = False) -> Outcome:
        """Record the current outcome in the journal and return it; ``blocks`` keeps later sends waiting."""
        outcome = self.outcome(status)
        # If it cannot be written, the intent stays open and blocks the next send.
        return self._noted(outcome, lambda: self.journal.conclude(self.intent, outcome, blocks=blocks))

    def refused(self) -> Outcome:
        """Record that an action was refused here and not sent, and return the outcome."""
        outcome = self.outcome("not_applied")
        return self._noted(outcome, lambda: self.journal.refuse(self.intent, outcome))

    def _noted(self, outcome: Outcome, note: Callable[[], None]) -> Outcome:
        try:
            note()
        except ConfigError:
            # return the outcome all the same
            self.evidence.append("the journal could not note the outcome")
            return self.outcome(outcome.status)
        return outcome


def read(session: Session, campaign_id: str, *, deadline_s: float | None = None) -> Mapping[str, Any]:
    """Return a campaign, read on a new connection.

    A status outside the contract is masked and shortened, because it may be any text.

    Raise ContractError if the answer is not a campaign with a status, or is another campaign.
    """
    reply = session.send(operation(RESOURCE, "get"), key=campaign_id, deadline_s=deadline_s, fresh=True)
    if not isinstance(reply.data, Mapping) or not _is_word(reply.data.get("status")):
        raise ContractError("expected a campaign with a status", request=reply.request)
    if reply.data.get("id", campaign_id) != campaign_id:
        raise ContractError(
            f"the server returned another campaign than the requested {campaign_id!r}", request=reply.request
        )
    row: Mapping[str, Any] = reply.data
    return row if row["status"] in set(Status) else {**row, "status": session.shown(row["status"])}


def _is_word(status: object) -> bool:
    """Return whether a status is text without lone surrogates, so that it can be stored."""
    return isinstance(status, str) and status.encode("utf-8", "replace").decode() == status


def seen(when: str, row: Mapping[str, Any]) -> str:
    """Return a line of evidence for a reading.

    Examples
    --------
    >>> seen("read", {"status": "scheduled", "start_time": 1798790400})
    'read: scheduled, start_time 2027-01-01 08:00:00 UTC'
    """
    times = {name: number(row.get(name)) for name in ("updated", "start_time")}
    marks = [f"{name} {_shown_time(value)}" for name, value in times.items() if value is not None]
    return f"{when}: " + ", ".join([str(row.get("status")), *marks])


def _shown_time(epoch_s: float) -> str:
    try:
        return f"{datetime.fromtimestamp(epoch_s, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return str(epoch_s)  # such as a time in another unit
