"""Call a function again and again on a thread of its own, only while there is something to do."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

FAILURES = 3
"""A periodic thread ends after so many failed rounds in a row."""

_LOG = logging.getLogger("dyno_frames.panels")


class PeriodicThread:
    """A daemon thread that runs while something is wanted.

    A round that raises is logged, and the next round runs. After three failed rounds in a row the thread ends;
    :meth:`wake` starts it again.

    Parameters
    ----------
    wanted
        Returns whether there is something to do. The thread ends if there is not.
    tick
        Does it, once per round. May raise.
    interval_s
        Seconds between two rounds.
    gave_up
        Is called when the thread ends because of failures (default: nothing is called).
    name
        The thread's name.
    """

    def __init__(
        self,
        wanted: Callable[[], object],
        tick: Callable[[], None],
        *,
        interval_s: float,
        gave_up: Callable[[], None] = lambda: None,
        name: str = "dyno-periodic",
    ) -> None:
        self._wanted = wanted
        self._tick = tick
        self._interval_s = interval_s
        self._gave_up = gave_up
        self._name = name
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._failures = 0

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    def wake(self) -> None:
        """Start the thread if something is wanted and it does not run."""
        with self._lock:
            if self._closed.is_set() or self.alive or not self._wanted():
                return
            self._failures = 0
            thread = threading.Thread(target=self._live, name=self._name, daemon=True)
            thread.start()
            self._thread = thread

    def close(self, *, wait_s: float = 0.0) -> None:
        """End the thread for good, and wait for a round under way at most ``wait_s`` seconds."""
        self._closed.set()
        thread = self._thread
        if wait_s and thread is not None and thread is not threading.current_thread():
            thread.join(wait_s)

    def step(self) -> bool:
        """Do one round. Return False if the thread should end."""
        try:
            if not self._wanted():
                return False
            self._tick()
        except Exception as error:  # noqa: BLE001 - the next round may succeed
            return self._failed(error)
        self._failures = 0
        return True

    def _failed(self, error: Exception) -> bool:
        self._failures += 1
        _LOG.warning("A round of %s failed (%s).", self._name, type(error).__name__)
        if self._failures < FAILURES:
            return True
        try:
            self._gave_up()
        except Exception as second:  # noqa: BLE001 - the thread ends in any case
            _LOG.warning("The end of %s could not be reported (%s).", self._name, type(second).__name__)
        return False

    def _live(self) -> None:
        while not self._closed.wait(self._interval_s):
            if not self.step() and self._ends():
                return

    def _ends(self) -> bool:
        """Make room for a later thread, unless something is wanted again meanwhile."""
        with self._lock:
            try:
                goes_on = self._failures < FAILURES and bool(self._wanted())
            except Exception:  # noqa: BLE001 - the next wake asks again
                goes_on = False
            if not goes_on:
                self._thread = None
        return not goes_on
