"""Where the tasks of a Dask frame report what they read of their windows."""

from __future__ import annotations

import sys
import time
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dyno_frames.export.window_results import WindowResult
from dyno_frames.integrations.dask.sessions import cluster_of_task, connected_cluster
from dyno_frames.scan.certificate import Certificate
from dyno_frames.scan.windows import Window

_LOCAL: dict[str, dict[int, tuple[float, Mapping[str, Any]]]] = {}
"""What was read in this process: by collection and window, the time and the result."""


@dataclass(frozen=True, slots=True)
class Topics:
    """Where the tasks of one collection store their results. The scheduler keeps a limited number for each topic.

    Parameters
    ----------
    name
        The name of the collection.
    number
        The number of topics.
    """

    name: str
    number: int

    def of(self, low: int) -> str:
        """Return the topic of a window."""
        return f"{self.name}-{zlib.crc32(str(low).encode()) % self.number}"

    def report(self, result: WindowResult) -> None:
        """Store a result: with the scheduler of the cluster, or in this process."""
        if cluster_of_task() is not None:
            topic = self.of(result.low)
            sys.modules["distributed"].get_worker().log_event(topic, result.to_json())
        else:
            _LOCAL.setdefault(self.name, {})[result.low] = (time.time(), result.to_json())

    def received(self, windows: Iterable[Window]) -> dict[int, WindowResult]:
        """Return the newest result of each window, by its first key."""
        events = list(_LOCAL.get(self.name, {}).values())
        client = connected_cluster()
        if client is not None:
            for topic in {self.of(window.low) for window in windows}:
                events += client.get_events(topic)  # with the time of the scheduler
        return {
            event["low"]: WindowResult(
                event["low"], event["rows"], Certificate.from_json(event["certificate"])
            )
            for _, event in sorted(events, key=lambda event: event[0])
        }
