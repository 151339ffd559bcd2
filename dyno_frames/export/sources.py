"""Read rows by partition, in order of (created, id), from staged chunks or from the files of a version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dyno_frames.contract.resources import CREATED, ID_FIELD
from dyno_frames.errors import SchemaError
from dyno_frames.export.evolve import fitted
from dyno_frames.export.manifest import Manifest, StoredFile, schema_from_json
from dyno_frames.export.partitions import Values, restored
from dyno_frames.export.stage import Chunk
from dyno_frames.export.store import DatasetStore, damaged
from dyno_frames.frames.schema import Schema

_KEYS = pa.schema([(ID_FIELD, pa.large_string()), (CREATED, pa.timestamp("s", tz="UTC"))])


@dataclass(frozen=True, slots=True)
class Staged:
    """The rows of staged chunks."""

    chunks: Sequence[Chunk]

    def partitions(self) -> list[Values]:
        """Return the partitions that have rows."""
        return list(dict.fromkeys(values for chunk in self.chunks for values in chunk.groups))

    def tables(self, values: Values) -> Iterator[pa.Table]:
        """Iterate over the rows of a partition, in order."""
        for chunk in self.chunks:
            yield from chunk.tables(values)

    def keys(self) -> pa.Table:
        """Return ``id`` and ``created`` of every row."""
        found = [
            table.select(_KEYS.names)
            for chunk in self.chunks
            for values in chunk.groups
            for table in chunk.tables(values)
        ]
        return pa.concat_tables([_KEYS.empty_table(), *(table.cast(_KEYS) for table in found)])

    def with_ids(self, ids: pa.Array) -> Iterator[pa.Table]:
        """Iterate over the rows that have one of these ids."""
        yield from _with_ids((table for values in self.partitions() for table in self.tables(values)), ids)


@dataclass(frozen=True, slots=True)
class Stored:
    """The rows of a version, with the columns of a schema: those of the version, or more."""

    store: DatasetStore
    manifest: Manifest
    schema: Schema
    _opened: dict[str, Any] = field(default_factory=dict, repr=False)

    def partitions(self) -> list[Values]:
        """Return the partitions that have rows."""
        return list(dict.fromkeys(one.partition for one in self.manifest.files if one.rows))

    def files(self, values: Values) -> list[StoredFile]:
        """Return the files of a partition, in order."""
        return [one for one in self.manifest.files if one.partition == values and one.rows]

    def tables(self, values: Values) -> Iterator[pa.Table]:
        """Iterate over the rows of a partition, in order."""
        for one in self.files(values):
            yield from self.read(one)

    def each_keys(self) -> Iterator[pa.Table]:
        """Iterate over ``id`` and ``created`` of the rows."""
        for one in self.manifest.files:
            for table in self.read(one, [ID_FIELD, CREATED]):
                yield table.select(_KEYS.names).cast(_KEYS)

    def with_ids(self, ids: pa.Array) -> Iterator[pa.Table]:
        """Iterate over the rows that have one of these ids."""
        for one in self.manifest.files if len(ids) else ():
            if has_any(self.read(one, [ID_FIELD]), ids):
                yield from _with_ids(self.read(one), ids)

    def read(self, file: StoredFile, names: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Iterate over the row groups of a file with the given columns.

        Raise SchemaError if the file is missing or damaged.
        """
        schema = self.schema if names is None else self.schema.select(names)
        if file.path not in self._opened:
            self._opened[file.path] = self.store.opened(self.manifest.version, file)
        try:
            opened = pq.ParquetFile(self._opened[file.path], page_checksum_verification=True)
            for at in range(opened.num_row_groups):
                here = [name for name in schema.names if name in opened.schema_arrow.names]
                yield self._whole(opened.read_row_group(at, columns=here), file, schema)
        except (pa.ArrowInvalid, OSError) as error:
            if isinstance(error, SchemaError):
                raise
            raise damaged(
                self.store, self.manifest.version, file, f"cannot be read as Parquet ({error})"
            ) from error

    def _whole(self, table: pa.Table, file: StoredFile, schema: Schema) -> pa.Table:
        """Return rows with the columns of partitions, from the names of the folders, and new columns."""
        parts = self.manifest.partitions
        own = schema_from_json(self.manifest.schema)
        for part in parts:
            if not part.period and part.name in schema.names:
                kind = own.arrow.field(part.name).type
                value: Any = restored(file.partition, parts, part.name, kind)
                table = table.append_column(part.name, pa.repeat(value, table.num_rows))
        return fitted(table, schema, version=self.manifest.version)


Source: TypeAlias = Staged | Stored


def has_any(tables: Iterator[pa.Table], ids: pa.Array) -> bool:
    """Tell whether a row has one of these ids."""
    return any(pc.any(pc.is_in(table[ID_FIELD], value_set=ids)).as_py() for table in tables)


def _with_ids(tables: Iterator[pa.Table], ids: pa.Array) -> Iterator[pa.Table]:
    for table in tables:
        found = table.filter(pc.is_in(table[ID_FIELD], value_set=ids))
        if found.num_rows:
            yield found
