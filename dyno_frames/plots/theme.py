"""The style of all plots: colors for color-blind readers that are legible on light and dark backgrounds."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import Any, cast

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import to_rgb
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import EngFormatter, FuncFormatter, MaxNLocator

BLUE, ORANGE, GREEN, RED, PURPLE, SKY = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9"
"""Okabe and Ito's palette, in the order in which lines take them."""

GREY = "#8a8a8a"
CYCLE = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY)
MARKERS = ("o", "s", "^", "D", "v", "P")
"""Each line has a marker as well as a color, for readers who do not see colors."""

NOTE_SIZE = 8.0
LABEL_SIZE = 9.0

_STEPS = (1, 2, 5, 10)
"""The distance of two ticks is one of these, times a power of ten."""

PERCENT = FuncFormatter(lambda value, _position: f"{value * 100:g}%")
THOUSANDS = FuncFormatter(lambda value, _position: f"{value:,.0f}")


def short(count: int) -> str:
    """Return a number in at most five characters."""
    return f"{count:,}" if count < 1000 else EngFormatter(places=int(count < 10_000), sep="")(count)


def new_axes(size_in: tuple[float, float]) -> Axes:
    """Return Axes on a new figure, which a notebook shows as it shows ``df.plot()``."""
    import matplotlib.pyplot as plt  # imported late, because the import selects a backend

    return plt.figure(figsize=size_in, layout="constrained").add_subplot()


def ink(ax: Axes) -> Any:
    """Return the color of the text of Axes, which the user's style sets."""
    return ax.title.get_color()


def heat(ax: Axes) -> str:
    """Return the colormap whose low end is close to the background of Axes."""
    return "cividis" if sum(to_rgb(ax.get_facecolor())) < 1.5 else "cividis_r"


def width_in(ax: Axes) -> float:
    """Return the approximate width of Axes in inches."""
    return float(ax.get_position().width * cast("Any", ax.get_figure(root=True)).get_figwidth() / 0.8)


def wrapped(text: str, width: float) -> str:
    """Return a text wrapped at a number of characters."""
    return fill(text, max(int(width), 16))


def numbered(ax: Axes, form: FuncFormatter, *, most: int) -> None:
    """Label the x-axis with numbers: as many as fit, at most ``most``."""
    ax.xaxis.set_major_formatter(form)
    wide = 1.2 if form is THOUSANDS else 0.7  # inches per number
    ax.xaxis.set_major_locator(round_steps(form, most=min(most, int(width_in(ax) / wide))))


def round_steps(form: FuncFormatter, *, most: int) -> MaxNLocator:
    """Return a locator of at most ``most`` steps of 1, 2 or 5 times a power of ten."""
    return MaxNLocator(nbins=max(2, most), steps=_STEPS, integer=form is THOUSANDS)


def color_bar(ax: Axes, colors: ScalarMappable, text: str, form: FuncFormatter) -> None:
    """Add the scale of the colors of a plot at its right."""
    root = ax.get_figure()
    if root is not None:
        bar = root.colorbar(colors, ax=ax, format=form, ticks=round_steps(form, most=6), pad=0.01)
        bar.set_label(text, fontsize=LABEL_SIZE)
        bar.outline.set_visible(False)


def dress(
    ax: Axes, title: str, *, simulated: bool = False, notes: Sequence[str] = (), pad: float = 16
) -> None:
    """Add title, notes and, for simulated data, the word "simulated"; hide the upper and right border."""
    title += " (simulated)" if simulated else ""
    ax.set_title(wrapped(title, width_in(ax) * 9), loc="left", fontsize=12, fontweight="bold", pad=pad)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["bottom", "left"]].set_color(GREY)
    ax.set_axisbelow(True)
    legend = ax.get_legend()
    for inside in [*ax.texts, *([legend] if legend else [])]:
        inside.set_in_layout(False)  # otherwise the layout shrinks small plots to make space for text
    add_notes(ax, notes)


def add_notes(ax: Axes, notes: Sequence[str]) -> None:
    """Write notes below the x-axis, one per line."""
    if notes:
        below = "\n".join(wrapped(note, width_in(ax) * 16) for note in notes)
        known = ax.get_xlabel()
        ax.set_xlabel(f"{known}\n{below}" if known else below, fontsize=NOTE_SIZE, loc="left")


def dated(ax: Axes, *, single: bool = False) -> None:
    """Label the x-axis with concise dates; a single point is shown in a range of six weeks."""
    if single:
        middle = sum(ax.get_xlim()) / 2
        ax.set_xlim(middle - 21, middle + 21)  # days; matplotlib would show four years around one point
    most = max(5, min(10, int(width_in(ax) * 1.1)))
    # with a larger minimum, matplotlib may find no interval that fits
    fewest = 4 if most >= 9 else 3 if most >= 7 else 2
    locator = AutoDateLocator(minticks=fewest, maxticks=most)  # type: ignore[no-untyped-call]  # matplotlib has no type for it
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]  # the same


def blank(ax: Axes, words: str) -> None:
    """Write in the middle of the Axes why they are empty."""
    ax.text(
        0.5,
        0.5,
        words,
        ha="center",
        va="center",
        transform=ax.transAxes,
        fontsize=13,
        color=ink(ax),
        alpha=0.7,
    )
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)


def attach(ax: Axes, drawn: pd.DataFrame) -> Axes:
    """Store the plotted numbers as ``ax.data``."""
    cast("Any", ax).data = drawn
    return ax
