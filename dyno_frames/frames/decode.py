"""Convert rows from JSON to an Arrow record batch under the schema; a value that does not fit is an error."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.contract.resources import CREATED, ID_FIELD
from dyno_frames.contract.texts import fit, is_whole
from dyno_frames.errors import ContractError
from dyno_frames.frames.schema import EXACT_IN_FLOAT, Schema, learn_field
from dyno_frames.frames.units import UNIT_NAMES, in_seconds, is_time
from dyno_frames.frames.units import cure as cure_of_unit

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Invalid:
    """Values of one column that do not fit its type and were replaced with null.

    Parameters
    ----------
    rows
        The distinct ids of their rows, in order.
    value
        The first value, as received.
    """

    rows: tuple[str, ...]
    value: str

    def __add__(self, later: Invalid) -> Invalid:
        return replace(self, rows=tuple(dict.fromkeys(self.rows + later.rows)))


def decode(
    rows: Sequence[Row], schema: Schema, *, invalid: dict[str, Invalid] | None = None
) -> pa.RecordBatch:
    """Return a page as a record batch.

    Parameters
    ----------
    rows
        The page's rows.
    schema
        The columns to return, in order.
    invalid
        Collects values outside their field's type by column, and replaces them with null if the column is nullable.

    Raises
    ------
    ContractError
        A value is outside its field's type and cannot be null. The error names field, row and value.
    """
    arrow = schema.arrow
    columns = []
    for at, field in enumerate(schema.fields):
        values = [row.get(field.name) for row in rows]
        if invalid is not None and field.nullable:
            values = _nulled(field, values, rows, invalid)
        columns.append(_column(field, values, arrow.field(at).type, rows))
    return pa.RecordBatch.from_arrays(columns, schema=arrow)


def late_fields(rows: Sequence[Row], schema: Schema) -> tuple[Field, ...]:
    """Return the fields in these rows that the schema lacks, as JSON text, because other rows may have other types."""
    known = set(schema.names)
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name not in known]
    return tuple(Field(name, Kind.JSON) for name in names)


def typed_late_fields(table: pa.Table, names: Sequence[str]) -> tuple[pa.Table, tuple[Field, ...]]:
    """Return a table whose late columns have types that fit all their values, and the fields of these columns.

    Parameters
    ----------
    table
        Rows of one answer.
    names
        Its columns of JSON text, from `late_fields`.
    """
    fields = []
    for name in names:
        rows = [{name: None if text is None else json.loads(text)} for text in table.column(name).to_pylist()]
        found = learn_field(name, rows)
        at = table.schema.get_field_index(name)
        column = decode(rows, Schema("", (found,))).column(0)
        table = table.set_column(at, pa.field(name, column.type), column)
        fields.append(found)
    return table, tuple(fields)


def _nulled(field: Field, values: list[Any], rows: Sequence[Row], invalid: dict[str, Invalid]) -> list[Any]:
    """Return the values with null for values outside the field's type, which are collected in ``invalid``."""
    wrong = [at for at, value in enumerate(values) if not _fits(field, value)]
    if not wrong:
        return values
    noted = Invalid(tuple(_row(rows, at) for at in wrong), _shown(values[wrong[0]]))
    invalid[field.name] = invalid[field.name] + noted if field.name in invalid else noted
    kept = set(range(len(values))) - set(wrong)
    return [value if at in kept else None for at, value in enumerate(values)]


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
        seconds = in_seconds(pa.array(values, pa.int64()), field.per_second)
        if seconds is None:
            raise ValueError("a time in another unit")
        return seconds.cast(arrow)
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
    """Return the values with whole floats as integers. Arrow would truncate other floats silently."""
    if _ALLOWED.get(field.kind) is not _WHOLE or not all(_fits(field, value) for value in values):
        raise _misfit(field, values, rows)
    return [int(value) if isinstance(value, float) else value for value in values]


def _fits(field: Field, value: Any) -> bool:
    if value is None:
        return field.nullable
    if field.kind is Kind.JSON:
        return is_whole(json.dumps(value, ensure_ascii=False))
    allowed = _ALLOWED.get(field.kind) or _TEXT
    whole = isinstance(value, float) and value.is_integer() and allowed is _WHOLE
    if type(value) not in allowed and not whole:
        return False
    if isinstance(value, str):
        return is_whole(value)
    if field.kind is Kind.FLOAT:
        return isinstance(value, float) or abs(value) <= EXACT_IN_FLOAT
    if field.kind is Kind.TIME and not is_time(field, int(value)):
        return False
    return isinstance(value, bool) or -(2**63) <= value < 2**63


def _misfit(field: Field, values: list[Any], rows: Sequence[Row]) -> ContractError:
    at = next((at for at, value in enumerate(values) if not _fits(field, value)), 0)
    wrong = values[at]
    in_another_unit = field.kind is Kind.TIME and type(wrong) is int and not is_time(field, wrong)
    cure = (
        cure_of_unit(field)
        if in_another_unit
        else "; a server that sends other values cannot be used"
        if field.name in {ID_FIELD, CREATED}
        else (
            f"; declare another type with connect(…, schema={{{field.name!r}: 'object'}}) if the server is right, "
            "or pass on_invalid='null' to get null instead"
        )
    )
    expected = f"{'' if field.nullable else 'a never-null '}{_named(field)}"
    if isinstance(wrong, str) and not is_whole(wrong):
        expected = f"{_named(field)} that UTF-8 can hold, without half of a surrogate pair"
    return ContractError(
        f"expected {expected}{cure}",
        field=field.name,
        row=_row(rows, at),
        value=_shown(values[at]),
    )


def _row(rows: Sequence[Row], at: int) -> str:
    return fit(str(rows[at].get(ID_FIELD, at)), 80)


def _shown(value: Any) -> str:
    return fit(repr(value), 80)


def _named(field: Field) -> str:
    match field.kind:
        case Kind.TIME:
            return f"time in whole epoch {UNIT_NAMES[field.per_second]}"
        case Kind.FLOAT:
            return "float within the precision of a double"
        case _:
            return str(field.kind)
