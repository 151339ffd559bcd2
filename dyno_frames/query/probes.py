"""What pandas gives for an operator on zero rows, asked once for each pair of kinds instead of once for each query.

On zero rows a result depends on the dtypes and on the kind of a plain value, not on which value it is. Only what
pandas answered is kept: what it refuses it is asked again, so that it says why.
"""

from __future__ import annotations

import operator
from typing import Any

import pandas as pd

_INT64 = range(-(2**63), 2**63)
_MOST = 2_000
_known: dict[tuple[Any, ...], Any] = {}


def apply(name: str, left: Any, right: Any) -> Any:
    """Return a binary operator of :mod:`operator` on two operands of which one has zero rows.

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
        _known.clear()  # another thread may look here at any time, so nothing is read back below
    _known[key] = result
    return result


def _reads_text(left: Any, right: Any) -> bool:
    """Tell whether pandas would read a text as something else, which depends on the text."""
    for series, value in ((left, right), (right, left)):
        if isinstance(value, str) and not isinstance(series.dtype, pd.StringDtype | pd.CategoricalDtype):
            return True
    return False


def _kind(operand: Any) -> tuple[Any, ...] | None:
    """Return what a result on zero rows depends on, or None where it may depend on more."""
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
