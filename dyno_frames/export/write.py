"""Write a scan to one Parquet file: batch by batch into a file beside the target, which it then replaces."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.errors import ConfigError, ContractError
from dyno_frames.export.dataset import FOOTER, Dataset, read_footer, schema_to_json
from dyno_frames.frames.schema import Schema
from dyno_frames.scan.scan import Scan, fixed

ROWS_PER_GROUP = 131_072
_COMPRESSIONS = ("zstd", "snappy", "gzip", "brotli", "lz4", "none")


def write(scan: Scan, path: str | Path, *, mode: str = "overwrite", compression: str = "zstd") -> Dataset:
    """Write the answer of a scan to a Parquet file; readers see the old file or the new one, whole.

    Parameters
    ----------
    scan
        The question.
    path
        The file. Its folder must exist.
    mode
        ``"overwrite"``: a file that is there is replaced when the new one is complete.
    compression
        ``"zstd"``, ``"snappy"``, ``"gzip"``, ``"brotli"``, ``"lz4"`` or ``"none"``.

    Returns
    -------
    Dataset
        Where it is and what it holds.

    Raises
    ------
    ConfigError
        An argument cannot be used; nothing was asked or written.
    """
    target = Path(path)
    _check(target, mode, compression)
    schema = scan.schema.select(scan.plan.shape.columns or scan.schema.names)
    arrow = _stored(schema)
    with _beside(target) as temporary:
        rows = _write(scan, schema, arrow, temporary, compression)
        if pq.read_metadata(temporary).num_rows != rows:
            raise ContractError(f"{target}: {rows:,} rows were written and the file holds another number")
    footer = read_footer(target)
    return Dataset(path=target, rows=rows, size_bytes=target.stat().st_size, footer=footer)


def _check(target: Path, mode: str, compression: str) -> None:
    if mode != "overwrite":
        raise ConfigError(f"mode={mode!r}; expected 'overwrite'")
    if compression not in _COMPRESSIONS:
        raise ConfigError(f"compression={compression!r}; expected one of {', '.join(_COMPRESSIONS)}")
    if target.is_dir():
        raise ConfigError(
            f"{str(target)!r} is a folder; give the name of a file, such as {str(target / 'campaigns.parquet')!r}"
        )
    if not target.absolute().parent.is_dir():
        raise ConfigError(f"the folder {str(target.absolute().parent)!r} does not exist; make it first")


def _stored(schema: Schema) -> pa.Schema:
    """Return the schema in the file: ``status`` as a dictionary, so that plain readers see a category."""
    arrow = schema.arrow
    for at, field in enumerate(schema.fields):
        if field.kind is Kind.STATUS:
            arrow = arrow.set(
                at, pa.field(field.name, pa.dictionary(pa.int32(), pa.large_string()), field.nullable)
            )
    return arrow


def _write(scan: Scan, schema: Schema, arrow: pa.Schema, path: Path, compression: str) -> int:
    rows = 0
    with pq.ParquetWriter(path, arrow, compression=compression, write_page_index=True) as writer:
        for table in _grouped(scan.to_batches(), schema, arrow):
            writer.write_table(table, row_group_size=ROWS_PER_GROUP)
            rows += table.num_rows
        certificate = None if scan.certificate is None else scan.certificate.to_json()
        stored = {
            "origin": asdict(scan.origin),
            "certificate": certificate,
            "rows": rows,
            "schema": schema_to_json(schema),
        }
        writer.add_key_value_metadata({FOOTER.decode(): json.dumps(stored, ensure_ascii=False)})
    return rows


def _grouped(batches: Iterator[pa.RecordBatch], schema: Schema, arrow: pa.Schema) -> Iterator[pa.Table]:
    """Iterate over tables of about one row group, whatever the size of the batches."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(_as_stored(fixed(batch, schema.names), schema, arrow))
        if sum(part.num_rows for part in held) >= ROWS_PER_GROUP:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)


def _as_stored(batch: pa.RecordBatch, schema: Schema, arrow: pa.Schema) -> pa.RecordBatch:
    columns = [_column(batch.column(field.name), field) for field in schema.fields]
    return pa.RecordBatch.from_arrays(columns, schema=arrow)


def _column(column: pa.Array, field: Field) -> pa.Array:
    if field.kind is not Kind.STATUS:
        return column
    words = pc.unique(column).drop_null()
    codes = pc.index_in(column, words)
    return pa.DictionaryArray.from_arrays(codes, words)


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """Lend a file in the target's folder; when all went well it takes the target's place, on disk for certain."""
    temporary = target.absolute().parent / f".{target.name}.{uuid4().hex}.part"
    try:
        yield temporary
        _sync(temporary)
        temporary.replace(target)
        _sync(target.absolute().parent)
    finally:
        temporary.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    if os.name != "posix" and path.is_dir():
        return  # a folder cannot be opened there
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
