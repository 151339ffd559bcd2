"""Put what is there and what has come together, in order, without holding more than a row group of it."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.resources import CREATED, KEY
from dyno_frames.export.files import ROWS_PER_GROUP, FileFormat, Key, write_empty, write_files
from dyno_frames.export.manifest import StoredFile, schema_sha256
from dyno_frames.export.partitions import Values
from dyno_frames.export.sources import Source, Staged, Stored, has_any
from dyno_frames.frames.tables import by_created


@dataclass(frozen=True, slots=True)
class Written:
    """The files of a version that is not committed yet.

    Parameters
    ----------
    files
        All of them.
    fresh
        Where those wait that no version has.
    """

    files: tuple[StoredFile, ...]
    fresh: dict[str, Path]


@dataclass(frozen=True, slots=True)
class Change:
    """What is done to the rows that are there.

    Parameters
    ----------
    come
        Rows that come, each partition in order.
    drop
        Ids of rows that are there and go, because they are gone or because they come anew.
    skip
        Ids of rows that come and are there already as they are.
    """

    come: Staged
    drop: pa.Array
    skip: pa.Array


_NO_IDS = pa.array([], pa.large_string())

NO_CHANGE = Change(Staged([]), _NO_IDS, _NO_IDS)
"""What a version that is written from one source alone has."""


def together(base: Source, change: Change, form: FileFormat, work: Path) -> Written:
    """Write the files of the next version; files of the last one that stay as they are are not touched.

    Parameters
    ----------
    base
        What is there.
    change
        What is done to it.
    form
        How files are written.
    work
        Where new files wait.
    """
    files: list[StoredFile] = []
    fresh: dict[str, Path] = {}
    for values in sorted({*base.partitions(), *change.come.partitions()}, key=str):
        comes = _coming(change, values, form)
        for kept, tables in _stretches(base, values, comes, change, form):
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


def _coming(change: Change, values: Values, form: FileFormat) -> pa.Table:
    """Return the rows of a partition that come; they stay on disk and are mapped."""
    tables = [_without(table, change.skip) for table in change.come.tables(values)]
    whole = pa.concat_tables([form.schema.arrow.empty_table(), *tables], promote_options="default")
    return by_created(whole) if form.ordered else whole


def _without(table: pa.Table, ids: pa.Array) -> pa.Table:
    return table.filter(pc.invert(pc.is_in(table[KEY], value_set=ids))) if len(ids) else table


def _stretches(
    base: Source, values: Values, comes: pa.Table, change: Change, form: FileFormat
) -> Iterator[tuple[StoredFile | None, Iterable[pa.Table]]]:
    """Iterate over stretches of a partition: a file that stays, or rows to be written."""
    if not isinstance(base, Stored):
        yield None, merged(base.tables(values), comes, change.drop)
        return
    files = base.files(values)
    ends = [*(_place(comes, one.first) for one in files[1:] if one.first), comes.num_rows]
    if files and files[-1].last and files[-1].rows >= form.max_rows_per_file:
        ends[-1] = _place(comes, files[-1].last)
    start = 0
    for one, end in zip(files, ends, strict=False):
        here = comes.slice(start, end - start)
        start = end
        if here.num_rows or _touched(base, one, change.drop, form):
            yield None, merged(base.read(one), here, change.drop)
        else:
            yield one, ()
    if start < comes.num_rows:
        yield None, merged(iter(()), comes.slice(start), change.drop)


def _touched(base: Stored, file: StoredFile, drop: pa.Array, form: FileFormat) -> bool:
    """Tell whether a file must be written anew though no row comes into it."""
    if file.schema_sha256 != schema_sha256(form.inside):
        return True
    return bool(len(drop)) and has_any(base.read(file, [KEY]), drop)


def _place(table: pa.Table, key: Key) -> int:
    """Return how many rows of a table in order are before a key."""
    values = _created(table)
    low = int(np.searchsorted(values, key[0], side="left"))
    high = int(np.searchsorted(values, key[0], side="right"))
    return low + bisect.bisect_left(table[KEY].slice(low, high - low).to_pylist(), key[1])


def _created(table: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    found: np.ndarray[tuple[int], np.dtype[np.int64]] = table[CREATED].cast(pa.int64()).to_numpy()
    return found


def merged(base: Iterator[pa.Table], comes: pa.Table, drop: pa.Array) -> Iterator[pa.Table]:
    """Iterate over two runs of rows, each in order of (created, id), as one; without the first one's dropped rows.

    Rows that share ``created`` may lie on both sides of a cut, so those of the last value wait for what follows.
    """
    if not comes.num_rows:
        for table in base:
            yield _without(table, drop)
        return
    values, start = _created(comes), 0
    held: pa.Table | None = None
    for table in base:
        whole = table if held is None else pa.concat_tables([held, table])
        cut = int(np.searchsorted(_created(whole), _created(whole)[-1], side="left"))
        end = int(np.searchsorted(values, _created(whole)[-1], side="left"))
        ready, held = whole.slice(0, cut), whole.slice(cut)
        yield from _one_order(_without(ready, drop), comes.slice(start, end - start))
        start = end
    if held is not None:
        end = int(np.searchsorted(values, _created(held)[-1], side="right"))
        yield from _one_order(_without(held, drop), comes.slice(start, end - start))
        start = end
    for at in range(start, comes.num_rows, ROWS_PER_GROUP):
        yield comes.slice(at, ROWS_PER_GROUP)


def _one_order(one: pa.Table, other: pa.Table) -> Iterator[pa.Table]:
    parts = [part for part in (one, other) if part.num_rows]
    if parts:
        yield by_created(pa.concat_tables(parts))


def unchanged(base: Source, come: Staged, names: Sequence[str]) -> tuple[pa.Array, pa.Array]:
    """Return the ids of rows that come and are there: those that are as they are, and those that differ.

    Parameters
    ----------
    base
        What is there.
    come
        What comes.
    names
        The columns that count.
    """
    ids = come.keys()[KEY].combine_chunks()
    equal: list[pa.Array] = []
    differ: list[pa.Array] = []
    for old in base.with_ids(ids):
        here = old[KEY].combine_chunks()
        new = pa.concat_tables([old.slice(0, 0), *come.with_ids(here)], promote_options="default")
        new = new.take(pc.index_in(here, value_set=new[KEY].combine_chunks()))
        same = pa.chunked_array([np.logical_and.reduce([_same(old[name], new[name]) for name in names])])
        equal.append(here.filter(same.combine_chunks()))
        differ.append(here.filter(pc.invert(same).combine_chunks()))
    empty = pa.array([], pa.large_string())
    return pa.concat_arrays([empty, *equal]), pa.concat_arrays([empty, *differ])


def _same(old: pa.ChunkedArray, new: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tell for each row whether both hold the same value, or none."""
    equal = pc.fill_null(pc.equal(old, new), fill_value=False)
    both = pc.and_(pc.is_null(old), pc.is_null(new))
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = pc.or_(equal, both).to_numpy()
    return found
