"""Merge the rows of a version with incoming rows, in order, holding about one row group in memory."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.resources import CREATED, ID_FIELD
from dyno_frames.export.files import ROWS_PER_GROUP, FileFormat, Key, write_empty, write_files
from dyno_frames.export.manifest import StoredFile, schema_sha256
from dyno_frames.export.partitions import Values
from dyno_frames.export.sources import Source, Staged, Stored, has_any
from dyno_frames.frames.tables import by_created


@dataclass(frozen=True, slots=True)
class Written:
    """The files of a version that is not committed yet, and the local paths of those that no earlier version has."""

    files: tuple[StoredFile, ...]
    fresh: dict[str, Path]


@dataclass(frozen=True, slots=True)
class Change:
    """How the next version differs from its parent.

    Parameters
    ----------
    incoming
        Rows that were fetched, each partition in order.
    removed_ids
        Ids of rows of the parent to leave out: the server no longer has them, or an incoming row replaces them.
    unchanged_ids
        Ids of incoming rows that the parent holds with the same values.
    """

    incoming: Staged
    removed_ids: pa.Array
    unchanged_ids: pa.Array


_NO_IDS = pa.array([], pa.large_string())

NO_CHANGE = Change(Staged([]), _NO_IDS, _NO_IDS)
"""The change of a version that is written from one source."""


def together(base: Source, change: Change, form: FileFormat, work: Path) -> Written:
    """Write the files of the next version to a folder; unchanged files of the base are shared."""
    files: list[StoredFile] = []
    fresh: dict[str, Path] = {}
    for values in sorted({*base.partitions(), *change.incoming.partitions()}, key=str):
        incoming = _incoming(change, values, form)
        for kept, tables in _parts(base, values, incoming, change, form):
            if kept is not None:
                files.append(kept)
                continue
            for one, path in write_files(tables, values, form, work):
                files.append(one)
                fresh[one.path] = path
    if not files:
        one, path = write_empty(form, work)
        files, fresh = [one], {one.path: path}
    return Written(tuple(files), fresh)


def _incoming(change: Change, values: Values, form: FileFormat) -> pa.Table:
    """Return the incoming rows of a partition that differ; they are memory-mapped."""
    tables = [_without(table, change.unchanged_ids) for table in change.incoming.tables(values)]
    whole = pa.concat_tables([form.schema.arrow.empty_table(), *tables], promote_options="default")
    return by_created(whole) if form.ordered else whole


def _without(table: pa.Table, ids: pa.Array) -> pa.Table:
    return table.filter(pc.invert(pc.is_in(table[ID_FIELD], value_set=ids))) if len(ids) else table


def _parts(
    base: Source, values: Values, incoming: pa.Table, change: Change, form: FileFormat
) -> Iterator[tuple[StoredFile | None, Iterable[pa.Table]]]:
    """Iterate over the parts of a partition: a file to share, or rows to write."""
    if not isinstance(base, Stored):
        yield None, merged(base.tables(values), incoming, change.removed_ids)
        return
    files = base.files(values)
    ends = [*(_place(incoming, one.first) for one in files[1:] if one.first), incoming.num_rows]
    if files and files[-1].last and files[-1].rows >= form.max_rows_per_file:
        ends[-1] = _place(incoming, files[-1].last)
    start = 0
    for one, end in zip(files, ends, strict=False):
        here = incoming.slice(start, end - start)
        start = end
        if here.num_rows or _touched(base, one, change.removed_ids, form):
            yield None, merged(base.read(one), here, change.removed_ids)
        else:
            yield one, ()
    if start < incoming.num_rows:
        yield None, merged(iter(()), incoming.slice(start), change.removed_ids)


def _touched(base: Stored, file: StoredFile, removed_ids: pa.Array, form: FileFormat) -> bool:
    """Tell whether a file without incoming rows must be rewritten."""
    if file.schema_sha256 != schema_sha256(form.inside):
        return True
    return bool(len(removed_ids)) and has_any(base.read(file, [ID_FIELD]), removed_ids)


def _place(table: pa.Table, key: Key) -> int:
    """Return how many rows of a sorted table are before a key."""
    values = _created(table)
    low = int(np.searchsorted(values, key[0], side="left"))
    high = int(np.searchsorted(values, key[0], side="right"))
    return low + bisect.bisect_left(table[ID_FIELD].slice(low, high - low).to_pylist(), key[1])


def _created(table: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    found: np.ndarray[tuple[int], np.dtype[np.int64]] = table[CREATED].cast(pa.int64()).to_numpy()
    return found


def merged(base: Iterator[pa.Table], incoming: pa.Table, removed_ids: pa.Array) -> Iterator[pa.Table]:
    """Iterate over two sorted sequences of rows as one, in order of (created, id), without the removed ids of the base.

    Rows that share ``created`` may be in two tables of the base, so rows with the last value are held back until the
    next table is read.
    """
    if not incoming.num_rows:
        for table in base:
            yield _without(table, removed_ids)
        return
    values, start = _created(incoming), 0
    held: pa.Table | None = None
    for table in base:
        whole = table if held is None else pa.concat_tables([held, table])
        cut = int(np.searchsorted(_created(whole), _created(whole)[-1], side="left"))
        end = int(np.searchsorted(values, _created(whole)[-1], side="left"))
        ready, held = whole.slice(0, cut), whole.slice(cut)
        yield from _one_order(_without(ready, removed_ids), incoming.slice(start, end - start))
        start = end
    if held is not None:
        end = int(np.searchsorted(values, _created(held)[-1], side="right"))
        yield from _one_order(_without(held, removed_ids), incoming.slice(start, end - start))
        start = end
    for at in range(start, incoming.num_rows, ROWS_PER_GROUP):
        yield incoming.slice(at, ROWS_PER_GROUP)


def _one_order(one: pa.Table, other: pa.Table) -> Iterator[pa.Table]:
    parts = [part for part in (one, other) if part.num_rows]
    if parts:
        yield by_created(pa.concat_tables(parts))


def unchanged(base: Source, incoming: Staged, names: Sequence[str]) -> tuple[pa.Array, pa.Array]:
    """Return the ids of incoming rows that the base has with the same values in the named columns, and with others."""
    ids = incoming.keys()[ID_FIELD].combine_chunks()
    equal: list[pa.Array] = []
    differ: list[pa.Array] = []
    for old in base.with_ids(ids):
        here = old[ID_FIELD].combine_chunks()
        new = pa.concat_tables([old.slice(0, 0), *incoming.with_ids(here)], promote_options="default")
        new = new.take(pc.index_in(here, value_set=new[ID_FIELD].combine_chunks()))
        same = pa.chunked_array(
            [np.logical_and.reduce([same_values(old[name], new[name]) for name in names])]
        )
        equal.append(here.filter(same.combine_chunks()))
        differ.append(here.filter(pc.invert(same).combine_chunks()))
    empty = pa.array([], pa.large_string())
    return pa.concat_arrays([empty, *equal]), pa.concat_arrays([empty, *differ])


def same_values(old: pa.ChunkedArray, new: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tell for each row whether both columns hold the same value, or null."""
    equal = pc.fill_null(pc.equal(old, new), fill_value=False)
    both = pc.and_(pc.is_null(old), pc.is_null(new))
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = pc.or_(equal, both).to_numpy()
    return found
