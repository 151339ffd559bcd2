"""Fetch the rows of a query into chunks on disk, continuing after the last chunk that is whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.resources import CREATED, KEY
from dyno_frames.errors import ConfigError, ContractError
from dyno_frames.export.certificates import certificate, combined
from dyno_frames.export.partitions import Partition
from dyno_frames.export.queries import (
    Rows,
    count,
    created_after,
    is_countable,
    unlimited,
    window,
    windows_of,
)
from dyno_frames.export.stage import Stage
from dyno_frames.scan.certificate import Verdict
from dyno_frames.scan.scan import Scan

CHUNK_ROWS = 65_536
CHUNK_BYTES = 32 << 20
"""A chunk holds about so much; a run that is killed has less than that to fetch again."""

MAIN = "main"
FOUND = "found"
"""The two kinds of chunks: the rows of the query, and rows that counts showed to be missing."""


def fetch(scan: Scan, stage: Stage, partitions: Sequence[Partition]) -> tuple[dict[str, Any], int]:
    """Fetch the rows of a query that are not staged yet.

    Parameters
    ----------
    scan
        The query, with ``id`` and ``created`` among its columns.
    stage
        Where the chunks go.
    partitions
        What the rows are partitioned by.

    Returns
    -------
    tuple
        The certificate of all staged rows, and how many rows this run moved.
    """
    done = stage.done(MAIN)
    if done is not None:
        return done, 0
    here = list(stage.chunks(MAIN))
    rest = created_after(scan, here[-1].last) if here else scan
    made = _store([Rows(one) for one in windows_of(rest, CHUNK_ROWS)], stage, MAIN, partitions)
    moved = int(made.get("rows_moved") or 0)
    if here:
        made = combined(made, _resumed(scan, stage, sum(chunk.rows for chunk in here)))
    stage.finish(MAIN, made)
    return made, moved


def fetch_missing(
    scan: Scan, missing: Sequence[pa.Table], stage: Stage, partitions: Sequence[Partition]
) -> dict[str, Any]:
    """Fetch rows of which only the keys are known; return their certificate.

    Parameters
    ----------
    scan
        The query.
    missing
        ``id`` and ``created`` of the rows, in order; each table is fetched in one go.
    stage, partitions
        As in :func:`fetch`.
    """
    stage.drop(FOUND)
    ids = pa.concat_arrays([keys[KEY].combine_chunks() for keys in missing])
    ends = [(int(keys[CREATED][0].value), int(keys[CREATED][-1].value)) for keys in missing]
    rows = [Rows(window(unlimited(scan), first, last + 1)) for first, last in ends]
    return _store(rows, stage, FOUND, partitions, only=ids)


def _store(
    streams: Sequence[Rows],
    stage: Stage,
    kind: str,
    partitions: Sequence[Partition],
    *,
    only: pa.Array | None = None,
) -> dict[str, Any]:
    """Write the rows of several queries to chunks; return their certificate."""
    try:
        for table in _in_chunks(_batches(streams, only)):
            stage.write(kind, table, partitions)
    except (ContractError, ConfigError):
        stage.forget()  # rows that break the contract, or cannot be partitioned, are of no use to the next run
        raise
    return combined(*(rows.certificate or {} for rows in streams))


def _batches(streams: Sequence[Rows], only: pa.Array | None) -> Iterator[pa.RecordBatch]:
    for rows in streams:
        for batch in rows:
            wanted = batch if only is None else batch.filter(pc.is_in(batch.column(KEY), value_set=only))
            if wanted.num_rows:
                yield wanted


def _in_chunks(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Iterate over the rows in tables of about one chunk; rows that share ``created`` stay together."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        rows, size = sum(one.num_rows for one in held), sum(one.nbytes for one in held)
        is_full = rows >= CHUNK_ROWS or size >= CHUNK_BYTES
        if is_full and held[-1].column(CREATED)[-1] != batch.column(CREATED)[0]:
            yield pa.Table.from_batches(held)
            held = []
        held.append(batch)
    if held:
        yield pa.Table.from_batches(held)


def _resumed(scan: Scan, stage: Stage, earlier: int) -> dict[str, Any]:
    """Return the certificate of rows that came in several runs: nobody knows what the earlier ones met."""
    why = f"{earlier:,} rows came in an earlier run that was interrupted"
    if not is_countable(scan):
        return certificate(Verdict.AT_LEAST_ONCE, reasons=[why])
    counted, here = count(scan), sum(chunk.rows for chunk in stage.chunks(MAIN))
    if counted <= here:
        return certificate(Verdict.AT_LEAST_ONCE, reasons=[why], requests=1)
    short = f"the server counts {counted:,} rows and {here:,} came"
    return certificate(Verdict.UNCERTIFIED, reasons=[why, short], requests=1)
