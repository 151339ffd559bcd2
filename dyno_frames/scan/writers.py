"""The functions that write the rows of a scan, or its query, for the packages above."""

from __future__ import annotations

from collections.abc import Sequence
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


class WriteCode(Protocol):
    """Writes a query as a program, as :func:`dyno_frames.codegen.code.query_code` does."""

    def __call__(self, scan: Any, language: str, /, *, wider: bool, counts: bool) -> str:
        """Return the program."""
