"""Read one partition: the rows of a window, whose number is compared with the frozen one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from dyno_frames.contract.resources import ID_FIELD
from dyno_frames.errors import ConfigError, ContractError, StaleError
from dyno_frames.export import certificates
from dyno_frames.export.window_results import WindowResult, moved, shown
from dyno_frames.frames.dataframe import to_frame
from dyno_frames.integrations.dask.frozen import FrozenScan, within
from dyno_frames.integrations.dask.results import Topics
from dyno_frames.integrations.dask.sessions import cluster_of_task, session_of
from dyno_frames.scan.answer import Answer
from dyno_frames.scan.certificate import Certificate, Completeness
from dyno_frames.scan.scan import Scan, fixed
from dyno_frames.scan.stats import ScanStats
from dyno_frames.scan.windows import Window
from dyno_frames.transport.tasks import task_runner


def read_window(scan: Scan, window: Window) -> tuple[Answer, int]:
    """Return the rows of a window, and how many rows came for the filters.

    If these are fewer than were counted at first, the server counts again: rows that it still counts are missing.
    """
    stats, part = ScanStats(), within(scan, window)
    answer = part.run_with(stats)
    rows = sum(check.rows for check in stats.checks)
    if rows >= window.rows:
        return answer, rows
    counted = part.count_filters(widest=True)
    reasons = [f"the server counts {counted:,} rows and {rows:,} came"] if counted > rows else []
    verdict = Completeness.UNCERTIFIED if reasons else Completeness.EXACT
    known = answer.certificate.to_json()
    joined = certificates.combined(known, certificates.certificate(verdict, reasons=reasons, requests=1))
    return replace(answer, certificate=Certificate.from_json(known | joined)), rows


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
    strict
        Whether it is an error if rows may be missing. It is one for a pinned window, too.
    """

    frozen: FrozenScan
    topics: Topics
    index: str | None
    pinned: bool
    strict: bool

    def __repr__(self) -> str:
        return f"ReadWindow({self.frozen!r})"

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        """Return what tells this function from others."""
        return type(self).__name__, self.topics.name, self.index, self.pinned

    def __call__(self, window: Window, columns: Sequence[str]) -> pd.DataFrame:
        """Return the rows of a window.

        Parameters
        ----------
        window
            The keys, and the frozen number of rows.
        columns
            The columns to read. Dask would leave out an empty list if it were optional.

        Raises
        ------
        StaleError
            The number of rows has changed since ``to_dask()``.
        ContractError
            Rows may be missing.
        """
        _check_can_report()
        try:
            return self._read(window, columns)
        except Exception as error:
            with suppress(Exception):  # the first error says more
                self.topics.report(WindowResult.failed(window, error))
            raise

    def _read(self, window: Window, names: Sequence[str]) -> pd.DataFrame:
        scan = self.frozen.on(session_of(self.frozen))
        read = list(dict.fromkeys(names if self.index is None else [*names, self.index])) or [ID_FIELD]
        if read != list(scan.options.columns or scan.schema.names):
            scan = scan.refine(columns=tuple(read))
        answer, rows = read_window(scan, window)
        self._check(window, answer, rows=rows)
        self.topics.report(WindowResult(window.low, rows, answer.certificate))
        frame = to_frame(fixed(answer.table, read), answer.schema.select(read))
        frame = frame if self.index is None else frame.set_index(self.index)
        return frame[[name for name in names if name != self.index]]

    def _check(self, window: Window, answer: Answer, *, rows: int) -> None:
        if (self.pinned or self.strict) and not answer.certificate.verdict.has_all_rows:
            why = "; ".join(answer.certificate.reasons)
            raise ContractError(f"rows {shown(window)} may be missing: {why}. Compute it again")
        if self.pinned and (change := moved(window, rows)):
            raise StaleError(
                f"{change}. Call to_dask() again to read the account as it is now; to_dask(pinned=False) reads what "
                "is there, and certificate_of() names the partitions that changed",
                age_s=None,
            )


def _check_can_report() -> None:
    """Raise ConfigError in a process that cannot report what it read."""
    pool = task_runner() if cluster_of_task() is None else ""
    if pool:
        raise ConfigError(
            f"a partition was read in a process of {pool}, which cannot report whether its rows are complete. Compute "
            "with scheduler='threads', or on a cluster: dask.distributed.Client()"
        )
