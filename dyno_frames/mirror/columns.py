"""Read columns of a version's files, check each file once, and keep the latest decoded columns in memory."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from dyno_frames.contract.resources import ID_FIELD
from dyno_frames.errors import SchemaError
from dyno_frames.export.disk import sha256
from dyno_frames.export.local import LocalStore
from dyno_frames.export.manifest import Manifest, StoredFile
from dyno_frames.frames.schema import Schema

Rows: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
"""Places of rows, counted through the files that are read."""

KEPT_BYTES = 512 << 20
"""Maximum size of the decoded columns that a process keeps, of all mirrors together."""


class ColumnCache:
    """Decoded columns by file and name, up to a number of bytes; the column that was used least recently goes first.

    Files are known by their digest, so that the next version finds the columns of the files that did not change.
    """

    def __init__(self, most_bytes: int = KEPT_BYTES) -> None:
        self._most_bytes = most_bytes
        self._columns: OrderedDict[tuple[str, str], pa.ChunkedArray] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, digest: str, name: str) -> pa.ChunkedArray | None:
        """Return a column, or None if it is not kept."""
        with self._lock:
            found = self._columns.get((digest, name))
            if found is not None:
                self._columns.move_to_end((digest, name))
            return found

    def put(self, digest: str, name: str, column: pa.ChunkedArray) -> None:
        """Keep a column."""
        with self._lock:
            if (digest, name) in self._columns:
                return
            self._columns[digest, name] = column
            self._bytes += column.nbytes
            while self._bytes > self._most_bytes:
                _, oldest = self._columns.popitem(last=False)
                self._bytes -= oldest.nbytes


_CACHE = ColumnCache()
_CHECKED: dict[str, tuple[int, ...]] = {}
"""Size, time and inode of the files that this process has checked, by their digest."""


@dataclass(frozen=True, slots=True)
class VersionFiles:
    """The files of one version of a mirror.

    Parameters
    ----------
    store
        The mirror's dataset.
    manifest
        The version.
    schema
        Its columns.
    empty
        Zero rows of them.
    """

    store: LocalStore
    manifest: Manifest
    schema: Schema
    empty: pd.DataFrame
    _pieces: dict[str, ds.ParquetFileFragment] = field(default_factory=dict, repr=False)

    def matching(self, condition: pc.Expression) -> list[StoredFile]:
        """Return the files that may have rows for which a filter is true, by the statistics in their footers."""
        return [one for one in self.manifest.files if one.rows and self._may_match(one, condition)]

    def where(self, condition: pc.Expression, names: Sequence[str]) -> pa.Table:
        """Return columns of the rows for which a filter is true, one file at a time; no column is kept in memory.

        Raises
        ------
        SchemaError
            A file is missing or damaged.
        """
        arrow = self.schema.select(names).arrow
        parts = [arrow.empty_table()]
        for one in self.matching(condition):
            try:
                found = self._pieces[one.path].to_table(columns=list(names), filter=condition)
                parts.append(found.cast(arrow))
            except (pa.ArrowException, OSError) as error:
                raise self._unreadable(one, error) from error
        return pa.concat_tables(parts)

    def _may_match(self, file: StoredFile, condition: pc.Expression) -> bool:
        try:
            if file.path not in self._pieces:
                self._check(file)
                dataset = ds.dataset(self._address(file), schema=self.schema.arrow, format="parquet")
                [self._pieces[file.path]] = dataset.get_fragments()
            piece = self._pieces[file.path]
            return bool(piece.split_by_row_group(filter=condition, schema=self.schema.arrow))
        except (pa.ArrowException, OSError) as error:
            raise self._unreadable(file, error) from error

    def read(
        self,
        files: Sequence[StoredFile],
        names: Sequence[str],
        rows: Rows | None = None,
        *,
        coded: bool = False,
    ) -> pa.Table:
        """Return columns of some files, in order.

        Parameters
        ----------
        files, names
            The files and the columns.
        rows
            The places of the rows to return, ascending (default: every row).
        coded
            Whether texts may be dictionaries, as they are stored.

        Raises
        ------
        SchemaError
            A file is missing or damaged.
        """
        arrow = self.schema.select(names).arrow
        parts, start = list[pa.Table](), 0
        for one in files:
            here = None if rows is None else rows[slice(*np.searchsorted(rows, (start, start + one.rows)))]
            if here is None or len(here) == one.rows:
                parts.append(self.columns(one, names))
            elif len(here):
                parts.append(self.columns(one, names).take(pa.array(here - start)))
            start += one.rows
        if any(not one.schema.equals(parts[0].schema) for one in parts):
            parts = [one.cast(arrow) for one in parts]
        whole = pa.concat_tables(parts) if parts else arrow.empty_table()
        return whole if coded else whole.cast(arrow)

    def columns(self, file: StoredFile, names: Sequence[str]) -> pa.Table:
        """Return columns of a file; most texts are dictionaries.

        Raises
        ------
        SchemaError
            The file is missing or damaged.
        """
        self._check(file)
        found = {name: _CACHE.get(file.sha256, name) for name in names}
        wanted = [name for name, column in found.items() if column is None]
        if wanted:
            for name, column in self._decoded(file, wanted).items():
                found[name] = column
                _CACHE.put(file.sha256, name, column)
        return pa.table(found)

    def _decoded(self, file: StoredFile, names: Sequence[str]) -> dict[str, pa.ChunkedArray]:
        texts = [one.name for one in self.schema.select(names).arrow if pa.types.is_large_string(one.type)]
        try:
            table = pq.read_table(
                self._address(file),
                columns=list(names),
                partitioning=None,
                page_checksum_verification=True,
                read_dictionary=[name for name in texts if name != ID_FIELD],
            )
        except (pa.ArrowException, OSError) as error:
            raise self._unreadable(file, error) from error
        return {name: table[name] for name in names}

    def _check(self, file: StoredFile) -> None:
        """Raise SchemaError if the digest of a file differs; a file is checked again when it was touched."""
        path = self._address(file)
        try:
            found = os.stat(path)  # noqa: PTH116 - the path is a text
            mark = (found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev)
            if _CHECKED.get(file.sha256) == mark:
                return
            whole = sha256(Path(path)) == file.sha256
        except OSError as error:
            raise self._unreadable(file, error) from error
        if not whole:
            raise self._unreadable(file, "its SHA-256 differs")
        _CHECKED[file.sha256] = mark

    def _address(self, file: StoredFile) -> str:
        return self.store.address(self.manifest.version, file)

    def _unreadable(self, file: StoredFile, why: object) -> SchemaError:
        return SchemaError(
            f"{self._address(file)!r}, a file of version {self.manifest.version} of the mirror, is missing or damaged "
            f"({why}). Its rows are not returned. mirror.refresh(full=True) fetches every row again"
        )
