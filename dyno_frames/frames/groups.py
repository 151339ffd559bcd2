"""Aggregate rows by group while they stream: Arrow keeps a few rows per group, and pandas merges them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.fields import Kind

Period: TypeAlias = Literal["year", "quarter", "month", "week", "day", "hour"]
PERIODS: tuple[Period, ...] = get_args(Period)

ROWS_AT_ONCE = 1 << 16
"""Rows that are held before they are aggregated."""

MERGED_BY = {"sum": "sum", "count": "sum", "min": "min", "max": "max"}
"""How the partial results of a group are merged."""

_WHOLE = frozenset({Kind.COUNT, Kind.INTEGER})
_ORDERED = _WHOLE | {Kind.TIME, Kind.STRING}
_PARTS: dict[str, tuple[tuple[str, ...], frozenset[Kind]]] = {
    "sum": (("sum",), _WHOLE),
    "mean": (("sum", "count"), _WHOLE),
    "count": (("count",), frozenset(Kind) - {Kind.JSON}),
    "min": (("min",), _ORDERED),
    "max": (("max",), _ORDERED),
}
"""The partial results that an aggregation is made of, and the kinds of column for which they give pandas' result.

Sums of floats are not among them: their last digits depend on the order in which pandas adds the rows.
"""


@dataclass(frozen=True, slots=True)
class GroupKey:
    """A column that rows are grouped by, or a period of a time column.

    Examples
    --------
    >>> GroupKey("created", "month").label
    'created:month'
    """

    column: str
    period: Period | None = None

    @property
    def label(self) -> str:
        """The name of the index level."""
        return self.column if self.period is None else f"{self.column}:{self.period}"

    def values(self, table: pa.Table) -> pa.ChunkedArray:
        """Return the key of each row; a period is its first instant."""
        column = table[self.column]
        return column if self.period is None else pc.floor_temporal(column, unit=self.period)


Part: TypeAlias = tuple[str, str]
"""A partial result: a column, and ``sum``, ``count``, ``min`` or ``max``."""


def parts_of(function: object, kind: Kind) -> tuple[str, ...] | None:
    """Return the partial results that an aggregation needs, or None if it needs every value of a group.

    Examples
    --------
    >>> parts_of("mean", Kind.COUNT)
    ('sum', 'count')
    >>> parts_of("median", Kind.COUNT) is None
    True
    """
    if not isinstance(function, str) or function not in _PARTS:
        return None
    parts, kinds = _PARTS[function]
    return parts if kind in kinds else None


@dataclass(slots=True)
class GroupedRows:
    """The partial results of each group of the rows received so far. Memory grows with groups, not with rows.

    Parameters
    ----------
    keys
        What the rows are grouped by.
    parts
        The partial results to keep.
    """

    keys: Sequence[GroupKey]
    parts: Sequence[Part]
    _waiting: list[pa.Table] = field(default_factory=list)
    _rows_waiting: int = 0
    _groups: list[pa.Table] = field(default_factory=list)

    def add(self, table: pa.Table) -> None:
        """Add rows."""
        self._waiting.append(table)
        self._rows_waiting += table.num_rows
        if self._rows_waiting >= ROWS_AT_ONCE:
            self._aggregate()

    def result(self) -> pa.Table | None:
        """Return one row per group: its keys ``k0`` …, its ``rows``, its parts ``p0`` …; None without rows."""
        if self._waiting:
            self._aggregate()
        return self._merged() if self._groups else None

    def _aggregate(self) -> None:
        table = pa.concat_tables(self._waiting, promote_options="default")
        self._waiting, self._rows_waiting = [], 0
        columns = {f"k{at}": _coded(key.values(table)) for at, key in enumerate(self.keys)}
        columns |= {f"p{at}": table[column] for at, (column, _) in enumerate(self.parts)}
        self._groups.append(self._grouped(pa.table(columns), ([], "count_all"), dict(self._parts())))
        if sum(one.num_rows for one in self._groups[1:]) > self._groups[0].num_rows:
            self._groups = [self._merged()]

    def _merged(self) -> pa.Table:
        merged_by = {name: MERGED_BY[part] for name, part in self._parts()}
        return self._grouped(pa.concat_tables(self._groups), ("rows", "sum"), merged_by)

    def _parts(self) -> list[tuple[str, str]]:
        return [(f"p{at}", part) for at, (_, part) in enumerate(self.parts)]

    def _grouped(self, table: pa.Table, rows: tuple[Any, str], functions: dict[str, str]) -> pa.Table:
        keys = [f"k{at}" for at in range(len(self.keys))]
        found = table.group_by(keys, use_threads=False).aggregate([rows, *functions.items()])
        found = found.rename_columns([*keys, "rows", *functions])
        return found.cast(pa.schema([(one.name, _plain(one.type)) for one in found.schema]))


def _coded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return texts as a dictionary, by which Arrow groups several times faster."""
    return column.dictionary_encode() if pa.types.is_large_string(column.type) else column


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind
