"""Convert the region of a query to a filter of Arrow columns that certainly keeps every row of the region."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from math import inf
from typing import Any, assert_never

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.contract.texts import is_whole
from dyno_frames.frames.schema import Schema
from dyno_frames.query.boxes import Region
from dyno_frames.query.domain import LEAST, MOST, Domain, Interval, Numbers, Pattern, Texts


@dataclass(frozen=True, slots=True)
class ColumnTest:
    """The test of one column: its values are in a domain, or may be.

    Parameters
    ----------
    field
        The column.
    domain
        The values and whether null is one of them.
    """

    field: Field
    domain: Domain

    @property
    def is_exact(self) -> bool:
        """Whether the test keeps only rows of the domain."""
        return isinstance(self.domain, Numbers) or all(map(_is_known, self.domain.patterns))

    def of(self, column: Any) -> Any:
        """Return the test of a column: a mask of an array, or an expression for an expression."""
        match self.domain:
            case Numbers():
                found = _any([_interval(column, run, self.field) for run in self.domain.intervals], column)
                if self.field.kind is Kind.FLOAT:  # what is not a number counts as a member of every set
                    found = pc.or_kleene(found, pc.is_nan(column))
            case Texts():
                found = _texts(column, self.domain)
            case _:
                assert_never(self.domain)
        null = pc.is_null(column)
        return pc.or_kleene(found, null) if self.domain.null else pc.and_kleene(found, pc.invert(null))

    def mask(self, column: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Return for which values the test is true; each text of a dictionary is tested once."""
        parts = [np.zeros(0, dtype=bool), *map(self._chunk, column.chunks)]
        return np.concatenate(parts)

    def _chunk(self, chunk: pa.Array) -> Any:
        if isinstance(chunk, pa.DictionaryArray):
            tested = pc.fill_null(self.of(chunk.dictionary), False).to_numpy(zero_copy_only=False)
            tested = np.append(tested, self.domain.null)  # the last one, at -1, is that of nulls
            return tested[pc.fill_null(chunk.indices, -1).to_numpy()]
        return pc.fill_null(self.of(chunk), False).to_numpy(zero_copy_only=False)


@dataclass(frozen=True, slots=True)
class ArrowFilter:
    """A filter of columns: a row passes if all tests of one of the boxes are true.

    Parameters
    ----------
    boxes
        The tests. An empty box keeps every row; without boxes no row passes.
    exact
        Whether only rows pass for which the query is true.
    """

    boxes: tuple[tuple[ColumnTest, ...], ...]
    exact: bool

    @classmethod
    def of(cls, region: Region, schema: Schema) -> ArrowFilter:
        """Return the filter of a region, from :func:`dyno_frames.query.planner.bound`."""
        known = schema.columns
        boxes = tuple(
            tuple(ColumnTest(known[name], domain) for name, domain in box.domains.items())
            for box in region.boxes
        )
        return cls(boxes, region.exact and all(test.is_exact for box in boxes for test in box))

    @property
    def everything(self) -> bool:
        """Whether every row passes."""
        return any(not box for box in self.boxes)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are tested."""
        return tuple(dict.fromkeys(test.field.name for box in self.boxes for test in box))

    @property
    def expression(self) -> pc.Expression:
        """The filter as an expression of Arrow datasets, with which row groups are skipped by their statistics."""
        parts = [
            reduce(pc.and_kleene, (test.of(pc.field(test.field.name)) for test in box), pc.scalar(True))
            for box in self.boxes
        ]
        return reduce(pc.or_kleene, parts) if parts else pc.scalar(False)

    def mask(self, table: pa.Table) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Return for which rows the filter is true."""
        found = np.zeros(table.num_rows, dtype=bool)
        for box in self.boxes:
            inside = np.ones(table.num_rows, dtype=bool)
            for test in box:
                inside &= test.mask(table[test.field.name])
            found |= inside
        return found


def _any(tests: Sequence[Any], column: Any) -> Any:
    """Return whether one of the tests is true; without tests, none is."""
    return reduce(pc.or_kleene, tests) if tests else pc.and_kleene(pc.is_null(column), pc.is_valid(column))


def _interval(column: Any, run: Interval, field: Field) -> Any:
    ends = []
    if run.low != -inf and (field.kind is Kind.FLOAT or run.low > LEAST):
        ends.append((pc.greater if run.low_open else pc.greater_equal)(column, _scalar(run.low, field)))
    if run.high != inf and (field.kind is Kind.FLOAT or run.high < MOST):
        ends.append((pc.less if run.high_open else pc.less_equal)(column, _scalar(run.high, field)))
    return reduce(pc.and_kleene, ends) if ends else pc.is_valid(column)


def _scalar(value: Any, field: Field) -> pa.Scalar:
    match field.kind:
        case Kind.TIME:
            return pa.scalar(int(value), pa.timestamp("s", tz="UTC"))
        case Kind.FLOAT:
            return pa.scalar(float(value), pa.float64())
        case _:
            return pa.scalar(int(value), pa.int64())


def _texts(column: Any, domain: Texts) -> Any:
    """Return the test of texts that are not null."""
    tests = [_pattern(column, one) for one in domain.patterns if _is_known(one)]
    if domain.include is not None:
        tests.append(_is_in(column, domain.include))
    if domain.exclude:
        tests.append(pc.invert(_is_in(column, domain.exclude)))
    return reduce(pc.and_kleene, tests) if tests else pc.is_valid(column)


def _is_in(column: Any, texts: Iterable[str]) -> Any:
    """Return the test for some texts; a text that UTF-8 cannot encode is in no row."""
    known = pa.array(sorted(text for text in texts if is_whole(text)), pa.large_string())
    return pc.is_in(column, value_set=known)


def _is_known(test: Pattern) -> bool:
    """Tell whether Arrow is known to find the same texts as pandas."""
    return is_whole(test.text) and test.kind in _FUNCTIONS


_FUNCTIONS = {
    "contains": pc.match_substring,
    "startswith": pc.starts_with,
    "endswith": pc.ends_with,
    "regex": pc.match_substring_regex,
}


def _pattern(column: Any, test: Pattern) -> Any:
    found = _FUNCTIONS[test.kind](column, test.text)
    return pc.invert(found) if test.negated else found
