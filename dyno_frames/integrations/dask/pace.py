"""The requests of a whole cluster per second: the scheduler tells each worker how long to wait."""

from __future__ import annotations

from typing import Any

from distributed.diagnostics.plugin import SchedulerPlugin

from dyno_frames.integrations.dask.budget import Reservations

HANDLER = "dyno_frames_reserve"


class Pace(SchedulerPlugin):
    """Gives out the moments at which the workers of a cluster may send a request, by account."""

    name = "dyno_frames-pace"
    idempotent = True

    async def start(self, scheduler: Any) -> None:
        """Let workers reserve moments; the scheduler handles one call after the other."""
        scheduler.handlers[HANDLER] = Reservations().reserve
