"""Write a stream of rows as Parquet files with row groups of one size, and verify each file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, TypeAlias
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.contract.resources import CREATED, ID_FIELD
from dyno_frames.durable import sync
from dyno_frames.errors import ContractError
from dyno_frames.export import disk
from dyno_frames.export.manifest import StoredFile, schema_sha256
from dyno_frames.export.partitions import Partition, Values, folder
from dyno_frames.frames.schema import Schema

ROWS_PER_GROUP = 131_072
BYTES_PER_GROUP = 64 << 20
"""Maximum size of a row group; long rows fill it with fewer rows."""

FOOTER = b"dyno_frames"
"""The key in the footer under which origin, certificate and schema are stored, as JSON."""

Key: TypeAlias = tuple[int, str]
"""The (created, id) of a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFormat:
    """What the files of a version have in common.

    Parameters
    ----------
    schema
        The columns of the answer.
    partitions
        How the rows are partitioned; the value of such a field is in the name of the folder and not in the file.
    max_rows_per_file, compression
        As in ``to_parquet``.
    footer
        The description of the data in each file.
    ordered
        Whether the rows are in order of (created, id), each once.
    is_plain
        Whether texts are stored as texts and times in microseconds, as all programs read them.
    """

    schema: Schema
    partitions: Sequence[Partition]
    max_rows_per_file: int
    compression: str
    footer: dict[str, Any]
    ordered: bool = True
    is_plain: bool = False

    def certified(self, certificate: Mapping[str, Any]) -> Self:
        """Return the format of files with a certificate in their footer."""
        return replace(self, footer=self.footer | {"certificate": dict(certificate)})

    @property
    def inside(self) -> Schema:
        """The columns in the files: all but those of partitions."""
        outside = {part.name for part in self.partitions if not part.period}
        return self.schema.select(name for name in self.schema.names if name not in outside)


def stored_schema(schema: Schema) -> pa.Schema:
    """Return the schema in a file: ``status`` as a dictionary, so that plain readers see a category."""
    arrow = schema.arrow
    for at, field in enumerate(schema.fields):
        if field.kind is Kind.STATUS:
            arrow = arrow.set(
                at, pa.field(field.name, pa.dictionary(pa.int32(), pa.large_string()), field.nullable)
            )
    return arrow


def as_stored(table: pa.Table, schema: Schema, arrow: pa.Schema) -> pa.Table:
    """Return rows with the columns and types of a file."""
    columns = [_column(table[field.name], field) for field in schema.fields]
    return pa.Table.from_arrays(columns, schema=arrow)


def _column(column: pa.ChunkedArray, field: Field) -> Any:
    if field.kind is not Kind.STATUS:
        return column
    words = pc.unique(column).drop_null()
    codes = pc.index_in(column, words).combine_chunks()
    return pa.DictionaryArray.from_arrays(codes, words)


def parquet_writer(
    path: Path, arrow: pa.Schema, compression: str, *, is_plain: bool = False
) -> pq.ParquetWriter:
    """Return a writer with an index and a checksum of each page; see ``FileFormat`` for ``is_plain``.

    Times and whole numbers are delta-encoded: in order of ``created`` the differences are small. A dictionary of
    these values, or of ids, would be large because the values hardly repeat.
    """
    whole = [one.name for one in arrow if pa.types.is_timestamp(one.type) or pa.types.is_integer(one.type)]
    return pq.ParquetWriter(
        path,
        arrow,
        compression=compression,
        use_dictionary=[name for name in arrow.names if name not in {*whole, ID_FIELD}],
        column_encoding=dict.fromkeys(whole, "DELTA_BINARY_PACKED"),
        write_page_index=True,
        write_page_checksum=True,
        coerce_timestamps="us" if is_plain else None,
        store_schema=not is_plain,
    )


def in_groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Iterate over the same rows in tables of one row group each."""
    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        rows = sum(one.num_rows for one in held)
        if rows >= ROWS_PER_GROUP or sum(one.nbytes for one in held) >= BYTES_PER_GROUP:
            whole = pa.concat_tables(held)
            cut = rows - rows % ROWS_PER_GROUP or rows
            for start in range(0, cut, ROWS_PER_GROUP):
                yield whole.slice(start, min(ROWS_PER_GROUP, cut - start))
            held = [whole.slice(cut)] if cut < rows else []
    if held:
        yield pa.concat_tables(held)


def write_files(
    tables: Iterable[pa.Table], values: Values, form: FileFormat, work: Path
) -> list[tuple[StoredFile, Path]]:
    """Write the rows of one partition, in order, to files in a folder; return each file and its path."""
    written: list[tuple[StoredFile, Path]] = []
    for part in _in_files(in_groups(_once(tables) if form.ordered else tables), form.max_rows_per_file):
        path = work / f"{uuid4().hex}.parquet"
        written.append((_verified(path, _fill(path, part, form), values, form), path))
    return written


def write_empty(form: FileFormat, work: Path) -> tuple[StoredFile, Path]:
    """Write a file without rows, so that plain readers see the columns of an empty dataset."""
    path, whole = work / f"{uuid4().hex}.parquet", replace(form, partitions=())
    return _verified(path, _fill(path, iter(()), whole), (), whole), path


def _in_files(groups: Iterator[pa.Table], most: int) -> Iterator[Iterator[pa.Table]]:
    """Iterate over the files, and in each over its row groups; read each file to its end before the next."""
    waiting: list[pa.Table] = []

    def one_file() -> Iterator[pa.Table]:
        room = most
        while room and (waiting or _take(groups, waiting)):
            table = waiting.pop()
            if table.num_rows > room:
                waiting.append(table.slice(room))
                table = table.slice(0, room)
            room -= table.num_rows
            yield table

    while waiting or _take(groups, waiting):
        yield one_file()


def _take(groups: Iterator[pa.Table], waiting: list[pa.Table]) -> bool:
    following = next((one for one in groups if one.num_rows), None)
    if following is not None:
        waiting.append(following)
    return following is not None


@dataclass(frozen=True, slots=True)
class _Filled:
    """The number of rows written to a file, and the first and last key if the rows are in order."""

    rows: int = 0
    first: Key | None = None
    last: Key | None = None


def _fill(path: Path, groups: Iterator[pa.Table], form: FileFormat) -> _Filled:
    arrow, filled = stored_schema(form.inside), _Filled()
    with parquet_writer(path, arrow, form.compression, is_plain=form.is_plain) as writer:
        for table in groups:
            writer.write_table(as_stored(table, form.inside, arrow), row_group_size=ROWS_PER_GROUP)
            ends = (filled.first or key_of(table, 0), key_of(table, -1)) if form.ordered else (None, None)
            filled = _Filled(filled.rows + table.num_rows, *ends)
        writer.add_key_value_metadata({FOOTER.decode(): json.dumps(form.footer)})
    return filled


def _verified(path: Path, filled: _Filled, values: Values, form: FileFormat) -> StoredFile:
    """Check the number of rows in a file, sync it to disk, and return it under the name of its digest."""
    found = pq.read_metadata(path).num_rows
    if found != filled.rows:
        raise ContractError(f"{path.name}: {filled.rows:,} rows were written and the file has {found:,}")
    sync(path)
    digest = disk.sha256(path)
    return StoredFile(
        path=f"{folder(form.partitions, values)}part-{digest[:24]}.parquet",
        rows=filled.rows,
        size_bytes=path.stat().st_size,
        sha256=digest,
        schema_sha256=schema_sha256(form.inside),
        partition=values,
        first=filled.first,
        last=filled.last,
    )


def key_of(table: pa.Table, row: int) -> Key:
    """Return the (created, id) of a row."""
    at = row % table.num_rows
    return int(table[CREATED][at].value), str(table[ID_FIELD][at].as_py())


def _once(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Iterate over rows in order of (created, id), without repeated rows, which follow each other."""
    before: str | None = None
    for table in tables:
        if not table.num_rows:
            continue
        ids = table[ID_FIELD].combine_chunks()
        repeated = pc.equal(ids.slice(1), ids.slice(0, len(ids) - 1))
        fresh = pa.concat_arrays([pa.array([ids[0].as_py() != before]), pc.invert(repeated)])
        before = ids[-1].as_py()
        yield table if pc.all(fresh).as_py() else table.filter(fresh)
