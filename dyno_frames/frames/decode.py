"""Rows as the server sent them into one Arrow record batch under the schema; nothing is lost in silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.contract.resources import KEY
from dyno_frames.errors import ContractError
from dyno_frames.frames.schema import Schema, learn_field

Row = Mapping[str, Any]


def decode(rows: Sequence[Row], schema: Schema) -> pa.RecordBatch:
    """Return a page as a record batch.

    Parameters
    ----------
    rows
        The page's objects.
    schema
        The columns that are wanted, in order.

    Raises
    ------
    ContractError
        A value is outside its field's type; names field, row and value.
    """
    arrow = schema.arrow
    columns = [
        _column(field, [row.get(field.name) for row in rows], arrow.field(at).type, rows)
        for at, field in enumerate(schema.fields)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=arrow)


def strays(rows: Sequence[Row], schema: Schema) -> tuple[Field, ...]:
    """Return the fields in these rows that the schema does not have, typed by what they hold."""
    known = set(schema.names)
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name not in known]
    return tuple(learn_field(name, rows) for name in names)


def _column(field: Field, values: list[Any], arrow: pa.DataType, rows: Sequence[Row]) -> pa.Array:
    if field.kind is Kind.JSON:
        values = [None if value is None else orjson.dumps(value).decode() for value in values]
    elif field.kind is Kind.TIME:
        return _column(Field(field.name, Kind.INTEGER, field.nullable), values, pa.int64(), rows).cast(arrow)
    elif field.kind in {Kind.COUNT, Kind.INTEGER, Kind.FLOAT} and any(
        type(value) is bool for value in values
    ):
        raise _misfit(field, values, rows)
    try:
        column = pa.array(values, type=arrow)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise _misfit(field, values, rows) from error
    if not field.nullable and column.null_count:
        raise _misfit(field, values, rows)
    return column


_PYTHON: dict[Kind, tuple[type, ...]] = {
    Kind.COUNT: (int,),
    Kind.INTEGER: (int,),
    Kind.FLOAT: (int, float),
    Kind.FLAG: (bool,),
}


def _fits(field: Field, value: Any) -> bool:
    if value is None:
        return field.nullable
    expected = _PYTHON.get(field.kind, (str,))
    if isinstance(value, bool) and bool not in expected:
        return False
    if isinstance(value, float) and expected == (int,):
        return value.is_integer()
    return isinstance(value, expected) and (not isinstance(value, int) or -(2**63) <= value < 2**63)


def _misfit(field: Field, values: list[Any], rows: Sequence[Row]) -> ContractError:
    at = next((at for at, value in enumerate(values) if not _fits(field, value)), 0)
    shown = repr(values[at])
    return ContractError(
        f"expected {'' if field.nullable else 'a never-null '}{field.kind}; declare another type with "
        f"connect(…, schema={{{field.name!r}: 'object'}}) if the server is right",
        field=field.name,
        row=str(rows[at].get(KEY, at)),
        value=shown if len(shown) <= 80 else f"{shown[:80]}…",
    )
