"""Simulate the recipients of campaigns without real contacts: bounces, opens, clicks and unsubscribes over time.

Only campaigns whose extra field ``simulated`` is true have simulated recipients, and only in an account that has
this field, such as the sample account. A campaign with real contacts never has them.
"""

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass
from random import Random
from typing import Final

from dyno_frames.contract.lifecycle import Status
from dyno_frames.contract.resources import CAMPAIGNS
from dyno_frames.sandbox.campaigns.lifecycle import ACTIVE
from dyno_frames.sandbox.mail.deliveries import HAS_CONTACTS, HAS_DELIVERIES
from dyno_frames.sandbox.sample.account import SEED, SIMULATED, metrics_of
from dyno_frames.sandbox.sample.metrics import COMPANY, MetricQuantiles, quantile
from dyno_frames.sandbox.store.rows import SET_UPDATED
from dyno_frames.sandbox.store.storage import Store

HOUR_S: Final = 3600.0
SPAN_S: Final = 96 * HOUR_S
"""After this simulated time nobody opens a message any more."""

REST_S: Final = 1.0
"""How often counters change while nothing is sent, in simulated seconds."""

_FAST_S: Final = 2 * HOUR_S
_SLOW_S: Final = 20 * HOUR_S
_COUNTERS: Final = ("sent", "delivered", "bounces", "opens", "clicks", "unsubscribes")


@dataclass(frozen=True, slots=True)
class Rates:
    """The final rates of one campaign, drawn from its id; see :class:`MetricQuantiles`."""

    bounced: float
    opened: float
    clicked: float
    unsubscribed: float

    @classmethod
    def draw(cls, seed: int, campaign: str, quantiles: MetricQuantiles) -> Rates:
        """Draw rates. The same seed, campaign and quantiles give the same rates."""
        rng = Random(f"{seed} engagement {campaign}")  # noqa: S311 - simulated, the same every time
        rates = (quantiles.bounced, quantiles.opened, quantiles.clicked, quantiles.unsubscribed)
        return cls(*(quantile(rate, rng.random()) for rate in rates))


def opened_share(age_s: float) -> float:
    """Return the share of all opens that have happened at an age.

    Examples
    --------
    >>> [round(opened_share(hours * 3600), 2) for hours in (0, 1, 6, 24, 96)]
    [0.0, 0.22, 0.6, 0.85, 1.0]
    """
    if age_s >= SPAN_S:
        return 1.0
    return 1 - 0.5 * math.exp(-age_s / _FAST_S) - 0.5 * math.exp(-age_s / _SLOW_S)


def counters_at(rates: Rates, before: dict[str, int], *, age_s: float) -> dict[str, int]:
    """Return the counters of a campaign at an age, which begins with sending. No counter decreases."""
    sent = before["sent"]
    bounces = max(before["bounces"], int(sent * rates.bounced))
    delivered = max(sent - bounces, 0)
    share = opened_share(age_s)
    opens = min(delivered, max(before["opens"], int(delivered * rates.opened * share)))
    clicks = min(opens, max(before["clicks"], int(opens * rates.clicked)))
    unsubscribes = min(opens, max(before["unsubscribes"], int(delivered * rates.unsubscribed * share)))
    return {
        "delivered": delivered,
        "bounces": bounces,
        "opens": opens,
        "clicks": clicks,
        "unsubscribes": unsubscribes,
    }


class Engagement:
    """The simulated recipients of one account."""

    def __init__(self, store: Store, *, seed: int = SEED) -> None:
        self._store = store
        self._seed = seed
        self._waited_s = 0.0

    def tick(self, simulated_s: float, *, now: int, sending: bool = True) -> None:
        """Advance the simulation. Unless messages were sent just now, counters change only every :data:`REST_S`."""
        if SIMULATED not in self._store.column_names(CAMPAIGNS):
            return
        self._waited_s += simulated_s
        if not sending and self._waited_s < REST_S:
            return
        elapsed_s, self._waited_s = self._waited_s, 0.0
        with self._store.transaction() as connection:
            self._add_started(connection)
            self._advance(connection, elapsed_s, now=now)

    def _add_started(self, connection: sqlite3.Connection) -> None:
        """Add running campaigns without real contacts, and label them as simulated."""
        started = connection.execute(
            f"SELECT id FROM campaigns WHERE {ACTIVE} AND status = '{Status.RUNNING}'"
            f" AND recipients IS NOT NULL AND NOT {HAS_DELIVERIES} AND NOT {HAS_CONTACTS}"
            " AND id NOT IN (SELECT campaign_id FROM engagement)"
        ).fetchall()
        for (campaign,) in started:
            connection.execute("INSERT INTO engagement (campaign_id, age_s) VALUES (?, 0)", (campaign,))
            self._store.set_extra_fields(CAMPAIGNS, campaign, {SIMULATED: True})

    def _advance(self, connection: sqlite3.Connection, elapsed_s: float, *, now: int) -> None:
        columns = ", ".join(f"coalesce({name}, 0)" for name in _COUNTERS)
        rows = connection.execute(
            f"SELECT id, list_id, status, age_s, {columns} FROM engagement JOIN campaigns ON id = campaign_id"
        ).fetchall()
        for campaign, list_id, status, age_s, *counters in rows:
            new_age_s = age_s + elapsed_s
            before = dict(zip(_COUNTERS, counters, strict=True))
            after = counters_at(self._rates(campaign, list_id), before, age_s=new_age_s)
            if any(before[name] != value for name, value in after.items()):
                assignments = ", ".join(f"{name} = ?" for name in after)
                connection.execute(
                    f"UPDATE campaigns SET {assignments}, {SET_UPDATED} WHERE id = ?",
                    (*after.values(), now, campaign),
                )
            if new_age_s >= SPAN_S and status not in {Status.RUNNING, Status.PAUSED}:
                connection.execute("DELETE FROM engagement WHERE campaign_id = ?", (campaign,))
            else:
                connection.execute(
                    "UPDATE engagement SET age_s = ? WHERE campaign_id = ?", (new_age_s, campaign)
                )

    def _rates(self, campaign: str, list_id: str | None) -> Rates:
        return Rates.draw(self._seed, campaign, metrics_of(list_id) or COMPANY)
