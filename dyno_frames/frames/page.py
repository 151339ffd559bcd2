"""Parse the bytes of a page directly to Arrow, checking every value against the schema.

A page that does not fit exactly is left to the slow decoder, which reads it again and names the fault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import json

from dyno_frames.contract.fields import Kind
from dyno_frames.frames.schema import EXACT_IN_FLOAT, Schema
from dyno_frames.frames.units import in_seconds

_SPARE_BYTES = 64
_FLOAT = pa.float64()


@lru_cache(maxsize=64)
def fast_decoder(schema: Schema, *, closed: bool = True) -> Callable[[bytes], pa.RecordBatch | None] | None:
    """Return a decoder for the body of a find response, or None if the schema has a field of mixed values.

    Parameters
    ----------
    schema
        The columns of the page, in order.
    closed
        Whether rows must not have other fields. If False, other fields are dropped.

    Returns
    -------
    callable or None
        Takes the body and returns the page as a record batch under ``schema.arrow``, or None if the body is not
        exactly a successful envelope with an array of rows of this schema.

    Notes
    -----
    Arrow's JSON reader releases the GIL and rejects values of another type, which faster parsers convert
    silently. It reads the envelope as one row, and the page as a list in that row.
    """
    if any(field.kind is Kind.JSON for field in schema.fields):
        return None
    units = {field.name: field.per_second for field in schema.fields}
    readings = [_Reading.of(schema.arrow, closed=closed, units=units)]
    seen = [field for field in schema.arrow if field.name not in schema.unseen]
    if closed and len(seen) < len(
        schema.fields
    ):  # parsing columns that were never received would take a quarter of the time
        readings.insert(0, _Reading.of(schema.arrow, pa.schema(seen), closed=True, units=units))

    def decode(content: bytes) -> pa.RecordBatch | None:
        try:
            if not _is_safe(content):
                return None
            found = (reading.read(content) for reading in readings)
            return next((batch for batch in found if batch is not None), None)
        except (pa.ArrowException, UnicodeError):
            return None

    return decode


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads a page with all columns, or only with those received so far."""

    arrow: pa.Schema
    columns: tuple[_Column, ...]
    rows: pa.StructType
    options: json.ParseOptions

    @classmethod
    def of(
        cls, arrow: pa.Schema, coming: pa.Schema | None = None, *, closed: bool, units: Mapping[str, int]
    ) -> Self:
        """Return a reader of these columns. It fails on other columns if the schema is closed."""
        rows = pa.struct([pa.field(field.name, _written(field.type)) for field in coming or arrow])
        envelope = pa.schema([("has_error", pa.bool_()), ("data", pa.list_(rows))])
        others = "infer" if closed else "ignore"
        options = json.ParseOptions(explicit_schema=envelope, unexpected_field_behavior=others)
        places = {field.name: at for at, field in enumerate(rows)}
        columns = (
            _Column(places.get(field.name), field.type, field.nullable, units[field.name]) for field in arrow
        )
        return cls(arrow, tuple(columns), rows, options)

    def read(self, content: bytes) -> pa.RecordBatch | None:
        """Return a page as a record batch, or None if it is not exactly as expected."""
        page = _parsed(content, self.options)
        if page is None or page.null_count or not page.type.equals(self.rows):
            return None
        columns = []
        for wanted in self.columns:
            column = wanted.read(page)
            if column is None:
                return None
            columns.append(column)
        return pa.RecordBatch.from_arrays(columns, schema=self.arrow)


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of a page: its position in a row and its expected type."""

    place: int | None
    kind: pa.DataType
    nullable: bool
    per_second: int

    def read(self, page: pa.StructArray) -> pa.Array | None:
        """Return the column, or None if it contains unexpected values."""
        column = _nulls(len(page), self.kind) if self.place is None else page.field(self.place)
        if column.null_count and not self.nullable:
            return None
        if self.kind == _FLOAT and not _is_exact(column):
            return None
        if self.place is not None and pa.types.is_timestamp(self.kind):
            column = in_seconds(column, self.per_second)
            if column is None:
                return None
        # A view is free; a cast that changes nothing costs as much as the rest of this function.
        return column if column.type == self.kind else column.view(self.kind)


def _written(kind: pa.DataType) -> pa.DataType:
    """Return the type in JSON, where times are numbers."""
    return pa.int64() if pa.types.is_timestamp(kind) else kind


@lru_cache(maxsize=256)
def _nulls(rows: int, kind: pa.DataType) -> pa.Array:
    """Return a column of nulls, cached for all pages of this size."""
    return pa.nulls(rows, kind)


def _is_exact(column: pa.Array) -> bool:
    """Return whether each double is a number below 2**53, so that it has lost no digits."""
    return pc.all(pc.less(pc.abs(column), float(EXACT_IN_FLOAT))).as_py() is not False


_WHITESPACE = b" \t\n\r\v\f"
_BRACE, _BRACKET, _COMMA = b"}],"


def _is_safe(content: bytes) -> bool:
    """Return whether Arrow's reader can be given a body. It accepts any bytes as text, and some crash the process."""
    if content[:1] != b"{" or _is_null_behind(content):
        return False
    if not content.isascii():
        content.decode()
    return True


def _is_null_behind(content: bytes) -> bool:
    """Return whether there may be a null after the envelope, which crashes Arrow's reader."""
    octets = np.frombuffer(content, np.uint8)
    behind = octets[1:][octets[:-1] == _BRACE]
    plain = (behind == _COMMA) | (behind == _BRACE) | (behind == _BRACKET)  # the usual case, checked fast
    return not plain.all() and b"}n" in content.translate(None, _WHITESPACE)


def _parsed(content: bytes, options: json.ParseOptions) -> pa.StructArray | None:
    """Return the rows of a successful envelope, or None for other bodies."""
    read = json.ReadOptions(use_threads=False, block_size=len(content) + _SPARE_BYTES)  # in one block
    # The streaming reader parses in the calling thread; the other one starts a thread for every page.
    stream = json.open_json(
        pa.BufferReader(content),
        read_options=read,
        parse_options=options,
        memory_pool=pa.system_memory_pool(),
    )
    table = stream.read_all()
    accepted = table.num_rows == 1 and table["has_error"][0].as_py() is False and table["data"][0].is_valid
    return table["data"].chunk(0).values if accepted else None
