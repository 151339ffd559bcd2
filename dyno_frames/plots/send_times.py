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
from dyno_frames.plots.rates import OPENS_NOTE, rate_of

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
        ``ax.data`` has one row per weekday and hour that occurs: ``campaigns`` and, for a rate,
        the two sums and the rate.

    Raises
    ------
    SchemaError
        A column is missing, or the metric is unknown.

    Examples
    --------
    >>> send_times(sent)  # doctest: +SKIP
    """
    rate = None if metric == CAMPAIGNS else rate_of(metric, "send_times", CAMPAIGNS)
    figures = numbers(frame, "send_times", *([rate.part, rate.whole] if rate else []))
    times = instants(frame, "send_times", "start_time")
    kept = times.notna() & figures.notna().all(axis=1)
    if rate:
        kept &= figures[rate.whole] > 0
    walls = _wall_times(
        times[kept], texts(frame, "time_zone")[kept] if "time_zone" in frame.columns else None
    )
    keys = [walls.dt.day_of_week.rename("weekday"), walls.dt.hour.rename("hour")]
    groups = figures[kept].groupby(keys)
    drawn = groups.sum()
    drawn.insert(0, CAMPAIGNS, groups.size())
    if rate:
        drawn[metric] = drawn[rate.part] / drawn[rate.whole]
    ax = theme.new_axes((9.0, 3.4)) if ax is None else ax
    if drawn.empty:
        theme.blank(ax, ("no figures" if rate else "no times") if len(frame) else "no campaigns")
    else:
        _grid(ax, drawn, rate)
    local = "campaign's time zone" if "time_zone" in frame.columns else "UTC"
    title = f"{metric.replace('_', ' ').capitalize()} by hour of sending, {local}"
    theme.dress(ax, title, simulated=simulated(frame), notes=[] if drawn.empty else _notes(rate))
    return theme.attach(ax, drawn)


def _notes(rate: Rate | None) -> list[str]:
    if rate is None:
        return ["in a cell: how many campaigns"]
    notes = [f"hatched: fewer than {THIN_CAMPAIGNS} campaigns; in a cell: how many"]
    return [*notes, OPENS_NOTE] if "opens" in {rate.part, rate.whole} else notes


def _wall_times(times: pd.Series, zones: pd.Series | None) -> pd.Series:
    walls: pd.Series = times.dt.tz_localize(None)
    for name in [] if zones is None else sorted(set(zones) - {""}):
        try:
            place = zone(name)
        except ValueError:
            continue
        there = zones == name
        walls[there] = times[there].dt.tz_convert(place).dt.tz_localize(None)
    return walls


def _grid(ax: Axes, drawn: pd.DataFrame, rate: Rate | None) -> None:
    days, hours = drawn.index.get_level_values("weekday"), drawn.index.get_level_values("hour")
    cells = np.full((7, 24), np.nan)
    cells[days, hours] = drawn[rate.name if rate else CAMPAIGNS]
    image = ax.imshow(cells, cmap="cividis_r", aspect="auto", vmin=0)
    for day, hour, campaigns in zip(days, hours, drawn[CAMPAIGNS], strict=True):
        if rate and campaigns < THIN_CAMPAIGNS:
            corner = (hour - 0.5, day - 0.5)
            ax.add_patch(Rectangle(corner, 1, 1, fill=False, hatch="////", edgecolor="white", linewidth=0))
        ax.text(
            hour,
            day,
            str(campaigns),
            ha="center",
            va="center",
            fontsize=7 if theme.width_in(ax) > 5 else 5,
            color=theme.INK,
            bbox={"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.85},
        )
    ax.set_yticks(range(7), DAYS)
    shown = range(0, 24, next(step for step in (2, 3, 4, 6) if step * theme.width_in(ax) > 12 or step == 6))
    ax.set_xticks(shown, [f"{hour:02d}:00" for hour in shown], fontsize=theme.NOTE_SIZE)
    ax.tick_params(length=0)
    root = ax.get_figure()
    if root is not None:
        bar = root.colorbar(image, ax=ax, format=theme.PERCENT if rate else theme.THOUSANDS, pad=0.01)
        bar.set_label(f"{rate.part} of {rate.whole}" if rate else CAMPAIGNS, fontsize=theme.LABEL_SIZE)
