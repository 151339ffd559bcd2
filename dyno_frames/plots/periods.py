"""The periods, such as weeks, into which plots group campaigns."""

from __future__ import annotations

import pandas as pd

FREQUENCIES = {"day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}
"""The periods, shortest first, and their codes in pandas."""


def period_counts(times: pd.Series, *, most: int) -> dict[str, int]:
    """Return how many days, weeks and so on lie between the first and the last time.

    Periods of which there are more than ``most`` are left out, except years.

    Parameters
    ----------
    times
        Times in UTC, at least one.
    most
        Maximum number of periods.
    """
    first, last = times.min().tz_localize(None), times.max().tz_localize(None)
    found = {freq: len(pd.period_range(first, last, freq=code)) for freq, code in FREQUENCIES.items()}
    return {freq: count for freq, count in found.items() if count <= most or freq == "year"}


def periods_of(times: pd.Series, freq: str) -> pd.Series:
    """Return the period of each time in UTC."""
    periods: pd.Series = times.dt.tz_localize(None).dt.to_period(FREQUENCIES[freq])
    return periods
