"""Fetch the rows of a query into chunks on disk, continuing after the last undamaged chunk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.resources import CREATED, ID_FIELD
from dyno_frames.errors import ConfigError, ContractError
from dyno_frames.export.certificates import UNCOUNTED, certificate, combined
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
from dyno_frames.export.stage import Chunk, Stage
from dyno_frames.scan.certificate import Completeness
from dyno_frames.scan.scan import Scan

CHUNK_ROWS = 65_536
CHUNK_BYTES = 32 << 20
"""About the size of a chunk; the next run fetches at most this much again after an interruption."""

MAIN = "main"
FOUND = "found"
"""The two kinds of chunks: the rows of the query, and rows that counts showed to be missing."""


def fetch(scan: Scan, stage: Stage, partitions: Sequence[Partition]) -> tuple[dict[str, Any], int]:
    """Fetch the rows that are not staged yet. Return the certificate of all staged rows, and how many moved.

    Rows that an interrupted run has staged are fetched again if the server is seen to count another number of rows up
    to the ``created`` of the last one. Else only the rows that were created later are fetched. An equal number does
    not prove equal rows: the next sync fetches those that changed.
    """
    if not _still_counted(scan, stage):
        stage.drop(MAIN)
    earlier, done = list(stage.chunks(MAIN)), stage.done(MAIN)
    rest = created_after(scan, earlier[-1].last) if earlier else scan
    known = (done or earlier[-1].certificate) if earlier else certificate()
    found: list[dict[str, Any]] = []
    with _forgotten_if_unusable(stage):
        for rows in map(Rows, windows_of(rest, CHUNK_ROWS)):
            for table in _in_chunks(rows):
                is_last = rows.certificate is not None and known is not None
                proof = combined(known or {}, *found, rows.certificate or {}) if is_last else None
                stage.write(MAIN, table, partitions, certificate=proof)
            found.append(rows.certificate or {})
            stage.run.setdefault("first_updated", rows.first_updated)
    made = combined(*found)
    moved = int(made["rows_moved"])
    if earlier and done is not None:
        made = combined(done, made, certificate(notes=[_came_earlier(earlier)]))
    elif earlier:
        made = _resumed(scan, stage, earlier, made)
    stage.finish(MAIN, made)
    return made, moved


def fetch_missing(
    scan: Scan, missing: Sequence[pa.Table], stage: Stage, partitions: Sequence[Partition]
) -> dict[str, Any]:
    """Fetch the rows with these ``id`` and ``created``, with one query for each table; return the certificate."""
    stage.drop(FOUND)
    ids = pa.concat_arrays([keys[ID_FIELD].combine_chunks() for keys in missing])
    ends = [(int(keys[CREATED][0].value), int(keys[CREATED][-1].value)) for keys in missing]
    streams = [Rows(window(unlimited(scan), first, last + 1)) for first, last in ends]
    with _forgotten_if_unusable(stage):
        for table in _in_chunks(_with_ids(streams, ids)):
            stage.write(FOUND, table, partitions)
    return combined(*(rows.certificate or {} for rows in streams))


@contextmanager
def _forgotten_if_unusable(stage: Stage) -> Iterator[None]:
    """Delete the staged rows, so that the next run fetches them again, if they break the contract or a partition."""
    try:
        yield
    except (ContractError, ConfigError):
        stage.forget()
        raise


def _with_ids(streams: Sequence[Rows], ids: pa.Array) -> Iterator[pa.RecordBatch]:
    for rows in streams:
        for batch in rows:
            wanted = batch.filter(pc.is_in(batch.column(ID_FIELD), value_set=ids))
            if wanted.num_rows:
                yield wanted


def _in_chunks(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Iterate over the rows in tables of about one chunk; rows that share ``created`` stay together."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        if not batch.num_rows:
            continue
        rows, size = sum(one.num_rows for one in held), sum(one.nbytes for one in held)
        is_full = rows >= CHUNK_ROWS or size >= CHUNK_BYTES
        if is_full and held[-1].column(CREATED)[-1] != batch.column(CREATED)[0]:
            yield pa.Table.from_batches(held)
            held = []
        held.append(batch)
    if held:
        yield pa.Table.from_batches(held)


def _still_counted(scan: Scan, stage: Stage) -> bool:
    """Tell whether the server counts as many rows as an interrupted run has staged of the query.

    Rows that the server cannot count are not counted, unless all were staged.
    """
    staged, done = stage.chunks(MAIN), stage.done(MAIN)
    if not staged:
        return True
    part = window(scan, None, staged[-1].last + 1)
    if is_countable(part):
        return count(part) == sum(chunk.rows for chunk in staged)
    return done is None or unlimited(scan).count_filters() == done["count_after"]


def _came_earlier(chunks: Sequence[Chunk]) -> str:
    return f"{sum(chunk.rows for chunk in chunks):,} rows came in an earlier run that was interrupted"


def _resumed(scan: Scan, stage: Stage, earlier: Sequence[Chunk], rest: dict[str, Any]) -> dict[str, Any]:
    """Return the certificate of rows that were fetched in several runs.

    Earlier rows are certified by the certificate that is stored with their chunks. Rows without one are certified by
    a count of the whole query, and uncertified if the server cannot count it.
    """
    proofs = [at for at, chunk in enumerate(earlier, 1) if chunk.certificate is not None]
    certified = proofs[-1] if proofs else 0
    known = (earlier[certified - 1].certificate or {}) if certified else certificate()
    unproved = sum(chunk.rows for chunk in earlier[certified:])
    if not unproved:
        return combined(known, rest, certificate(notes=[_came_earlier(earlier)]))
    why = _came_earlier(earlier[certified:])
    here = sum(chunk.rows for chunk in stage.chunks(MAIN))
    counted = count(scan) if is_countable(scan) else None
    verdict = Completeness.UNCERTIFIED if counted is None or counted > here else Completeness.AT_LEAST_ONCE
    said = (
        "the server cannot count the rows of this query, so rows may be missing among them"
        if counted is None
        else f"the server counts {counted:,} rows and {here:,} came"
    )
    notes = ["values made null in that run are not listed here"] if scan.options.on_invalid == "null" else []
    doubt = certificate(verdict, reasons=[f"{why}; {said}"], notes=notes, requests=int(counted is not None))
    return combined(known, rest, doubt) | UNCOUNTED | {"count_after": counted, "rows_returned": here}
