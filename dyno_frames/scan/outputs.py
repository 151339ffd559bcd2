"""What packages above do with a scan: write its rows or its query, or return the rows in another form."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol


class Outputs(Protocol):
    """The outputs of a scan of a server. The options of each are those of the method of the scan."""

    def parquet(self, scan: Any, path: str | Path, /, **options: Any) -> Any:
        """Write the rows as Parquet and return the dataset."""

    def delta(self, scan: Any, path: str | Path, /, **options: Any) -> Any:
        """Write the rows to a Delta table and return the dataset."""

    def dask(self, scan: Any, /, **options: Any) -> Any:
        """Return the rows as a Dask frame."""

    def code(self, scan: Any, language: str, /, *, wider: bool, counts: bool) -> str:
        """Return the query as a program."""
