"""Plot one rate of several campaigns, with confidence intervals."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from dyno_frames.contract.computed import Rate
from dyno_frames.plots import theme
from dyno_frames.plots.columns import numbers, require, send_time, simulated, texts
from dyno_frames.plots.labels import label
from dyno_frames.plots.rates import OPENS_NOTE, rate_of, wilson


def compare(
    frame: pd.DataFrame, *, metric: str = "click_rate", limit: int = 20, ax: Axes | None = None
) -> Axes:
    """Draw one rate per campaign with its 95% interval, best first, and the median as a line.

    Parameters
    ----------
    frame
        Rows with a ``name`` and the metric's two columns, such as campaigns.
    metric
        A rate, such as ``"click_rate"`` or ``"click_to_open_rate"``.
    limit
        Maximum number of rows: the latest by ``start_time`` (or ``created``), or the first rows of a frame
        without times, such as sums by name. The median is that of the whole frame.
    ax
        Axes to draw on (default: a new figure).

    Returns
    -------
    matplotlib.axes.Axes
        ``ax.data`` has one row per campaign drawn: ``name``, the two columns, the rate, ``low``, ``high``.

    Raises
    ------
    SchemaError
        A column is missing, or the metric is unknown.

    Examples
    --------
    >>> compare(sent, metric="click_to_open_rate", limit=10)  # doctest: +SKIP
    >>> compare(sent.groupby("name", as_index=False)[["delivered", "clicks"]].sum())  # doctest: +SKIP
    """
    rate = rate_of(metric, "compare")
    require(frame, "compare", "name", rate.part, rate.whole)
    rows = numbers(frame, "compare", rate.part, rate.whole)
    rows.insert(0, "name", texts(frame, "name"))
    rows[metric] = rows[rate.part] / rows[rate.whole].where(rows[rate.whole] > 0)
    rows["low"], rows["high"] = wilson(rows[rate.part], rows[rate.whole])
    median = float(rows[metric].median())
    chosen = _chosen(rows.set_axis(range(len(rows))), metric, frame, limit)
    drawn = chosen.sort_values(metric, kind="stable", ascending=False, ignore_index=True)
    ax = theme.new_axes((8.0, 1.6 + 0.27 * max(len(drawn), 6))) if ax is None else ax
    if drawn.empty:
        theme.blank(ax, "no figures" if len(frame) else "no campaigns")
    else:
        _dots(ax, drawn, rate, median)
        ax.set_xlabel(f"{rate.part} of {rate.whole}; {rate.whole} in brackets", fontsize=theme.LABEL_SIZE)
    notes = ["line: 95% interval (Wilson); dashed: median of all campaigns in the frame"] * (not drawn.empty)
    notes += [OPENS_NOTE] * ("opens" in {rate.part, rate.whole} and not drawn.empty)
    title = f"{metric.replace('_', ' ').capitalize()} by campaign"
    theme.dress(ax, title, simulated=simulated(frame), notes=notes)
    return theme.attach(ax, drawn)


def _chosen(rows: pd.DataFrame, metric: str, frame: pd.DataFrame, limit: int) -> pd.DataFrame:
    known = rows[rows[metric].notna()]
    if not {"start_time", "created"} & set(frame.columns):
        return known.head(limit)
    times, _ = send_time(frame, "compare")
    order = times.set_axis(rows.index)[known.index].sort_values(kind="stable")
    return known.loc[order.index].tail(limit)


def _dots(ax: Axes, drawn: pd.DataFrame, rate: Rate, median: float) -> None:
    places = range(len(drawn))
    inflated = "opens" in {rate.part, rate.whole}
    colour, marker = (theme.GREY, "D") if inflated else (theme.BLUE, "o")
    ax.hlines(places, drawn["low"], drawn["high"], color=colour, alpha=0.55, linewidth=3)
    ax.scatter(drawn[rate.name], places, color=colour, marker=marker, s=38, zorder=3, clip_on=False)
    ax.axvline(median, color=theme.RED, linestyle="--", linewidth=1.2, zorder=1)
    names = [f"{label(name)}  ({n:,.0f})" for name, n in zip(drawn["name"], drawn[rate.whole], strict=True)]
    ax.set_yticks(list(places), names, fontsize=theme.LABEL_SIZE)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(drawn) - 0.4, -0.6)
    ax.set_xlim(left=0)
    theme.numbered(ax, theme.PERCENT, most=6)
    ax.grid(visible=True, axis="x", alpha=0.3)
