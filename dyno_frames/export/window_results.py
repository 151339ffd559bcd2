"""What reading one window of a cluster's run found, and the certificate of all windows together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from dyno_frames.export import certificates
from dyno_frames.scan.certificate import Certificate, Completeness
from dyno_frames.scan.windows import Window


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
