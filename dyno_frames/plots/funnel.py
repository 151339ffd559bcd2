"""Plot how many messages were sent, delivered, opened and clicked, and how many were lost."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from dyno_frames.plots import theme
from dyno_frames.plots.columns import numbers, simulated
from dyno_frames.plots.labels import campaign_count
from dyno_frames.plots.rates import OPENS_NOTE

_STAGES = (
    ("sent", "", theme.BLUE),
    ("delivered", "sent", theme.BLUE),
    ("opens", "delivered", theme.SKY),
    ("clicks", "delivered", theme.BLUE),
    ("bounces", "sent", theme.RED),
    ("unsubscribes", "delivered", theme.RED),
    ("complaints", "delivered", theme.RED),
)
_PLACES = (0.0, 1.0, 2.0, 3.0, 4.6, 5.6, 6.6)
_NAMES = {"opens": "opened*", "clicks": "clicked", "bounces": "bounced", "unsubscribes": "unsubscribed"}
_NAMES |= {"complaints": "complained"}


def funnel(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw bars for sent, delivered, opened and clicked, and below them for bounces, unsubscribes and complaints.

    Parameters
    ----------
    frame
        Campaigns, with the columns ``sent``, ``delivered``, ``opens``, ``clicks``, ``bounces``,
        ``unsubscribes`` and ``complaints``. Nulls are left out; they do not count as 0.
    ax
        Axes to draw on (default: a new figure).

    Returns
    -------
    matplotlib.axes.Axes
        ``ax.data`` has one row per bar: ``count``, ``campaigns`` (those that report the number), ``of`` and ``rate``.

    Raises
    ------
    SchemaError
        A column is missing or holds no numbers.

    Examples
    --------
    >>> ax = funnel(sent)  # doctest: +SKIP
    >>> ax.data.loc["clicks", "rate"]  # doctest: +SKIP
    0.0312
    """
    counts = numbers(frame, "funnel", *(name for name, _, _ in _STAGES))
    drawn = _stages(counts)
    ax = theme.new_axes((8.0, 4.4)) if ax is None else ax
    known = int(counts.gt(0).any(axis=1).sum())
    if known:
        _bars(ax, drawn)
    else:
        theme.blank(ax, _nothing(counts))
    theme.dress(
        ax,
        f"Funnel of {campaign_count(known)}",
        simulated=simulated(frame),
        notes=_notes(drawn, len(frame), known),
    )
    return theme.attach(ax, drawn)


def _nothing(counts: pd.DataFrame) -> str:
    if counts.empty:
        return "no campaigns"
    return "no numbers" if counts.isna().all(axis=None) else "nothing sent yet"


def _stages(counts: pd.DataFrame) -> pd.DataFrame:
    rows = {}
    for name, of, _ in _STAGES:
        both = counts[[name, of]].dropna() if of else None
        whole = both[of].sum() if both is not None else 0.0
        rows[name] = {
            "count": counts[name].sum(min_count=1),
            "campaigns": int(counts[name].notna().sum()),
            "of": of,
            "rate": both[name].sum() / whole if both is not None and whole > 0 else float("nan"),
        }
    drawn = pd.DataFrame.from_dict(rows, orient="index").rename_axis("stage")
    return drawn.astype({"count": "Int64", "campaigns": "int64"})


def _bars(ax: Axes, drawn: pd.DataFrame) -> None:
    colors = [color for _, _, color in _STAGES]
    bars = ax.barh(_PLACES, drawn["count"].fillna(0.0), color=colors, height=0.72)
    for bar, name in zip(bars, drawn.index, strict=True):
        bar.set_hatch({"opens": "///"}.get(str(name), "xxx" if str(name) in drawn.index[4:] else ""))
        bar.set_edgecolor(ax.get_facecolor())
    for place, (name, row) in zip(_PLACES, drawn.iterrows(), strict=True):
        ax.annotate(
            _label(row),
            (0.0 if pd.isna(row["count"]) else row["count"], place),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=theme.LABEL_SIZE,
            color=theme.ink(ax),
            fontweight="bold" if name == "clicks" else None,
        )
    ax.axhline(3.8, color=theme.GREY, linewidth=0.8, linestyle=":")
    ax.set_yticks(_PLACES, [_NAMES.get(str(name), str(name)) for name in drawn.index])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(7.2, -0.6)
    room = 1 / max(1 - 2.3 / theme.width_in(ax), 0.35)  # the label of the longest bar takes 2.3 inches
    ax.set_xlim(0, max(float(drawn["count"].max()), 1.0) * room)
    theme.numbered(ax, theme.THOUSANDS, most=5)
    ax.set_xlabel("messages", fontsize=theme.LABEL_SIZE)


def _label(row: pd.Series) -> str:
    if pd.isna(row["count"]):
        return "not reported"
    share = f"  ({_percent(row['rate'])} of {row['of']})" if pd.notna(row["rate"]) else ""
    return f"{row['count']:,.0f}{share}"


def _percent(rate: float) -> str:
    return f"{rate * 100:.2f}%" if 0 < rate < 0.01 else f"{rate * 100:.1f}%"


def _notes(drawn: pd.DataFrame, rows: int, known: int) -> list[str]:
    notes = [f"* {OPENS_NOTE}"] if known and drawn.loc["opens", "campaigns"] else []
    if rows > known > 0:
        notes.append(f"{rows - known:,} of {rows:,} campaigns have sent nothing or report no numbers")
    return notes
