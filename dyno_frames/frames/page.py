"""The bytes of a page straight to Arrow: every value checked against the schema while it is parsed.

A page that does not fit to the letter is not judged here: the slow decoder, which names what is wrong, reads it
again. So this one may be strict and has no opinions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec
import pyarrow as pa

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.frames.schema import EXACT_IN_FLOAT, Schema

_TYPES: dict[Kind, type] = {
    Kind.KEY: str,
    Kind.STRING: str,
    Kind.STATUS: str,
    Kind.TIME: int,
    Kind.COUNT: int,
    Kind.INTEGER: int,
    Kind.FLOAT: float,
    Kind.FLAG: bool,
}


@lru_cache(maxsize=64)
def fast_decoder(schema: Schema, *, closed: bool = True) -> Callable[[bytes], pa.RecordBatch | None] | None:
    """Return a decoder of a find's whole body, or None where the schema has a field of mixed values.

    Parameters
    ----------
    schema
        The columns that come, in order.
    closed
        Whether a row may have no other fields; otherwise others are left out.

    Returns
    -------
    callable or None
        Takes the body; gives the page as a record batch under ``schema.arrow``, or None where the body is not, to
        the letter, an accepted envelope with an array of just such rows.
    """
    if any(field.kind not in _TYPES for field in schema.fields):
        return None
    envelope = _envelope(schema, closed=closed)
    parse = msgspec.json.Decoder(envelope).decode
    columns = [
        _column(f"f{at}", field, schema.arrow.field(at).type) for at, field in enumerate(schema.fields)
    ]
    arrow = schema.arrow

    def decode(content: bytes) -> pa.RecordBatch | None:
        try:
            body: Any = parse(content)
            if body.has_error:
                return None
            return pa.RecordBatch.from_arrays([column(body.data) for column in columns], schema=arrow)
        except (msgspec.MsgspecError, pa.ArrowException, OverflowError, UnicodeError, _DoubtError):
            return None

    return decode


class _DoubtError(Exception):
    """A value that the slow decoder must judge."""


def _envelope(schema: Schema, *, closed: bool) -> type[msgspec.Struct]:
    """Return the type of an accepted envelope: a row has these fields and no others, absent ones are null."""
    members: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for optional in (False, True):  # fields without a default come first
        for at, field in enumerate(schema.fields):
            if field.nullable is optional:
                kind: Any = _TYPES[field.kind]
                members.append((f"f{at}", kind | None, None) if optional else (f"f{at}", kind))
    names = {f"f{at}": field.name for at, field in enumerate(schema.fields)}
    row = msgspec.defstruct("Row", members, rename=names, forbid_unknown_fields=closed, gc=False)
    return msgspec.defstruct("Envelope", [("has_error", bool), ("data", list[row])], gc=False)  # type: ignore[valid-type]  # made above


def _column(name: str, field: Field, arrow: pa.DataType) -> Callable[[Sequence[Any]], pa.Array]:
    read = attrgetter(name)
    if field.kind is Kind.TIME:
        return lambda rows: pa.array([read(row) for row in rows], pa.int64()).cast(arrow)
    if field.kind is Kind.FLOAT:
        return lambda rows: _floats([read(row) for row in rows], arrow)
    return lambda rows: pa.array([read(row) for row in rows], arrow)


def _floats(values: list[float | None], arrow: pa.DataType) -> pa.Array:
    # The parser has made doubles of whole numbers; from 2**53 on digits may be gone.
    if any(value is not None and abs(value) >= EXACT_IN_FLOAT for value in values):
        raise _DoubtError
    return pa.array(values, arrow)
