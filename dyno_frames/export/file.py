"""Write a scan to one Parquet file: batch by batch into a file beside the target, which it then replaces."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dyno_frames.errors import ConfigError, ContractError
from dyno_frames.export.dataset import Dataset, read_footer
from dyno_frames.export.disk import beside
from dyno_frames.export.files import (
    FOOTER,
    ROWS_PER_GROUP,
    as_stored,
    in_groups,
    parquet_writer,
    stored_schema,
)
from dyno_frames.export.manifest import schema_to_json
from dyno_frames.frames.schema import Schema
from dyno_frames.scan.answer import BatchStream, check
from dyno_frames.scan.scan import Scan, fixed


def write_file(scan: Scan, path: str | Path, *, compression: str) -> Dataset:
    """Write the answer of a scan to one file; readers see the old file or the new one, whole.

    Parameters
    ----------
    scan
        The question.
    path
        The file. Its folder must exist.
    compression
        As in :func:`dyno_frames.export.write.write`.

    Raises
    ------
    ConfigError
        The file cannot be written there; nothing was asked.
    """
    target = Path(path)
    if target.is_dir():
        raise ConfigError(
            f"{str(target)!r} is a folder; give the name of a file, such as {str(target / 'campaigns.parquet')!r}"
        )
    if not target.absolute().parent.is_dir():
        raise ConfigError(f"the folder {str(target.absolute().parent)!r} does not exist; make it first")
    schema = scan.schema.select(scan.plan.shape.columns or scan.schema.names)
    with beside(target) as temporary:
        rows = _write(scan, schema, temporary, compression)
        if pq.read_metadata(temporary).num_rows != rows:
            raise ContractError(f"{target}: {rows:,} rows were written and the file holds another number")
    footer = read_footer(target)
    return Dataset(path=target, rows=rows, size_bytes=target.stat().st_size, footer=footer)


def _write(scan: Scan, schema: Schema, path: Path, compression: str) -> int:
    arrow, rows = stored_schema(schema), 0
    stream = scan.stream()
    with parquet_writer(path, arrow, compression) as writer:
        for table in in_groups(_tables(stream, schema)):
            writer.write_table(as_stored(table, schema, arrow), row_group_size=ROWS_PER_GROUP)
            rows += table.num_rows
        if scan.strict and stream.certificate is not None:
            check(stream.certificate, strict=True)
        certificate = None if stream.certificate is None else stream.certificate.to_json()
        stored = {
            "origin": asdict(scan.origin),
            "certificate": certificate,
            "rows": rows,
            "schema": schema_to_json(schema),
        }
        writer.add_key_value_metadata({FOOTER.decode(): json.dumps(stored, ensure_ascii=False)})
    return rows


def _tables(stream: BatchStream, schema: Schema) -> Iterator[pa.Table]:
    for batch in stream:
        yield pa.Table.from_batches([fixed(batch, schema.names)])
