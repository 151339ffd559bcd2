"""What a task reports of the window that it read, and the certificate of all windows."""

from __future__ import annotations

import datetime as dt
import sys
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from dyno_frames.export import certificates
from dyno_frames.integrations.dask.sessions import cluster_of_task, connected_cluster
from dyno_frames.scan.certificate import Certificate, Completeness
from dyno_frames.scan.windows import Window

_LOCAL: dict[str, dict[int, tuple[float, Mapping[str, Any]]]] = {}
"""What was read in this process: by collection and window, the time and the result."""


@dataclass(frozen=True, slots=True)
class WindowResult:
    """What reading one window found.

    Parameters
    ----------
    low
        The first key of the window, by which it is identified.
    rows
        The number of rows that came for the filters; None if the window could not be read.
    certificate
        The certificate of its rows.
    """

    low: int
    rows: int | None
    certificate: Certificate

    @classmethod
    def failed(cls, window: Window, error: Exception) -> Self:
        """Return the result of a window that could not be read."""
        why = f"it could not be read ({type(error).__name__})"
        made = certificates.combined(certificates.certificate(Completeness.UNCERTIFIED, reasons=[why]))
        return cls(window.low, None, Certificate.from_json(made))

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {"low": self.low, "rows": self.rows, "certificate": self.certificate.to_json()}


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


def shown(window: Window) -> str:
    """Return the times of a window as text."""
    first, last = map(_time, (window.low, max(window.high - 1, window.low)))
    return f"created up to {last} UTC" if window.has_earlier else f"created from {first} to {last} UTC"


def _time(instant_s: int) -> str:
    try:
        return dt.datetime.fromtimestamp(instant_s, dt.UTC).isoformat(" ", "seconds").removesuffix("+00:00")
    except (ValueError, OverflowError, OSError):  # no calendar has it
        return f"{instant_s} s after 1970"


def moved(window: Window, rows: int | None) -> str:
    """Return how the rows of a window differ from their number at the time of planning; empty if they do not."""
    if rows is None or rows == window.rows:
        return ""
    return f"the rows {shown(window)} were {window.rows:,} when they were counted first, and are {rows:,} now"


def combined(windows: Sequence[Window], results: Mapping[int, WindowResult]) -> Certificate:
    """Return the certificate of all windows together."""
    found = [(window, results[window.low]) for window in windows if window.low in results]
    missing = [window for window in windows if window.low not in results]
    changed = [text for window, result in found if (text := moved(window, result.rows))]
    verdict = Completeness.AT_LEAST_ONCE if changed else Completeness.EXACT
    reasons = [f"{shown(window)}: {why}" for window, one in found for why in one.certificate.reasons]
    if missing:
        verdict = Completeness.UNCERTIFIED
        number = f"{len(missing):,} of {len(windows):,} partitions"
        reasons.append(f"no result of {number} is known here, first {shown(missing[0])}")
    rows = [result.rows for _, result in found]
    joined = certificates.combined(
        certificates.certificate(verdict), *(result.certificate.to_json() for _, result in found)
    )
    return Certificate.from_json(
        joined
        | {
            "reasons": [*changed, *reasons],
            "count_before": sum(window.rows for window in windows),
            "count_after": None if missing or None in rows else sum(filter(None, rows)),
        }
    )
