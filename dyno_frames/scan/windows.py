"""Cut a range of key values into windows of about equal numbers of rows, by counts, without doing any I/O."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

ROUNDS = 5
"""How often counted ranges are cut again; what is still uneven then stays so."""


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open range of key values: ``low <= key < high``.

    Parameters
    ----------
    low, high
        Its ends; None is open.
    rows
        How many rows were counted in it.
    """

    low: int | None
    high: int | None
    rows: int = 0


Cutting: TypeAlias = Generator[list[Window], list[int], list[Window]]
"""Yields windows that are to be counted and is sent their counts; returns the windows."""


def cut(low: int, high: int, *, target: int, parts: int) -> Cutting:
    """Cut ``low`` to ``high`` into adjoining windows of about ``target`` rows; the last has no upper end.

    Rows that share one value stay together, whatever their number.

    Parameters
    ----------
    low, high
        The first and the last key value known.
    target
        Rows in a window.
    parts
        How many ranges are counted at first.
    """
    windows = _split(Window(low, high + 1), parts)
    counts = yield windows
    windows = [replace(window, rows=rows) for window, rows in zip(windows, counts, strict=True)]
    for _ in range(ROUNDS):
        large = [window for window in windows if window.rows > 2 * target and _width(window) > 1]
        if not large:
            break
        smaller = {window: _split(window, -(-window.rows // target)) for window in large}
        asked = [part for window in large for part in smaller[window]]
        counts = yield asked
        counted = dict(zip(asked, counts, strict=True))
        windows = [
            replace(part, rows=counted[part]) if window in smaller else part
            for window in windows
            for part in smaller.get(window, [window])
        ]
    merged = _merged(windows, target)
    return [*merged[:-1], replace(merged[-1], high=None)]


def _width(window: Window) -> int:
    return (window.high or 0) - (window.low or 0)


def _split(window: Window, parts: int) -> list[Window]:
    low, width = window.low or 0, _width(window)
    edges = sorted({low + width * at // parts for at in range(parts + 1)})
    return [Window(start, end) for start, end in pairwise(edges)]


def _merged(windows: Sequence[Window], target: int) -> list[Window]:
    """Join neighbours as long as they stay within the target."""
    joined: list[Window] = []
    for window in windows:
        if joined and joined[-1].rows + window.rows <= target:
            joined[-1] = Window(joined[-1].low, window.high, joined[-1].rows + window.rows)
        else:
            joined.append(window)
    return joined
