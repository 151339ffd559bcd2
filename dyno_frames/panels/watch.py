"""Reads campaigns that move by themselves again and again, only while there are any."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

INTERVAL_S = 2.0
SELDOM = 8
"""What is not urgent is read in every so many rounds."""

FAILURES = 3
"""After so many failed reads in a row it stops and says so."""


@dataclass(frozen=True, slots=True)
class Watched:
    """Ids worth reading again: in every round, and now and then."""

    often: tuple[str, ...] = ()
    seldom: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.often or self.seldom)


class Watcher:
    """A daemon thread that lives while something is to be watched.

    Parameters
    ----------
    wanted
        Returns what is to be read; nothing ends the thread.
    read
        Reads them; may raise.
    give_up
        Is told when reading failed too often.
    interval_s
        The pause between two rounds.
    """

    def __init__(
        self,
        wanted: Callable[[], Watched],
        read: Callable[[Sequence[str]], None],
        give_up: Callable[[str], None],
        *,
        interval_s: float = INTERVAL_S,
    ) -> None:
        self._wanted = wanted
        self._read = read
        self._give_up = give_up
        self._interval_s = interval_s
        self._closed = threading.Event()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._failures = 0
        self._round = 0

    @property
    def alive(self) -> bool:
        """Whether it reads."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    def wake(self) -> None:
        """Begin, where there is something to watch and nothing watches it yet."""
        with self._guard:
            if self._closed.is_set() or self._thread is not None or not self._wanted():
                return
            self._failures = self._round = 0
            self._thread = threading.Thread(target=self._live, name="dyno-watch", daemon=True)
            self._thread.start()

    def close(self, *, wait_s: float = 0.0) -> None:
        """Stop for good; optionally wait for a read under way."""
        self._closed.set()
        thread = self._thread
        if wait_s and thread is not None and thread is not threading.current_thread():
            thread.join(wait_s)

    def step(self) -> bool:
        """Read what this round is to read; False where there is nothing more to do."""
        watched = self._wanted()
        if not watched:
            return False
        self._round += 1
        ids = watched.often + (watched.seldom if self._round % SELDOM == 0 else ())
        if not ids:
            return True
        try:
            self._read(ids)
        except Exception:  # noqa: BLE001 - counted here and told below
            self._failures += 1
            if self._failures >= FAILURES:
                self._give_up(f"Stopped watching after {FAILURES} failed reads; Refresh starts it again.")
                return False
        else:
            self._failures = 0
        return True

    def _live(self) -> None:
        while not self._closed.wait(self._interval_s):
            if not self.step():
                with self._guard:
                    if self._wanted() and self._failures < FAILURES:
                        continue
                    self._thread = None
                    return


class Ticker:
    """A daemon thread that tells the time while somebody counts it.

    Parameters
    ----------
    wanted
        Whether anybody does; where not, the thread ends.
    tell
        Is called in every interval.
    interval_s
        The pause between two calls.
    """

    def __init__(
        self, wanted: Callable[[], bool], tell: Callable[[], None], *, interval_s: float = 1.0
    ) -> None:
        self._wanted = wanted
        self._tell = tell
        self._interval_s = interval_s
        self._closed = threading.Event()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        """Whether it counts."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    def wake(self) -> None:
        """Begin, where somebody counts and nothing tells the time yet."""
        with self._guard:
            if self._closed.is_set() or self._thread is not None or not self._wanted():
                return
            self._thread = threading.Thread(target=self._live, name="dyno-tick", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop for good."""
        self._closed.set()

    def _live(self) -> None:
        while not self._closed.wait(self._interval_s):
            with self._guard:
                if not self._wanted():
                    self._thread = None
                    return
            self._tell()
