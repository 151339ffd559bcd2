"""Plot rates or volumes over time, with the number of campaigns per point."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from dyno_frames.contract.computed import RATES
from dyno_frames.errors import SchemaError
from dyno_frames.plots import theme
from dyno_frames.plots.columns import numbers, send_time, simulated
from dyno_frames.plots.periods import FREQUENCIES, period_counts, periods_of
from dyno_frames.plots.rates import OPENS_NOTE, is_inflated, metric_columns, ratio

THIN_CAMPAIGNS = 2
THIN_WHOLE = 200
"""A rate of fewer campaigns, or with a smaller denominator, is drawn hollow."""

_LABELLED_POINTS = 40
_CROWDED_PT = 3.0
"""The markers of points that are closer than this touch each other."""


def timeline(
    frame: pd.DataFrame,
    *,
    metrics: str | Sequence[str] = ("open_rate", "click_rate"),
    freq: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw rates or volumes per week, month or other period, in UTC.

    Parameters
    ----------
    frame
        Campaigns, with ``start_time`` (or ``created``) and the columns of the metrics.
    metrics
        Rates (``open_rate``, ``click_rate``, ``click_to_open_rate``, ``delivery_rate``, ``bounce_rate``,
        ``unsubscribe_rate``, ``complaint_rate``) or counts (``sent``, ``clicks``, ...), but not both.
        A rate is a quotient of sums, so large campaigns weigh more.
    freq
        ``"day"``, ``"week"``, ``"month"``, ``"quarter"`` or ``"year"``; by default the shortest with at most
        40 points, of which at most half are empty.
    ax
        Axes to draw on (default: a new figure).

    Returns
    -------
    matplotlib.axes.Axes
        ``ax.data`` has one row per period: ``campaigns``, one column per metric, the sums behind them, and
        ``thin``.

    Raises
    ------
    SchemaError
        A column is missing, or a metric or period is unknown.

    Examples
    --------
    >>> timeline(sent, metrics="click_rate", freq="month")  # doctest: +SKIP
    """
    names = (metrics,) if isinstance(metrics, str) else tuple(metrics)
    if freq is not None and freq not in FREQUENCIES:
        raise SchemaError(f"timeline got freq={freq!r}; expected one of {list(FREQUENCIES)}, or None")
    counts = numbers(frame, "timeline", *metric_columns(names, "timeline"))
    times, column = send_time(frame, "timeline")
    known = times.notna() & counts.gt(0).any(axis=1)
    freq = freq or _legible(times[known])
    drawn = _periods(counts[known], times[known], names, freq)
    ax = theme.new_axes((9.0, 4.2)) if ax is None else ax
    if drawn.empty or drawn[list(names)].isna().all(axis=None):
        theme.blank(ax, "no numbers" if len(frame) else "no campaigns")
    else:
        _draw(ax, drawn, names)
        ax.set_xlabel(f"{column} by {freq}, UTC", fontsize=theme.LABEL_SIZE)
    theme.dress(ax, _title(names, freq), simulated=simulated(frame), notes=_notes(ax, drawn, names))
    return theme.attach(ax, drawn)


def _legible(times: pd.Series) -> str:
    """Return the shortest period with few points, of which at most half are empty."""
    if times.empty:
        return "week"
    few = period_counts(times, most=_LABELLED_POINTS)
    filled = (freq for freq, points in few.items() if 2 * periods_of(times, freq).nunique() >= points)
    return next(filled, list(few)[-1])


def _periods(counts: pd.DataFrame, times: pd.Series, names: tuple[str, ...], freq: str) -> pd.DataFrame:
    keys = pd.PeriodIndex(periods_of(times, freq), name="period")
    sums = counts.groupby(keys).sum(min_count=1)
    sums.insert(0, "campaigns", pd.Series(1, index=keys, dtype="int64").groupby(level=0).sum())
    for name in names:
        if name in RATES:
            sums[name] = _rate(counts, keys, name)
    if not sums.empty:
        every = pd.period_range(sums.index.min(), sums.index.max(), name="period")
        sums = sums.reindex(every)
    volumes = [name for name in names if name not in RATES]
    sums[volumes] = sums[volumes].mask(sums["campaigns"].isna(), 0.0)
    sums["campaigns"] = sums["campaigns"].fillna(0).astype("int64")
    sums["thin"] = _thin(sums, names)
    return sums


def _rate(counts: pd.DataFrame, keys: pd.PeriodIndex, name: str) -> pd.Series:
    rate = RATES[name]
    both = counts[[rate.part, rate.whole]].where(counts[[rate.part, rate.whole]].notna().all(axis=1))
    return ratio(rate, both.groupby(keys).sum(min_count=1))


def _thin(sums: pd.DataFrame, names: tuple[str, ...]) -> pd.Series:
    wholes = [RATES[name].whole for name in names if name in RATES]
    thin = pd.Series(False, index=sums.index)
    if wholes:
        thin = (sums["campaigns"] < THIN_CAMPAIGNS) | (sums[wholes].min(axis=1) < THIN_WHOLE)
    return thin & (sums["campaigns"] > 0)


def _draw(ax: Axes, drawn: pd.DataFrame, names: tuple[str, ...]) -> None:
    days = pd.PeriodIndex(drawn.index).to_timestamp()
    room_pt = 72 * theme.width_in(ax) / len(days)
    size = float(np.clip(0.5 * room_pt**2, 1.0, 34.0))
    line = 1.6 if room_pt > _CROWDED_PT else 0.5
    for name, color, marker in zip(
        names, _cycled(theme.CYCLE, names), _cycled(theme.MARKERS, names), strict=True
    ):
        _points(ax, drawn, name, color=color, marker=marker, size=size, line=line)
    ax.margins(x=0.03)
    theme.dated(ax, single=len(days) == 1)
    form = theme.PERCENT if names[0] in RATES else theme.THOUSANDS
    ax.yaxis.set_major_formatter(form)
    ax.yaxis.set_major_locator(theme.round_steps(form, most=6))
    ax.grid(visible=True, axis="y", alpha=0.3)
    ax.legend(
        frameon=False,
        fontsize=theme.LABEL_SIZE,
        loc="upper left",
        bbox_to_anchor=(0.0, 1.02),
        labelcolor=theme.ink(ax),
    )
    highest = float(np.nanmax(drawn[list(names)].to_numpy(dtype="float64"))) or 1.0
    ax.set_ylim(0, highest * (1.12 + 0.09 * len(names)))
    _counts(ax, drawn, days)


def _points(
    ax: Axes, drawn: pd.DataFrame, name: str, *, color: str, marker: str, size: float, line: float
) -> None:
    """Draw one metric as a line with a marker for each period; the marker is hollow if the period is thin."""
    days = pd.PeriodIndex(drawn.index).to_timestamp()
    values, thin = drawn[name].to_numpy(), drawn["thin"].to_numpy()
    style = "--" if name == "open_rate" else "-"
    ax.plot(days, values, color=color, linewidth=line, linestyle=style, zorder=2)
    label = RATES[name].label if name in RATES else name
    label += "*" if name in {"open_rate", "opens"} else ""
    ax.scatter(days[~thin], values[~thin], color=color, marker=marker, s=size, zorder=3, label=label)
    ax.scatter(
        days[thin],
        values[thin],
        facecolors=ax.get_facecolor(),
        edgecolors=color,
        linewidths=min(1.5, line),
        marker=marker,
        s=size,
        zorder=3,
    )


def _cycled(items: tuple[str, ...], names: tuple[str, ...]) -> list[str]:
    return [items[i % len(items)] for i in range(len(names))]


def _counts(ax: Axes, drawn: pd.DataFrame, days: pd.DatetimeIndex) -> None:
    if not _counted(ax, drawn):
        return
    for day, count in zip(days, drawn["campaigns"], strict=True):
        if count:
            ax.annotate(
                theme.short(count),
                (day, 1),
                xycoords=("data", "axes fraction"),
                xytext=(0, 1),
                textcoords="offset points",
                ha="center",
                fontsize=7,
                color=theme.ink(ax),
                alpha=0.75,
            )


def _counted(ax: Axes, drawn: pd.DataFrame) -> bool:
    """Return whether a number fits above every point."""
    longest_pt = 2 + 4.5 * max(len(theme.short(count)) for count in drawn["campaigns"])
    return len(drawn) <= min(_LABELLED_POINTS, 72 * theme.width_in(ax) / longest_pt)


def _title(names: tuple[str, ...], freq: str) -> str:
    words = [name.replace("_", " ") for name in names]
    subject = ", ".join(words[:-1]) + (" and " if len(words) > 1 else "") + words[-1]
    return f"{subject[0].upper()}{subject[1:]} per {freq}"


def _notes(ax: Axes, drawn: pd.DataFrame, names: tuple[str, ...]) -> list[str]:
    notes: list[str] = []
    if drawn.empty:
        return notes
    if _counted(ax, drawn):
        notes.append("numbers above: campaigns per point")
    else:
        notes.append(f"{len(drawn):,} points of {drawn['campaigns'].sum():,} campaigns")
    if len(drawn) * _CROWDED_PT > 72 * theme.width_in(ax):
        notes.append("more points than the plot can separate; freq= sets a longer period")
    if drawn["thin"].any():
        notes.append(f"hollow: only one campaign, or fewer than {THIN_WHOLE} messages")
    if any(map(is_inflated, names)):
        notes.append(f"* {OPENS_NOTE}")
    return notes
