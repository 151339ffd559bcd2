"""Plot a rate by weekday and hour of sending."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from dyno_frames.contract.computed import Rate
from dyno_frames.contract.times import zone
from dyno_frames.plots import theme
from dyno_frames.plots.columns import instants, numbers, simulated, texts
from dyno_frames.plots.rates import OPENS_NOTE, is_inflated, rate_of, ratio

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
CAMPAIGNS = "campaigns"
"""The metric that counts campaigns."""

THIN_CAMPAIGNS = 3
"""Cells of fewer campaigns are hatched, because their rates are uncertain."""


def send_times(frame: pd.DataFrame, *, metric: str = "click_rate", ax: Axes | None = None) -> Axes:
    """Draw a rate, or the number of campaigns, by weekday and hour of sending in each campaign's time zone.

    Parameters
    ----------
    frame
        Campaigns, with ``start_time`` and the metric's two columns; with ``time_zone``, hours are local,
        or in UTC if the zone is null or unknown.
    metric
        A rate, such as ``"click_rate"``; or ``"campaigns"`` for the number of campaigns.
    ax
        Axes to draw on (default: a new figure).

    Returns
    -------
    matplotlib.axes.Axes
        The hours from the first to the last with a campaign. ``ax.data`` has one row per weekday and hour
        that occurs: ``campaigns`` and, for a rate, the two sums and the rate.

    Raises
    ------
    SchemaError
        A column is missing, or the metric is unknown.

    Examples
    --------
    >>> send_times(sent)  # doctest: +SKIP
    """
    rate = None if metric == CAMPAIGNS else rate_of(metric, "send_times", CAMPAIGNS)
    counts = numbers(frame, "send_times", *([rate.part, rate.whole] if rate else []))
    times = instants(frame, "send_times", "start_time")
    kept = times.notna() & counts.notna().all(axis=1)
    if rate:
        kept &= counts[rate.whole] > 0
    local_times = _local_times(
        times[kept], texts(frame, "time_zone")[kept] if "time_zone" in frame.columns else None
    )
    keys = [local_times.dt.day_of_week.rename("weekday"), local_times.dt.hour.rename("hour")]
    groups = counts[kept].groupby(keys)
    drawn = groups.sum()
    drawn.insert(0, CAMPAIGNS, groups.size())
    if rate:
        drawn[metric] = ratio(rate, drawn)
    ax = theme.new_axes((9.0, 3.4)) if ax is None else ax
    if drawn.empty:
        theme.blank(ax, ("no numbers" if rate else "no times") if len(frame) else "no campaigns")
    else:
        _grid(ax, drawn, rate)
    local = "campaign's time zone" if "time_zone" in frame.columns else "UTC"
    title = f"{metric.replace('_', ' ').capitalize()} by hour of sending, {local}"
    theme.dress(ax, title, simulated=simulated(frame), notes=[] if drawn.empty else _notes(rate, drawn))
    return theme.attach(ax, drawn)


def _notes(rate: Rate | None, drawn: pd.DataFrame) -> list[str]:
    used = _hours(drawn)
    thin = rate is not None and bool(drawn[CAMPAIGNS].lt(THIN_CAMPAIGNS).any())
    notes = ["numbers: campaigns" + f"; hatched: fewer than {THIN_CAMPAIGNS}" * thin]
    notes += [f"no campaign was sent before {used.start:02d}:00 or after {used[-1]:02d}:59"] * (
        len(used) < 24
    )
    return [*notes, OPENS_NOTE] if rate and is_inflated(rate.name) else notes


def _hours(drawn: pd.DataFrame) -> range:
    """Return the hours from the first to the last with a campaign."""
    hours = drawn.index.get_level_values("hour")
    return range(hours.min(), hours.max() + 1)


def _local_times(times: pd.Series, zones: pd.Series | None) -> pd.Series:
    """Return times in the time zone of each campaign, without the zone; in UTC if it is unknown."""
    local_times: pd.Series = times.dt.tz_localize(None)
    for name in [] if zones is None else sorted(set(zones) - {""}):
        try:
            place = zone(name)
        except ValueError:
            continue
        there = zones == name
        local_times[there] = times[there].dt.tz_convert(place).dt.tz_localize(None)
    return local_times


def _grid(ax: Axes, drawn: pd.DataFrame, rate: Rate | None) -> None:
    used = _hours(drawn)
    days, hours = drawn.index.get_level_values("weekday"), drawn.index.get_level_values("hour")
    cells = np.full((7, len(used)), np.nan)
    cells[days, hours - used.start] = drawn[rate.name if rate else CAMPAIGNS]
    image = ax.imshow(
        cells,
        cmap=theme.heat(ax),
        aspect="auto",
        vmin=0,
        extent=(used.start - 0.5, used.stop - 0.5, 6.5, -0.5),
    )
    room_pt = 72 * theme.width_in(ax) / len(used)
    _cell_numbers(ax, drawn, rate, fontsize=7 if room_pt > 15 else 5)
    ax.set_yticks(range(7), DAYS)
    step = next((step for step in (1, 2, 3, 4) if step * room_pt > 18), 6)
    shown = [hour for hour in used if hour % step == 0] or [used.start]
    ax.set_xticks(shown, [f"{hour:02d}" for hour in shown], fontsize=theme.NOTE_SIZE)
    ax.set_xlabel("hour", fontsize=theme.LABEL_SIZE)
    ax.tick_params(length=0)
    text = f"{rate.part} of {rate.whole}" if rate else CAMPAIGNS
    theme.color_bar(ax, image, text, theme.PERCENT if rate else theme.THOUSANDS)


def _cell_numbers(ax: Axes, drawn: pd.DataFrame, rate: Rate | None, *, fontsize: int) -> None:
    """Write the number of campaigns into each cell, and hatch cells whose rate is uncertain."""
    days, hours = drawn.index.get_level_values("weekday"), drawn.index.get_level_values("hour")
    for day, hour, campaigns in zip(days, hours, drawn[CAMPAIGNS], strict=True):
        if rate and campaigns < THIN_CAMPAIGNS:
            corner = (hour - 0.5, day - 0.5)
            ax.add_patch(Rectangle(corner, 1, 1, fill=False, hatch="////", edgecolor="white", linewidth=0))
        ax.text(
            hour,
            day,
            theme.short(campaigns),
            ha="center",
            va="center",
            fontsize=fontsize,
            color="black",
            bbox={"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.85},
        )
