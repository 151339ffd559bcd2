"""How the columns of a dataset may change from one version to the next.

The rule: a column that is new is added, and is null in the rows that were there. A column that no longer comes stays,
and is null in the rows that come. Counts and whole numbers are one type. Whole numbers widen to fractions where every
one of them can be held exactly; texts, keys and states widen to texts. Whatever is more than that is refused.
"""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.errors import SchemaError
from dyno_frames.frames.schema import EXACT_IN_FLOAT, Schema

_WHOLE = frozenset({Kind.COUNT, Kind.INTEGER})
_TEXT = frozenset({Kind.KEY, Kind.STRING, Kind.STATUS})


def evolved(old: Schema, new: Schema, *, version: int) -> Schema:
    """Return the columns that hold both what is there and what comes.

    Parameters
    ----------
    old, new
        The dataset's columns and the answer's.
    version
        The dataset's version, for the message.

    Raises
    ------
    SchemaError
        A column has changed in a way that the rule does not have; it names both versions.
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
            f"{'; '.join(faults)}: no row can be held in both, so nothing was written. Declare what they are with "
            "connect(…, schema={…}), or write the dataset anew with mode='overwrite'; the old versions stay"
        )
    kept = [one for one in joined.values() if one is not None]
    kept += [replace(one, nullable=True) for one in old.fields if one.name not in after]
    statuses = dict.fromkeys([*old.statuses, *new.statuses])
    return replace(new, fields=tuple(kept), statuses=tuple(sorted(statuses)))


def _joined(old: Field | None, new: Field) -> Field | None:
    """Return the field that holds the values of both; None where none does."""
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

    Raises
    ------
    SchemaError
        A whole number cannot be held as a fraction.
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
            f"{name!r} is a whole number in version {version} and would be a fraction in version {version + 1}, which "
            f"cannot hold {value}; nothing was written. Declare it with connect(…, schema={{{name!r}: 'object'}}) and "
            "write the dataset anew with mode='overwrite'; the old versions stay"
        )
