"""Read the description of the data in the footer of a Parquet file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dyno_frames.errors import SchemaError
from dyno_frames.export.files import FOOTER


def not_parquet(path: str | Path, error: Exception) -> Exception:
    """Return the error for a damaged file; an error of the operating system is returned as it is."""
    if isinstance(error, OSError) and error.errno is not None:
        return error
    return SchemaError(f"{str(path)!r} cannot be read as Parquet: {error}. Export the query again")


def damaged_footer(path: str | Path, error: Exception) -> SchemaError:
    """Return the error for a footer that lacks a part, or has one that cannot be read."""
    return SchemaError(
        f"{str(path)!r} has a damaged footer ({type(error).__name__}: {error}). Export the query again, or read the "
        "columns with pandas.read_parquet"
    )


def read_footer(path: str | Path) -> dict[str, Any]:
    """Return the footer of a file: origin, certificate, number of rows, schema.

    Raise SchemaError if another program wrote the file, or the file is damaged.
    """
    try:
        stored = (pq.read_metadata(path).metadata or {}).get(FOOTER)
    except (pa.ArrowException, OSError) as error:
        raise not_parquet(path, error) from error
    if stored is None:
        raise SchemaError(f"{str(path)!r} was not written by dyno_frames; read it with pandas.read_parquet")
    try:
        footer: dict[str, Any] = dict(json.loads(stored))
    except (TypeError, ValueError) as error:
        raise damaged_footer(path, error) from error
    return footer
