"""Distributions over a column: from counts if they give what pandas gives, else from the fetched column."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

from dyno_frames.contract.fields import Kind
from dyno_frames.errors import QueryError
from dyno_frames.frames.provenance import ATTRIBUTE
from dyno_frames.query import stored
from dyno_frames.query.arguments import check_flags
from dyno_frames.query.predicate import Binary, Column, Literal, Node

if TYPE_CHECKING:
    from dyno_frames.client.query_verbs import QueryVerbs
    from dyno_frames.query.query import Expression, Scope
    from dyno_frames.scan.scan import Scan

MOST_COUNTS = 120
"""Maximum number of counts for one histogram; for more bins the column is fetched."""

_PERIODS = {"ME": "M", "MS": "M", "QE": "Q", "QS": "Q", "YE": "Y", "YS": "Y", "D": "D", "h": "h"}


def value_counts(
    queries: QueryVerbs, column: str, expr: Expression, *, scope: Scope, normalize: bool, dropna: bool
) -> pd.Series[Any]:
    """Return what ``Series.value_counts`` returns on the rows that match a query.

    The values of ``status`` are known, so the server counts each of them. If the counts do not add up to the number
    of rows, and for every other column, the column is fetched.
    """
    check_flags(normalize=normalize, dropna=dropna)
    scan = queries.scan(expr, columns=[column], scope=scope)
    words = (
        list(scan.schema.dtype(scan.schema.columns[column]).categories) if _is_status(scan, column) else []
    )
    counted = _counted(queries, scan, [_equals(column, word) for word in words]) if words else None
    if counted is not None and sum(counted) == scan.count():
        codes = np.repeat(np.arange(len(words), dtype=np.int8), counted)
        dtype = scan.schema.dtype(scan.schema.columns[column])
        values = pd.Series(pd.Categorical.from_codes(codes, dtype=dtype), name=column)
        return _noted(_counts(values, normalize=normalize, dropna=dropna), "counts", len(words) + 1)
    values = scan.column(column)
    return _noted(_counts(values, normalize=normalize, dropna=dropna), "rows", len(values))


def _counts(values: Any, *, normalize: bool, dropna: bool) -> pd.Series[Any]:
    counts: pd.Series[Any] = values.value_counts(normalize=normalize, dropna=dropna)
    return counts


def histogram(
    queries: QueryVerbs, column: str, expr: Expression, *, freq: str, scope: Scope
) -> pd.Series[Any]:
    """Return how many rows that match a query fall into each period, as ``resample(freq).size()`` does.

    The first and the last row are fetched, and the server counts the periods between them. If periods cannot be
    counted exactly, or are too many, the column is fetched.
    """
    scan = queries.scan(expr, columns=[column], scope=scope)
    field = scan.schema.columns[column]
    if field.kind is not Kind.TIME:
        raise QueryError(
            f"histogram({column!r}): the column is of kind '{field.kind}'; expected a time column"
        )
    _check_freq(freq, scan.schema.dtype(field))
    ends = None if field.nullable or scan.plan.terms is None else _ends(queries, scan, column)
    bins = None if ends is None else _bins(column, ends, freq)
    if bins is not None:
        labels, starts = bins
        limits = [_within(column, start, end) for start, end in pairwise(starts)]
        counted = _counted(queries, scan, limits)
        if counted is not None:
            return _noted(pd.Series(counted, index=labels, dtype="int64"), "counts", len(counted))
    times = scan.column(column).dropna()
    by_time = pd.DataFrame(index=pd.DatetimeIndex(times, name=column))
    sizes: pd.Series[Any] = by_time.resample(freq).size()
    return _noted(sizes, "rows", len(times))


def _check_freq(freq: object, dtype: Any) -> None:
    """Refuse what does not name a period that pandas' ``resample`` counts on a column of this dtype."""
    one = pd.DatetimeIndex(pd.Series([pd.Timestamp(0, tz="UTC")], dtype=dtype))
    try:
        if isinstance(freq, str) and to_offset(freq).n > 0:
            pd.Series(1, index=one).resample(freq).size()
            return
    except (ValueError, ZeroDivisionError):  # not a period; or shorter than the unit of the column
        pass
    raise QueryError(
        f"freq={freq!r}; expected a period of pandas' resample that is positive and at least a second, such as "
        "'ME', 'D' or 'YE'"
    )


def _is_status(scan: Scan, column: str) -> bool:
    return scan.schema.columns[column].kind is Kind.STATUS


def _equals(column: str, word: str) -> Node:
    return Binary("eq", Column(column), Literal(word))


def _within(column: str, start: pd.Timestamp, end: pd.Timestamp) -> Node:
    return Binary(
        "and_", Binary("ge", Column(column), Literal(start)), Binary("lt", Column(column), Literal(end))
    )


def _counted(queries: QueryVerbs, scan: Scan, limits: list[Node]) -> list[int] | None:
    """Return the count within each limit, or None if a count would fetch rows."""
    if scan.plan.terms is None:
        return None
    scans = [queries.scan(_both(scan.query.node, limit)) for limit in limits]
    if any(part.plan.terms is None for part in scans):
        return None
    return [part.count() for part in scans]


def _both(node: Node | None, limit: Node) -> dict[str, Any] | None:
    tree = stored.dump(limit if node is None else Binary("and_", node, limit))
    if tree is None:
        raise QueryError("a value in the query cannot be stored; expected plain numbers, texts and times")
    return {"form": "tree", "tree": tree}


def _ends(queries: QueryVerbs, scan: Scan, column: str) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    serialized = scan.query.serialized
    if serialized is None:
        return None
    found = [
        queries.scan(serialized, columns=[column], order_by=column, ascending=up, limit=1).to_frame()[column]
        for up in (True, False)
    ]
    return None if any(one.empty for one in found) else (found[0].iloc[0], found[1].iloc[0])


def _bins(
    column: str, ends: tuple[pd.Timestamp, pd.Timestamp], freq: str
) -> tuple[pd.DatetimeIndex, list[pd.Timestamp]] | None:
    """Return the labels that ``resample`` gives between two times and the periods' starts, one more than labels."""
    period = _PERIODS.get(freq)
    if period is None:
        return None
    index = pd.DatetimeIndex(ends, name=column)
    labels = pd.Series(1, index=index).resample(freq).size().index
    first, last = (end.tz_convert(None).to_period(period) for end in ends)
    starts = [stamp.tz_localize("UTC") for stamp in pd.period_range(first, last + 1, freq=period).start_time]
    fits = len(starts) == len(labels) + 1 and len(labels) <= MOST_COUNTS
    return (pd.DatetimeIndex(labels), starts) if fits else None


def _noted(series: pd.Series[Any], source: str, number: int) -> pd.Series[Any]:
    """Note on a result whether the server counted it or it was computed from fetched rows."""
    series.attrs[ATTRIBUTE] = {"source": source, source: number}
    return series
