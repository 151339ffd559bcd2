"""Plot bounces, unsubscribes and complaints per list, with the usual limits."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from dyno_frames.contract.computed import LIMITS, RATES
from dyno_frames.plots import theme
from dyno_frames.plots.columns import numbers, simulated
from dyno_frames.plots.labels import label
from dyno_frames.plots.mailing_lists import list_columns
from dyno_frames.plots.rates import ratio

_RATES = ("bounce_rate", "unsubscribe_rate", "complaint_rate")
_LOOKS = {
    "bounce_rate": (theme.RED, "o"),
    "unsubscribe_rate": (theme.BLUE, "s"),
    "complaint_rate": (None, "D"),
}
LISTS_SHOWN = 15


def list_health(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw bounce, unsubscribe and complaint rates per list, with the limits that mailbox providers set.

    Parameters
    ----------
    frame
        Campaigns, with ``list_id``, ``sent``, ``delivered``, ``bounces``, ``unsubscribes``, ``complaints``.
        A column ``list_name`` labels the lists; ``df.dyno.plot.list_health()`` adds it.
    ax
        Axes to draw on (default: a new figure).

    Returns
    -------
    matplotlib.axes.Axes
        ``ax.data`` has one row per list, largest ``sent`` first: ``list_name`` (where the frame has it),
        ``campaigns``, the sums, the three rates.

    Raises
    ------
    SchemaError
        A column is missing or holds no numbers.

    Examples
    --------
    >>> ax = sent.dyno.plot.list_health()  # doctest: +SKIP
    >>> ax.data.query("bounce_rate > 0.02")  # doctest: +SKIP
    """
    names = ("sent", "delivered", "bounces", "unsubscribes", "complaints")
    lists = list_columns(frame, "list_health")
    counts = numbers(frame, "list_health", *names)
    mailed = counts["sent"] > 0
    drawn = _sums(counts[mailed], lists[mailed])
    for name in _RATES:
        drawn[name] = ratio(RATES[name], drawn)
    drawn = drawn.sort_values("sent", kind="stable", ascending=False)
    shown = drawn.head(LISTS_SHOWN)
    ax = theme.new_axes((8.0, 2.0 + 0.36 * max(len(shown), 4))) if ax is None else ax
    if shown.empty:
        theme.blank(ax, "no numbers" if len(frame) else "no campaigns")
    else:
        _dots(ax, shown)
    notes = ["bounces of sent; unsubscribes and complaints of delivered"] * (not drawn.empty)
    notes += [f"lines: {_limits()}; above them providers may reject mail"] * (not drawn.empty)
    notes += [f"{len(drawn) - len(shown):,} more lists are in ax.data"] * (len(drawn) > len(shown))
    theme.dress(ax, "Health by list", simulated=simulated(frame), notes=notes, pad=28)
    return theme.attach(ax, drawn)


def _limits() -> str:
    return ", ".join(f"{limit * 100:g}% {RATES[name].part}" for name, limit in LIMITS.items())


def _sums(counts: pd.DataFrame, lists: pd.DataFrame) -> pd.DataFrame:
    keys = pd.Index(lists["list_id"], name="list_id")
    drawn = counts.groupby(keys).sum(min_count=1)
    drawn.insert(0, "campaigns", counts.groupby(keys).size())
    for name in lists.columns.drop("list_id"):
        drawn.insert(0, name, lists[name].groupby(keys).first())
    return drawn


def _dots(ax: Axes, shown: pd.DataFrame) -> None:
    places = range(len(shown))
    for name, (chosen, marker) in _LOOKS.items():
        color = chosen or theme.ink(ax)
        words = RATES[name].part
        ax.scatter(
            shown[name], places, color=color, marker=marker, s=40, label=words, zorder=3, clip_on=False
        )
        if name in LIMITS:
            ax.axvline(LIMITS[name], color=color, linestyle="--", linewidth=1)
    called = shown.get("list_name", shown.index)
    names = [f"{label(name)}  ({sent:,.0f} sent)" for name, sent in zip(called, shown["sent"], strict=True)]
    ax.set_yticks(list(places), names, fontsize=theme.LABEL_SIZE)
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.set_xlim(left=0)
    ax.margins(x=0.08)
    theme.numbered(ax, theme.PERCENT, most=7)
    ax.grid(visible=True, axis="x", alpha=0.3)
    ax.tick_params(axis="y", length=0, pad=7)
    ax.legend(
        frameon=False,
        fontsize=theme.LABEL_SIZE,
        loc="lower left",
        bbox_to_anchor=(-0.01, 0.99),
        ncols=3,
        columnspacing=1.5,
        handletextpad=0.3,
        labelcolor=theme.ink(ax),
    )
