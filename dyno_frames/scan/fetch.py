"""Fetch the rows of one filter: a walk, windows beside it if the rows are many, and the counts around them."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from dyno_frames.contract.filters import NumberOperator
from dyno_frames.contract.resources import CREATED
from dyno_frames.scan.budget import FindBudget
from dyno_frames.scan.prefetch import MAX_WORKERS, MIN_PAGES, WindowPrefetcher, WindowSizes
from dyno_frames.scan.reader import Reader
from dyno_frames.scan.run import run_walk
from dyno_frames.scan.stats import CountCheck, ScanStats
from dyno_frames.scan.ties import read_by_id
from dyno_frames.scan.walk import walk, walk_by_offset
from dyno_frames.scan.walk_state import FEW_ROWS, WalkSpec, WalkState, is_sure


@dataclass(slots=True)
class FilterFetch:
    """Fetches the rows of one filter, once."""

    reader: Reader
    spec: WalkSpec
    stats: ScanStats
    workers: int = MAX_WORKERS  # windows that are fetched at once, at most; 1 is one page after another
    rows_wanted: int | None = None  # about so many, counted only if many more have to be read; None is all
    state: WalkState = field(default_factory=WalkState)
    budget: FindBudget = field(default_factory=FindBudget)
    check: CountCheck = field(init=False)
    _prefetcher: WindowPrefetcher | None = None

    def __post_init__(self) -> None:
        self.check = CountCheck([self.state], is_complete=False)

    def batches(self) -> Generator[pa.RecordBatch, None, None]:
        """Iterate over the rows that the residual keeps, each row once, ordered by the order field.

        A server that does not keep the order gets its rows read by offset: rows that came before come again.
        """
        check = self.check
        self.stats.checks.append(check)
        self.budget.rows = self.rows_wanted
        if self.rows_wanted is not None:
            self.budget.count = lambda: self.reader.count(self.spec.conditions, self.stats)
        with ExitStack() as cleanup:
            for rows in self._walked(cleanup):
                yield from self._passed([rows])
                if self._prefetcher is not None:
                    self._prefetcher.poll()
            for batches, state in self._prefetcher.results() if self._prefetcher is not None else ():
                check.walks.append(state)
                yield from self._passed(batches)
        if not all(state.in_order for state in check.walks):
            yield from self._read_by_offset()
        elif self.state.held is not None and self.state.held.num_rows:
            held = self.state.held
            yield from self._passed([self.state.hand_on(held, np.ones(held.num_rows, dtype=bool))])
        self._close()

    def discard(self) -> None:
        """Note that another fetch replaces this one: what may be missing from its rows does not matter."""
        for walk_state in self.check.walks:
            walk_state.faults.clear()

    def are_first(self) -> bool:
        """Tell whether the rows read so far are the first by the order field: the server counts no others there."""
        spec, state = self.spec, self.state
        if spec.keeps_order or NumberOperator.EQ in spec.bounds:
            return True
        conditions = spec.conditions_until(state.last_key, inclusive=state.is_last_key_read)
        expected = state.new_rows - (0 if state.is_last_key_read else len(state.last_ids))
        return conditions is not None and self.reader.count(conditions, self.stats) == expected

    def _passed(self, batches: list[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        self.stats.on_page(sum(batch.num_rows for batch in batches))
        return self.reader.filtered(batches)

    def _walked(self, cleanup: ExitStack) -> Iterator[pa.RecordBatch]:
        def counted(rows: int) -> None:
            self.budget.rows = rows
            self.stats.on_total(rows)
            if self.workers > 1 and self._is_worth_windows(rows):
                self._start_windows(rows, cleanup)

        return run_walk(
            walk(self.spec, self.state),
            self.state,
            reader=self.reader,
            stats=self.stats,
            budget=self.budget,
            on_count=counted,
        )

    def _page_rows(self) -> int:
        """Return how many rows the server sends on a page, as far as it is known."""
        return min(self.spec.page_size, self.state.largest_page)

    def _is_worth_windows(self, rows: int) -> bool:
        state, spec = self.state, self.spec
        if (
            spec.order_field != CREATED
            or not spec.ascending
            or not spec.counts
            or not isinstance(state.end, int)
        ):
            return False
        can_cut = spec.combines_operators or not spec.bounds
        return can_cut and state.last_key < state.end and rows - state.rows >= MIN_PAGES * self._page_rows()

    def _start_windows(self, rows: int, cleanup: ExitStack) -> None:
        sizes = WindowSizes.choose(
            rows - self.state.new_rows,
            page_rows=self._page_rows(),
            workers=self.workers,
            round_trip_s=self.stats.round_trip_s or 0.0,
        )
        self._prefetcher = WindowPrefetcher(
            self.reader, self.spec, self.state, self.stats, self.budget, sizes
        )
        cleanup.callback(self._prefetcher.close)
        self._prefetcher.start()

    def _read_by_offset(self) -> Iterator[pa.RecordBatch]:
        """Read everything again from the first row on, on a server that keeps no order."""
        walks = self.check.walks
        for earlier in walks:
            earlier.new_rows = 0
        state = WalkState(in_order=False, faults=[fault for earlier in walks for fault in earlier.faults])
        walks.append(state)
        steps = walk_by_offset(self.spec, state)
        for rows in run_walk(steps, state, reader=self.reader, stats=self.stats, budget=self.budget):
            yield from self._passed([rows])

    def _close(self) -> None:
        """Count once more, and read a few rows again if the order of the server is not known."""
        check = self.check
        check.is_complete, check.before = True, self.state.count
        check.is_sure = is_sure(self.spec, check.walks)
        if self.state.is_verified or not check.rows:
            check.after = check.before
            return
        if check.before is not None or not check.is_sure:
            check.after = self.reader.count(self.spec.conditions, self.stats)
            check.before = check.after if check.before is None else check.before
        is_verifiable = not self.state.faults and check.rows <= FEW_ROWS
        if not check.is_sure and is_verifiable and not self._comes_again():
            self.state.fault(
                f"the rows are too few to tell whether the server keeps the order by {self.spec.order_field}"
            )

    def _comes_again(self) -> bool:
        """Tell whether the same rows come again, ordered by id."""
        again = self.check.second_reading = WalkState(largest_page=self.state.largest_page)
        steps = read_by_id(self.spec, again)
        for _ in run_walk(steps, again, reader=self.reader, stats=self.stats, budget=self.budget):
            pass
        return again.sample_ids == self.state.sample_ids
