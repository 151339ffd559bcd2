"""How many windows are fetched at once: more while that brings more rows a second, fewer when the server tires."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

BETTER, WORSE = 1.1, 0.9
"""By how much throughput must change for the number to follow."""


class Gate:
    """Lets a number of threads through that follows throughput.

    Parameters
    ----------
    first, most
        How many at first, and at the most.
    clock
        Monotonic seconds, now.
    """

    __slots__ = ("_clock", "_done", "_free", "_inside", "_most", "_rate", "_rows", "_since", "allowed")

    def __init__(self, first: int, most: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.allowed = min(first, most)
        self._most = most
        self._clock = clock
        self._free = threading.Condition()
        self._inside = self._done = self._rows = 0
        self._rate = 0.0
        self._since = clock()

    @contextmanager
    def passage(self) -> Iterator[None]:
        """Wait for a place and hold it."""
        with self._free:
            self._free.wait_for(lambda: self._inside < self.allowed)
            self._inside += 1
        try:
            yield
        finally:
            with self._free:
                self._inside -= 1
                self._free.notify_all()

    def done(self, rows: int, *, tired: bool) -> None:
        """Say that a window has come, and whether the server had to be asked again for a part of it."""
        with self._free:
            self._done += 1
            self._rows += rows
            if tired:
                self.allowed = max(1, self.allowed // 2)
                self._begin(0.0)
            elif self._done >= 2 * self.allowed:
                self._judge()
            self._free.notify_all()

    def _judge(self) -> None:
        rate = self._rows / max(self._clock() - self._since, 1e-9)
        if rate > BETTER * self._rate:
            self.allowed = min(self._most, 2 * self.allowed)
        elif rate < WORSE * self._rate:
            self.allowed = max(1, self.allowed - 1)
        self._begin(rate)

    def _begin(self, rate: float) -> None:
        self._rate, self._rows, self._done, self._since = rate, 0, 0, self._clock()
