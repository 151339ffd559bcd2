"""Compare two versions of a dataset: rows added, changed and removed, and the fields that differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.resources import CREATED, ID_FIELD
from dyno_frames.errors import SchemaError
from dyno_frames.export.evolve import fitted
from dyno_frames.export.manifest import Manifest, schema_from_json
from dyno_frames.export.merge import same_values
from dyno_frames.export.sources import Stored
from dyno_frames.export.store import DatasetStore, manifest_of
from dyno_frames.frames.dataframe import to_frame
from dyno_frames.frames.schema import Schema

CHANGES = ("added", "changed", "removed")
BEFORE = "_before"


def difference(store: DatasetStore, old: int, new: int) -> pd.DataFrame:
    """Return the rows that differ between two versions of a dataset; see ``Dataset.diff``.

    Raise SchemaError if a version does not exist, a version has no ``id``, or a column changed to a type that
    cannot hold older values.
    """
    before, after = (manifest_of(store, version) for version in (old, new))
    schema = schema_from_json(after.schema)
    if ID_FIELD not in schema.names or ID_FIELD not in schema_from_json(before.schema).names:
        raise SchemaError(f"{store.url!r} has no column 'id', so its versions cannot be compared")
    then, now = _unshared(store, before, after, schema)
    at = pc.index_in(now[ID_FIELD], value_set=then[ID_FIELD].combine_chunks()).combine_chunks()
    both = pc.is_valid(at)
    was, is_ = then.take(at.drop_null()), now.filter(both)
    differs = {name: ~same_values(was[name], is_[name]) for name in schema.names}
    any_ = np.logical_or.reduce([np.zeros(is_.num_rows, dtype=bool), *differs.values()])
    gone = pc.invert(pc.is_in(then[ID_FIELD], value_set=now[ID_FIELD].combine_chunks()))
    parts = {
        "added": now.filter(pc.invert(both)),
        "changed": is_.filter(pa.array(any_)),
        "removed": then.filter(gone),
    }
    fields = {name: found[any_] for name, found in differs.items() if found.any()}
    return _frame(parts, fields, was.filter(pa.array(any_)), schema)


def _unshared(
    store: DatasetStore, before: Manifest, after: Manifest, schema: Schema
) -> tuple[pa.Table, pa.Table]:
    """Return the rows of both versions, except those in files of one partition that both versions have.

    The partition counts too: its value is in the name of the folder and not in the file.
    """
    held = [{(one.partition, one.sha256) for one in manifest.files} for manifest in (before, after)]
    shared = held[0] & held[1] if before.partitions == after.partitions else set()
    tables = []
    for manifest in (before, after):
        own = schema_from_json(manifest.schema)
        stored = Stored(store, manifest, own)
        found = [
            _fitted(table, own, schema, manifest.version, after.version)
            for one in manifest.files
            if (one.partition, one.sha256) not in shared
            for table in stored.read(one)
        ]
        tables.append(pa.concat_tables([schema.arrow.empty_table(), *found]))
    return tables[0], tables[1]


def _fitted(table: pa.Table, own: Schema, schema: Schema, version: int, newer: int) -> pa.Table:
    try:
        return fitted(table, schema, version=version)
    except pa.ArrowException as error:
        kinds = [
            f"{name!r} is {own.by_name[name].kind} in version {version} and {field.kind} in version {newer}"
            for name, field in schema.by_name.items()
            if name in own.by_name and own.by_name[name].kind is not field.kind
        ]
        raise SchemaError(
            f"versions {version} and {newer} cannot be compared: {'; '.join(kinds)}, which cannot hold every value of "
            f"version {version}. Compare them the other way round, diff({newer}, {version}), or read both with "
            "read_dataset"
        ) from error


def _frame(parts: dict[str, pa.Table], fields: dict[str, Any], was: pa.Table, schema: Schema) -> pd.DataFrame:
    """Return the rows of all three kinds as one frame, in order of (created, id)."""
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
    order = [name for name in (CREATED, ID_FIELD) if name in frame.columns]
    return frame.sort_values(order, kind="stable", ignore_index=True)


def _nullable(dtype: Any) -> Any:
    return pd.Int64Dtype() if dtype == np.dtype("int64") else dtype


def _names(fields: dict[str, Any], numbers: list[int]) -> pd.Series[Any]:
    """Return for each row a tuple of the names of the fields that differ; rows with the same names share one tuple."""
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
