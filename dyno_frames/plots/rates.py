"""Compute the rates of campaigns, and their confidence intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dyno_frames.contract.computed import RATES, Rate
from dyno_frames.contract.resources import COUNTERS
from dyno_frames.errors import SchemaError

OPENS_NOTE = "opens are inflated by privacy proxies, which load every image"


def rate_of(name: str, plot: str, *others: str) -> Rate:
    """Return the rate of this name; ``others`` are the other metrics of the plot.

    Raises
    ------
    SchemaError
        The rate is unknown. The message lists the metrics of the plot.
    """
    if name not in RATES:
        raise SchemaError(f"{plot} has no metric {name!r}; expected one of {[*RATES, *others]}")
    return RATES[name]


def metric_columns(metrics: tuple[str, ...], plot: str) -> tuple[str, ...]:
    """Return the columns that metrics are computed from. The metrics must be all rates or all counts.

    Raises
    ------
    SchemaError
        A metric is unknown, no metric is given, or rates and counts are mixed.
    """
    unknown = [name for name in metrics if name not in RATES and name not in COUNTERS]
    if unknown or not metrics:
        raise SchemaError(
            f"{plot} cannot draw metrics={list(metrics)}; expected rates from {list(RATES)} "
            f"or counts from {list(COUNTERS)}"
        )
    rates = [name for name in metrics if name in RATES]
    if rates and len(rates) < len(metrics):
        raise SchemaError(
            f"{plot} has one axis: metrics={list(metrics)} mixes rates with counts; draw them in "
            "separate plots, side by side with ax="
        )
    names = [column for name in rates for column in (RATES[name].part, RATES[name].whole)] or metrics
    return tuple(dict.fromkeys(names))


def ratio(rate: Rate, frame: pd.DataFrame) -> pd.Series:
    """Return a rate of each row, with NaN where its denominator is 0."""
    whole = frame[rate.whole]
    values: pd.Series = frame[rate.part] / whole.where(whole > 0)
    return values


def is_inflated(name: str) -> bool:
    """Return whether a metric counts opens, which privacy proxies inflate."""
    return name == "opens" or (name in RATES and "opens" in RATES[name].reads)


def wilson(part: pd.Series, whole: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return the bounds of Wilson's 95% interval of ``part / whole``, or NaN if ``whole`` is 0."""
    z = 1.959964
    n = whole.where(whole > 0)
    p = (part / n).clip(0.0, 1.0)
    center = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return center - half, center + half
