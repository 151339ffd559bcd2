"""Cut a scan into windows of ``created`` with about equal numbers of rows, and freeze their counts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from dyno_frames.contract.resources import CREATED
from dyno_frames.export.queries import first_key, unlimited
from dyno_frames.integrations.dask.frozen import can_cut, within
from dyno_frames.query.bind import bind_query
from dyno_frames.scan.budget import check_costs, expected_requests
from dyno_frames.scan.prefetch import MAX_PARTS
from dyno_frames.scan.scan import Scan
from dyno_frames.scan.windows import Window, cut

NO_ROWS = Window(0, 0)


def frozen_windows(scan: Scan, *, rows: int, workers: int) -> list[Window]:
    """Return adjoining windows of about so many rows, from the first to the newest row of now.

    Raises if they have more rows, or need more requests, than the options of the scan allow.

    ``rows`` of a window is the number of rows that the server returns for its filters, before a local filter.

    Parameters
    ----------
    scan
        The query.
    rows
        Rows in a window.
    workers
        Maximum number of concurrent requests.
    """
    windows = _counted(scan, rows=rows, workers=workers)
    counts = [window.rows for window in windows]
    check_costs(
        max_rows=scan.options.max_rows,
        max_requests=scan.options.max_requests,
        rows=sum(counts),
        requests=expected_requests(counts, scan.plan.page_size),
    )
    return windows


def _counted(scan: Scan, *, rows: int, workers: int) -> list[Window]:
    if not scan.plan.filters:
        return [NO_ROWS]
    keys = scan if scan.plan.exact else scan.refine(query=bind_query(None, scan.schema.empty()))
    low, high = (first_key(keys, CREATED, ascending=up) for up in (True, False))
    if low is None or high is None:
        return [NO_ROWS]

    def count(window: Window) -> int:
        return within(scan, window).count_filters(widest=True)

    def counts(windows: list[Window]) -> list[int]:
        return list(pool.map(count, windows))

    total = count(Window(low, high + 1))
    if total <= rows or not can_cut(unlimited(scan)):
        return [Window(low, high + 1, total)]
    with ThreadPoolExecutor(workers, thread_name_prefix="dyno-dask") as pool:
        return cut(low, high, counts, target=rows, parts=min(MAX_PARTS, -(-total // rows)))
