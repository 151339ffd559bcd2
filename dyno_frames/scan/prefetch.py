"""Fetch windows of one filter in threads, ahead of the thread that reads them, in order and not too far ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pyarrow as pa

from dyno_frames.contract.filters import NumberOperator
from dyno_frames.scan.budget import FindBudget
from dyno_frames.scan.reader import Reader
from dyno_frames.scan.run import run_walk
from dyno_frames.scan.stats import ScanStats
from dyno_frames.scan.walk import walk
from dyno_frames.scan.walk_state import Body, WalkSpec, WalkState
from dyno_frames.scan.windows import Window, cut
from dyno_frames.transport.wire import CancelToken

MIN_PAGES = 4
"""Windows are worth their cost from this many pages on; a window is at least as large."""

NEAR_MAX_PAGES, FAR_MAX_PAGES = 10, 8
"""Maximum pages per window, for low- and high-latency servers."""

SPARE_ROWS = 64
"""Rows by which a window is smaller than whole pages, for rows that pages have in common."""

NEAR_WINDOWS = 3
"""Windows of a server without latency that are fetched at once."""

MAX_WORKERS = 12
MAX_PARTS = 250

PAGE_S = 0.002
"""Time that one page costs locally, in seconds: for each such time of latency, one more window is fetched at once."""

_NOTICE_S = 0.5
"""Where a wait cannot be interrupted, as on Windows, an interruption is noticed after this time, in seconds."""

Fetched: TypeAlias = tuple[list[pa.RecordBatch], WalkState, ScanStats]


@dataclass(frozen=True, slots=True)
class WindowSizes:
    """How a range of keys is cut, and how many windows are fetched at once."""

    target: int  # rows per window
    parts: int  # ranges that are counted at first
    at_once: int  # windows that are fetched at once

    @classmethod
    def choose(cls, rows: int, *, page_rows: int, workers: int, round_trip_s: float) -> WindowSizes:
        """Choose sizes for so many rows on a server at a distance."""
        at_once = min(workers, NEAR_WINDOWS + int(round_trip_s / PAGE_S))
        is_far = at_once == workers
        pages = -(-rows // page_rows) // (at_once + is_far)
        pages = min(max(pages + is_far, MIN_PAGES), FAR_MAX_PAGES if is_far else NEAR_MAX_PAGES)
        target = pages * page_rows - min(page_rows, SPARE_ROWS)
        return cls(target, min(MAX_PARTS, -(-rows // target)), at_once)


@dataclass(slots=True)
class WindowPrefetcher:
    """Cuts what a walk has still to read into windows and fetches them, while the walk goes on.

    The walk's end moves forward to where the first window begins. After a window for which a request had to be sent
    again, half as many are fetched at once.
    """

    reader: Reader
    spec: WalkSpec
    state: WalkState
    stats: ScanStats
    budget: FindBudget  # the pages that all walks of the filter share
    sizes: WindowSizes
    _at_once: int = field(init=False)
    _pool: ThreadPoolExecutor = field(init=False)
    _cancel: CancelToken = field(default_factory=CancelToken)
    _windows: deque[Window] = field(default_factory=deque)
    _coming: deque[Future[Fetched]] = field(default_factory=deque)
    _cut: Future[tuple[list[Window], ScanStats]] | None = None

    def __post_init__(self) -> None:
        self._at_once = self.sizes.at_once
        self._pool = ThreadPoolExecutor(self._at_once, thread_name_prefix="dyno-scan")

    def start(self) -> None:
        """Begin to cut what lies between the last key that was read and the end."""
        self._cut = self._pool.submit(self._windows_from, self.state.last_key, self.state.end)

    def _windows_from(self, low: int, high: int) -> tuple[list[Window], ScanStats]:
        stats = self.stats.of_thread()
        # Threads of their own: each thread that fetches keeps memory for itself, so those shall be few.
        with ThreadPoolExecutor(self.sizes.at_once, thread_name_prefix="dyno-scan") as pool:

            def counts(windows: list[Window]) -> list[int]:
                alone = [self.stats.of_thread() for _ in windows]
                found = list(pool.map(self._count, windows, alone))
                for one in alone:
                    stats.add(one)
                return found

            return cut(low, high, counts, target=self.sizes.target, parts=self.sizes.parts), stats

    def _count(self, window: Window, stats: ScanStats) -> int:
        conditions, name = self.spec.conditions, self.spec.order_field
        if self.spec.combines_operators:
            inside = {**conditions, name: _within(self.spec.bounds, window)}
            return self.reader.count(inside, stats, cancel=self._cancel)
        from_low, from_high = (
            self.reader.count(
                {**conditions, name: {str(NumberOperator.GTE): end}}, stats, cancel=self._cancel
            )
            for end in (window.low, window.high)
        )
        return max(from_low - from_high, 0)

    def poll(self) -> None:
        """Start the windows if they are cut by now: the walk ends where the first of them begins."""
        if self._cut is None or not self._cut.done():
            return
        windows, found = self._cut.result()
        self._cut = None
        self.stats.add(found)
        ahead = [window for window in windows if window.low > self.state.last_key]
        if ahead:
            self.state.end = ahead[0].low - 1
            self._windows.extend(ahead)
            self._submit()

    def _submit(self) -> None:
        while self._windows and len(self._coming) < self._at_once + 1:
            self._coming.append(self._pool.submit(self._fetch, self._windows.popleft()))

    def _fetch(self, window: Window) -> Fetched:
        """Fetch one window."""
        stats, state = self.stats.of_thread(), WalkState(last_key=window.low, end=window.high - 1)
        steps = walk(self.spec, state)
        rows = run_walk(
            steps, state, reader=self.reader, stats=stats, budget=self.budget, cancel=self._cancel
        )
        return list(rows), state, stats

    def results(self) -> Iterator[tuple[list[pa.RecordBatch], WalkState]]:
        """Iterate over the windows in order, as they are complete."""
        while self._coming:
            coming = self._coming.popleft()
            while not wait([coming], _NOTICE_S).done:
                pass
            batches, state, stats = coming.result()
            self.stats.add(stats)
            if stats.retries:
                self._at_once = max(1, self._at_once // 2)
            self._submit()
            yield batches, state

    def close(self) -> None:
        """Fetch nothing more; what is on its way is dropped, and its connections closed."""
        self._cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)


def _within(bounds: Mapping[str, Any], window: Window) -> Body:
    """Return the bounds of the query on the order field, narrowed to a window."""
    kept = {str(name): value for name, value in bounds.items()}
    for past in (NumberOperator.GT, NumberOperator.GTE):
        kept.pop(str(past), None)
    at_most, below = (kept.pop(str(name), None) for name in (NumberOperator.LTE, NumberOperator.LT))
    ends = [window.high, None if at_most is None else at_most + 1, below]
    return {
        **kept,
        str(NumberOperator.GTE): window.low,
        str(NumberOperator.LT): min(end for end in ends if end is not None),
    }
