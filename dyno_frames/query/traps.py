"""Warnings about comparisons whose result in pandas is a surprise. A function returns "" for other comparisons."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import pandas as pd

from dyno_frames.query.literals import is_null

SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
"""The comparison operators, by their names in Python."""


def unseen_value(column: str, dtype: Any, values: Sequence[Any]) -> str:
    """Return a warning about a text that was never seen in a categorical column.

    Examples
    --------
    >>> unseen_value("status", pd.CategoricalDtype(["draft", "finished"]), ["Finished"])
    "no row was seen with status 'Finished'; did you mean 'finished'? The known values are draft, finished"
    """
    if not isinstance(dtype, pd.CategoricalDtype):
        return ""
    known = list(map(str, dtype.categories))
    unseen = next((value for value in values if isinstance(value, str) and value not in known), None)
    if unseen is None:
        return ""
    near = difflib.get_close_matches(unseen.lower(), known, n=1)
    meant = f"did you mean {near[0]!r}? The" if near else "the"
    return f"no row was seen with {column} {unseen!r}; {meant} known values are {', '.join(known)}"


def null_comparison(column: str, operator: str, value: Any) -> str:
    """Return a warning about a comparison with null, whose result does not depend on the rows.

    Examples
    --------
    >>> null_comparison("opens", "eq", None)
    'opens == None is false for every row; write opens.isna()'
    """
    if operator not in {"eq", "ne"} or not is_null(value):
        return ""
    result, method = ("false", "isna") if operator == "eq" else ("true", "notna")
    return f"{column} {SIGNS[operator]} {value!r} is {result} for every row; write {column}.{method}()"


def members_of_times(column: str, dtype: Any, values: Sequence[Any]) -> str:
    """Return a warning about ``isin`` with texts or numbers on a time column, which pandas does not convert."""
    wrong = [value for value in values if isinstance(value, str | int | float)]
    if not wrong or not isinstance(dtype, pd.DatetimeTZDtype):
        return ""
    return (
        f"{column} is a time column: pandas does not convert {wrong[0]!r} to a time, so it matches nothing. "
        f"Write a range, {column} >= '2020-01-01', or compare with pd.Timestamp('2020-01-01', tz='UTC')"
    )
