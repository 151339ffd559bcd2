"""Convert the region of a query to an Arrow filter that certainly keeps every row of the region."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from math import inf
from operator import and_, or_
from typing import Any, assert_never

import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.contract.texts import is_whole
from dyno_frames.frames.schema import Schema
from dyno_frames.query.boxes import Box, Region
from dyno_frames.query.domain import LEAST, MOST, Interval, Numbers, Pattern, Texts

NOTHING = pc.scalar(False)
"""The filter that keeps no row."""


def arrow_filter(region: Region, schema: Schema) -> tuple[pc.Expression | None, bool]:
    """Return the filter of a region, None if it keeps every row, and whether it keeps only rows of the region.

    Parameters
    ----------
    region
        The rows that a query may match, from :func:`dyno_frames.query.planner.bound`.
    schema
        The columns.
    """
    if region.everything:
        return None, region.exact
    known = schema.columns
    boxes = [_box(box, known) for box in region.boxes]
    if any(found is None for found, _ in boxes):
        return None, False
    filters = [found for found, _ in boxes if found is not None]
    return _any(filters), region.exact and all(exact for _, exact in boxes)


def _any(filters: Sequence[pc.Expression]) -> pc.Expression:
    return reduce(or_, filters) if filters else NOTHING


def _box(box: Box, known: Mapping[str, Field]) -> tuple[pc.Expression | None, bool]:
    found: list[pc.Expression] = []
    exact = True
    for name, domain in box.domains.items():
        match domain:
            case Numbers():
                found.append(_numbers(pc.field(name), domain, known[name]))
            case Texts():
                condition, is_exact = _texts(pc.field(name), domain)
                exact = exact and is_exact
                found += [] if condition is None else [condition]
            case _:
                assert_never(domain)
    return (reduce(and_, found) if found else None), exact


def _numbers(column: Any, domain: Numbers, field: Field) -> pc.Expression:
    """Return the filter of a set of numbers; a float that is not a number counts as a member of every set."""
    inside = [_interval(column, run, field) for run in domain.intervals]
    if field.kind is Kind.FLOAT:
        inside.append(column.is_nan())
    if domain.null:
        inside.append(column.is_null())
    return _any(inside)


def _interval(column: Any, run: Interval, field: Field) -> pc.Expression:
    ends = []
    if run.low != -inf and (field.kind is Kind.FLOAT or run.low > LEAST):
        low = _scalar(run.low, field)
        ends.append(column > low if run.low_open else column >= low)
    if run.high != inf and (field.kind is Kind.FLOAT or run.high < MOST):
        high = _scalar(run.high, field)
        ends.append(column < high if run.high_open else column <= high)
    return reduce(and_, ends) if ends else column.is_valid()


def _scalar(value: Any, field: Field) -> pa.Scalar:
    match field.kind:
        case Kind.TIME:
            return pa.scalar(int(value), pa.timestamp("s", tz="UTC"))
        case Kind.FLOAT:
            return pa.scalar(float(value), pa.float64())
        case _:
            return pa.scalar(int(value), pa.int64())


def _texts(column: Any, domain: Texts) -> tuple[pc.Expression | None, bool]:
    """Return the filter of a set of texts, or None if it keeps everything, and whether it is exact.

    In a filter of Arrow a null is neither true nor false, so the nulls of the set are added last.
    """
    tests = [_pattern(column, one) for one in domain.patterns]
    found = [one for one in tests if one is not None]
    exact = len(found) == len(tests)
    if domain.include is not None:
        found.append(_is_in(column, domain.include))
    if domain.exclude:
        found.append(~_is_in(column, domain.exclude))
    if domain.null:
        return (reduce(and_, found) | column.is_null(), exact) if found else (None, exact)
    return reduce(and_, found, column.is_valid()), exact


def _is_in(column: Any, texts: Iterable[str]) -> pc.Expression:
    """Return the filter of some texts; a text that UTF-8 cannot encode is in no row."""
    return column.isin(pa.array(sorted(text for text in texts if is_whole(text)), pa.large_string()))


def _pattern(column: Any, test: Pattern) -> pc.Expression | None:
    """Return the filter of a test, or None if Arrow is not known to pass the same texts as pandas."""
    if not is_whole(test.text):
        return None
    match test.kind:
        case "contains":
            found = pc.match_substring(column, test.text)
        case "startswith":
            found = pc.starts_with(column, test.text)
        case "endswith":
            found = pc.ends_with(column, test.text)
        case "regex":
            found = pc.match_substring_regex(column, test.text)
        case _:
            return None
    return ~found if test.negated else found
