"""One call of an operation: what is sent, how long it may take, and the outcome of its attempts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from dyno_frames.contract.envelope import Code
from dyno_frames.contract.operations import Effect, Operation
from dyno_frames.errors import RequestSummary
from dyno_frames.transport.responses import AttemptResult
from dyno_frames.transport.retry import NO_BYTE_LEFT, Event, Policy, pause_s, retry_after_s, unreached_s
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

    def next_pause_s(
        self,
        policy: Policy,
        result: AttemptResult,
        *,
        now_s: float,
        wall_s: float,
        reached_s: float,
        random: Callable[[], float],
    ) -> float | None:
        """Return how long to wait before the next attempt, in seconds; None if no attempt or no time is left.

        Parameters
        ----------
        policy
            The limits.
        result
            What the last attempt meant.
        now_s, reached_s
            The current time, and when the server was reached last, in seconds of the session's monotonic clock.
        wall_s
            The current time, in epoch seconds.
        random
            Returns a number in [0, 1).
        """
        tried, event = len(self.events), result.event
        asked_s = retry_after_s(result.retry_after, now=wall_s)
        left_s = unreached_s(
            policy,
            event=event,
            reached_s=self.started - reached_s,
            spent_s=max(self.paused_s, now_s - self.started),
        )
        wait_s = min(pause_s(tried, policy, event=event, random=random, retry_after_s=asked_s), left_s)
        is_last = tried >= policy.attempts and self.paused_s >= policy.outlast_s
        return None if is_last or left_s <= 0 or now_s + wait_s >= self.deadline else wait_s

    def is_deleted_before(self, result: AttemptResult) -> bool:
        """Tell whether a delete finds nothing because an earlier attempt of this very call removed it."""
        return (
            self.operation.verb == "DELETE"
            and result.refusal is not None
            and result.refusal.code == Code.NOT_FOUND
            and any(event not in NO_BYTE_LEFT | {Event.SLOW_DOWN} for event in self.events[:-1])
        )
