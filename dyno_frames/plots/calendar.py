"""Plot when each list received, or will receive, a campaign."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from dyno_frames.contract.lifecycle import Status
from dyno_frames.plots import theme
from dyno_frames.plots.columns import numbers, require, send_time, simulated, texts
from dyno_frames.plots.labels import campaign_count, label
from dyno_frames.plots.mailing_lists import list_columns, list_labels
from dyno_frames.plots.periods import period_counts, periods_of

LISTS_SHOWN = 12

_APART_PT = 3.0
"""Two campaigns of a list that are closer than this look like one."""


def calendar(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw each campaign at its send time in UTC, one line per list. Campaigns that are not sent yet are hollow.

    Where most points would overlap, the colors show the number of campaigns per day, week, month, quarter or year.

    Parameters
    ----------
    frame
        Campaigns, with ``list_id``, ``status``, ``recipients`` and ``start_time`` (or ``created``). A column
        ``list_name`` labels the lists; ``df.dyno.plot.calendar()`` adds it.
    ax
        Axes to draw on (default: a new figure).

    Returns
    -------
    matplotlib.axes.Axes
        ``ax.data`` has one row per campaign drawn: ``list_id`` (and ``list_name``, where the frame has
        it), ``at``, ``status``, ``recipients``, ``gap_days`` since the previous campaign of the same list.
        Only the lists with the most campaigns are drawn.

    Raises
    ------
    SchemaError
        A column is missing.

    Examples
    --------
    >>> ax = sent.dyno.plot.calendar()  # doctest: +SKIP
    >>> ax.data.nsmallest(5, "gap_days")  # doctest: +SKIP
    """
    lists = list_columns(frame, "calendar")
    require(frame, "calendar", "status", "recipients")
    times, column = send_time(frame, "calendar")
    recipients = numbers(frame, "calendar", "recipients")["recipients"]
    rows = lists.assign(at=times, status=texts(frame, "status"), recipients=recipients)
    drawn = rows[rows["at"].notna()].sort_values(["list_id", "at"], kind="stable", ignore_index=True)
    drawn["gap_days"] = drawn.groupby("list_id")["at"].diff().dt.total_seconds() / 86_400
    shown = drawn["list_id"].value_counts().head(LISTS_SHOWN).index
    ax = theme.new_axes((9.0, 1.8 + 0.34 * max(len(shown), 4))) if ax is None else ax
    notes: list[str] = []
    if drawn.empty:
        theme.blank(ax, "no campaigns" if frame.empty else "no times")
    else:
        notes = _lines(ax, drawn[drawn["list_id"].isin(shown)], list(shown))
        ax.set_xlabel(f"{column}, UTC", fontsize=theme.LABEL_SIZE)
    hidden = drawn["list_id"].nunique() - len(shown)
    notes += [f"{hidden:,} more lists are in ax.data"] * (hidden > 0)
    subject = campaign_count(len(drawn)) if len(drawn) else "Campaigns"
    theme.dress(ax, f"{subject} by list", simulated=simulated(frame), notes=notes)
    return theme.attach(ax, drawn)


def _lines(ax: Axes, rows: pd.DataFrame, lists: list[str]) -> list[str]:
    """Draw the lines of these lists, and return what their marks mean."""
    ax.set_yticks(range(len(lists)), [label(name) for name in list_labels(rows, lists)])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(lists) - 0.4, -0.6)
    width_pt = 72 * theme.width_in(ax)
    note = _strips(ax, rows, lists) if _overlap(rows, width_pt) else _points(ax, rows, lists, width_pt)
    theme.dated(ax, single=bool(rows["at"].eq(rows["at"].iloc[0]).all()))
    return note


def _overlap(rows: pd.DataFrame, width_pt: float) -> bool:
    """Return whether more than a third of the campaigns would be drawn on another one of their list."""
    span = (rows["at"].max() - rows["at"].min()) / (width_pt / _APART_PT)
    places = (rows["at"] - rows["at"].min()) // max(span, pd.Timedelta(seconds=1))
    return bool(rows[["list_id"]].assign(place=places).duplicated().mean() > 1 / 3)


def _strips(ax: Axes, rows: pd.DataFrame, lists: list[str]) -> list[str]:
    freq = next(iter(period_counts(rows["at"], most=int(72 * theme.width_in(ax) / _APART_PT))))
    counts = pd.crosstab(rows["list_id"], periods_of(rows["at"], freq))
    every = pd.period_range(counts.columns.min(), counts.columns.max())
    edges = [*every.to_timestamp(), every[-1].end_time]
    norm = Normalize(0, float(counts.to_numpy().max()))
    cells = counts.reindex(index=lists, columns=every).replace(0, np.nan).to_numpy(dtype="float64")
    for place, row in enumerate(cells):
        ax.pcolormesh(edges, [place - 0.35, place + 0.35], [row], norm=norm, cmap=theme.heat(ax))
    theme.color_bar(ax, ScalarMappable(norm, theme.heat(ax)), f"campaigns per {freq}", theme.THOUSANDS)
    return [f"colors: campaigns per {freq}, because there are too many to draw each one"]


def _points(ax: Axes, rows: pd.DataFrame, lists: list[str], width_pt: float) -> list[str]:
    places = rows["list_id"].map({name: place for place, name in enumerate(lists)})
    diameters = _diameters(rows, width_pt)
    later = rows["status"].isin([Status.DRAFT.value, Status.SCHEDULED.value])
    for hollow, chosen in ((False, rows[~later]), (True, rows[later])):
        ax.scatter(
            chosen["at"].dt.tz_localize(None),
            places[chosen.index],
            s=diameters[chosen.index] ** 2,
            facecolors=ax.get_facecolor() if hollow else theme.BLUE,
            edgecolors=theme.BLUE,
            alpha=1.0 if hollow else 0.55,
        )
    ax.grid(visible=True, axis="y", alpha=0.3)
    words = ["hollow: not sent yet"] * bool(later.any())
    words += ["size: number of recipients"] * bool(rows["recipients"].gt(0).any())
    return ["; ".join(words)] * bool(words)


def _diameters(rows: pd.DataFrame, width_pt: float) -> pd.Series:
    """Return the diameters of the points: areas are proportional to recipients, and neighbors overlap little."""
    recipients = rows["recipients"].fillna(0.0).clip(lower=0.0)
    relative = np.sqrt(recipients / max(float(recipients.max()), 1.0))
    by_list = relative.groupby(rows["list_id"])
    room = 1.5 * width_pt / by_list.size() / by_list.max().clip(lower=0.01)
    diameters: pd.Series = (relative * float(np.clip(room.min(), 5.0, 14.0))).clip(lower=3.5)
    return diameters
