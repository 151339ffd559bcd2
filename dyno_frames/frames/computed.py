"""Compute rates and looked-up names, which the API does not have, from the columns of a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.computed import Computed, Lookup, Rate
from dyno_frames.frames.schema import Schema


def with_computed(table: pa.Table, schema: Schema, names: Iterable[str]) -> pa.Table:
    """Return the table with the computed columns among these names added.

    Parameters
    ----------
    table
        Rows with the fields that the columns are computed from.
    schema
        The schema, with its computed columns.
    names
        Columns of the table and computed ones.
    """
    missing = set(names) - set(table.schema.names)
    for column in schema.computed:
        if column.name in missing:
            table = table.append_column(pa.field(column.name, _TYPES[type(column)]), _values(column, table))
    return table


_TYPES = {Rate: pa.float64(), Lookup: pa.large_string()}


def _values(column: Computed, table: pa.Table) -> pa.ChunkedArray:
    match column:
        case Rate():
            part, whole = (table[name].cast(pa.float64(), safe=False) for name in column.reads)
            return pc.divide(part, pc.if_else(pc.greater(whole, 0), whole, None))
        case Lookup():
            ids = pa.array(column.names, pa.large_string())
            names = pa.array(column.names.values(), pa.large_string())
            return pc.take(names, pc.index_in(table[column.id_field], ids))
        case _:
            assert_never(column)
