"""Cut a range of keys into windows of about equal numbers of rows, by counts, without doing any I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

ROUNDS = 5
"""How often counted ranges are cut again; what is still uneven then stays so."""


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open range of keys: ``low <= key < high``.

    Parameters
    ----------
    low, high
        Its ends.
    rows
        How many rows were counted in it.
    has_earlier
        Whether keys below ``low`` belong to it, too.
    """

    low: int
    high: int
    rows: int = 0
    has_earlier: bool = False


Counts: TypeAlias = Callable[[list[Window]], list[int]]
"""Returns the number of rows in each window."""


def cut(low: int, high: int, counts: Counts, *, target: int, parts: int) -> list[Window]:
    """Return adjoining windows of about ``target`` rows that cover the keys from ``low`` to ``high``.

    Rows that share one key stay together, whatever their number.

    Parameters
    ----------
    low, high
        The first and the last key.
    counts
        Counts the rows in windows.
    target
        Rows in a window.
    parts
        How many ranges are counted at first.
    """
    windows = _counted(_split(Window(low, high + 1), parts), counts)
    for _ in range(ROUNDS):
        large = [window for window in windows if window.rows > 2 * target and window.high - window.low > 1]
        if not large:
            break
        pieces = [_split(window, -(-window.rows // target)) for window in large]
        found = iter(_counted([piece for split in pieces for piece in split], counts))
        smaller = {window: [next(found) for _ in split] for window, split in zip(large, pieces, strict=True)}
        windows = [part for window in windows for part in smaller.get(window, [window])]
    return _merged(windows, target)


def _counted(windows: list[Window], counts: Counts) -> list[Window]:
    return [replace(window, rows=rows) for window, rows in zip(windows, counts(windows), strict=True)]


def _split(window: Window, parts: int) -> list[Window]:
    width = window.high - window.low
    edges = sorted({window.low + width * at // parts for at in range(parts + 1)})
    return [Window(start, end) for start, end in pairwise(edges)]


def _merged(windows: Sequence[Window], target: int) -> list[Window]:
    """Join neighbors as long as they stay within the target."""
    joined: list[Window] = []
    for window in windows:
        if joined and joined[-1].rows + window.rows <= target:
            joined[-1] = Window(joined[-1].low, window.high, joined[-1].rows + window.rows)
        else:
            joined.append(window)
    return joined
