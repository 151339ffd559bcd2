"""Rows as the server sent them into one Arrow record batch under the schema; nothing is lost in silence."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.contract.resources import CREATED, KEY
from dyno_frames.errors import ContractError
from dyno_frames.frames.schema import EXACT_IN_FLOAT, Schema, learn_field

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
    allowed = _ALLOWED.get(field.kind, _TEXT)
    if allowed is not None and not allowed.issuperset(map(type, values)):
        values = _settled(field, values, rows)
    try:
        column = _array(field, values, arrow)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise _misfit(field, values, rows) from error
    if not field.nullable and column.null_count:
        raise _misfit(field, values, rows)
    return column


def _array(field: Field, values: list[Any], arrow: pa.DataType) -> pa.Array:
    if field.kind is Kind.JSON:
        values = [None if value is None else json.dumps(value, ensure_ascii=False) for value in values]
    if field.kind is Kind.TIME:
        return pa.array(values, pa.int64()).cast(arrow)
    return pa.array(values, arrow)


_TEXT: frozenset[type] = frozenset({str, type(None)})
_WHOLE: frozenset[type] = frozenset({int, type(None)})
_ALLOWED: dict[Kind, frozenset[type] | None] = {
    Kind.TIME: _WHOLE,
    Kind.COUNT: _WHOLE,
    Kind.INTEGER: _WHOLE,
    Kind.FLOAT: _WHOLE | {float},
    Kind.FLAG: frozenset({bool, type(None)}),
    Kind.JSON: None,
}


def _settled(field: Field, values: list[Any], rows: Sequence[Row]) -> list[Any]:
    """Return the values with whole floats as integers, which Arrow would cut without a word where they are not."""
    if _ALLOWED.get(field.kind) is not _WHOLE or not all(_fits(field, value) for value in values):
        raise _misfit(field, values, rows)
    return [int(value) if isinstance(value, float) else value for value in values]


def _fits(field: Field, value: Any) -> bool:
    if value is None:
        return field.nullable
    if field.kind is Kind.JSON:
        return _encodes(json.dumps(value, ensure_ascii=False))
    allowed = _ALLOWED.get(field.kind) or _TEXT
    whole = isinstance(value, float) and value.is_integer() and allowed is _WHOLE
    if type(value) not in allowed and not whole:
        return False
    if isinstance(value, str):
        return _encodes(value)
    if field.kind is Kind.FLOAT:
        return isinstance(value, float) or abs(value) <= EXACT_IN_FLOAT
    return isinstance(value, bool) or -(2**63) <= value < 2**63


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can name and no text can hold
        return False
    return True


def _misfit(field: Field, values: list[Any], rows: Sequence[Row]) -> ContractError:
    at = next((at for at, value in enumerate(values) if not _fits(field, value)), 0)
    shown = repr(values[at])
    cure = (
        ""
        if field.name in {KEY, CREATED}
        else (
            f"; declare another type with connect(…, schema={{{field.name!r}: 'object'}}) if the server is right"
        )
    )
    return ContractError(
        f"expected {'' if field.nullable else 'a never-null '}{_NAMED.get(field.kind, field.kind)}{cure}",
        field=field.name,
        row=str(rows[at].get(KEY, at)),
        value=shown if len(shown) <= 80 else f"{shown[:80]}…",
    )


_NAMED = {Kind.TIME: "time in whole epoch seconds", Kind.FLOAT: "float that holds its digits"}
