"""What a run has fetched and not yet committed: chunks on disk that outlive the process that fetched them.

Every file here carries a checksum. A damaged file, and each chunk after it, is removed and fetched again.
"""

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
from dyno_frames.export.sealed import seal, unseal

_NOTE = b"dyno_frames"
_RUN = "run.json"

KEPT_S = 86_400
"""The next run resumes an interrupted one for a day; then its rows are too old."""


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
    certificate
        How complete the rows of this chunk and all chunks before it are; None if that is not known.
    """

    path: Path
    rows: int
    last: int
    groups: tuple[Values, ...]
    certificate: Mapping[str, Any] | None = None

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

    __slots__ = ("_chunks", "folder", "run")

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run: dict[str, Any] = {}
        self._chunks: dict[str, list[Chunk]] = {}

    def resume(self, same: str | None) -> bool:
        """Continue the run that is here; return whether it is the same one and not too old.

        Parameters
        ----------
        same
            What tells whether a run is the same; None never is.
        """
        found = _read(self.folder / _RUN)
        if same is None or found is None or found["same"] != same:
            return False
        self.run = found
        return bool(abs(time.time() - found["begun"]) < KEPT_S)

    def begin(self, same: str | None, *, watermark: int | None) -> None:
        """Remove what is here and begin a new run.

        Parameters
        ----------
        same
            What tells whether a run is the same.
        watermark
            When the account's latest change was, before anything is fetched.
        """
        self.forget()
        self.folder.mkdir(parents=True)
        self.run = {"same": same, "begun": time.time(), "watermark": watermark}
        _write(self.folder / _RUN, self.run)

    def forget(self) -> None:
        """Remove what is here, so that the next run begins anew."""
        self._chunks.clear()
        disk.remove(self.folder)

    def drop(self, kind: str) -> None:
        """Remove the chunks of one kind."""
        for chunk in self.chunks(kind):
            disk.remove(chunk.path)
        disk.remove(self._note(kind))
        self._chunks[kind] = []

    def write(
        self,
        kind: str,
        table: pa.Table,
        partitions: Sequence[Partition],
        *,
        certificate: Mapping[str, Any] | None = None,
    ) -> None:
        """Write rows as the next chunk; once this returns they are never fetched again.

        Parameters
        ----------
        kind
            The kind of chunk.
        table, partitions
            The rows, and how they are partitioned.
        certificate
            How complete the rows of this chunk and all chunks before it are, if that is known.
        """
        chunks, groups = self.chunks(kind), split(table, partitions)
        note = {
            "rows": table.num_rows,
            "last": pc.max(table[CREATED].cast(pa.int64())).as_py(),
            "groups": [list(values) for values, _ in groups],
            "certificate": certificate,
        }
        schema = table.schema.with_metadata({_NOTE: json.dumps(note)})
        temporary = self.folder / "next.part"
        _write_groups(temporary, schema, [rows for _, rows in groups])
        target = self.folder / f"{kind}-{len(chunks):06d}-{disk.sha256(temporary)}.arrow"
        disk.put(temporary, target)
        chunks.append(_described(target, note))

    def chunks(self, kind: str) -> list[Chunk]:
        """Return the chunks of one kind, in the order they were fetched, up to the first damaged one."""
        if kind not in self._chunks:
            paths = sorted(self.folder.glob(f"{kind}-*.arrow"))
            whole = _whole(paths, kind)
            for path in paths[len(whole) :]:
                disk.remove(path)
            self._chunks[kind] = whole
        return self._chunks[kind]

    def finish(self, kind: str, certificate: Mapping[str, Any]) -> None:
        """Note that all chunks of a kind are here, and how complete their rows are."""
        _write(self._note(kind), {"chunks": len(self.chunks(kind)), "certificate": dict(certificate)})

    def done(self, kind: str) -> dict[str, Any] | None:
        """Return the certificate of a kind of which all chunks are here; None if any is missing."""
        found = _read(self._note(kind))
        if found is None or found["chunks"] != len(self.chunks(kind)):
            return None
        certificate: dict[str, Any] = found["certificate"]
        return certificate

    def _note(self, kind: str) -> Path:
        return self.folder / f"{kind}.done"


def _whole(paths: Sequence[Path], kind: str) -> list[Chunk]:
    """Return the first chunks that are as they were written."""
    found: list[Chunk] = []
    for path in paths:
        if path.name != f"{kind}-{len(found):06d}-{disk.sha256(path)}.arrow":
            break
        with pa.memory_map(str(path)) as source:
            note = json.loads(pa.ipc.open_file(source).schema.metadata[_NOTE])
        found.append(_described(path, note))
    return found


def _described(path: Path, note: Mapping[str, Any]) -> Chunk:
    return Chunk(path, note["rows"], note["last"], tuple(map(tuple, note["groups"])), note.get("certificate"))


def _write_groups(path: Path, schema: pa.Schema, groups: Sequence[pa.Table]) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for rows in groups:
            [batch] = rows.combine_chunks().to_batches()
            writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))


def _write(path: Path, values: Mapping[str, Any]) -> None:
    temporary = path.with_name("next.part")
    temporary.write_text(seal(values), encoding="utf-8")
    disk.put(temporary, path)


def _read(path: Path) -> dict[str, Any] | None:
    """Return what was written; None if it is not there or damaged."""
    try:
        return unseal(path.read_bytes())
    except (OSError, ValueError):
        return None
