"""One attempt at an action while it goes on: what is fixed, and the evidence as it gathers."""

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
class Patience:
    """How long a campaign is read until its state explains itself.

    Parameters
    ----------
    settle_s
        For how long, in seconds.
    first_s, longest_s
        The first pause between two readings, which doubles, and the longest, in seconds.
    wall, clock
        Return epoch seconds, and monotonic seconds.
    sleep
        Waits; None waits until the session is closed, at most.
    """

    settle_s: float = 15.0
    first_s: float = 0.1
    longest_s: float = 2.0
    wall: Callable[[], float] = time.time
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] | None = None


@dataclass(slots=True)
class Case:
    """One attempt: the fixed parts, and the evidence as it gathers.

    Parameters
    ----------
    session, journal, intent, patience
        The connection, where it is written, what is asked for, and how long to wait.
    request
        What was sent, fit to be shown; None as long as nothing was.
    evidence
        What was seen, in order.
    row
        The campaign as it was read last; None where it is gone or was not read.
    """

    session: Session
    journal: Journal
    intent: Intent
    patience: Patience
    request: RequestSummary | None = None
    evidence: list[str] = field(default_factory=list)
    row: Mapping[str, Any] | None = None

    def outcome(self, status: OutcomeStatus) -> Outcome:
        """Return the outcome as things stand."""
        return Outcome(
            status=status,
            action=self.intent.action,
            campaign_id=self.intent.campaign_id,
            before=self.intent.before,
            after=None if self.row is None else str(self.row.get("status")),
            request=self.request,
            evidence=tuple(self.evidence),
            at=datetime.fromtimestamp(self.patience.wall(), UTC),
        )

    def concluded(self, status: OutcomeStatus, *, blocks: bool = False) -> Outcome:
        """Return the outcome as things stand, noted in the journal.

        Parameters
        ----------
        status
            Its word.
        blocks
            Whether sends of the campaign are to wait until it is resolved.
        """
        outcome = self.outcome(status)
        # If it cannot be written, the intent stays open and blocks the next send.
        return self._noted(outcome, lambda: self.journal.conclude(self.intent, outcome, blocks=blocks))

    def refused(self) -> Outcome:
        """Return the outcome of an action that was refused here and not sent, noted in the journal."""
        outcome = self.outcome("not_applied")
        return self._noted(outcome, lambda: self.journal.refuse(self.intent, outcome))

    def _noted(self, outcome: Outcome, note: Callable[[], None]) -> Outcome:
        try:
            note()
        except ConfigError:
            # The outcome is worth more than its record.
            self.evidence.append("the journal could not note the outcome")
            return self.outcome(outcome.status)
        return outcome


def read(session: Session, campaign_id: str, *, deadline_s: float | None = None) -> Mapping[str, Any]:
    """Return a campaign as it stands now, asked for on a connection of its own.

    A status outside the contract comes as it may be shown and written down: the server may have put any text there.

    Raises
    ------
    ContractError
        What came is no campaign with a status, or another one.
    """
    reply = session.send(operation(RESOURCE, "get"), key=campaign_id, deadline_s=deadline_s, fresh=True)
    if not isinstance(reply.data, Mapping) or not _is_word(reply.data.get("status")):
        raise ContractError("expected a campaign with a status", request=reply.request)
    if reply.data.get("id", campaign_id) != campaign_id:
        raise ContractError(f"asked for campaign {campaign_id!r} and got another one", request=reply.request)
    row: Mapping[str, Any] = reply.data
    return row if row["status"] in set(Status) else {**row, "status": session.shown(row["status"])}


def _is_word(status: object) -> bool:
    """Tell whether a status is a text that can be written down; one with a lone surrogate cannot."""
    return isinstance(status, str) and status.encode("utf-8", "replace").decode() == status


def seen(when: str, row: Mapping[str, Any]) -> str:
    """Return a reading as a line of evidence."""
    marks = [f"{name} {row[name]}" for name in ("updated", "start_time") if number(row.get(name)) is not None]
    return f"{when}: " + ", ".join([str(row.get("status")), *marks])
