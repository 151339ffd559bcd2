"""Recognize the unit of epoch numbers, and convert between it and seconds.

The API's times are epoch seconds. ``DataFrame.to_json`` writes milliseconds, other programs microseconds or
nanoseconds. The ranges of plausible times in these units do not overlap, so the values show the unit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

from dyno_frames.contract.filters import KEY_PREFIX, NumberOperator

PER_SECOND: Final = {"milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}

EARLIEST_S: Final = 631_152_000  # 1990-01-01
LATEST_S: Final = 4_102_444_800  # 2100-01-01
END_OF_SECONDS: Final = 10**11
"""Numbers below this (the year 5138) are seconds."""


def unit_of(numbers: Iterable[int | float]) -> int | None:
    """Return the units per second of a column of epoch numbers, or None if the unit is not certain.

    Parameters
    ----------
    numbers
        The column's numbers. 0 is the same instant in every unit.

    Notes
    -----
    Numbers that are all below :data:`END_OF_SECONDS` are seconds. Another unit is certain only if every
    number is a time from 1990 to 2100 in that unit.

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


def is_plausible(number: int, unit: int) -> bool:
    """Return whether an epoch number can be a time in a unit. It cannot if it is certain to have another unit.

    Parameters
    ----------
    number
        The epoch number.
    unit
        Units per second.

    Examples
    --------
    >>> is_plausible(1439054168, 1), is_plausible(1439054168000, 1), is_plausible(1439054168, 1000)
    (True, False, False)
    """
    others = (factor for factor in (1, *PER_SECOND.values()) if factor != unit)
    return not any(EARLIEST_S * factor <= number <= LATEST_S * factor for factor in others)


def in_wire_units(body: Mapping[str, Any], units: Mapping[str, int]) -> dict[str, Any]:
    """Return the body of a find or count with its conditions on times converted from seconds.

    A time is rounded down to a second when it is read, so a condition in seconds keeps every time that is rounded
    down to one of those.

    Parameters
    ----------
    body
        The body, with times in seconds.
    units
        Units per second, by the names of fields with another unit than seconds.

    Examples
    --------
    >>> in_wire_units({"created": {"gte": 5, "lte": 7}}, {"created": 1000})
    {'created': {'gte': 5000, 'lte': 7999}}
    """
    return {
        name: _condition(asked, units[name]) if name in units and not name.startswith(KEY_PREFIX) else asked
        for name, asked in body.items()
    }


def _condition(asked: Any, unit: int) -> dict[str, Any]:
    """Return the operators on one field in the server's unit."""
    given = asked if isinstance(asked, Mapping) else {NumberOperator.EQ: asked}
    found: dict[str, Any] = {}
    for operator, seconds in given.items():
        for name, number in _converted(operator, seconds, unit):
            number = max(_LEAST, min(_MOST, number))  # noqa: PLW2901 - servers store at most 64 bits
            tighter = max if name in {NumberOperator.GT, NumberOperator.GTE} else min
            found[name] = tighter(found[name], number) if name in found else number
    return found


def _converted(operator: str, seconds: int, unit: int) -> list[tuple[str, int]]:
    first, last = seconds * unit, (seconds + 1) * unit - 1
    match operator:
        case NumberOperator.EQ:
            return [(str(NumberOperator.GT), first - 1), (str(NumberOperator.LT), last + 1)]
        case NumberOperator.GT | NumberOperator.LTE:
            return [(str(operator), last)]
        case _:
            return [(str(operator), first)]


_LEAST, _MOST = -(2**63), 2**63 - 1


def in_seconds(number: float, unit: int) -> int:
    """Return an epoch number in whole seconds, rounded down."""
    return math.floor(number) // unit


UNCERTAIN: Final = (
    "a number this large is not epoch seconds, and the column's unit is not certain; "
    "convert the column with pandas.to_datetime(column, unit='ms', utc=True), or with the unit it has"
)
"""The error for a number if :func:`unit_of` returns None."""
