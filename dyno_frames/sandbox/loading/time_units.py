"""Recognize the unit of epoch numbers.

The API uses epoch seconds. ``DataFrame.to_json`` writes milliseconds, and other programs write microseconds or
nanoseconds. The ranges of plausible times in these units do not overlap, so the values show the unit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

PER_SECOND: Final = {"milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}

EARLIEST_S: Final = 631_152_000  # 1990-01-01
LATEST_S: Final = 4_102_444_800  # 2100-01-01
END_OF_SECONDS: Final = 10**11
"""Numbers below this are seconds; it is the year 5138."""


def unit_of(numbers: Iterable[int | float]) -> int | None:
    """Return how many units make a second in a column of epoch numbers, or None if the unit is not certain.

    Parameters
    ----------
    numbers
        The column's numbers. 0 is the same instant in every unit.

    Notes
    -----
    If all numbers are below :data:`END_OF_SECONDS`, they are seconds. Another unit is certain only if every number
    is a time from 1990 to 2100 in that unit.

    Examples
    --------
    >>> unit_of([1439054168, -5]), unit_of([1439054168000, 0]), unit_of([1439054168000, 5])
    (1, 1000, None)
    """
    given = [number for number in numbers if number]
    if all(abs(number) < END_OF_SECONDS for number in given):
        return 1
    for factor in PER_SECOND.values():
        if all(EARLIEST_S * factor <= number <= LATEST_S * factor for number in given):
            return factor
    return None


def in_seconds(number: float, unit: int) -> int:
    """Return an epoch number in whole seconds, rounded down."""
    return math.floor(number) // unit


UNCERTAIN: Final = (
    "a number this large is not epoch seconds, and the column's unit is not certain; "
    "convert the column with pandas.to_datetime(column, unit='ms', utc=True), or with the unit it has"
)
"""Why a number is refused if :func:`unit_of` returns None."""
