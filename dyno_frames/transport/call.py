"""One call of an operation: what is sent, how long it may take, and the outcome of its attempts."""

from __future__ import annotations

from dataclasses import dataclass, field

from dyno_frames.contract.envelope import Code
from dyno_frames.contract.operations import Effect, Operation
from dyno_frames.errors import RequestSummary
from dyno_frames.transport.responses import Verdict
from dyno_frames.transport.retry import NO_BYTE_LEFT, Event
from dyno_frames.transport.wire import CancelToken


@dataclass(slots=True)
class Call:
    """One call and the events of its attempts so far.

    Parameters
    ----------
    operation, key, content
        The operation, the id of its object, and the body.
    request
        The request, fit to be shown.
    started, deadline
        When it began and when it must end, in seconds of the session's monotonic clock.
    fresh
        Whether it is to have a connection of its own. Creates and actions always have.
    cancel
        Ends the call when another thread calls it.
    """

    operation: Operation
    key: str | None
    content: bytes | None = field(repr=False)
    request: RequestSummary
    started: float
    deadline: float
    fresh: bool
    cancel: CancelToken | None = None
    events: list[Event] = field(default_factory=list)
    paused_s: float = 0.0

    def __post_init__(self) -> None:
        self.fresh = self.fresh or self.operation.effect not in {Effect.READ, Effect.IDEMPOTENT_WRITE}

    def is_deleted_before(self, verdict: Verdict) -> bool:
        """Tell whether a delete finds nothing because an earlier attempt of this very call removed it."""
        return (
            self.operation.verb == "DELETE"
            and verdict.refusal is not None
            and verdict.refusal.code == Code.NOT_FOUND
            and any(event not in NO_BYTE_LEFT | {Event.SLOW_DOWN} for event in self.events[:-1])
        )
