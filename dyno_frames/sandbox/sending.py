"""Campaigns in motion: due ones begin, running ones advance, and with a mail server their mail leaves."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from typing import Any

from dyno_frames.contract.lifecycle import Status
from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.delivery import Delivery, address
from dyno_frames.sandbox.lifecycle import IN_MOTION, RECIPIENTS_OF_LIST
from dyno_frames.sandbox.storage import Store

RATE = 200.0
"""Messages a second of one campaign, at speed 1."""

TICK_S = 0.1

_log = logging.getLogger(__name__)


class Sender:
    """The thread that moves campaigns.

    Parameters
    ----------
    store
        The rows.
    clock
        Epoch seconds, now.
    speed
        1 is 200 messages a second and campaign; 0 moves nothing, and starts no thread.
    delivery
        What takes mail to a mail server; None counts it only.

    Notes
    -----
    What moves is decided by statements that name the status they found, so an action that comes between two
    of them stands. A campaign whose ``recipients`` is not known is left alone.
    ``ticks`` counts how often everything was looked at.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], float],
        speed: float = 1.0,
        delivery: Delivery | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._speed = speed
        self._delivery = delivery
        self._stopping = threading.Event()
        self.ticks = 0
        self._thread = threading.Thread(target=self._run, name="dyno-sandbox-sending", daemon=True)

    @staticmethod
    def configured(
        *, smtp: str | None, speed: float, clock: Callable[[], float]
    ) -> Callable[[Store], Sender]:
        """Check the settings, and return what makes the sender of a store.

        Raises
        ------
        ConfigError
            The speed is no number from 0 up, or ``smtp`` is no ``smtp://host:port``.
        """
        if not _is_speed(speed):
            raise ConfigError(f"speed is {speed!r}; expected a number, 0 (still) or more")
        server = None if smtp is None else address(smtp)

        def of_store(store: Store) -> Sender:
            delivery = None if server is None else Delivery(store, server, clock=clock)
            return Sender(store, clock=clock, speed=speed, delivery=delivery)

        return of_store

    def start(self) -> None:
        """Begin, unless the speed is 0."""
        if self._delivery is not None:
            self._delivery.recover()
        if self._speed > 0:
            self._thread.start()

    def stop(self) -> None:
        """Finish the message that is under way, and join the thread."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def tick(self, elapsed_s: float, carried: float = 0.0) -> float:
        """Move everything by some time, and return the fraction of a message that is left over.

        Parameters
        ----------
        elapsed_s
            Seconds since the last tick.
        carried
            What the last tick returned.
        """
        now = int(self._clock())
        begin_due(self._store, now=now)
        due = carried + RATE * self._speed * elapsed_s
        messages = int(due)
        mailed = self._deliver(messages)
        if messages:
            advance(self._store, messages, now=now, but=mailed)
        finish(self._store, now=now, but=mailed)
        self.ticks += 1
        return due - messages

    def _deliver(self, messages: int) -> tuple[str, ...]:
        if self._delivery is None:
            return ()
        mailed = self._delivery.campaigns()
        for key in mailed:
            self._delivery.deliver(key, messages, stopping=self._stopping)
        return mailed

    def _run(self) -> None:
        last_s, carried = time.monotonic(), 0.0
        while not self._stopping.wait(TICK_S):
            now_s = time.monotonic()
            try:
                carried = self.tick(now_s - last_s, carried)
            except Exception as error:  # noqa: BLE001 - the thread outlives a fault
                # its kind only: a traceback's values may hold addresses
                _log.error("campaigns did not move: %s", type(error).__name__)
            last_s = now_s


def _is_speed(speed: Any) -> bool:
    if isinstance(speed, bool) or not isinstance(speed, int | float):
        return False
    return math.isfinite(speed) and speed >= 0


def begin_due(store: Store, *, now: int) -> None:
    """Let every scheduled campaign whose time has come run."""
    _change(
        store,
        f"status = '{Status.RUNNING}', {RECIPIENTS_OF_LIST}",
        f"status = '{Status.SCHEDULED}' AND start_time <= ?",
        bound=(now,),
        now=now,
    )


def advance(store: Store, messages: int, *, now: int, but: tuple[str, ...] = ()) -> None:
    """Count some more messages of every running campaign as sent and delivered."""
    more = "min(?, recipients - coalesce(sent, 0))"
    _change(
        store,
        f"sent = coalesce(sent, 0) + {more}, delivered = coalesce(delivered, 0) + {more}",
        f"status = '{Status.RUNNING}' AND coalesce(sent, 0) < recipients AND {_other_than(but)}",
        set_bound=(messages, messages),
        bound=but,
        now=now,
    )


def finish(store: Store, *, now: int, but: tuple[str, ...] = ()) -> None:
    """Let every running campaign that reached its recipients be finished."""
    _change(
        store,
        f"status = '{Status.FINISHED}'",
        f"status = '{Status.RUNNING}' AND coalesce(sent, 0) >= recipients AND {_other_than(but)}",
        bound=but,
        now=now,
    )


def _other_than(but: tuple[str, ...]) -> str:
    return f"id NOT IN ({', '.join('?' * len(but))})"


def _change(
    store: Store,
    sets: str,
    where: str,
    *,
    now: int,
    bound: tuple[int | str, ...] = (),
    set_bound: tuple[int, ...] = (),
) -> None:
    with store.transaction() as connection:
        connection.execute(
            f"UPDATE campaigns SET {sets}, updated = max(coalesce(updated, 0), ?)"  # noqa: S608 - SQL from constants
            f" WHERE {IN_MOTION} AND {where}",
            (*set_bound, now, *bound),
        )
