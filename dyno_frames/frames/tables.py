"""Combine record batches to a table in which each row occurs once, in the requested order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.contract.resources import CREATED, ID_FIELD
from dyno_frames.errors import ContractError, SchemaError
from dyno_frames.frames.dataframe import status_codes
from dyno_frames.frames.decode import typed_late_fields
from dyno_frames.frames.schema import Schema


def joined(batches: Sequence[pa.RecordBatch], schema: Schema) -> tuple[pa.Table, Schema]:
    """Return batches as one table, and its schema. Late fields that only some batches have come last.

    They are null in the rows of other batches.
    """
    arrow = schema.arrow
    if all(batch.schema.equals(arrow) for batch in batches):
        return pa.Table.from_batches(batches, schema=arrow), schema
    tables = [arrow.empty_table(), *(pa.Table.from_batches([batch]) for batch in batches)]
    table = pa.concat_tables(tables, promote_options="default")
    late = [name for name in table.schema.names if name not in schema.by_name]
    table, fields = typed_late_fields(table, late)
    return table, schema.with_fields(fields)


def unique(table: pa.Table) -> pa.Table:
    """Return the first row of each id."""
    numbered = table.select([ID_FIELD]).append_column("row", pa.array(range(table.num_rows), pa.int64()))
    first = numbered.group_by(ID_FIELD, use_threads=False).aggregate([("row", "min")])["row_min"]
    return table if len(first) == table.num_rows else table.take(pc.take(first, pc.sort_indices(first)))


def by_created(table: pa.Table) -> pa.Table:
    """Return the table ordered by ``created``, then ``id``. Usually it is in that order already."""
    return _by_created(table, _created(table)) if table.num_rows > 1 else table


def _by_created(table: pa.Table, created: np.ndarray) -> pa.Table:
    if _is_by_created(table, created):
        return table
    return table.take(pc.sort_indices(table, sort_keys=[(CREATED, "ascending"), (ID_FIELD, "ascending")]))


def _created(table: pa.Table) -> np.ndarray:
    created: np.ndarray = table[CREATED].cast(pa.int64()).to_numpy()
    return created


def _is_by_created(table: pa.Table, created: np.ndarray) -> bool:
    steps = np.diff(created)
    if (steps < 0).any():
        return False
    ties = np.flatnonzero(steps == 0)
    if not len(ties):
        return True
    ids = table[ID_FIELD]
    return bool(pc.all(pc.less_equal(ids.take(pa.array(ties)), ids.take(pa.array(ties + 1)))).as_py())


def ordered(
    table: pa.Table, order_by: tuple[str, ...], ascending: tuple[bool, ...], schema: Schema
) -> pa.Table:
    """Return the table in this order, nulls last, then by id."""
    if table.num_rows < 2:
        return table
    keys, order = [], []
    for at, (name, up) in enumerate(zip((*order_by, ID_FIELD), (*ascending, True), strict=True)):
        keys.append(_sort_key(table[name], schema.columns[name], schema))
        order.append((f"key{at}", "ascending" if up else "descending"))
    ranks = pa.table(keys, names=[name for name, _ in order])
    return table.take(pc.sort_indices(ranks, sort_keys=order))


def _sort_key(column: pa.ChunkedArray, field: Field, schema: Schema) -> pa.ChunkedArray:
    if field.kind is Kind.STATUS:
        return status_codes(column, schema)[0]
    if field.kind is Kind.JSON:
        raise SchemaError(
            f"order_by={field.name!r}: the column has values of several types, which have no order"
        )
    return column


def in_ties_order(batches: Iterable[pa.RecordBatch], is_in_order: Callable[[], bool]) -> Iterator[pa.Table]:
    """Iterate over batches ordered by ``created``, then ``id``, also across batches.

    If the first page shows that the server does not keep the order, all rows are held and ordered locally.

    Parameters
    ----------
    batches
        Rows ordered by ``created``.
    is_in_order
        Returns whether the server has kept the order so far.

    Raises
    ------
    ContractError
        The server stops keeping the order after rows were yielded.
    """
    held: pa.Table | None = None
    left = 0
    for batch in batches:
        table = _stacked(held, batch)
        if not is_in_order():
            if left:
                raise ContractError(
                    f"the server stopped keeping the order by {CREATED} after {left:,} rows. Use to_frame() or "
                    "to_arrow(), which order the rows locally"
                )
            held = table
            continue
        if not table.num_rows:
            continue
        ready, held = _before_last(table)
        left += ready.num_rows
        if ready.num_rows:
            yield ready
    if held is not None and held.num_rows:
        yield by_created(unique(held))


def _stacked(held: pa.Table | None, batch: pa.RecordBatch) -> pa.Table:
    table = pa.Table.from_batches([batch])
    if held is None or not held.num_rows:
        return table
    is_same = held.schema.equals(table.schema)
    return pa.concat_tables([held, table], promote_options="none" if is_same else "default")


def _before_last(table: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Order rows by ``created``, then ``id``, and split off those with the last value of ``created``."""
    created = _created(table)
    table = _by_created(table, created)
    at = int((created < created.max()).sum())
    return table.slice(0, at), table.slice(at)
