"""The rates of a campaign as percentages, and a warning where mailbox providers would object."""

from __future__ import annotations

from dataclasses import dataclass

from dyno_frames.contract.computed import LIMITS, RATES
from dyno_frames.panels.campaigns.campaign import Campaign


@dataclass(frozen=True, slots=True)
class Metric:
    """A rate that panels show.

    Parameters
    ----------
    label
        What a marketer calls it.
    rate
        Its name in ``contract.computed``, which says what is divided by what and which rate is too high.
    decimals
        Digits after the point.
    """

    label: str
    rate: str
    decimals: int = 1

    def value(self, row: Campaign) -> float | None:
        """Return a campaign's rate. None if it is unknown or nothing was sent."""
        part, whole = self.counts(row)
        return None if part is None or not whole else part / whole

    def text(self, row: Campaign) -> str:
        """Return the rate as a percentage. Empty if it is unknown."""
        value = self.value(row)
        return "" if value is None else f"{value:.{self.decimals}%}"

    def share(self, row: Campaign) -> str:
        """Return the two numbers of the rate. Empty if it is unknown."""
        part, whole = self.counts(row)
        return "" if part is None or not whole else f"{part:,} of {whole:,}"

    def warning(self, row: Campaign) -> str:
        """Return which limit the rate exceeds. Empty if it does not."""
        value, limit = self.value(row), LIMITS.get(self.rate)
        return f"above {limit * 100:g}%" if value is not None and limit is not None and value > limit else ""

    def counts(self, row: Campaign) -> tuple[int | None, int | None]:
        """Return the number of events and the number of messages that they are counted among."""
        rate = RATES[self.rate]
        return getattr(row, rate.part), getattr(row, rate.whole)


OPENS = Metric("Opens", "open_rate")
CLICKS = Metric("Clicks", "click_rate")
BOUNCES = Metric("Bounces", "bounce_rate")
COMPLAINTS = Metric("Complaints", "complaint_rate", decimals=2)
UNSUBSCRIBES = Metric("Unsubscribes", "unsubscribe_rate", decimals=2)

METRICS = (OPENS, CLICKS, BOUNCES, COMPLAINTS, UNSUBSCRIBES)
"""The rates of the open campaign, in this order."""
