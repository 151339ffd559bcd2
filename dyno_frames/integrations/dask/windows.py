"""Cut a scan into windows of ``created`` with about equal numbers of rows, and freeze their counts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Lock

from dyno_frames.contract.resources import CREATED
from dyno_frames.export.queries import every_row, first_key
from dyno_frames.integrations.dask.budget import Budget, Reservations
from dyno_frames.integrations.dask.frozen import can_cut, within
from dyno_frames.scan.budget import check_costs, expected_requests
from dyno_frames.scan.prefetch import MAX_PARTS
from dyno_frames.scan.scan import Scan
from dyno_frames.scan.windows import Window, cut

NO_ROWS = Window(0, 0, has_earlier=True)


def frozen_windows(scan: Scan, *, rows: int, budget: Budget, known: Sequence[Window] = ()) -> list[Window]:
    """Return adjoining windows of about so many rows, for all rows that are in the account now, and count their rows.

    The first window has everything that is older, and the last one ends with the newest row of the account, so a row
    that matches the query later is in one of them, unless it is created later.

    Parameters
    ----------
    scan
        The query.
    rows
        Rows in a window. ``rows`` of a window is the number of rows that the server returns for its filters, before a
        local filter.
    budget
        The requests that may be sent.
    known
        Windows that were cut earlier: they are counted again, and followed by windows of later rows.

    Raises
    ------
    QueryError
        The windows have more rows, or need more requests, than the options of the scan allow.
    """
    with ThreadPoolExecutor(budget.workers, thread_name_prefix="dyno-dask") as pool:
        windows = _Cutter(scan, rows, budget, pool).windows(known)
    counts = [window.rows for window in windows]
    check_costs(
        max_rows=scan.options.max_rows,
        max_requests=scan.options.max_requests,
        rows=sum(counts),
        requests=expected_requests(counts, scan.plan.page_size),
    )
    return windows


class _Cutter:
    """Cuts a scan, and keeps to the budget while it counts."""

    def __init__(self, scan: Scan, rows: int, budget: Budget, pool: ThreadPoolExecutor) -> None:
        self._scan, self._rows, self._budget, self._pool = scan, rows, budget, pool
        self._reservations, self._lock = Reservations(), Lock()

    def windows(self, known: Sequence[Window]) -> list[Window]:
        """Return the windows, with those that are known first."""
        scan = self._scan
        high = first_key(every_row(scan), CREATED, ascending=False) if scan.plan.filters else None
        if high is None:
            return [NO_ROWS]
        if known and can_cut(scan):
            later = self._cut(Window(known[-1].high, high + 1)) if high >= known[-1].high else []
            return [*self._counted(known), *later]
        low = first_key(scan if scan.plan.exact else every_row(scan), CREATED, ascending=True)
        low = high if low is None else min(low, high)
        first, *others = self._cut(Window(known[0].low if known else low, high + 1, has_earlier=True))
        return [replace(first, has_earlier=True), *others]

    def _cut(self, whole: Window) -> list[Window]:
        """Count the rows of a window, and cut it if it has too many."""

        def counts(windows: list[Window]) -> list[int]:
            return [window.rows for window in self._counted(windows)]

        [whole] = self._counted([whole])
        if whole.rows <= self._rows or not can_cut(self._scan):
            return [whole]
        parts = min(MAX_PARTS, -(-whole.rows // self._rows))
        return cut(whole.low, whole.high - 1, counts, target=self._rows, parts=parts)

    def _counted(self, windows: Sequence[Window]) -> list[Window]:
        return list(self._pool.map(self._count, windows))

    def _count(self, window: Window) -> Window:
        for _ in range(len(self._scan.plan.filters) + (self._scan.plan.wider is not None)):
            with self._lock:
                wait_s = self._reservations.reserve("", per_second=self._budget.per_second)
            time.sleep(wait_s)
        return replace(window, rows=within(self._scan, window).count_filters(widest=True))
