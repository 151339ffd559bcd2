"""What a run has fetched and not yet committed: chunks on disk that outlive the process that fetched them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.resources import CREATED
from dyno_frames.export import disk
from dyno_frames.export.partitions import Partition, Values, split

_NOTE = b"dyno_frames"
_RUN = "run.json"

KEPT_S = 86_400
"""A run that did not end is gone on with for a day; then its rows are too old."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows that were fetched, in a file of their own, each partition a record batch.

    Parameters
    ----------
    path
        The file.
    rows
        How many.
    last
        The largest ``created``, in epoch seconds; all rows up to it are in this chunk or one before it.
    groups
        The partition of each batch.
    """

    path: Path
    rows: int
    last: int
    groups: tuple[Values, ...]

    def tables(self, values: Values) -> Iterator[pa.Table]:
        """Iterate over the rows of a partition; they stay on disk and are mapped."""
        if values in self.groups:
            source = pa.ipc.open_file(pa.memory_map(str(self.path)))
            batch = source.get_batch(self.groups.index(values))
            yield pa.Table.from_batches([batch]).replace_schema_metadata(None)


class Stage:
    """The chunks of one run.

    Parameters
    ----------
    folder
        Where they are.
    """

    __slots__ = ("folder", "run")

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run: dict[str, Any] = {}

    def resume(self, same: str | None) -> bool:
        """Go on with the run that is here; tell whether it is the same and not too old.

        Parameters
        ----------
        same
            What tells whether a run is the same; None never is.
        """
        try:
            found = json.loads((self.folder / _RUN).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        young = abs(time.time() - found.get("begun", 0)) < KEPT_S
        if same is None or not young or found.get("same") != same:
            return False
        self.run = found
        return True

    def begin(self, same: str | None, *, watermark: int | None) -> None:
        """Clear away what is here and begin anew.

        Parameters
        ----------
        same
            What tells whether a run is the same.
        watermark
            When the account's latest change was, before anything is fetched.
        """
        disk.remove(self.folder)
        self.folder.mkdir(parents=True)
        self.run = {"same": same, "begun": time.time(), "watermark": watermark}
        with disk.beside(self.folder / _RUN) as part:
            part.write_text(json.dumps(self.run), encoding="utf-8")

    def forget(self) -> None:
        """Clear away what is here, so that the next run begins anew."""
        disk.remove(self.folder)

    def write(self, kind: str, table: pa.Table, partitions: Sequence[Partition]) -> None:
        """Keep rows as the next chunk; once this returns they are never fetched again."""
        groups = split(table, partitions)
        number = len(self.chunks(kind))
        note = {
            "rows": table.num_rows,
            "last": pc.max(table[CREATED].cast(pa.int64())).as_py(),
            "groups": [list(values) for values, _ in groups],
        }
        schema = table.schema.with_metadata({_NOTE: json.dumps(note)})
        with disk.beside(self.folder / f"{kind}-{number:06d}.arrow") as part:
            _write(part, schema, [rows for _, rows in groups])

    def chunks(self, kind: str) -> list[Chunk]:
        """Return the chunks of one kind, in the order they were fetched."""
        return [_chunk(path) for path in sorted(self.folder.glob(f"{kind}-*.arrow"))]

    def finish(self, kind: str, note: Mapping[str, Any]) -> None:
        """Say that all chunks of a kind are here."""
        with disk.beside(self.folder / f"{kind}.done") as part:
            part.write_text(json.dumps(note), encoding="utf-8")

    def done(self, kind: str) -> dict[str, Any] | None:
        """Return what was said when all chunks of a kind were here; None where they are not."""
        try:
            found: dict[str, Any] = json.loads((self.folder / f"{kind}.done").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return found


def _write(path: Path, schema: pa.Schema, groups: Sequence[pa.Table]) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for rows in groups:
            [batch] = rows.combine_chunks().to_batches()
            writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))


def _chunk(path: Path) -> Chunk:
    with pa.memory_map(str(path)) as source:
        note = json.loads(pa.ipc.open_file(source).schema.metadata[_NOTE])
    return Chunk(path, note["rows"], note["last"], tuple(map(tuple, note["groups"])))
