"""The functions of packages above that write the rows of a scan or its query, or return the rows in another form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol


class WriteParquet(Protocol):
    """Writes the rows of a scan as Parquet, as :func:`dyno_frames.export.write.write` does."""

    def __call__(
        self,
        scan: Any,
        path: str | Path,
        /,
        *,
        partition_by: str | Sequence[str] | None,
        mode: str,
        max_rows_per_file: int,
        compression: str,
    ) -> Any:
        """Return the dataset."""


class WriteDelta(Protocol):
    """Writes the rows of a scan to a Delta table, as :func:`dyno_frames.export.write.write_delta` does."""

    def __call__(
        self,
        scan: Any,
        path: str | Path,
        /,
        *,
        partition_by: str | Sequence[str] | None,
        mode: str,
        storage_options: Mapping[str, str] | None,
    ) -> Any:
        """Return the dataset."""


class WriteCode(Protocol):
    """Writes a query as a program, as :func:`dyno_frames.codegen.code.query_code` does."""

    def __call__(self, scan: Any, language: str, /, *, wider: bool, counts: bool) -> str:
        """Return the program."""


class MakeDask(Protocol):
    """Returns the rows as a Dask frame, as :func:`dyno_frames.integrations.dask.collection.to_dask` does."""

    def __call__(
        self,
        scan: Any,
        /,
        *,
        index: str | None,
        rows_per_partition: int,
        pinned: bool,
        workers: int | None,
        max_requests_per_second: float | None,
    ) -> Any:
        """Return the Dask frame."""
