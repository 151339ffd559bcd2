"""Compare stored rows with those of the server: by counts first, by ids only where the counts differ."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.resources import CREATED, ID_FIELD
from dyno_frames.export.queries import count_window, fetch_keys, has_countable_windows, unlimited
from dyno_frames.frames.tables import by_created
from dyno_frames.scan.answer import Answer
from dyno_frames.scan.prefetch import MAX_WORKERS
from dyno_frames.scan.scan import Scan

IDS_PER_COUNT = 8
"""Assumed cost of a count, in ids: the ids of a range with fewer rows are fetched instead of counted."""

COUNTS_PER_PAGE = 10
"""Maximum number of counts for each page of ids that they save; beyond it, the ids are fetched."""

FEW_COUNTS = 50
"""This many counts are always allowed."""

FIRST_PARTS = 8
ROWS_PER_FIRST_PART = 64
"""Number of equal ranges that every sync counts, and the minimum number of rows in each."""

PARTS = 16
"""Maximum number of parts into which a range with a different count is cut."""

Instants: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the stored rows differ from those of the server.

    Parameters
    ----------
    gone
        Ids of stored rows that are no longer in the server's answer.
    missing
        ``id`` and ``created`` of rows in the server's answer that are not stored, in order; rows of one table are
        close together.
    counted
        Number of rows that the server counted in total; None if nothing was counted.
    requests
        Number of requests.
    ids_moved
        Number of ids that were fetched.
    doubts
        Why more rows may be gone or missing.
    """

    gone: pa.Array
    missing: tuple[pa.Table, ...]
    counted: int | None
    requests: int
    ids_moved: int
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Range:
    """The range of stored rows ``start`` to ``stop``, with ``created`` from ``low`` on and before ``high``."""

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
    """Return how the stored rows differ from those of the server, by counts or, with ``by_ids``, by every id.

    ``ours`` has ``id`` and ``created`` of the stored rows, in any order. They are held in memory, at about a hundred
    bytes for each row.

    Counts find every row that is gone or missing, unless a gone and a missing row are in the same range, so that its
    count is unchanged. A range is an eighth of the rows, and smaller near the newest rows, where most changes are. Ids
    find every row.
    """
    asked, here = unlimited(scan), by_created(pa.concat_tables(ours)).combine_chunks()
    created = here[CREATED].cast(pa.int64()).to_numpy()
    everything = _Range(0, len(created), None, None)
    with ThreadPoolExecutor(asked.workers or MAX_WORKERS, thread_name_prefix="dyno-compare") as pool:
        if by_ids or not has_countable_windows(asked):  # a count would fetch the ids as well
            return _compared(pool, asked, here, [everything])
        counts = _Counts(asked, pool)
        first = counts.of(_cut(everything, _first_marks(len(created)), created))
        total = sum(one.counted for one in first)
        differ = _differing(first, created, counts, asked.plan.page_size)
        found = _compared(pool, asked, here, differ)
        return replace(found, counted=total, requests=found.requests + counts.requests)


class _Counts:
    """Counts the rows of the server in ranges, concurrently."""

    __slots__ = ("_pool", "_scan", "requests")

    def __init__(self, scan: Scan, pool: ThreadPoolExecutor) -> None:
        self._scan = scan
        self._pool = pool
        self.requests = 0

    def of(self, ranges: Sequence[_Range]) -> list[_Range]:
        """Return the ranges with their counts."""
        found = list(self._pool.map(lambda one: count_window(self._scan, one.low, one.high), ranges))
        self.requests += sum(requests for _, requests in found)
        return [replace(one, counted=rows) for one, (rows, _) in zip(ranges, found, strict=True)]


def _first_marks(rows: int) -> list[int]:
    """Return where to cut all rows first: equal parts, the newest of which is halved until it is small."""
    parts = max(1, min(FIRST_PARTS, rows // ROWS_PER_FIRST_PART))
    marks = [rows * part // parts for part in range(1, parts)]
    newest = rows - rows * (parts - 1) // parts
    while newest > 4 * IDS_PER_COUNT:
        newest //= 2
        marks.append(rows - newest)
    return marks


def _differing(
    counted: Sequence[_Range], created: Instants, counts: _Counts, rows_per_page: int
) -> list[_Range]:
    """Return the ranges in which the server has another number of rows, cut as long as counts are cheaper than ids."""
    is_dense = _is_dense(sum(one.difference for one in counted), len(created), rows_per_page)
    smallest = rows_per_page if is_dense else 0
    differ, found = [one for one in counted if one.difference], list[_Range]()
    while differ:
        small = [one for one in differ if _is_small(one, created, smallest)]
        found += small
        parts = [part for one in differ if one not in small for part in _parts(one, created)]
        differ = [one for one in counts.of(parts) if one.difference]
    return sorted(found, key=lambda one: one.start)


def _is_dense(differences: int, rows: int, rows_per_page: int) -> bool:
    """Tell whether so many rows differ that fetching ids is cheaper than finding each row by counts."""
    needed = differences * math.log2(max(2.0, rows / max(differences, 1) / IDS_PER_COUNT))
    return needed > max(FEW_COUNTS, COUNTS_PER_PAGE * rows / rows_per_page)


def _is_small(one: _Range, created: Instants, smallest: int) -> bool:
    """Tell whether to fetch the ids of a range: it has few rows, cannot be cut, or many rows differ."""
    if one.rows <= max(smallest, IDS_PER_COUNT):
        return True
    few = one.rows <= IDS_PER_COUNT * math.log2(one.rows / IDS_PER_COUNT + 1)
    return few or one.difference * IDS_PER_COUNT >= one.rows or created[one.start] == created[one.stop - 1]


def _parts(one: _Range, created: Instants) -> list[_Range]:
    """Cut a range between values of ``created`` into parts of about equal numbers of rows."""
    number = min(PARTS, max(2, 2 * one.difference), one.rows)
    parts = _cut(one, [one.start + one.rows * at // number for at in range(1, number)], created)
    if len(parts) > 1:
        return parts
    behind = int(np.searchsorted(created, created[one.start], side="right"))
    return _cut(one, [behind], created)  # most rows share one value


def _cut(one: _Range, marks: Sequence[int], created: Instants) -> list[_Range]:
    """Cut a range before the first row that shares ``created`` with a marked row."""
    cuts = np.unique(np.searchsorted(created, created[list(marks)], side="left"))
    inner = [int(cut) for cut in cuts if one.start < cut < one.stop]
    edges = [one.start, *inner, one.stop]
    lows = [one.low, *(int(created[cut]) for cut in inner)]
    return [
        _Range(start, stop, low, high)
        for start, stop, low, high in zip(edges, edges[1:], lows, [*lows[1:], one.high], strict=False)
    ]


def _compared(pool: ThreadPoolExecutor, asked: Scan, ours: pa.Table, ranges: Sequence[_Range]) -> Comparison:
    """Fetch the ids of ranges and compare them with the stored ids."""
    ids: Callable[[_Range], Answer] = lambda one: fetch_keys(asked, one.low, one.high)  # noqa: E731
    gone, missing = [pa.array([], pa.large_string())], list[pa.Table]()
    doubts: list[str] = []
    moved = requests = 0
    for one, found in zip(ranges, pool.map(ids, ranges), strict=True):
        moved += found.table.num_rows
        requests += found.certificate.requests
        here = ours[ID_FIELD].slice(one.start, one.rows).combine_chunks()
        there = found.table[ID_FIELD].combine_chunks()
        missing += _close_together(
            found.table, pc.invert(pc.is_in(there, value_set=here)), asked.plan.page_size
        )
        if found.certificate.verdict.has_all_rows:
            gone.append(here.filter(pc.invert(pc.is_in(here, value_set=there))))
        else:
            doubts += found.certificate.reasons
    return Comparison(
        pa.concat_arrays(gone), tuple(missing), None, requests, moved, doubts=tuple(dict.fromkeys(doubts))
    )


def _close_together(keys: pa.Table, wanted: pa.Array, most_between: int) -> list[pa.Table]:
    """Return the wanted rows; rows with few others between them are in one table."""
    at = np.flatnonzero(np.asarray(wanted))
    if not len(at):
        return []
    groups = np.split(at, np.flatnonzero(np.diff(at) > most_between) + 1)
    return [keys.take(pa.array(group)) for group in groups]
