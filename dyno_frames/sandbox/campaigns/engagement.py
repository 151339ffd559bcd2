"""Simulated readers: what is counted and not mailed is delivered, bounces, is opened and clicked as time goes on.

Only campaigns that say so in their field ``simulated`` have such readers, and only in an account that has the
sample's rows; a campaign with real contacts never does.
"""

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass
from random import Random
from typing import Final

from dyno_frames.contract.lifecycle import Status
from dyno_frames.contract.resources import CAMPAIGNS
from dyno_frames.sandbox.campaigns.lifecycle import IN_MOTION
from dyno_frames.sandbox.mail.deliveries import HAS_CONTACTS, HAS_DELIVERIES
from dyno_frames.sandbox.sample.account import SEED, SIMULATED, spread_of
from dyno_frames.sandbox.sample.metrics import COMPANY, Spread, at
from dyno_frames.sandbox.store.rows import SET_UPDATED
from dyno_frames.sandbox.store.storage import Store

HOUR_S: Final = 3600.0
SPAN_S: Final = 96 * HOUR_S
"""After so many simulated seconds nobody opens any more."""

REST_S: Final = 1.0
"""How seldom, in simulated seconds at speed 1, figures move when nothing is being sent."""

_SOON_S, _LATE_S = 2 * HOUR_S, 20 * HOUR_S
_FIGURES = ("sent", "delivered", "bounces", "opens", "clicks", "unsubscribes")


@dataclass(frozen=True, slots=True)
class Taste:
    """How the readers of one campaign are, drawn once from its id.

    Parameters
    ----------
    bounced, opened, unsubscribed
        Shares: of those sent, delivered, delivered.
    clicked
        The share of those who opened.
    """

    bounced: float
    opened: float
    clicked: float
    unsubscribed: float

    @classmethod
    def drawn(cls, seed: int, campaign: str, spread: Spread) -> Taste:
        """Draw it: the same for the same seed, campaign and spread."""
        rng = Random(f"{seed} engagement {campaign}")  # noqa: S311 - simulated, the same every time
        shares = (spread.bounced, spread.opened, spread.clicked, spread.unsubscribed)
        return cls(*(at(share, rng.random()) for share in shares))


def share_by(age_s: float) -> float:
    """Return which share of those who will open have opened by an age.

    Examples
    --------
    >>> [round(share_by(hours * 3600), 2) for hours in (0, 1, 6, 24, 96)]
    [0.0, 0.22, 0.6, 0.85, 1.0]
    """
    if age_s >= SPAN_S:
        return 1.0
    return 1 - 0.5 * math.exp(-age_s / _SOON_S) - 0.5 * math.exp(-age_s / _LATE_S)


def figures(taste: Taste, before: dict[str, int], *, age_s: float) -> dict[str, int]:
    """Return the figures of a campaign at an age; none is less than before, and they add up.

    Parameters
    ----------
    taste
        How its readers are.
    before
        Its figures now, ``sent`` among them.
    age_s
        Simulated seconds since its sending began.
    """
    sent = before["sent"]
    bounces = max(before["bounces"], int(sent * taste.bounced))
    delivered = max(sent - bounces, 0)
    read = share_by(age_s)
    opens = min(delivered, max(before["opens"], int(delivered * taste.opened * read)))
    clicks = min(opens, max(before["clicks"], int(opens * taste.clicked)))
    left = min(opens, max(before["unsubscribes"], int(delivered * taste.unsubscribed * read)))
    return {
        "delivered": delivered,
        "bounces": bounces,
        "opens": opens,
        "clicks": clicks,
        "unsubscribes": left,
    }


class Engagement:
    """The simulated readers of one account.

    Parameters
    ----------
    store
        The rows.
    seed
        What their behaviour is drawn from.
    """

    def __init__(self, store: Store, *, seed: int = SEED) -> None:
        self._store = store
        self._seed = seed
        self._waited_s = 0.0

    def tick(self, simulated_s: float, *, now: int, sending: bool = True) -> None:
        """Let some time pass.

        Parameters
        ----------
        simulated_s
            How much.
        now
            Epoch seconds, for ``updated``.
        sending
            Whether messages were counted just now; without, figures move now and then only.
        """
        if SIMULATED not in self._store.column_names(CAMPAIGNS):
            return
        self._waited_s += simulated_s
        if not sending and self._waited_s < REST_S:
            return
        passed, self._waited_s = self._waited_s, 0.0
        with self._store.transaction() as connection:
            self._enrol(connection)
            self._move(connection, passed, now=now)

    def _enrol(self, connection: sqlite3.Connection) -> None:
        """Take up running campaigns that go to nobody real, and label them."""
        fresh = connection.execute(
            f"SELECT id FROM campaigns WHERE {IN_MOTION} AND status = '{Status.RUNNING}'"  # noqa: S608 - SQL from constants
            f" AND recipients IS NOT NULL AND NOT {HAS_DELIVERIES} AND NOT {HAS_CONTACTS}"
            " AND id NOT IN (SELECT campaign_id FROM engagement)"
        ).fetchall()
        for (campaign,) in fresh:
            connection.execute("INSERT INTO engagement (campaign_id, age_s) VALUES (?, 0)", (campaign,))
            self._store.set_extra_fields(CAMPAIGNS, campaign, {SIMULATED: True})

    def _move(self, connection: sqlite3.Connection, passed_s: float, *, now: int) -> None:
        listed = ", ".join(f"coalesce({name}, 0)" for name in _FIGURES)
        rows = connection.execute(
            f"SELECT id, list_id, status, age_s, {listed}"  # noqa: S608 - SQL from constants
            " FROM engagement JOIN campaigns ON id = campaign_id"
        ).fetchall()
        for campaign, list_id, status, age_s, *counted in rows:
            older_s = age_s + passed_s
            before = dict(zip(_FIGURES, counted, strict=True))
            after = figures(self._taste(campaign, list_id), before, age_s=older_s)
            if any(before[name] != value for name, value in after.items()):
                sets = ", ".join(f"{name} = ?" for name in after)
                connection.execute(
                    f"UPDATE campaigns SET {sets}, {SET_UPDATED} WHERE id = ?",  # noqa: S608 - SQL from constants
                    (*after.values(), now, campaign),
                )
            if older_s >= SPAN_S and status not in {Status.RUNNING, Status.PAUSED}:
                connection.execute("DELETE FROM engagement WHERE campaign_id = ?", (campaign,))
            else:
                connection.execute(
                    "UPDATE engagement SET age_s = ? WHERE campaign_id = ?", (older_s, campaign)
                )

    def _taste(self, campaign: str, list_id: str | None) -> Taste:
        return Taste.drawn(self._seed, campaign, spread_of(list_id) or COMPANY)
