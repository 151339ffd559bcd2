"""A written dataset: where it is, what it holds, and how to read it back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.errors import SchemaError
from dyno_frames.frames.dataframe import to_frame
from dyno_frames.frames.provenance import attach, origin_from_json
from dyno_frames.frames.schema import Schema

FOOTER = b"dyno_frames"
"""The footer key that holds question, host, counts, certificate and schema, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A Parquet file of campaigns, lists or templates.

    Parameters
    ----------
    path
        Where it is.
    rows
        How many rows it holds.
    size_bytes
        Its size on disk, in bytes.
    footer
        What the file says of itself: question, host, counts, certificate, schema.
    """

    path: Path
    rows: int
    size_bytes: int
    footer: Mapping[str, Any]

    def __repr__(self) -> str:
        verdict = (self.footer.get("certificate") or {}).get("verdict", "uncertified")
        return f"Dataset({str(self.path)!r}, {self.rows:,} rows, {verdict})"

    def to_frame(self) -> pd.DataFrame:
        """Return its rows as a typed frame."""
        return read_dataset(self.path)


def schema_to_json(schema: Schema) -> dict[str, Any]:
    """Return a schema as plain JSON values."""
    fields = [asdict(field) | {"kind": str(field.kind)} for field in schema.fields]
    return {
        "resource": schema.resource,
        "fields": fields,
        "statuses": list(schema.statuses),
        "dtype_backend": schema.dtype_backend,
    }


def _schema_from_json(stored: Mapping[str, Any]) -> Schema:
    fields = tuple(Field(**field | {"kind": Kind(field["kind"])}) for field in stored["fields"])
    return Schema(
        stored["resource"], fields, statuses=tuple(stored["statuses"]), dtype_backend=stored["dtype_backend"]
    )


def read_dataset(path: str | Path, version: int | None = None) -> pd.DataFrame:
    """Return the committed rows of a dataset as a frame with the dtypes it was asked with.

    Parameters
    ----------
    path
        Where it was written.
    version
        Which version; None is the newest. A single file has one.

    Returns
    -------
    pandas.DataFrame
        Its rows in the order they were written, bound to the account they came from.

    Raises
    ------
    SchemaError
        The file was not written by this package, or has no such version.

    Examples
    --------
    >>> dyno.read_dataset("campaigns.parquet")  # doctest: +SKIP
    """
    if version not in {None, 1}:
        raise SchemaError(f"version={version!r}: {str(path)!r} is one file and has version 1 only")
    footer = read_footer(path)
    schema = _schema_from_json(footer["schema"])
    plain = pq.read_table(path, partitioning=None).cast(schema.arrow)
    return attach(
        to_frame(plain, schema), origin_from_json(footer["origin"]), certificate=footer["certificate"]
    )


def read_footer(path: str | Path) -> dict[str, Any]:
    """Return what a file says of itself.

    Raises
    ------
    SchemaError
        It says nothing, because another program wrote it, or it is no whole Parquet file.
    """
    try:
        stored = (pq.read_metadata(path).metadata or {}).get(FOOTER)
    except pa.ArrowInvalid as error:
        raise SchemaError(f"{str(path)!r} cannot be read as Parquet: {error}") from error
    if stored is None:
        raise SchemaError(f"{str(path)!r} was not written by dyno_frames; read it with pandas.read_parquet")
    footer: dict[str, Any] = json.loads(stored)
    return footer
