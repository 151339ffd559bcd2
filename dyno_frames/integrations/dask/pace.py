"""The requests of a whole cluster per second: the scheduler tells each worker how long to wait."""

from __future__ import annotations

import time
from typing import Any

from distributed.diagnostics.plugin import SchedulerPlugin

HANDLER = "dyno_frames_reserve"


class Pace(SchedulerPlugin):
    """Gives out the moments at which the workers of a cluster may send a request, by account."""

    name = "dyno_frames-pace"
    idempotent = True

    def __init__(self) -> None:
        self._next: dict[str, float] = {}

    async def start(self, scheduler: Any) -> None:
        """Let workers call :meth:`reserve`."""
        scheduler.handlers[HANDLER] = self.reserve

    def reserve(self, account: str, *, per_second: float | None = None, pause_s: float = 0.0) -> float:
        """Return how long to wait before the next request, in seconds.

        Parameters
        ----------
        account
            The account whose requests are limited.
        per_second
            Maximum number of requests per second; None for no limit.
        pause_s
            If it is not 0, no request is reserved, and the next one is sent after this time at the earliest.
        """
        now = time.monotonic()
        at = max(self._next.get(account, now), now + pause_s)
        self._next[account] = at if pause_s or per_second is None else at + 1 / per_second
        return at - now
