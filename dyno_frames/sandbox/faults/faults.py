"""The faults that are active, and which of them a request triggers."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any, Final

from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.faults.fault import Fault

SEED: Final = 20161116


class Faults:
    """The active faults.

    For the same order of requests, the same faults are triggered.
    """

    def __init__(self, given: Iterable[Any]) -> None:
        self._lock = threading.Lock()
        self._faults: tuple[Fault, ...] = ()
        self._seen: list[int] = []
        self._triggered: list[int] = []
        self.replace(given)

    def replace(self, given: Iterable[Any]) -> None:
        """Replace the faults, and reset the counts and the random numbers.

        Raise ConfigError if a fault is not valid. The active faults do not change.
        """
        if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
            raise ConfigError(
                f"faults is a {type(given).__name__}; expected a list, such as [{{'kind': 'latency'}}]"
            )
        faults = tuple(Fault.from_json(each) for each in given)
        with self._lock:
            self._faults = faults
            self._seen, self._triggered = [0] * len(faults), [0] * len(faults)
            self._rng = Random(SEED)  # noqa: S311 - the same faults every time

    def to_json(self) -> list[dict[str, Any]]:
        """Return the active faults, and how often each was triggered."""
        with self._lock:
            return [
                fault.to_json() | {"triggered": count}
                for fault, count in zip(self._faults, self._triggered, strict=True)
            ]

    def trigger(self, operation: str) -> tuple[Fault, ...]:
        """Return the faults that a request triggers."""
        with self._lock:
            return tuple(
                fault for place, fault in enumerate(self._faults) if self._triggers(place, fault, operation)
            )

    def shuffled(self, rows: list[Any]) -> list[Any]:
        """Return rows in random order."""
        with self._lock:
            drawn = [(self._rng.random(), place) for place in range(len(rows))]
        return [rows[place] for _, place in sorted(drawn)]

    def _triggers(self, place: int, fault: Fault, operation: str) -> bool:
        if not fault.matches(operation):
            return False
        self._seen[place] += 1
        over = fault.times is not None and self._triggered[place] >= fault.times
        if over or self._seen[place] <= fault.after or self._rng.random() >= fault.share:
            return False
        self._triggered[place] += 1
        return True
