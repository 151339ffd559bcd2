"""Plot one rate of several campaigns, with confidence intervals."""

from __future__ import annotations

from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from dyno_frames.contract.computed import Rate
from dyno_frames.errors import SchemaError
from dyno_frames.plots import theme
from dyno_frames.plots.columns import numbers, require, send_time, simulated, texts
from dyno_frames.plots.labels import campaign_count, label
from dyno_frames.plots.rates import OPENS_NOTE, is_inflated, rate_of, ratio, wilson


def compare(
    frame: pd.DataFrame, *, metric: str = "click_rate", limit: int = 20, ax: Axes | None = None
) -> Axes:
    """Draw one rate per campaign with its 95% interval, best first, and the median as a line.

    Campaigns of the same name are labelled with their date.

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
        ``ax.data`` has one row per campaign drawn: ``name``, the two columns, the rate, ``low``, ``high`` and,
        where the frame has times, ``at``.

    Raises
    ------
    SchemaError
        A column is missing, the metric is unknown, or the limit is not positive.

    Examples
    --------
    >>> compare(sent, metric="click_to_open_rate", limit=10)  # doctest: +SKIP
    >>> compare(sent.groupby("name", as_index=False)[["delivered", "clicks"]].sum())  # doctest: +SKIP
    """
    rate = rate_of(metric, "compare")
    if limit < 1:
        raise SchemaError(f"compare got limit={limit!r}; expected a whole number from 1")
    require(frame, "compare", "name", rate.part, rate.whole)
    rows = numbers(frame, "compare", rate.part, rate.whole)
    rows.insert(0, "name", texts(frame, "name"))
    rows[metric] = ratio(rate, rows)
    rows["low"], rows["high"] = wilson(rows[rate.part], rows[rate.whole])
    known, order = _ordered(rows.set_axis(range(len(rows))), frame)
    known = known[known[metric].notna()]
    drawn = known.head(limit).sort_values(metric, kind="stable", ascending=False, ignore_index=True)
    ax = theme.new_axes((8.0, 1.6 + 0.27 * max(len(drawn), 6))) if ax is None else ax
    of, notes = "by campaign", list[str]()
    if drawn.empty:
        theme.blank(ax, "no numbers" if len(frame) else "no campaigns")
    else:
        of = f"of {_counted(len(drawn), len(rows))}" if "at" in drawn else "by name"
        notes = [f"shown: the {order}, {len(drawn):,} of {len(known):,}"] * (len(known) > len(drawn))
        notes += _dots(ax, drawn, rate, float(known[metric].median()))
    missing = len(rows) - len(known)
    note = f"{missing:,} without {metric.replace('_', ' ')}: {rate.whole} is 0 or unknown"
    notes += [note] * (0 < missing < len(rows))
    title = f"{metric.replace('_', ' ').capitalize()} {of}"
    theme.dress(ax, title, simulated=simulated(frame), notes=notes)
    return theme.attach(ax, drawn)


def _ordered(rows: pd.DataFrame, frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the rows in the order in which they are chosen, and the name of the order."""
    if not {"start_time", "created"} & set(frame.columns):
        return rows, "first rows"
    times, column = send_time(frame, "compare")
    rows = rows.assign(at=times.set_axis(rows.index))
    return rows.iloc[::-1].sort_values("at", kind="stable", ascending=False), f"latest by {column}"


def _counted(shown: int, rows: int) -> str:
    return f"{shown:,} of {campaign_count(rows)}" if shown < rows else campaign_count(rows)


def _labels(drawn: pd.DataFrame) -> tuple[pd.Series, bool]:
    """Return the label of each row, and whether some have dates, because their names are the same."""
    labels = drawn["name"].map(label)
    same = labels.duplicated(keep=False) & (drawn["at"].notna() if "at" in drawn else False)
    if same.any():
        for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M"):
            dated = drawn["name"].map(partial(label, limit=24)) + ", " + drawn["at"].dt.strftime(form)
            labels = labels.mask(same, dated)
            same &= labels.duplicated(keep=False)
        return labels, True
    return labels, False


def _dots(ax: Axes, drawn: pd.DataFrame, rate: Rate, median: float) -> list[str]:
    """Draw the rows, and return what the marks mean."""
    places = range(len(drawn))
    inflated = is_inflated(rate.name)
    color, marker = (theme.GREY, "D") if inflated else (theme.BLUE, "o")
    ax.hlines(places, drawn["low"], drawn["high"], color=color, alpha=0.55, linewidth=3)
    ax.scatter(drawn[rate.name], places, color=color, marker=marker, s=38, zorder=3, clip_on=False)
    ax.axvline(median, color=theme.RED, linestyle="--", linewidth=1.2, zorder=1)
    labels, dated = _labels(drawn)
    names = [f"{name}  ({n:,.0f})" for name, n in zip(labels, drawn[rate.whole], strict=True)]
    ax.set_yticks(list(places), names, fontsize=theme.LABEL_SIZE)
    ax.tick_params(axis="y", length=0, pad=7)
    ax.set_ylim(len(drawn) - 0.4, -0.6)
    ax.set_xlim(left=0)
    theme.numbered(ax, theme.PERCENT, most=6)
    ax.grid(visible=True, axis="x", alpha=0.3)
    ax.set_xlabel(f"{rate.part} of {rate.whole}; {rate.whole} in brackets", fontsize=theme.LABEL_SIZE)
    notes = ["line: 95% interval (Wilson); dashed: median of the whole frame"]
    notes += ["date: when a campaign of the same name was sent, UTC"] * dated
    return [*notes, OPENS_NOTE] if inflated else notes
