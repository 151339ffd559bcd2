"""Cache pandas' results for operators on zero rows, by the kinds of the operands.

On zero rows a result depends on the dtypes and on the kind of a plain value, but not on the value. Errors are not
cached: pandas evaluates the operator again and raises its own error.
"""

from __future__ import annotations

import operator
from typing import Any

import pandas as pd

_INT64 = range(-(2**63), 2**63)
_MOST = 2_000
_known: dict[tuple[Any, ...], Any] = {}


def apply(name: str, left: Any, right: Any) -> Any:
    """Apply a binary operator of :mod:`operator` to two operands of which one has zero rows.

    Parameters
    ----------
    name
        The operator's name.
    left, right
        Zero-row Series, or a value.
    """
    kinds = _kind(left), _kind(right)
    if None in kinds or _reads_text(left, right):
        return getattr(operator, name)(left, right)
    key = (name, *kinds)
    try:
        return _known[key]
    except KeyError:
        result = getattr(operator, name)(left, right)
    if len(_known) >= _MOST:
        _known.clear()  # another thread may clear the cache at any time, so it is not read below
    _known[key] = result
    return result


def _reads_text(left: Any, right: Any) -> bool:
    """Return whether pandas would convert a text to another type, which depends on the text."""
    for series, value in ((left, right), (right, left)):
        if isinstance(value, str) and not isinstance(series.dtype, pd.StringDtype | pd.CategoricalDtype):
            return True
    return False


def _kind(operand: Any) -> tuple[Any, ...] | None:
    """Return the kind of an operand, on which a result on zero rows depends; None if it may depend on the value."""
    if isinstance(operand, pd.Series):
        return (operand.dtype, operand.name) if len(operand) == 0 else None
    if type(operand) in {bool, float}:
        return (type(operand),)
    if type(operand) is int:
        return (int,) if operand in _INT64 else None
    if type(operand) is str:
        return (str,)
    if isinstance(operand, pd.Timestamp) and operand.tz is not None:
        return (pd.Timestamp, operand.unit)
    return None
