"""Find the rows that are gone from the server: by counts first, and by ids only where the counts differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.resources import CREATED, KEY
from dyno_frames.export.queries import from_instant, keys, unlimited, window
from dyno_frames.scan.certificate import Certificate, Verdict
from dyno_frames.scan.fetch import MOST_WORKERS
from dyno_frames.scan.order import by_created
from dyno_frames.scan.scan import Scan

IDS_PER_COUNT = 8
"""A count is thought to be worth so many ids: a window with fewer rows has its ids fetched."""

COUNTS_PER_PAGE = 10
"""Where more counts than this would be needed for each page of ids they save, the ids are fetched."""

FEW_COUNTS = 50
"""So many counts are never too many."""

PARTS = 16


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found.

    Parameters
    ----------
    gone
        Ids of rows that are here and no longer in the server's answer.
    counted
        How many rows the server counted in all; None where nothing was counted.
    requests
        How many counts were asked for.
    ids_moved
        How many ids were fetched.
    doubts
        Why rows that seem to be gone were kept.
    """

    gone: pa.Array
    counted: int | None
    requests: int
    ids_moved: int
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Rows of ours ``start`` to ``stop``, whose ``created`` is from ``low`` on and below ``high``."""

    start: int
    stop: int
    low: int | None
    high: int | None
    counted: int


def sweep(scan: Scan, ours: Sequence[pa.Table]) -> Swept:
    """Return which of our rows the question no longer has.

    Parameters
    ----------
    scan
        The question.
    ours
        ``id`` and ``created`` of the rows that are here, in any order. They are held in memory: a hundred bytes
        or so for each row.
    """
    asked, here = unlimited(keys(scan)), by_created(pa.concat_tables(ours)).combine_chunks()
    created = here[CREATED].cast(pa.int64()).to_numpy()
    everything = _Stretch(0, len(created), None, None, 0)
    workers = asked.workers or MOST_WORKERS
    with ThreadPoolExecutor(workers, thread_name_prefix="dyno-sweep") as pool:
        if asked.plan.terms is None:  # a count would fetch the ids as well
            return _compared(pool, asked, here, [everything])
        counts = _Counts(asked, pool)
        [total] = counts.of([everything])
        differ = _differing(replace(everything, counted=total), created, counts, asked.plan.page_size)
        swept = _compared(pool, asked, here, differ)
        return replace(swept, counted=total, requests=counts.requests)


def _differing(
    one: _Stretch, created: np.ndarray[tuple[int], np.dtype[np.int64]], counts: _Counts, page_size: int
) -> list[_Stretch]:
    """Return the stretches in which the server has another number of rows, cut as small as is worth while."""
    dense = _dense(one.stop - one.start - one.counted, one.stop - one.start, page_size)
    differ, found = [one], list[_Stretch]()
    while differ := [one for one in differ if one.stop - one.start not in {0, one.counted}]:
        small = [one for one in differ if _is_small(one, created, page_size if dense else 0)]
        found += small
        parts = [part for one in differ if one not in small for part in _parts(one, created)]
        differ = [replace(part, counted=rows) for part, rows in zip(parts, counts.of(parts), strict=True)]
    return found


class _Counts:
    """How many rows the server has in stretches, counted side by side."""

    __slots__ = ("_pool", "_scan", "requests")

    def __init__(self, scan: Scan, pool: ThreadPoolExecutor) -> None:
        self._scan = scan
        self._pool = pool
        self.requests = 0

    def of(self, stretches: Sequence[_Stretch]) -> list[int]:
        return list(self._pool.map(self._one, stretches))

    def _one(self, one: _Stretch) -> int:
        """Count one stretch; where the server knows no two bounds on a field, as the difference of two counts."""
        inside = window(self._scan, one.low, one.high)
        if inside.plan.terms is not None:
            self.requests += 1
            return inside.count()
        self.requests += 2
        above = from_instant(self._scan, CREATED, {"ge": one.high or 0})
        return max(from_instant(self._scan, CREATED, {"ge": one.low or 0}).count() - above.count(), 0)


def _dense(missing: int, rows: int, page_size: int) -> bool:
    """Tell whether so much is missing that single rows are not worth looking for."""
    counts = max(missing, 0) * math.log2(max(2.0, rows / max(missing, 1) / IDS_PER_COUNT))
    return counts > max(FEW_COUNTS, COUNTS_PER_PAGE * rows / page_size)


def _is_small(one: _Stretch, created: np.ndarray[tuple[int], np.dtype[np.int64]], smallest: int) -> bool:
    """Tell whether a stretch's ids are to be fetched: they are few, or cannot be cut, or most have changed."""
    rows, missing = one.stop - one.start, abs(one.stop - one.start - one.counted)
    few = rows <= smallest or rows <= IDS_PER_COUNT * max(1.0, math.log2(max(rows, 1) / IDS_PER_COUNT + 1))
    return few or missing * IDS_PER_COUNT >= rows or created[one.start] == created[one.stop - 1]


def _parts(one: _Stretch, created: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[_Stretch]:
    """Cut a stretch between values of ``created`` into parts of about equal numbers of rows."""
    missing = abs(one.stop - one.start - one.counted)
    number = min(PARTS, max(2, 2 * missing), one.stop - one.start)
    marks = [one.start + (one.stop - one.start) * at // number for at in range(1, number)]
    cuts = np.unique(np.searchsorted(created, created[marks], side="left"))
    inner = [int(cut) for cut in cuts if one.start < cut < one.stop]
    if not inner:  # one value holds most of the rows: cut behind it
        inner = [int(np.searchsorted(created, created[one.start], side="right"))]
    edges = [one.start, *inner, one.stop]
    lows = [one.low, *(int(created[cut]) for cut in inner)]
    return [
        _Stretch(start, stop, low, high, 0)
        for start, stop, low, high in zip(edges, edges[1:], lows, [*lows[1:], one.high], strict=False)
    ]


def _compared(pool: ThreadPoolExecutor, asked: Scan, ours: pa.Table, stretches: list[_Stretch]) -> Swept:
    """Fetch the ids of stretches and return which of ours are not among them."""
    gone = [pa.array([], pa.large_string())]
    doubts: list[str] = []
    moved = 0
    for one, (found, certificate) in zip(
        stretches, pool.map(_ids, [asked] * len(stretches), stretches), strict=True
    ):
        moved += found.num_rows
        if certificate is not None and certificate.verdict is Verdict.UNCERTIFIED:
            doubts += certificate.reasons
            continue
        here = ours[KEY].slice(one.start, one.stop - one.start).combine_chunks()
        there = pc.is_in(here, value_set=found[KEY].combine_chunks())
        gone.append(here.filter(pc.invert(there)))
    return Swept(pa.concat_arrays(gone), None, 0, moved, tuple(dict.fromkeys(doubts)))


def _ids(asked: Scan, one: _Stretch) -> tuple[pa.Table, Certificate | None]:
    scan = window(asked, one.low, one.high)
    return scan.to_arrow(), scan.certificate
