"""Read one partition: the rows of a window, whose number is compared with the frozen one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from dyno_frames.contract.resources import CREATED
from dyno_frames.errors import ContractError, StaleError
from dyno_frames.frames.dataframe import to_frame
from dyno_frames.frames.schema import Schema
from dyno_frames.integrations.dask.frozen import FrozenScan, within
from dyno_frames.integrations.dask.results import Topics, WindowResult, moved, shown
from dyno_frames.integrations.dask.sessions import session_of
from dyno_frames.scan.answer import Answer
from dyno_frames.scan.scan import Scan, fixed
from dyno_frames.scan.stats import ScanStats
from dyno_frames.scan.windows import Window


def read_window(scan: Scan, window: Window) -> tuple[Answer, int]:
    """Return the rows of a window, and how many rows came for the filters."""
    stats = ScanStats()
    answer = within(scan, window).run_with(stats)
    return answer, sum(check.rows for check in stats.checks)


@dataclass(frozen=True, slots=True)
class ReadWindow:
    """The function that reads a partition of a Dask frame.

    Parameters
    ----------
    frozen
        The query and the account.
    topics
        Where results are reported.
    index
        ``"created"``, or None for a RangeIndex in each partition.
    pinned
        Whether a window must have the number of rows that was counted at first.
    """

    frozen: FrozenScan
    topics: Topics
    index: str | None
    pinned: bool

    def __repr__(self) -> str:
        return f"ReadWindow({self.frozen!r})"

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        """Return what tells this function from others."""
        return type(self).__name__, self.topics.name, self.index, self.pinned

    def __call__(self, window: Window, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the rows of a window.

        Parameters
        ----------
        window
            The keys, and the frozen number of rows.
        columns
            The columns to read (default: those of the query).

        Raises
        ------
        StaleError
            The number of rows has changed since ``to_dask()``.
        ContractError
            Rows may be missing.
        """
        scan = self.frozen.on(session_of(self.frozen))
        names = list(columns or scan.options.columns or scan.schema.names)
        read = names if self.index in {None, *names} else [*names, CREATED]
        if columns is not None or read != names:
            scan = scan.refine(columns=tuple(read))
        answer, rows = read_window(scan, window)
        self._check(window, answer, rows=rows)
        return self._frame(answer.table, answer.schema, read)[names]

    def _check(self, window: Window, answer: Answer, *, rows: int) -> None:
        if self.pinned and not answer.certificate.verdict.has_all_rows:
            why = "; ".join(answer.certificate.reasons)
            raise ContractError(f"rows {shown(window)} may be missing: {why}. Compute it again")
        if self.pinned and (change := moved(window, rows)):
            raise StaleError(
                f"{change}. Call to_dask() again to read the account as it is now; to_dask(pinned=False) reads what "
                "is there, and certificate_of() names the partitions that changed",
                age_s=None,
            )
        self.topics.report(WindowResult(window.low, rows, answer.certificate))

    def _frame(self, table: pa.Table, schema: Schema, names: list[str]) -> pd.DataFrame:
        frame = to_frame(fixed(table, names), schema.select(names))
        return frame if self.index is None else frame.set_index(self.index, drop=False)
