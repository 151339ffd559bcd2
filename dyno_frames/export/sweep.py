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
from dyno_frames.export.crawl import unlimited
from dyno_frames.export.questions import from_instant, keys
from dyno_frames.scan.certificate import Certificate, Verdict
from dyno_frames.scan.fetch import MOST_WORKERS
from dyno_frames.scan.order import by_created
from dyno_frames.scan.scan import Scan

IDS_PER_COUNT = 8
"""A count is thought to be worth so many ids: a window with fewer rows has its ids fetched."""

COUNTS_PER_PAGE = 10
"""Where more counts than this would be needed for each page of ids they save, the ids are fetched."""

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


def sweep(scan: Scan, ours: pa.Table) -> Swept:
    """Return which of our rows the question no longer has.

    Parameters
    ----------
    scan
        The question.
    ours
        ``id`` and ``created`` of the rows that are here.
    """
    asked = unlimited(keys(scan))
    ours = by_created(ours).combine_chunks()
    created = ours[CREATED].cast(pa.int64()).to_numpy()
    if asked.plan.terms is None:  # a count would fetch the ids as well
        return _compared(asked, ours, [_Stretch(0, len(created), None, None, 0)], None, 0)
    counts = _Counts(asked)
    total = counts.of([None])[0]
    differ = [_Stretch(0, len(created), None, None, total)]
    fetched: list[_Stretch] = []
    dense = _dense(len(created) - total, len(created), asked.plan.page_size)
    smallest = asked.plan.page_size if dense else 0
    while differ := [one for one in differ if one.stop - one.start not in {0, one.counted}]:
        small = [one for one in differ if _is_small(one, created, smallest)]
        fetched += small
        parted = [_parts(one, created) for one in differ if one not in small]
        differ = _counted(parted, counts)
    return _compared(asked, ours, fetched, total, counts.requests)


class _Counts:
    """How many rows the server has from an instant on, counted side by side and once each."""

    __slots__ = ("_known", "_scan", "requests")

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._known: dict[int | None, int] = {}
        self.requests = 0

    def of(self, instants: Sequence[int | None]) -> list[int]:
        new = [instant for instant in dict.fromkeys(instants) if instant not in self._known]
        workers = min(self._scan.workers or MOST_WORKERS, max(len(new), 1))
        with ThreadPoolExecutor(workers, thread_name_prefix="dyno-sweep") as pool:
            self._known.update(zip(new, pool.map(self._one, new), strict=True))
        self.requests += len(new)
        return [self._known[instant] for instant in instants]

    def _one(self, instant: int | None) -> int:
        scan = self._scan if instant is None else from_instant(self._scan, CREATED, {"ge": instant})
        return scan.count()


def _dense(missing: int, rows: int, page_size: int) -> bool:
    """Tell whether so much is missing that single rows are not worth looking for."""
    counts = max(missing, 0) * math.log2(max(2.0, rows / max(missing, 1) / IDS_PER_COUNT))
    return counts > COUNTS_PER_PAGE * rows / page_size


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


def _counted(parted: list[list[_Stretch]], counts: _Counts) -> list[_Stretch]:
    stretches = [one for parts in parted for one in parts]
    from_low = counts.of([one.low for one in stretches])
    ends = [one.high for one in stretches if one.high is not None]
    known = dict(zip(ends, counts.of(ends), strict=True))
    return [
        replace(one, counted=above - (0 if one.high is None else known[one.high]))
        for one, above in zip(stretches, from_low, strict=True)
    ]


def _compared(
    asked: Scan, ours: pa.Table, stretches: list[_Stretch], total: int | None, requests: int
) -> Swept:
    """Fetch the ids of stretches and return which of ours are not among them."""
    gone = [pa.array([], pa.large_string())]
    doubts: list[str] = []
    moved = 0
    workers = min(asked.workers or MOST_WORKERS, max(len(stretches), 1))
    with ThreadPoolExecutor(workers, thread_name_prefix="dyno-sweep") as pool:
        answers = pool.map(_ids, [asked] * len(stretches), stretches)
        for one, (found, certificate) in zip(stretches, answers, strict=True):
            moved += found.num_rows
            if certificate is not None and certificate.verdict is Verdict.UNCERTIFIED:
                doubts += certificate.reasons
                continue
            here = ours[KEY].slice(one.start, one.stop - one.start).combine_chunks()
            there = pc.is_in(here, value_set=found[KEY].combine_chunks())
            gone.append(here.filter(pc.invert(there)))
    return Swept(pa.concat_arrays(gone), total, requests, moved, tuple(dict.fromkeys(doubts)))


def _ids(asked: Scan, one: _Stretch) -> tuple[pa.Table, Certificate | None]:
    bounds = {"ge": one.low, "lt": one.high}
    known = {name: instant for name, instant in bounds.items() if instant is not None}
    scan = from_instant(asked, CREATED, known)
    return scan.to_arrow(), scan.certificate
