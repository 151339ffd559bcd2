"""Write a scan to one Parquet file: batch by batch into a temporary file that then replaces the target."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dyno_frames.errors import ConfigError, ContractError
from dyno_frames.export.dataset import Dataset
from dyno_frames.export.disk import beside, check_name
from dyno_frames.export.files import (
    FOOTER,
    ROWS_PER_GROUP,
    as_stored,
    in_groups,
    parquet_writer,
    stored_schema,
)
from dyno_frames.export.footer import read_footer
from dyno_frames.export.manifest import schema_to_json
from dyno_frames.export.queries import Rows, check_strict, origin_of, schema_of
from dyno_frames.export.remote import check_url, upload
from dyno_frames.scan.scan import Scan


def write_file(scan: Scan, path: str | Path, *, compression: str) -> Dataset:
    """Write the answer of a scan to one file or object; readers see either the old one or the complete new one.

    Raise ConfigError if the path is a folder, its folder does not exist, or its name is too long; no request was
    sent. Raise ContractError if the scan is strict and rows may be missing; the old file is unchanged.
    """
    if "://" in str(path):
        return _write_object(scan, str(path), compression)
    target = Path(path)
    check_name(target)
    if target.is_dir():
        raise ConfigError(
            f"{str(target)!r} is a folder; give the name of a file, such as {str(target / 'campaigns.parquet')!r}"
        )
    if not target.absolute().parent.is_dir():
        raise ConfigError(f"the folder {str(target.absolute().parent)!r} does not exist; make it first")
    with beside(target) as temporary:
        rows = _write(scan, temporary, compression)
        if pq.read_metadata(temporary).num_rows != rows:
            raise ContractError(f"{target}: {rows:,} rows were written and the file has another number")
    footer = read_footer(target)
    return Dataset(path=target, rows=rows, size_bytes=target.stat().st_size, footer=footer)


def _write_object(scan: Scan, url: str, compression: str) -> Dataset:
    check_url(url)
    with tempfile.TemporaryDirectory() as folder:
        made = write_file(scan, Path(folder) / "campaigns.parquet", compression=compression)
        upload(Path(made.path), url)
    return replace(made, path=url)


def _write(scan: Scan, path: Path, compression: str) -> int:
    schema, rows, written = schema_of(scan), Rows(scan), 0
    arrow = stored_schema(schema)
    with parquet_writer(path, arrow, compression) as writer:
        for table in in_groups(pa.Table.from_batches([batch]) for batch in rows):
            writer.write_table(as_stored(table, schema, arrow), row_group_size=ROWS_PER_GROUP)
            written += table.num_rows
        check_strict(scan, rows.certificate or {})
        stored = {
            "origin": origin_of(scan),
            "certificate": rows.certificate,
            "rows": written,
            "schema": schema_to_json(schema),
        }
        writer.add_key_value_metadata({FOOTER.decode(): json.dumps(stored)})
    return written
