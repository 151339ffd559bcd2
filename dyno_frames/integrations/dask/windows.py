"""Cut a scan into windows of ``created`` with about equal numbers of rows, and freeze their counts."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from dyno_frames.contract.resources import CREATED
from dyno_frames.export.queries import first_key, unlimited
from dyno_frames.integrations.dask.frozen import Budget, can_cut, within
from dyno_frames.integrations.dask.pace import Pace
from dyno_frames.query.bind import bind_query
from dyno_frames.scan.budget import check_costs, expected_requests
from dyno_frames.scan.prefetch import MAX_PARTS
from dyno_frames.scan.scan import Scan
from dyno_frames.scan.windows import Window, cut

NO_ROWS = Window(0, 0)


def frozen_windows(scan: Scan, *, rows: int, budget: Budget) -> list[Window]:
    """Return adjoining windows of about so many rows, for all rows that are in the account now.

    The first window has everything that is older, and the last one ends with the newest row of the account, so a row
    that matches the query later is in one of them, unless it is created later.

    Raises if they have more rows, or need more requests, than the options of the scan allow.

    Parameters
    ----------
    scan
        The query.
    rows
        Rows in a window. ``rows`` of a window is the number of rows that the server returns for its filters, before a
        local filter.
    budget
        The requests that may be sent.
    """
    windows = _counted(scan, rows=rows, budget=budget)
    counts = [window.rows for window in windows]
    check_costs(
        max_rows=scan.options.max_rows,
        max_requests=scan.options.max_requests,
        rows=sum(counts),
        requests=expected_requests(counts, scan.plan.page_size),
    )
    return windows


def _counted(scan: Scan, *, rows: int, budget: Budget) -> list[Window]:
    if not scan.plan.filters:
        return [NO_ROWS]
    every = scan.refine(query=bind_query(None, scan.schema.empty()))
    high = first_key(every, CREATED, ascending=False)
    if high is None:
        return [NO_ROWS]
    low = first_key(scan if scan.plan.exact else every, CREATED, ascending=True)
    low = high if low is None else min(low, high)
    pace = Pace()

    def count(window: Window) -> int:
        for _ in range(len(scan.plan.filters) + (scan.plan.wider is not None)):
            time.sleep(pace.reserve("", per_second=budget.per_second))
        return within(scan, window).count_filters(widest=True)

    def counts(windows: list[Window]) -> list[int]:
        return list(pool.map(count, windows))

    whole = Window(low, high + 1, has_earlier=True)
    whole = replace(whole, rows=count(whole))
    if whole.rows <= rows or not can_cut(unlimited(scan)):
        return [whole]
    with ThreadPoolExecutor(budget.workers, thread_name_prefix="dyno-dask") as pool:
        first, *others = cut(low, high, counts, target=rows, parts=min(MAX_PARTS, -(-whole.rows // rows)))
    return [replace(first, has_earlier=True), *others]
