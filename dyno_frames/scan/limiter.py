"""How many windows are fetched at once: more while that brings more rows per second, fewer when the server is slow."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

FASTER, SLOWER = 1.1, 0.9
"""How much throughput must change, as a ratio, for the limit to follow."""


class AdaptiveLimiter:
    """Limits how many threads work at once, by the throughput that they reach.

    Parameters
    ----------
    first, most
        How many at first, and at most.
    clock
        Returns monotonic seconds.
    """

    __slots__ = ("_active", "_changed", "_clock", "_done", "_most", "_rate", "_rows", "_since", "allowed")

    def __init__(self, first: int, most: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.allowed = min(first, most)
        self._most = most
        self._clock = clock
        self._changed = threading.Condition()
        self._active = self._done = self._rows = 0
        self._rate = 0.0
        self._since = clock()

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait for a slot and hold it."""
        with self._changed:
            self._changed.wait_for(lambda: self._active < self.allowed)
            self._active += 1
        try:
            yield
        finally:
            with self._changed:
                self._active -= 1
                self._changed.notify_all()

    def completed(self, rows: int, *, retried: bool) -> None:
        """Note a window that has come, and whether a request for it had to be sent again."""
        with self._changed:
            self._done += 1
            self._rows += rows
            if retried:
                self.allowed = max(1, self.allowed // 2)
                self._measure_from(0.0)
            elif self._done >= 2 * self.allowed:
                self._adapt()
            self._changed.notify_all()

    def _adapt(self) -> None:
        rate = self._rows / max(self._clock() - self._since, 1e-9)
        if rate > FASTER * self._rate:
            self.allowed = min(self._most, 2 * self.allowed)
        elif rate < SLOWER * self._rate:
            self.allowed = max(1, self.allowed - 1)
        self._measure_from(rate)

    def _measure_from(self, rate: float) -> None:
        self._rate, self._rows, self._done, self._since = rate, 0, 0, self._clock()
