"""Check the arguments of a query other than its expression."""

from __future__ import annotations

from typing import Any

import numpy as np

from dyno_frames.errors import QueryError

MOST_ROWS = 2**53
"""Larger limits and offsets have the same effect as this one."""


def whole_number(argument: str, given: Any) -> int | None:
    """Return a number of rows or requests, at most :data:`MOST_ROWS`; None stays None.

    Raises
    ------
    QueryError
        The value is not a whole number from 0.

    Examples
    --------
    >>> whole_number("limit", 10**30) == MOST_ROWS
    True
    """
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | np.integer) or given < 0:
        raise QueryError(f"{argument}={given!r}; expected a whole number from 0, or None")
    return min(int(given), MOST_ROWS)


def check_flags(*, optional: bool = False, **given: object) -> None:
    """Raise an error for arguments that are neither True nor False.

    Parameters
    ----------
    optional
        Whether None is accepted too.
    **given
        Arguments by name.

    Raises
    ------
    QueryError
        An argument is neither, such as the text ``"yes"``.

    Examples
    --------
    >>> check_flags(strict=True)
    """
    for argument, value in given.items():
        if not (isinstance(value, bool | np.bool_) or (optional and value is None)):
            expected = "True, False or None" if optional else "True or False"
            raise QueryError(f"{argument}={value!r}; expected {expected}")
