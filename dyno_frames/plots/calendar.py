"""Plot when each list received, or will receive, a campaign."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from dyno_frames.contract.lifecycle import Status
from dyno_frames.plots import theme
from dyno_frames.plots.columns import numbers, require, send_time, simulated, texts
from dyno_frames.plots.labels import label
from dyno_frames.plots.mailing_lists import list_columns, list_labels

LISTS_SHOWN = 12


def calendar(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw each campaign at its send time in UTC, one line per list. Campaigns that are not sent yet are hollow.

    Parameters
    ----------
    frame
        Campaigns, with ``list_id``, ``status``, ``recipients`` and ``start_time`` (or ``created``). A column
        ``list_name`` labels the lists.
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
    >>> names = client.lists.find(columns=["id", "name"]).set_index("id")["name"]  # doctest: +SKIP
    >>> ax = calendar(sent.assign(list_name=sent["list_id"].map(names)))  # doctest: +SKIP
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
    if drawn.empty:
        theme.blank(ax, "no campaigns" if frame.empty else "no times")
    else:
        _lines(ax, drawn[drawn["list_id"].isin(shown)], list(shown), column)
    hidden = drawn["list_id"].nunique() - len(shown)
    sized = "; size: number of recipients" if drawn["recipients"].gt(0).any() else ""
    notes = [f"hollow: not sent yet{sized}"] * (not drawn.empty)
    notes += [f"{hidden:,} more lists are in ax.data"] * (hidden > 0)
    known = f"{len(drawn):,} campaign{'' if len(drawn) == 1 else 's'}" if len(drawn) else "Campaigns"
    theme.dress(ax, f"{known} by list", simulated=simulated(frame), notes=notes)
    return theme.attach(ax, drawn)


def _lines(ax: Axes, drawn: pd.DataFrame, lists: list[str], column: str) -> None:
    places = drawn["list_id"].map({name: place for place, name in enumerate(lists)})
    recipients = drawn["recipients"].fillna(0.0)
    sizes = 18 + 160 * np.sqrt(recipients / max(float(recipients.max()), 1.0))
    later = drawn["status"].isin([Status.DRAFT.value, Status.SCHEDULED.value])
    for hollow, chosen in ((False, drawn[~later]), (True, drawn[later])):
        ax.scatter(
            chosen["at"].dt.tz_localize(None),
            places[chosen.index],
            s=sizes[chosen.index],
            facecolors="white" if hollow else theme.BLUE,
            edgecolors=theme.BLUE,
            alpha=1.0 if hollow else 0.55,
        )
    ax.set_yticks(range(len(lists)), [label(name) for name in list_labels(drawn, lists)])
    ax.set_ylim(len(lists) - 0.4, -0.6)
    theme.dated(ax, single=len(drawn) == 1)
    ax.grid(visible=True, axis="y", alpha=0.3)
    ax.set_xlabel(f"{column}, UTC", fontsize=theme.LABEL_SIZE)
