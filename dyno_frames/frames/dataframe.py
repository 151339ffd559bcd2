"""Convert Arrow tables to pandas: each column in the dtype of the schema, without a Python loop over rows."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
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


def status_words(column: pa.ChunkedArray, schema: Schema) -> list[str]:
    """Return the categories of ``status`` in order: the schema's, then further values of this column."""
    known = [*map(str, Status), *schema.statuses]
    return [*known, *sorted(set(pc.unique(column).drop_null().to_pylist()) - set(known))]


def _series(column: pa.ChunkedArray, field: Field, schema: Schema) -> Any:
    dtype = schema.dtype(field)
    if field.kind is Kind.JSON:
        values = [None if text is None else json.loads(text) for text in column.to_pylist()]
        return pd.Series(values, dtype=object)
    if field.kind is Kind.STATUS:
        words = status_words(column, schema)
        codes = pc.fill_null(pc.index_in(column, pa.array(words, pa.large_string())), -1)
        return pd.Categorical.from_codes(codes.to_numpy(), dtype=category(tuple(words)))
    if isinstance(dtype, pd.ArrowDtype):
        column = column.cast(dtype.pyarrow_dtype)
    # Arrow's buffers are read-only. Numbers and times are copied, so that the caller can change the frame.
    if hasattr(dtype, "__from_arrow__"):
        return dtype.__from_arrow__(column).copy()
    return np.array(column.to_numpy())
