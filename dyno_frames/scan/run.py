"""Run a walk: send the pages and counts that it asks for, and pass on the rows that it hands on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import assert_never

import pyarrow as pa

from dyno_frames.scan.budget import FindBudget
from dyno_frames.scan.reader import Reader
from dyno_frames.scan.stats import ScanStats
from dyno_frames.scan.ties import Count, Find, Reply, Steps
from dyno_frames.scan.walk_state import WalkState
from dyno_frames.transport.wire import CancelToken


class CancelledError(Exception):
    """The scan was closed while a window was fetched."""


def run_walk(
    steps: Steps,
    state: WalkState,
    *,
    reader: Reader,
    stats: ScanStats,
    budget: FindBudget,
    cancel: CancelToken | None = None,
    on_count: Callable[[int], object] = lambda _rows: None,
) -> Iterator[pa.RecordBatch]:
    """Iterate over the rows that a walk hands on.

    Each count is passed to ``on_count``. When the budget is used up, the walk ends with a fault.

    Raises
    ------
    CancelledError
        Another thread called the token.
    """
    reply: Reply = None
    while True:
        try:
            step = steps.send(reply)
        except StopIteration:
            return
        if cancel is not None and cancel.called:
            raise CancelledError
        match step:
            case Find():
                if not budget.take(state.largest_page):
                    state.fault(f"the scan used up its {budget.used:,} pages before it was complete")
                    steps.close()
                    return
                reply = reader.page(step.body, stats, cancel=cancel)
            case Count():
                reply = reader.count(step.body, stats, cancel=cancel)
                on_count(reply)
            case pa.RecordBatch():
                reply = None
                if step.num_rows:
                    yield step
            case _:
                assert_never(step)
