"""Move campaigns forward: start scheduled ones, send mail to real contacts, and simulate the rest."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from dyno_frames.contract.lifecycle import Status
from dyno_frames.sandbox.campaigns.engagement import Engagement
from dyno_frames.sandbox.campaigns.lifecycle import ACTIVE, SET_RECIPIENTS
from dyno_frames.sandbox.campaigns.speed import RATE
from dyno_frames.sandbox.mail import deliveries
from dyno_frames.sandbox.mail.deliveries import HAS_CONTACTS, HAS_DELIVERIES
from dyno_frames.sandbox.mail.mailing import Mailer
from dyno_frames.sandbox.store.rows import SET_UPDATED
from dyno_frames.sandbox.store.storage import Store

TICK_S: Final = 0.1

_SIMULATED: Final = f"NOT {HAS_DELIVERIES} AND NOT {HAS_CONTACTS}"

_log = logging.getLogger(__name__)


class Sender:
    """The threads that move the campaigns of one account forward.

    Parameters
    ----------
    store
        The account's rows.
    clock
        A function that returns the time in epoch seconds.
    speed
        1 is 200 messages per second and campaign; 0 changes nothing and starts no thread.
    mailer
        What sends mail to real contacts. Without it, campaigns with real contacts do not move.
    stopping
        The event that ends the threads.

    Notes
    -----
    Each UPDATE has the campaign's status in its condition, so an action between two of them is not overwritten. A
    campaign whose ``recipients`` is null is not changed. ``ticks`` counts the runs of :meth:`tick`.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], float],
        speed: float = 1.0,
        mailer: Mailer | None = None,
        stopping: threading.Event | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._speed = speed
        self._mailer = mailer
        self._engagement = Engagement(store)
        self._stopping = stopping or threading.Event()
        self.ticks = 0
        self._thread = threading.Thread(target=self._run, name="dyno-sandbox-sending", daemon=True)

    def start(self) -> None:
        """Start the threads, unless the speed is 0."""
        if self._speed > 0:
            self._thread.start()
            if self._mailer is not None:
                self._mailer.start()

    def stop(self) -> None:
        """Finish the current message, and join the threads."""
        self._stopping.set()
        if self._mailer is not None:
            self._mailer.join()
        if self._thread.ident is not None:
            self._thread.join()

    def tick(self, elapsed_s: float, carried: float = 0.0) -> float:
        """Move every simulated campaign forward. Return the fraction of a message to carry to the next tick."""
        now = int(self._clock())
        start_due(self._store, now=now)
        due = carried + RATE * self._speed * elapsed_s
        messages = int(due)
        # one transaction, so that nobody reads a message as delivered that bounces a moment later
        with self._store.transaction():
            moved = advance(self._store, messages, now=now) if messages else 0
            self._engagement.tick(elapsed_s * self._speed, now=now, sending=moved > 0)
            finish(self._store, now=now)
        self.ticks += 1
        return due - messages

    def _run(self) -> None:
        last_s, carried = time.monotonic(), 0.0
        while not self._stopping.wait(TICK_S):
            now_s = time.monotonic()
            try:
                carried = self.tick(now_s - last_s, carried)
            except Exception as error:  # noqa: BLE001 - the thread must survive an error
                # the type only: the values in a traceback may contain addresses
                _log.error("campaigns were not moved forward: %s", type(error).__name__)
            last_s = now_s


def start_due(store: Store, *, now: int) -> None:
    """Start every scheduled campaign whose time has come, and create its deliveries."""
    with store.transaction() as connection:
        started = connection.execute(
            f"UPDATE campaigns SET status = '{Status.RUNNING}', {SET_RECIPIENTS}, {SET_UPDATED}"
            f" WHERE {ACTIVE} AND status = '{Status.SCHEDULED}' AND start_time <= ? RETURNING id",
            (now, now),
        ).fetchall()
        for (campaign,) in started:
            deliveries.create_deliveries(connection, campaign)


def advance(store: Store, messages: int, *, now: int) -> int:
    """Count more messages as sent in every running simulated campaign. Return how many campaigns changed."""
    more = "min(?, recipients - coalesce(sent, 0))"
    return _update(
        store,
        f"sent = coalesce(sent, 0) + {more}, delivered = coalesce(delivered, 0) + {more}",
        f"status = '{Status.RUNNING}' AND coalesce(sent, 0) < recipients AND {_SIMULATED}",
        parameters=(messages, messages),
        now=now,
    )


def finish(store: Store, *, now: int) -> None:
    """Finish every running simulated campaign whose recipients are all counted."""
    _update(
        store,
        f"status = '{Status.FINISHED}'",
        f"status = '{Status.RUNNING}' AND coalesce(sent, 0) >= recipients AND {_SIMULATED}",
        now=now,
    )


def _update(
    store: Store, assignments: str, condition: str, *, now: int, parameters: tuple[int, ...] = ()
) -> int:
    with store.transaction() as connection:
        return connection.execute(
            f"UPDATE campaigns SET {assignments}, {SET_UPDATED} WHERE {ACTIVE} AND {condition}",
            (*parameters, now),
        ).rowcount
