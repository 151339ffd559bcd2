"""One look for every picture: colours that colour-blind readers tell apart, on white, legible in print."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import Any, cast

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import FuncFormatter, MaxNLocator

BLUE, ORANGE, GREEN, RED, PURPLE, SKY = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9"
"""Okabe and Ito's palette, in the order in which lines take them."""

GREY = "#8a8a8a"
INK = "#1f2328"
CYCLE = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY)
MARKERS = ("o", "s", "^", "D", "v", "P")
"""A shape per line beside its colour: nothing is told by colour alone."""

NOTE_SIZE = 8.0
LABEL_SIZE = 9.0

RC: Any = {
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "savefig.facecolor": "white",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#b5bac0",
    "xtick.color": INK,
    "ytick.color": INK,
    "font.size": 10.0,
    "axes.titlesize": 12.0,
}

PERCENT = FuncFormatter(lambda value, _position: f"{value * 100:g}%")
THOUSANDS = FuncFormatter(lambda value, _position: f"{value:,.0f}")


def new_axes(size_in: tuple[float, float]) -> Axes:
    """Return Axes on a figure of its own, which a notebook shows as it shows ``df.plot()``."""
    import matplotlib.pyplot as plt  # loaded late: it picks a backend

    # The figure is made outside: picking the backend turns a notebook's interactive mode on, and the
    # context's end would turn it off again, so that nothing but the first picture would be shown.
    figure = plt.figure(figsize=size_in, layout="constrained", facecolor="white")
    with rc_context(RC):
        return figure.add_subplot()


def width_in(ax: Axes) -> float:
    """Return about how wide Axes are, in inches: what fits beside each other in them depends on it."""
    return float(ax.get_position().width * cast("Any", ax.get_figure(root=True)).get_figwidth() / 0.8)


def folded(text: str, letters: float) -> str:
    """Return a text in lines of so many letters."""
    return fill(text, max(int(letters), 16))


def numbered(ax: Axes, form: FuncFormatter, *, most: int) -> None:
    """Write numbers below the Axes, as many as have room, and no more than ``most``."""
    ax.xaxis.set_major_formatter(form)
    wide = 1.2 if form is THOUSANDS else 0.7  # inches that a number takes
    ax.xaxis.set_major_locator(
        MaxNLocator(nbins=max(2, min(most, int(width_in(ax) / wide))), integer=form is THOUSANDS)
    )


def dress(
    ax: Axes, title: str, *, simulated: bool = False, notes: Sequence[str] = (), pad: float = 16
) -> None:
    """Give title, open frame, notes and, where the figures are not real mail, the word for it."""
    title += " (simulated)" if simulated else ""
    ax.set_title(folded(title, width_in(ax) * 9), loc="left", fontweight="bold", pad=pad)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_axisbelow(True)
    legend = ax.get_legend()
    for inside in [*ax.texts, *([legend] if legend else [])]:
        inside.set_in_layout(
            False
        )  # or the layout of small Axes makes room for words by taking it from the picture
    if notes:
        below = "\n".join(folded(note, width_in(ax) * 16) for note in notes)
        known = ax.get_xlabel()
        ax.set_xlabel(f"{known}\n{below}" if known else below, fontsize=NOTE_SIZE, loc="left")


def dated(ax: Axes, *, single: bool = False) -> None:
    """Write dates below the Axes, each as short as it can be read; around a single one, six weeks."""
    if single:
        middle = sum(ax.get_xlim()) / 2
        ax.set_xlim(middle - 21, middle + 21)  # days; matplotlib would show four years around one point
    most = max(5, min(10, int(width_in(ax) * 1.1)))
    fewest = (
        4 if most >= 9 else 3 if most >= 7 else 2
    )  # more, and between two units no interval is coarse enough
    locator = AutoDateLocator(minticks=fewest, maxticks=most)  # type: ignore[no-untyped-call]  # matplotlib types it by halves
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]  # the same


def blank(ax: Axes, words: str) -> None:
    """Say in the middle of the Axes why there is nothing to see."""
    ax.text(0.5, 0.5, words, ha="center", va="center", transform=ax.transAxes, fontsize=13, alpha=0.7)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)


def attach(ax: Axes, drawn: pd.DataFrame) -> Axes:
    """Hang the numbers of the picture on it, as ``ax.data``."""
    cast("Any", ax).data = drawn
    return ax
