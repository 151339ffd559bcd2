"""Convert Arrow tables to pandas: each column in the dtype of the schema, without a Python loop over rows."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.contract.lifecycle import Status
from dyno_frames.frames.schema import Schema, category


def to_frame(table: pa.Table, schema: Schema) -> pd.DataFrame:
    """Return a table as a frame with the schema's columns and dtypes and a RangeIndex.

    Parameters
    ----------
    table
        Record batches under ``schema.arrow``.
    schema
        The columns, in order.
    """
    columns = {field.name: _series(table.column(field.name), field, schema) for field in schema.fields}
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows), copy=False)


def status_codes(column: pa.ChunkedArray, schema: Schema) -> tuple[pa.ChunkedArray, list[str]]:
    """Return the place of each status among the categories, null for null, and the categories.

    These are the schema's, in order, then further values of this column.
    """
    encoded = column.dictionary_encode().unify_dictionaries()
    met = encoded.chunk(0).dictionary.to_pylist() if encoded.num_chunks else []
    known = [*map(str, Status), *schema.statuses]
    words = known
    if not set(met) <= set(known):  # a dictionary can have values that no row has
        words = [*known, *sorted(set(pc.unique(encoded).to_pylist()) - {None, *known})]
    codes = pa.array([words.index(word) if word in words else None for word in met], pa.int32())
    return pa.chunked_array([codes.take(chunk.indices) for chunk in encoded.chunks], pa.int32()), words


def _series(column: pa.ChunkedArray, field: Field, schema: Schema) -> Any:
    dtype = schema.dtype(field)
    if field.kind is Kind.JSON:
        values = [None if text is None else json.loads(text) for text in column.to_pylist()]
        return pd.Series(values, dtype=object)
    if field.kind is Kind.STATUS:
        codes, words = status_codes(column, schema)
        return pd.Categorical.from_codes(pc.fill_null(codes, -1).to_numpy(), dtype=category(tuple(words)))
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if isinstance(dtype, pd.ArrowDtype):
        column = column.cast(dtype.pyarrow_dtype)
    # Arrow's buffers are read-only. Numbers and times are copied, so that the caller can change the frame.
    if hasattr(dtype, "__from_arrow__"):
        return dtype.__from_arrow__(column).copy()
    values = column.to_numpy()
    return values if values.flags.writeable else values.copy()
