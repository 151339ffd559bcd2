"""The commits of a Delta table: which files a version adds and removes."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Schema
from deltalake.transaction import AddAction, RemoveAction, create_table_with_add_actions

from dyno_frames.export.delta.objects import flush_log
from dyno_frames.export.manifest import Manifest, StoredFile, schema_from_json

_TIMES = pa.timestamp("us", tz="UTC")


def commit(
    uri: str,
    table: DeltaTable | None,
    manifest: Manifest,
    metadata: Mapping[str, str],
    options: Mapping[str, str],
) -> None:
    """Commit a version; it fails if there is a commit of this number already.

    Parameters
    ----------
    uri
        The path or URL of the table.
    table
        The table at its newest version; None if there is none.
    manifest
        The version, whose files are stored.
    metadata
        Texts for the commit, by key.
    options
        The options of the object store.
    """
    now_ms = time.time_ns() // 1_000_000
    schema = Schema.from_arrow(_columns(manifest))
    parts = [part.name for part in manifest.partitions]
    # without retries: a commit of another program is not merged with this one
    properties = CommitProperties(custom_metadata=dict(metadata), max_commit_retries=0)
    here = {one.path: one for one in manifest.files}
    live = {} if table is None else _live(table)
    adds: list[Any] = [_added(one, parts, now_ms) for name, one in here.items() if name not in live]
    if table is None:
        create_table_with_add_actions(
            uri,
            schema,
            adds,
            partition_by=parts,
            storage_options=dict(options) or None,
            commit_properties=properties,
        )
    elif not here.keys() & live.keys():  # the columns may differ, too
        table.create_write_transaction(
            adds, "overwrite", schema, partition_by=parts, commit_properties=properties
        )
    else:
        gone = [
            RemoveAction(path=name, data_change=True, deletion_timestamp=now_ms, **facts)
            for name, facts in live.items()
            if name not in here
        ]
        table.create_write_transaction(
            [*adds, *gone], "append", schema, partition_by=parts, commit_properties=properties
        )
    flush_log(uri, manifest.version)


def _columns(manifest: Manifest) -> pa.Schema:
    """Return the columns of the table: times in microseconds, and a text for each period of a partition."""
    stored = schema_from_json(manifest.schema).arrow
    known = [pa.field(one.name, _TIMES if pa.types.is_timestamp(one.type) else one.type) for one in stored]
    return pa.schema(
        [*known, *(pa.field(part.name, pa.string()) for part in manifest.partitions if part.period)]
    )


def _live(table: DeltaTable) -> dict[str, dict[str, Any]]:
    """Return size and partition of the files of the newest version, by name."""
    rows = pa.table(table.get_add_actions(flatten=True)).to_pylist()
    start = "partition."
    return {
        row["path"]: {
            "size": row["size_bytes"],
            "partition_values": {
                name.removeprefix(start): None if value is None else str(value)
                for name, value in row.items()
                if name.startswith(start)
            },
        }
        for row in rows
    }


def _added(file: StoredFile, parts: list[str], now_ms: int) -> AddAction:
    stats: dict[str, Any] = {"numRecords": file.rows}
    if file.first and file.last:
        ends = [_iso(key[0]) for key in (file.first, file.last)]
        if all(ends):
            stats |= {"minValues": {"created": ends[0]}, "maxValues": {"created": ends[1]}}
    return AddAction(
        path=file.path,
        size=file.size_bytes,
        partition_values=dict(zip(parts, file.partition, strict=True)),
        modification_time=now_ms,
        data_change=True,
        stats=json.dumps(stats),
    )


def _iso(instant_s: int) -> str | None:
    """Return an instant as Delta tables write it, or None if no calendar has it."""
    try:
        moment = datetime.fromtimestamp(instant_s, UTC)
        return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
    except (ValueError, OverflowError, OSError):
        return None
