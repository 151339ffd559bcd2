"""How the columns of a dataset may change from one version to the next.

A new column is added, and is null in older rows. A column that the server no longer sends is kept, and is null in
newer rows. Counts and integers become integers. Integers become floats if every value can be represented exactly. Ids,
statuses and strings become strings. Every other change of type raises an error.
"""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.errors import SchemaError
from dyno_frames.frames.schema import EXACT_IN_FLOAT, Schema

_WHOLE = frozenset({Kind.COUNT, Kind.INTEGER})
_TEXT = frozenset({Kind.ID, Kind.STRING, Kind.STATUS})


def evolved(old: Schema, new: Schema, *, version: int) -> Schema:
    """Return the columns that hold both the stored rows, of this version, and the new rows.

    Raise SchemaError if the type of a column changed in another way; the message names both versions.
    """
    before, after = old.by_name, new.by_name
    joined = {one.name: _joined(before.get(one.name), one) for one in new.fields}
    faults = [
        f"{name!r} is {before[name].kind} in version {version} and would be {after[name].kind} in version {version + 1}"
        for name, one in joined.items()
        if one is None
    ]
    if faults:
        raise SchemaError(
            f"{'; '.join(faults)}: no type holds both, so nothing was written. Declare the types with "
            "connect(…, schema={…}), or replace the dataset with mode='overwrite'; the old versions are kept"
        )
    kept = [one for one in joined.values() if one is not None]
    kept += [replace(one, nullable=True) for one in old.fields if one.name not in after]
    statuses = dict.fromkeys([*old.statuses, *new.statuses])
    return replace(new, fields=tuple(kept), statuses=tuple(sorted(statuses)))


def _joined(old: Field | None, new: Field) -> Field | None:
    """Return the field that holds the values of both, or None if no type does."""
    if old is None:
        return replace(new, nullable=True)
    nullable = old.nullable or new.nullable
    kinds = {old.kind, new.kind}
    if len(kinds) == 1 or old.kind is Kind.JSON:
        return replace(old, nullable=nullable)
    if kinds <= _WHOLE:
        return replace(old, kind=Kind.INTEGER, nullable=nullable)
    if kinds <= {*_WHOLE, Kind.FLOAT}:
        return replace(old, kind=Kind.FLOAT, nullable=nullable)
    if kinds <= _TEXT:
        return replace(old, kind=Kind.STRING, nullable=nullable)
    return None


def fitted(table: pa.Table, schema: Schema, *, version: int) -> pa.Table:
    """Return rows of an older version under the columns of a newer one.

    Raise SchemaError if an integer cannot be represented exactly as a float.
    """
    arrow = schema.arrow
    columns = [_column(table, arrow.field(name), version) for name in schema.names]
    return pa.Table.from_arrays(columns, schema=arrow)


def _column(table: pa.Table, field: pa.Field, version: int) -> pa.ChunkedArray:
    if field.name not in table.column_names:
        return pa.chunked_array([pa.nulls(table.num_rows, field.type)], field.type)
    column = table[field.name]
    if pa.types.is_integer(column.type) and pa.types.is_floating(field.type):
        _check_exact(column, field.name, version)
        return column.cast(field.type, safe=False)
    return column if column.type == field.type else column.cast(field.type)


def _check_exact(column: pa.ChunkedArray, name: str, version: int) -> None:
    outside = pc.or_(pc.greater(column, EXACT_IN_FLOAT), pc.less(column, -EXACT_IN_FLOAT))
    if pc.any(outside).as_py():
        value = column.filter(outside)[0].as_py()
        raise SchemaError(
            f"{name!r} is an integer in version {version} and would be a float in version {version + 1}, which "
            f"cannot hold {value} exactly; nothing was written. Declare it with "
            f"connect(…, schema={{{name!r}: 'object'}}) and replace the dataset with mode='overwrite'; "
            "the old versions are kept"
        )
