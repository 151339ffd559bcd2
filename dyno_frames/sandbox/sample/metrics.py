"""Draw the counters of sample campaigns from the distributions of real senders.

The quantiles are real. The campaigns are simulated, and are labelled so wherever they are shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TypeAlias

Quantiles: TypeAlias = tuple[float, float, float, float, float]

LEVELS: Quantiles = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class MetricQuantiles:
    """The distribution of one kind of sender's metrics: the values at :data:`LEVELS`.

    Parameters
    ----------
    recipients
        Messages per campaign.
    bounced
        The share of the messages sent.
    opened, unsubscribed
        The share of the messages delivered.
    clicked
        The share of the messages opened.
    """

    recipients: Quantiles
    bounced: Quantiles
    opened: Quantiles
    clicked: Quantiles
    unsubscribed: Quantiles


# Quantiles of three kinds of real senders, for campaigns with 50 recipients or more.
# They differ too much to be combined.
NEWSLETTER = MetricQuantiles(  # a daily newsletter, 79 campaigns, 2018 and 2019
    recipients=(1294, 2205.5, 8105, 12524, 12628),
    bounced=(0.00081, 0.00192, 0.00263, 0.00359, 0.01042),
    opened=(0.15333, 0.3665, 0.39452, 0.4896, 0.53979),
    clicked=(0.03673, 0.05438, 0.07892, 0.11629, 0.2177),
    unsubscribed=(0.00071, 0.00115, 0.00152, 0.00287, 0.00622),
)
COMPANY = MetricQuantiles(  # a small company's product mail, 62 campaigns, 2017
    recipients=(95, 129, 237, 382.75, 598.55),
    bounced=(0.0, 0.00872, 0.01874, 0.04059, 0.24658),
    opened=(0.05048, 0.09529, 0.20213, 0.26865, 0.36238),
    clicked=(0.0, 0.0, 0.03095, 0.0937, 0.19962),
    unsubscribed=(0.0, 0.00718, 0.01327, 0.02115, 0.03915),
)
SHOP = MetricQuantiles(  # web shops' offers, 1,284 campaigns, 2022 and 2023
    recipients=(2181.45, 4979.25, 31701, 45079.5, 235296.45),
    bounced=(0.00011, 0.00026, 0.0004, 0.00088, 0.00281),
    opened=(0.07003, 0.09837, 0.12974, 0.15094, 0.18467),
    clicked=(0.03626, 0.05144, 0.06618, 0.08824, 0.14552),
    unsubscribed=(0.00046, 0.00114, 0.00178, 0.00287, 0.00998),
)


def quantile(quantiles: Quantiles, level: float) -> float:
    """Return the value at a level from 0 to 1, interpolated linearly between the known levels."""
    if level <= LEVELS[0]:
        return quantiles[0]
    for place in range(1, len(LEVELS)):
        low, high = LEVELS[place - 1], LEVELS[place]
        if level <= high:
            share = (level - low) / (high - low)
            return quantiles[place - 1] + share * (quantiles[place] - quantiles[place - 1])
    return quantiles[-1]


def draw_counters(quantiles: MetricQuantiles, *, recipients: int, sent: int, rng: Random) -> dict[str, int]:
    """Draw consistent counters for one campaign.

    Of the random numbers only ``random`` is used, which returns the same ones in every version of Python.
    """
    bounces = round(sent * quantile(quantiles.bounced, rng.random()))
    delivered = sent - bounces
    opens = round(delivered * quantile(quantiles.opened, rng.random()))
    clicks = round(opens * quantile(quantiles.clicked, rng.random()))
    unsubscribes = min(opens, round(delivered * quantile(quantiles.unsubscribed, rng.random())))
    complaints = int(delivered * 0.0002 * rng.random())
    return {
        "recipients": recipients,
        "sent": sent,
        "delivered": delivered,
        "opens": opens,
        "clicks": clicks,
        "bounces": bounces,
        "complaints": complaints,
        "unsubscribes": unsubscribes,
    }
