"""Store fetched rows on disk until they are committed, so that the next run can resume an interrupted one.

Every file has a checksum. A damaged chunk, and each chunk after it, is removed and fetched again.
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
"""Maximum time since the last file of a run to resume: one day."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A file of fetched rows, with one record batch for each partition.

    Parameters
    ----------
    path
        The file.
    rows
        Number of rows.
    last
        The largest ``created``, in epoch seconds; all rows up to it are in this chunk or an earlier one.
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
        """Iterate over the rows of a partition, memory-mapped."""
        if values in self.groups:
            source = pa.ipc.open_file(pa.memory_map(str(self.path)))
            batch = source.get_batch(self.groups.index(values))
            yield pa.Table.from_batches([batch]).replace_schema_metadata(None)


class Stage:
    """The chunks of one run, in a folder."""

    __slots__ = ("_chunks", "folder", "run")

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run: dict[str, Any] = {}
        self._chunks: dict[str, list[Chunk]] = {}

    def resume(self, same: str | None) -> bool:
        """Resume the staged run if it has this identity and is not too old; return whether it does."""
        found = _read(self.folder / _RUN)
        if same is None or found is None or found["same"] != same:
            return False
        self.run = found
        last = max(float(found["begun"]), self.folder.stat().st_mtime)
        return abs(time.time() - last) < KEPT_S

    def begin(self, same: str | None, *, watermark: int | None) -> None:
        """Delete the staged rows and begin a new run. The watermark was read before the first row is fetched."""
        self.forget()
        self.folder.mkdir(parents=True)
        self.run = {"same": same, "begun": time.time(), "watermark": watermark}
        _write(self.folder / _RUN, self.run)

    def forget(self) -> None:
        """Delete the staged rows, so that the next run fetches every row."""
        self._chunks.clear()
        disk.remove(self.folder)

    def drop(self, kind: str) -> None:
        """Remove the chunks of one kind."""
        disk.remove(self._note(kind))  # first: it would describe the chunks of the next fetch
        for chunk in self.chunks(kind):
            disk.remove(chunk.path)
        self._chunks[kind] = []

    def write(
        self,
        kind: str,
        table: pa.Table,
        partitions: Sequence[Partition],
        *,
        certificate: Mapping[str, Any] | None = None,
    ) -> None:
        """Write rows as the next chunk, with the certificate of all rows so far if it is known."""
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

    def keep(self, name: str, values: Mapping[str, Any]) -> None:
        """Store values under a name, until the run is committed or forgotten."""
        _write(self.folder / f"{name}.json", values)

    def kept(self, name: str) -> dict[str, Any] | None:
        """Return the values that are stored under a name; None if there are none, or they are damaged."""
        return _read(self.folder / f"{name}.json")

    def finish(self, kind: str, certificate: Mapping[str, Any]) -> None:
        """Record that all chunks of a kind are staged, with the certificate of their rows."""
        _write(self._note(kind), {"chunks": len(self.chunks(kind)), "certificate": dict(certificate)})

    def done(self, kind: str) -> dict[str, Any] | None:
        """Return the certificate of a kind if all its chunks are staged, else None."""
        found = _read(self._note(kind))
        if found is None or found["chunks"] != len(self.chunks(kind)):
            return None
        certificate: dict[str, Any] = found["certificate"]
        return certificate

    def _note(self, kind: str) -> Path:
        return self.folder / f"{kind}.done"


def _whole(paths: Sequence[Path], kind: str) -> list[Chunk]:
    """Return the chunks up to the first damaged or missing one."""
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
    """Return the stored values, or None if the file is missing or damaged."""
    try:
        return unseal(path.read_bytes())
    except (OSError, ValueError):
        return None
