"""Campaigns in motion: due ones begin, those to real contacts are mailed, and the others are counted."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from dyno_frames.contract.lifecycle import Status
from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.campaigns.engagement import Engagement
from dyno_frames.sandbox.campaigns.lifecycle import IN_MOTION, RECIPIENTS_OF_LIST
from dyno_frames.sandbox.mail import deliveries
from dyno_frames.sandbox.mail.deliveries import HAS_CONTACTS, HAS_DELIVERIES
from dyno_frames.sandbox.mail.mailing import Mailer
from dyno_frames.sandbox.mail.transports import MailTransport
from dyno_frames.sandbox.store.rows import SET_UPDATED
from dyno_frames.sandbox.store.storage import Store

RATE: Final = 200.0
"""Messages a second at speed 1: of each campaign that is counted, and of all that are mailed."""

TICK_S: Final = 0.1

_COUNTED: Final = f"NOT {HAS_DELIVERIES} AND NOT {HAS_CONTACTS}"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast things go.

    Parameters
    ----------
    speed
        1 is 200 messages a second; 0 moves nothing.
    rate
        The most messages a second that are mailed; None follows the speed.

    Raises
    ------
    ConfigError
        One is no number that it may be.
    """

    speed: float = 1.0
    rate: float | None = None

    def __post_init__(self) -> None:
        if not _is_number(self.speed) or self.speed < 0:
            raise ConfigError(f"speed is {self.speed!r}; expected a number, 0 (still) or more")
        if self.rate is not None and (not _is_number(self.rate) or self.rate <= 0):
            raise ConfigError(f"rate is {self.rate!r}; expected messages a second, more than 0")

    @property
    def mail_rate(self) -> float:
        """Messages a second that are mailed."""
        return RATE * self.speed if self.rate is None else self.rate


class Sender:
    """The threads that move the campaigns of one account.

    Parameters
    ----------
    store
        The rows.
    clock
        Epoch seconds, now.
    speed
        1 is 200 messages a second and campaign; 0 moves nothing, and starts no thread.

    Notes
    -----
    What moves is decided by statements that name the status they found, so an action that comes between two
    of them stands. A campaign whose ``recipients`` is not known is left alone.
    ``ticks`` counts how often everything was looked at.
    """

    def __init__(self, store: Store, *, clock: Callable[[], float], speed: float = 1.0) -> None:
        self._store = store
        self._clock = clock
        self._pace = Pace(speed)
        self._mailer: Mailer | None = None
        self._engagement = Engagement(store)
        self._stopping = threading.Event()
        self.ticks = 0
        self._thread = threading.Thread(target=self._run, name="dyno-sandbox-sending", daemon=True)

    def mail(
        self, carrier_of: Callable[[threading.Event], MailTransport], *, pace: Pace, unsubscribe_url: str = ""
    ) -> None:
        """Mail what goes to real contacts; without this it stands still.

        Parameters
        ----------
        carrier_of
            Makes what takes the messages, from the event that ends its waits.
        pace
            How fast.
        unsubscribe_url
            Where recipients leave.
        """
        if pace.speed > 0:
            self._mailer = Mailer(
                self._store,
                carrier_of(self._stopping),
                clock=self._clock,
                rate=pace.mail_rate,
                speed=pace.speed,
                stopping=self._stopping,
                unsubscribe_url=unsubscribe_url,
            )

    def start(self) -> None:
        """Begin, unless the speed is 0."""
        if self._pace.speed > 0:
            self._thread.start()
            if self._mailer is not None:
                self._mailer.start()

    def stop(self) -> None:
        """Finish the message that is under way, and join the threads."""
        self._stopping.set()
        if self._mailer is not None:
            self._mailer.join()
        if self._thread.ident is not None:
            self._thread.join()

    def tick(self, elapsed_s: float, carried: float = 0.0) -> float:
        """Move everything that is counted by some time, and return the fraction of a message that is left over.

        Parameters
        ----------
        elapsed_s
            Seconds since the last tick.
        carried
            What the last tick returned.
        """
        now = int(self._clock())
        begin_due(self._store, now=now)
        due = carried + RATE * self._pace.speed * elapsed_s
        messages = int(due)
        # in one transaction, so that nobody sees as delivered what bounces a moment later
        with self._store.transaction():
            moved = advance(self._store, messages, now=now) if messages else 0
            self._engagement.tick(elapsed_s * self._pace.speed, now=now, sending=moved > 0)
            finish(self._store, now=now)
        self.ticks += 1
        return due - messages

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


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def begin_due(store: Store, *, now: int) -> None:
    """Let every scheduled campaign whose time has come run, and write down who it goes to."""
    with store.transaction() as connection:
        begun = connection.execute(
            f"UPDATE campaigns SET status = '{Status.RUNNING}', {RECIPIENTS_OF_LIST}, {SET_UPDATED}"  # noqa: S608 - SQL from constants
            f" WHERE {IN_MOTION} AND status = '{Status.SCHEDULED}' AND start_time <= ? RETURNING id",
            (now, now),
        ).fetchall()
        for (campaign,) in begun:
            deliveries.create_deliveries(connection, campaign)


def advance(store: Store, messages: int, *, now: int) -> int:
    """Count some more messages of every running campaign to nobody real, and return how many campaigns moved."""
    more = "min(?, recipients - coalesce(sent, 0))"
    return _change(
        store,
        f"sent = coalesce(sent, 0) + {more}, delivered = coalesce(delivered, 0) + {more}",
        f"status = '{Status.RUNNING}' AND coalesce(sent, 0) < recipients AND {_COUNTED}",
        set_bound=(messages, messages),
        now=now,
    )


def finish(store: Store, *, now: int) -> None:
    """Let every running campaign that was counted up to its recipients be finished."""
    _change(
        store,
        f"status = '{Status.FINISHED}'",
        f"status = '{Status.RUNNING}' AND coalesce(sent, 0) >= recipients AND {_COUNTED}",
        now=now,
    )


def _change(store: Store, sets: str, where: str, *, now: int, set_bound: tuple[int, ...] = ()) -> int:
    with store.transaction() as connection:
        return connection.execute(
            f"UPDATE campaigns SET {sets}, {SET_UPDATED}"  # noqa: S608 - SQL from constants
            f" WHERE {IN_MOTION} AND {where}",
            (*set_bound, now),
        ).rowcount
