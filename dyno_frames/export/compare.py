"""Compare the rows that are here with those of the server: by counts first, by ids only where the counts differ."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.resources import CREATED, KEY
from dyno_frames.export.queries import (
    Fetched,
    count_window,
    fetch_keys,
    is_countable,
    page_size,
    unlimited,
    workers,
)
from dyno_frames.frames.tables import by_created
from dyno_frames.scan.scan import Scan

IDS_PER_COUNT = 8
"""A count is taken to cost as much as so many ids: a stretch with fewer rows has its ids fetched."""

COUNTS_PER_PAGE = 10
"""If more counts than this would be needed for each page of ids they save, the ids are fetched."""

FEW_COUNTS = 50
"""So many counts are never too many."""

FIRST_PARTS = 8
ROWS_PER_FIRST_PART = 64
"""Every sync counts so many stretches of equal size, fewer if they had fewer rows than this."""

PARTS = 16
"""Parts into which a stretch is cut whose count differs."""

Instants: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the rows that are here differ from those of the server.

    Parameters
    ----------
    gone
        Ids of rows that are here and no longer in the server's answer.
    missing
        ``id`` and ``created`` of rows in the server's answer that are not here, in order; rows of one table lie
        close together.
    counted
        How many rows the server counted in all; None if nothing was counted.
    requests
        How many counts were asked for.
    ids_moved
        How many ids were fetched.
    doubts
        Why rows may be gone or missing without being named here.
    """

    gone: pa.Array
    missing: tuple[pa.Table, ...]
    counted: int | None
    requests: int
    ids_moved: int
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Rows ``start`` to ``stop`` of those that are here, with ``created`` from ``low`` on and before ``high``."""

    start: int
    stop: int
    low: int | None
    high: int | None
    counted: int = 0

    @property
    def rows(self) -> int:
        return self.stop - self.start

    @property
    def difference(self) -> int:
        return abs(self.rows - self.counted)


def compare(scan: Scan, ours: Sequence[pa.Table], *, by_ids: bool = False) -> Comparison:
    """Return how the rows that are here differ from those of the server.

    Counts find every row that is gone or missing, unless one that is gone and one that is missing share a stretch
    whose count then stays the same. Stretches are an eighth of the rows, and smaller near the newest rows, where most
    changes are. Ids find every one.

    Parameters
    ----------
    scan
        The query.
    ours
        ``id`` and ``created`` of the rows that are here, in any order. They are held in memory: about a hundred
        bytes for each row.
    by_ids
        Whether to compare every id, whatever is counted.
    """
    asked, here = unlimited(scan), by_created(pa.concat_tables(ours)).combine_chunks()
    created = here[CREATED].cast(pa.int64()).to_numpy()
    everything = _Stretch(0, len(created), None, None)
    with ThreadPoolExecutor(workers(asked), thread_name_prefix="dyno-compare") as pool:
        if by_ids or not is_countable(asked):  # a count would fetch the ids as well
            return _compared(pool, asked, here, [everything])
        counts = _Counts(asked, pool)
        first = counts.of(_cut(everything, _first_marks(len(created)), created))
        total = sum(one.counted for one in first)
        differ = _differing(first, created, counts, page_size(asked))
        found = _compared(pool, asked, here, differ)
        return replace(found, counted=total, requests=counts.requests)


class _Counts:
    """How many rows the server has in stretches, counted side by side."""

    __slots__ = ("_pool", "_scan", "requests")

    def __init__(self, scan: Scan, pool: ThreadPoolExecutor) -> None:
        self._scan = scan
        self._pool = pool
        self.requests = 0

    def of(self, stretches: Sequence[_Stretch]) -> list[_Stretch]:
        """Return the stretches with their counts."""
        found = list(self._pool.map(lambda one: count_window(self._scan, one.low, one.high), stretches))
        self.requests += sum(requests for _, requests in found)
        return [replace(one, counted=rows) for one, (rows, _) in zip(stretches, found, strict=True)]


def _first_marks(rows: int) -> list[int]:
    """Return where to cut all rows at first: equal parts, the newest of which is halved until it is small."""
    parts = max(1, min(FIRST_PARTS, rows // ROWS_PER_FIRST_PART))
    marks = [rows * part // parts for part in range(1, parts)]
    newest = rows - rows * (parts - 1) // parts
    while newest > 4 * IDS_PER_COUNT:
        newest //= 2
        marks.append(rows - newest)
    return marks


def _differing(
    counted: Sequence[_Stretch], created: Instants, counts: _Counts, rows_per_page: int
) -> list[_Stretch]:
    """Return the stretches in which the server has another number of rows, cut as small as is worth while."""
    is_dense = _is_dense(sum(one.difference for one in counted), len(created), rows_per_page)
    smallest = rows_per_page if is_dense else 0
    differ, found = [one for one in counted if one.difference], list[_Stretch]()
    while differ:
        small = [one for one in differ if _is_small(one, created, smallest)]
        found += small
        parts = [part for one in differ if one not in small for part in _parts(one, created)]
        differ = [one for one in counts.of(parts) if one.difference]
    return sorted(found, key=lambda one: one.start)


def _is_dense(differences: int, rows: int, rows_per_page: int) -> bool:
    """Tell whether so many rows differ that it is not worth while to look for each."""
    needed = differences * math.log2(max(2.0, rows / max(differences, 1) / IDS_PER_COUNT))
    return needed > max(FEW_COUNTS, COUNTS_PER_PAGE * rows / rows_per_page)


def _is_small(one: _Stretch, created: Instants, smallest: int) -> bool:
    """Tell whether a stretch's ids are to be fetched: they are few, or cannot be cut, or most differ."""
    if one.rows <= max(smallest, IDS_PER_COUNT):
        return True
    few = one.rows <= IDS_PER_COUNT * math.log2(one.rows / IDS_PER_COUNT + 1)
    return few or one.difference * IDS_PER_COUNT >= one.rows or created[one.start] == created[one.stop - 1]


def _parts(one: _Stretch, created: Instants) -> list[_Stretch]:
    """Cut a stretch between values of ``created`` into parts of about equal numbers of rows."""
    number = min(PARTS, max(2, 2 * one.difference), one.rows)
    parts = _cut(one, [one.start + one.rows * at // number for at in range(1, number)], created)
    if len(parts) > 1:
        return parts
    behind = int(np.searchsorted(created, created[one.start], side="right"))
    return _cut(one, [behind], created)  # one value holds most of the rows


def _cut(one: _Stretch, marks: Sequence[int], created: Instants) -> list[_Stretch]:
    """Cut a stretch before the first row that shares ``created`` with a marked one."""
    cuts = np.unique(np.searchsorted(created, created[list(marks)], side="left"))
    inner = [int(cut) for cut in cuts if one.start < cut < one.stop]
    edges = [one.start, *inner, one.stop]
    lows = [one.low, *(int(created[cut]) for cut in inner)]
    return [
        _Stretch(start, stop, low, high)
        for start, stop, low, high in zip(edges, edges[1:], lows, [*lows[1:], one.high], strict=False)
    ]


def _compared(
    pool: ThreadPoolExecutor, asked: Scan, ours: pa.Table, stretches: Sequence[_Stretch]
) -> Comparison:
    """Fetch the ids of stretches and compare them with those that are here."""
    ids: Callable[[_Stretch], Fetched] = lambda one: fetch_keys(asked, one.low, one.high)  # noqa: E731
    gone, missing = [pa.array([], pa.large_string())], list[pa.Table]()
    doubts: list[str] = []
    moved = 0
    for one, found in zip(stretches, pool.map(ids, stretches), strict=True):
        moved += found.table.num_rows
        here = ours[KEY].slice(one.start, one.rows).combine_chunks()
        there = found.table[KEY].combine_chunks()
        missing += _close_together(found.table, pc.invert(pc.is_in(there, value_set=here)), page_size(asked))
        if found.is_certified:
            gone.append(here.filter(pc.invert(pc.is_in(here, value_set=there))))
        else:
            doubts += found.certificate.get("reasons", [])
    return Comparison(
        pa.concat_arrays(gone), tuple(missing), None, 0, moved, doubts=tuple(dict.fromkeys(doubts))
    )


def _close_together(keys: pa.Table, wanted: pa.Array, most_between: int) -> list[pa.Table]:
    """Return the wanted rows, those with few others between them in one table."""
    at = np.flatnonzero(np.asarray(wanted))
    if not len(at):
        return []
    groups = np.split(at, np.flatnonzero(np.diff(at) > most_between) + 1)
    return [keys.take(pa.array(group)) for group in groups]
