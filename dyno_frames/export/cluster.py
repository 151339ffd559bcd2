"""Exports whose rows are fetched and written by the workers of a cluster, and committed by this process alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, Self

from dyno_frames.export import window_results
from dyno_frames.export.certificates import certificate, combined, verdict_of
from dyno_frames.export.files import FileFormat, write_empty
from dyno_frames.export.manifest import StoredFile, file_from_json
from dyno_frames.export.merge import Written
from dyno_frames.export.stage import Stage
from dyno_frames.export.targets import FileTarget
from dyno_frames.export.window_results import WindowResult
from dyno_frames.scan.certificate import Certificate, Completeness
from dyno_frames.scan.scan import Scan
from dyno_frames.scan.windows import Window

ROWS_PER_WINDOW = 100_000
"""About how many rows a task holds in memory, and how many a file has."""

_WINDOWS = "windows"


@dataclass(frozen=True, slots=True)
class WrittenWindow:
    """What a worker wrote of one window.

    Parameters
    ----------
    low
        The first key of the window, by which it is identified.
    rows
        The number of rows that came for the filters.
    certificate
        The certificate of the rows, as JSON values.
    files
        The files with the rows, one or more for each partition.
    """

    low: int
    rows: int
    certificate: Mapping[str, Any]
    files: tuple[StoredFile, ...]

    @property
    def result(self) -> WindowResult:
        """What reading the window found."""
        return WindowResult(self.low, self.rows, Certificate.from_json(self.certificate))

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return what :meth:`to_json` returned."""
        files = tuple(map(file_from_json, stored["files"]))
        return cls(stored["low"], stored["rows"], stored["certificate"], files)


class Cluster(Protocol):
    """Workers that fetch and write the rows of windows, each window independently of the others."""

    def check(self, scan: Scan, target: FileTarget) -> None:
        """Raise ConfigError or QueryError if workers cannot read the scan or reach the target; nothing is fetched."""

    def windows(self, scan: Scan, *, rows: int, known: Sequence[Window]) -> Sequence[Window]:
        """Return adjoining windows of about so many rows, with their counts as of now.

        Windows that an interrupted run has cut are kept, and followed by those of later rows.
        """

    def write(
        self,
        scan: Scan,
        windows: Sequence[Window],
        form: FileFormat,
        target: FileTarget,
        keep: Callable[[WrittenWindow], object],
    ) -> None:
        """Write the rows of windows, and call ``keep`` in this process for each one that is written."""

    def count(self, scan: Scan, windows: Sequence[Window]) -> int:
        """Return the number of rows in all windows together, as of now."""


def write_windows(
    scan: Scan, stage: Stage, form: FileFormat, target: FileTarget, cluster: Cluster
) -> tuple[dict[str, Any], Written]:
    """Let the workers of a cluster write every row; return the certificate of the rows, and their files.

    Windows that an interrupted run has written are not written again if the server still counts as many rows.
    """
    target.prepare()
    windows = _counted_windows(scan, stage, cluster)
    earlier = (_earlier(stage, window, target) for window in windows)
    written = {one.low: one for one in earlier if one is not None}
    known = sum(one.rows for one in written.values())
    notes = [f"{known:,} rows came in an earlier run that was interrupted"] if written else []
    missing = [window for window in windows if window.low not in written]

    def keep(one: WrittenWindow) -> None:
        written[one.low] = one
        stage.keep(_name(one.low), one.to_json())

    cluster.write(scan, missing, form, target, keep)
    every = [written[window.low] for window in windows]
    files = sorted(
        (file for one in every for file in one.files), key=lambda file: (str(file.partition), file.first)
    )
    paths = {file.path: path for file in files if (path := target.path(file.path)) is not None}
    if not files:
        empty, path = write_empty(form, stage.folder)
        files, paths = [empty], {empty.path: path}
    after = cluster.count(scan, windows)
    own = certificate(notes=notes)
    results = {one.low: one.result for one in every}
    proof = combined(
        window_results.combined(windows, results).to_json(), own, _recounted(windows, every, after)
    )
    return proof | {"count_after": after}, Written(tuple(files), paths)


def _recounted(windows: Sequence[Window], written: Sequence[WrittenWindow], after: int) -> dict[str, Any]:
    """Return the certificate from comparing the rows with the server's count after all were written."""
    before, came = sum(one.rows for one in windows), sum(one.rows for one in written)
    if came == after:
        return certificate(requests=1)
    text = f"the server counted {before:,} rows before and {after:,} after; {came:,} came"
    return certificate(Completeness.AT_LEAST_ONCE, reasons=[text], requests=1)


def _counted_windows(scan: Scan, stage: Stage, cluster: Cluster) -> Sequence[Window]:
    """Return the windows of the run, with the ends of those that an interrupted run has cut."""
    kept = stage.kept(_WINDOWS) or {"windows": []}
    known = [Window(**window) for window in kept["windows"]]
    windows = cluster.windows(scan, rows=ROWS_PER_WINDOW, known=known)
    stage.keep(_WINDOWS, {"windows": list(map(asdict, windows))})
    return windows


def _earlier(stage: Stage, window: Window, target: FileTarget) -> WrittenWindow | None:
    """Return what an interrupted run has written of a window, if its files are there and its rows still counted."""
    known = stage.kept(_name(window.low))
    written = None if known is None else WrittenWindow.from_json(known)
    if (
        written is None
        or written.rows != window.rows
        or verdict_of(written.certificate) is not Completeness.EXACT
    ):
        return None
    if not all(target.has(one.path, one.size_bytes, one.sha256) for one in written.files):
        return None
    return written


def _name(low: int) -> str:
    return f"window-{low}"
