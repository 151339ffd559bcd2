"""Fetch the rows of one filter in order: page after page, or in windows side by side when they are many."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from dyno_frames.contract.filters import ASCENDING, DESCENDING, Key, NumberOperator
from dyno_frames.contract.resources import CREATED, KEY
from dyno_frames.scan.gate import Gate
from dyno_frames.scan.pages import FEW_ROWS, SURE_BITS, Body, Route, Walked, numbers, walk
from dyno_frames.scan.reader import Counted, Reader, Tally, count_rows, find_rows
from dyno_frames.scan.windows import Cutting, Window, cut
from dyno_frames.transport.wire import Stop, stopped_by

PAGES_BESIDE = 4
"""Rows are fetched side by side when this many pages are still to come, and a window is at least as large."""

NEAR_PAGES, FAR_PAGES = 10, 8
"""The most pages of a window: of a server that is near, where few at once are as fast as many, and of others."""

SPARE = 64
"""Rows by which a window is less than whole pages, for those that pages have in common."""

NEAR_FIRST, NEAR_MOST = 2, 4
"""So many windows of the nearest server are fetched at once, to begin with and at the most."""

MOST_WORKERS = 12
MOST_PARTS = 250

_NOTICE_S = 0.5
"""Where a wait cannot be interrupted, as on Windows, an interruption is noticed after so long."""

PAGE_S = 0.002
"""What a page costs here: for each such time that a server takes for one row, one more window is worth its while."""


class CancelledError(Exception):
    """Nobody waits for these rows any more."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """How the rows of a plan are fetched.

    Parameters
    ----------
    reader
        Who sends the requests.
    tally
        Where to note what was met.
    workers
        How many windows at once, at the most; 1 is one page after the other.
    counting
        Whether more than a page is counted before and after: not where the rows end before the filter's do.
    keeps_order
        Whether the server was seen to keep an order.
    """

    reader: Reader
    tally: Tally
    workers: int = MOST_WORKERS
    counting: bool = True
    keeps_order: bool = False

    def batches(self, conditions: Mapping[str, Any], route: Route) -> Generator[pa.RecordBatch, None, None]:
        """Iterate over the fresh rows of one filter that the residual keeps, in the order of the route's key.

        Parameters
        ----------
        conditions
            One of the plan's filters.
        route
            Where to go.
        """
        route.body = self._body(conditions)
        self.tally.walks.append(route.met)
        counted: Counted | None = None
        ahead: Ahead | None = None
        with ExitStack() as left_behind:
            for at, fresh in enumerate(iter_pages(self.reader, route, self.tally)):
                if counted is None and self.counting and (at > 0 or route.met.rows >= route.page_size):
                    counted, ahead = self._counted(conditions, route, left_behind)
                self.tally.on_page(fresh.num_rows)
                yield from self.reader.passed([fresh])
            for batches, tally in ahead.results() if ahead is not None else ():
                self.tally.add(tally)
                if counted is not None:
                    counted.walks += tally.walks
                self.tally.on_page(sum(batch.num_rows for batch in batches))
                yield from self.reader.passed(batches)
        if counted is not None:
            counted.after = self._count(conditions)
        elif route.met.pages and not (self.counting and self._is_sure([route.met])):
            # The rows ended before a limit did, or are so few that their order may be chance.
            number = self._count(conditions)
            counted = Counted([route.met], number, number)
            self.tally.counted.append(counted)
        if counted is not None and not self._is_sure(counted.walks):
            self._look_again(conditions, route, counted)

    def _is_sure(self, walks: list[Walked]) -> bool:
        return self.keeps_order or sum(walked.order_bits for walked in walks) >= SURE_BITS

    def _look_again(self, conditions: Mapping[str, Any], route: Route, counted: Counted) -> None:
        """Note a fault where the server may not keep the order: by the last row, and by few rows read once more."""
        reached = [walked.reached for walked in counted.walks if walked.reached is not None]
        if not reached:
            return
        if self._end(conditions, route) != reached[-1] or not self._stands(route):
            route.met.fault(f"the rows are too few to tell whether the server keeps the order by {route.key}")

    def _stands(self, route: Route) -> bool:
        """Tell whether a few rows come again: one that went was counted as another that never came."""
        if route.met.fresh > FEW_ROWS:
            return True
        again = replace(route, met=Walked())
        for _ in iter_pages(self.reader, again, self.tally):
            pass
        return again.met.few == route.met.few

    def _body(self, conditions: Mapping[str, Any]) -> Body:
        fields = self.reader.plan.fields
        return {**conditions} if fields is None else {**conditions, str(Key.FIELDS): list(fields)}

    def _count(self, conditions: Mapping[str, Any]) -> int:
        return count_rows(self.reader.session, self.reader.plan.resource, conditions, self.tally)

    def _counted(
        self, conditions: Mapping[str, Any], route: Route, left_behind: ExitStack
    ) -> tuple[Counted, Ahead | None]:
        """Count the filter, and have what lies beyond the first window fetched ahead where it is much."""
        counted = Counted([route.met], self._count(conditions))
        self.tally.counted.append(counted)
        self.tally.on_total(counted.before)
        left = counted.before - route.met.fresh
        if self.workers < 2 or left < PAGES_BESIDE * route.page_size or not self._can_cut(conditions, route):
            return counted, None
        return counted, self._ahead(conditions, route, left, left_behind)

    def _can_cut(self, conditions: Mapping[str, Any], route: Route) -> bool:
        plain = route.key == CREATED and route.ascending and route.high is None and route.met.in_order
        return plain and (route.several or CREATED not in conditions)

    def _ahead(
        self, conditions: Mapping[str, Any], route: Route, left: int, left_behind: ExitStack
    ) -> Ahead | None:
        reached = numbers(route.fresh, CREATED)
        began = time.monotonic()
        last = self._end(conditions, route)
        more = int((time.monotonic() - began) / PAGE_S)
        if reached is None or not len(reached) or not isinstance(last, int) or last <= reached[-1]:
            return None
        first, workers = (min(self.workers, number + more) for number in (NEAR_FIRST, NEAR_MOST))
        far = workers == self.workers
        pages = -(-left // route.page_size) // (workers + far)
        pages = min(max(pages + far, PAGES_BESIDE), FAR_PAGES if far else NEAR_PAGES)
        target = pages * route.page_size - min(route.page_size, SPARE)
        ahead = Ahead(self, route, first=first, workers=workers)
        left_behind.callback(ahead.close)
        cutting = cut(int(reached[-1]), last, target=target, parts=min(MOST_PARTS, -(-left // target)))
        windows = ahead.windows(cutting, conditions)
        route.high = windows[0].high
        ahead.start(windows[1:])
        return ahead

    def _end(self, conditions: Mapping[str, Any], route: Route) -> Any:
        """Return the key of the last row: the first in the other direction."""
        body = {
            **conditions,
            Key.FIELDS: list(dict.fromkeys([KEY, CREATED, route.key])),
            Key.ORDER_BY: route.key,
            Key.ORDER_DIRECTION: DESCENDING if route.ascending else ASCENDING,
            Key.LIMIT: 1,
        }
        plain = {str(name): value for name, value in body.items()}
        rows = find_rows(self.reader.session, self.reader.plan.resource, plain, self.tally)
        return rows[0].get(route.key) if rows else None


def iter_pages(reader: Reader, route: Route, tally: Tally) -> Iterator[pa.RecordBatch]:
    """Iterate over the fresh rows of a walk, page by page."""
    walking = walk(route)
    body: Body | None = next(walking)
    while body is not None:
        page = reader.page(body, tally)
        try:
            body = walking.send(page)
        except StopIteration:
            body = None
        if route.fresh.num_rows:
            yield route.fresh


class Ahead:
    """Windows of one filter that are fetched by threads ahead of who reads them, in order and not too far.

    Parameters
    ----------
    fetch
        Whose rows.
    route
        The walk of the first window, which the others are like.
    first, workers
        How many windows at once, to begin with and at the most; no more wait to be read.
    """

    __slots__ = ("_coming", "_fetch", "_gate", "_pool", "_route", "_stop", "_windows", "_workers")

    def __init__(self, fetch: Fetch, route: Route, *, first: int, workers: int) -> None:
        self._fetch = fetch
        self._route = route
        self._gate = Gate(first, workers)
        self._workers = workers
        self._stop = Stop()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="dyno-scan")
        self._windows: deque[Window] = deque()
        self._coming: deque[Future[tuple[list[pa.RecordBatch], Tally]]] = deque()

    def windows(self, cutting: Cutting, conditions: Mapping[str, Any]) -> list[Window]:
        """Return the windows of a filter, cut by counts."""
        asked = next(cutting)
        while True:
            try:
                asked = cutting.send(self._counts(conditions, asked))
            except StopIteration as stop:
                cut_: list[Window] = stop.value
                return cut_

    def _counts(self, conditions: Mapping[str, Any], windows: list[Window]) -> list[int]:
        """Return the rows in each window, counted side by side."""
        tallies = [Tally() for _ in windows]
        # Threads of their own: each thread that fetches keeps memory for itself, so those shall be few.
        with ThreadPoolExecutor(self._gate.allowed, thread_name_prefix="dyno-scan") as pool:
            try:
                found = list(pool.map(self._count, [conditions] * len(windows), windows, tallies))
            except BaseException:
                self._stop()
                raise
        for tally in tallies:
            self._fetch.tally.add(tally)
        return found

    def _count(self, conditions: Mapping[str, Any], window: Window, tally: Tally) -> int:
        with stopped_by(self._stop):
            return self._counted(conditions, window, tally)

    def _counted(self, conditions: Mapping[str, Any], window: Window, tally: Tally) -> int:
        session, resource = self._fetch.reader.session, self._fetch.reader.plan.resource
        if self._route.several:
            inside = {**conditions, CREATED: _within(conditions.get(CREATED), window)}
            return count_rows(session, resource, inside, tally)
        ends = ({NumberOperator.GTE: window.low}, {NumberOperator.GTE: window.high})
        from_low, from_high = (
            count_rows(session, resource, {**conditions, CREATED: end}, tally) for end in ends
        )
        return max(from_low - from_high, 0)

    def start(self, windows: list[Window]) -> None:
        """Begin to fetch these windows."""
        self._windows.extend(windows)
        self._submit()

    def _submit(self) -> None:
        while self._windows and len(self._coming) < min(self._workers, 2 * self._gate.allowed):
            self._coming.append(self._pool.submit(self._one, self._windows.popleft()))

    def _one(self, window: Window) -> tuple[list[pa.RecordBatch], Tally]:
        """Fetch one window."""
        route = Route(
            self._route.body,
            page_size=self._route.page_size,
            several=self._route.several,
            low=window.low,
            high=window.high,
            expected=window.rows,
        )
        tally = Tally(walks=[route.met])
        batches = []
        with self._gate.passage(), stopped_by(self._stop):
            if self._stop.called:
                raise CancelledError
            for batch in iter_pages(self._fetch.reader, route, tally):
                if self._stop.called:
                    raise CancelledError
                batches.append(batch)
        self._gate.done(route.met.rows, tired=tally.retries > 0)
        return batches, tally

    def results(self) -> Iterator[tuple[list[pa.RecordBatch], Tally]]:
        """Iterate over the windows in order, as they are complete."""
        while self._coming:
            coming = self._coming.popleft()
            while not wait([coming], _NOTICE_S).done:
                pass
            done = coming.result()
            self._submit()
            yield done

    def close(self) -> None:
        """Fetch nothing more; what is on its way is thrown away, and its connections closed."""
        self._stop()
        self._pool.shutdown(wait=False, cancel_futures=True)


def _within(condition: Any, window: Window) -> dict[str, Any]:
    """Return the question's own bounds on the key, narrowed to a window."""
    kept = dict(condition) if isinstance(condition, Mapping) else {}
    for beyond in (NumberOperator.GT, NumberOperator.GTE):
        kept.pop(beyond, None)
    kept[NumberOperator.GTE] = window.low
    upper = [kept.pop(NumberOperator.LTE, None), kept.pop(NumberOperator.LT, None)]
    ends = [window.high, None if upper[0] is None else upper[0] + 1, upper[1]]
    kept[NumberOperator.LT] = min(end for end in ends if end is not None)
    return {str(name): value for name, value in kept.items()}
