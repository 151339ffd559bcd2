"""What has happened between two versions: rows added, changed and removed, and which fields differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.resources import CREATED, KEY
from dyno_frames.errors import SchemaError
from dyno_frames.export.evolve import fitted
from dyno_frames.export.manifest import Manifest, schema_from_json
from dyno_frames.export.sources import Stored
from dyno_frames.export.store import DatasetStore, manifest_of
from dyno_frames.frames.dataframe import to_frame
from dyno_frames.frames.schema import Schema

CHANGES = ("added", "changed", "removed")
BEFORE = "_before"


def difference(store: DatasetStore, old: int, new: int) -> pd.DataFrame:
    """Return what has happened between two versions of a dataset; see ``Dataset.diff``.

    Parameters
    ----------
    store
        The dataset.
    old, new
        The versions.
    """
    before, after = (manifest_of(store, version) for version in (old, new))
    schema = schema_from_json(after.schema)
    if KEY not in schema.names or KEY not in schema_from_json(before.schema).names:
        raise SchemaError(f"{store.url!r} has no column 'id', so its versions cannot be compared")
    then, now = _apart(store, before, after, schema)
    at = pc.index_in(now[KEY], value_set=then[KEY].combine_chunks()).combine_chunks()
    both = pc.is_valid(at)
    was, is_ = then.take(at.drop_null()), now.filter(both)
    differs = {name: _differs(was[name], is_[name]) for name in schema.names}
    any_ = np.logical_or.reduce([np.zeros(is_.num_rows, dtype=bool), *differs.values()])
    gone = pc.invert(pc.is_in(then[KEY], value_set=now[KEY].combine_chunks()))
    parts = {
        "added": now.filter(pc.invert(both)),
        "changed": is_.filter(pa.array(any_)),
        "removed": then.filter(gone),
    }
    fields = {name: found[any_] for name, found in differs.items() if found.any()}
    return _frame(parts, fields, was.filter(pa.array(any_)), schema)


def _apart(
    store: DatasetStore, before: Manifest, after: Manifest, schema: Schema
) -> tuple[pa.Table, pa.Table]:
    """Return the rows of both versions, but for those in files that both have."""
    shared = {one.sha256 for one in before.files} & {one.sha256 for one in after.files}
    tables = []
    for manifest in (before, after):
        own = schema_from_json(manifest.schema)
        stored = Stored(store, manifest, own)
        found = [
            fitted(table, schema, version=manifest.version)
            for one in manifest.files
            if one.sha256 not in shared
            for table in stored.read(one)
        ]
        tables.append(pa.concat_tables([schema.arrow.empty_table(), *found]))
    return tables[0], tables[1]


def _differs(old: pa.ChunkedArray, new: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    same = pc.fill_null(pc.equal(old, new), fill_value=False)
    both = pc.and_(pc.is_null(old), pc.is_null(new))
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = pc.invert(pc.or_(same, both)).to_numpy()
    return found


def _frame(parts: dict[str, pa.Table], fields: dict[str, Any], was: pa.Table, schema: Schema) -> pd.DataFrame:
    """Return the rows of all three kinds under one another, in order of (created, id)."""
    rows = pa.concat_tables(list(parts.values()))
    frame = to_frame(rows, schema)
    numbers = [part.num_rows for part in parts.values()]
    kinds = pd.Categorical.from_codes(np.repeat([0, 1, 2], numbers), dtype=pd.CategoricalDtype(list(CHANGES)))
    frame.insert(0, "change", pd.Series(kinds))
    frame.insert(1, "fields", _names(fields, numbers))
    added, changed, removed = numbers
    places = np.concatenate([np.full(added, -1), np.arange(changed), np.full(removed, -1)])
    old = to_frame(was, schema)
    for name in fields:
        frame[f"{name}{BEFORE}"] = pd.Series(
            old[name].astype(_nullable(old[name].dtype)).reindex(places).array, index=frame.index
        )
    order = [name for name in (CREATED, KEY) if name in frame.columns]
    return frame.sort_values(order, kind="stable", ignore_index=True)


def _nullable(dtype: Any) -> Any:
    return pd.Int64Dtype() if dtype == np.dtype("int64") else dtype


def _names(fields: dict[str, Any], numbers: list[int]) -> pd.Series[Any]:
    """Return for each row a tuple of the fields that differ; rows that differ in the same ones share it."""
    added, changed, _ = numbers
    found = np.empty(sum(numbers), dtype=object)
    found[:] = [()] * len(found)
    if changed:
        names = np.array(list(fields), dtype=object)
        patterns, of = np.unique(np.column_stack(list(fields.values())), axis=0, return_inverse=True)
        tuples = np.empty(len(patterns), dtype=object)
        tuples[:] = [tuple(names[pattern]) for pattern in patterns]
        found[added : added + changed] = tuples[of.reshape(-1)]
    return pd.Series(found, dtype=object)
