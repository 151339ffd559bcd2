"""The description of one version of a dataset: files, query, certificate. Written once, never changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.errors import SchemaError
from dyno_frames.export.partitions import Partition, Values
from dyno_frames.export.sealed import seal, unseal
from dyno_frames.frames.schema import Schema

FORMAT = 2
"""Number of the format; increased when older readers would misread a manifest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """One Parquet file of a version.

    Parameters
    ----------
    path
        Path within the version, including the folders of the partition.
    rows, size_bytes
        Number of rows, and size of the file.
    sha256
        The digest of its bytes.
    schema_sha256
        The digest of its columns.
    partition
        The values of the partition, as in the names of its folders.
    first, last
        The smallest and the largest (created, id); None if the rows are not in that order.
    """

    path: str
    rows: int
    size_bytes: int
    sha256: str
    schema_sha256: str
    partition: Values = ()
    first: tuple[int, str] | None = None
    last: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One version of a dataset.

    Parameters
    ----------
    version, parent
        Number of this version, and of the version before it (None for the first).
    mode
        The mode of the export.
    written
        Time of writing, as ISO 8601 in UTC.
    origin
        Query and server; never the API key.
    plan, profile
        The requests that were sent, and the profile of the server.
    schema
        The columns.
    partitions
        How the rows are partitioned.
    max_rows_per_file, compression
        As in ``to_parquet``.
    files
        Exactly the files of this version.
    counts
        Number of rows, and of rows added, changed and removed since the parent.
    watermark
        The next sync fetches rows updated since this instant, in epoch seconds of the server; None if it fetches all.
    ordered
        Whether the rows are in order of (created, id).
    whole
        Whether the rows are the answer to the query in ``origin`` alone, so that they can be synced.
    certificate
        How complete the version is.
    libraries
        Versions of Python and of the packages that wrote it.
    """

    version: int
    parent: int | None
    mode: str
    written: str
    origin: Mapping[str, Any]
    plan: Mapping[str, Any]
    profile: Mapping[str, Any]
    schema: Mapping[str, Any]
    partitions: tuple[Partition, ...] = ()
    max_rows_per_file: int = 1_000_000
    compression: str = "zstd"
    files: tuple[StoredFile, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    watermark: int | None = None
    ordered: bool = True
    whole: bool = True
    certificate: Mapping[str, Any] | None = None
    libraries: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(one.rows for one in self.files)

    @property
    def size_bytes(self) -> int:
        """Total size of the files."""
        return sum(one.size_bytes for one in self.files)

    def to_json(self) -> str:
        """Return the manifest as JSON with a checksum."""
        return seal({"format": FORMAT, **asdict(self)})

    @classmethod
    def from_json(cls, content: bytes, *, name: str) -> Self:
        """Return the manifest that :meth:`to_json` wrote.

        Raise SchemaError if the content is not a manifest, is damaged, or was written by a later version of the
        package.
        """
        try:
            stored = _checked(content, name=name)
            stored["partitions"] = tuple(Partition(**part) for part in stored["partitions"])
            stored["files"] = tuple(map(file_from_json, stored["files"]))
            return cls(**stored)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            if isinstance(error, SchemaError):
                raise
            raise unreadable(name, f"is damaged: {type(error).__name__}: {error}") from error


def _checked(content: bytes, *, name: str) -> dict[str, Any]:
    """Return the values of a manifest of a known format, without the number of the format."""
    stored = unseal(content)
    number = stored.pop("format")
    if number != FORMAT:
        raise SchemaError(
            f"{name} is a manifest of format {number}; this package reads format {FORMAT}. Update dyno_frames"
        )
    return stored


def unreadable(name: str, why: str) -> SchemaError:
    """Return the error for a manifest that cannot be read."""
    return SchemaError(
        f"{name} {why}. Read an older version with version=…, or replace the dataset with mode='overwrite'"
    )


def file_from_json(stored: Mapping[str, Any]) -> StoredFile:
    """Return a file of a version from its JSON values."""
    keys = {name: stored[name] for name in ("partition", "first", "last")}
    return StoredFile(
        **{**stored, **{name: None if key is None else tuple(key) for name, key in keys.items()}}
    )


def schema_to_json(schema: Schema) -> dict[str, Any]:
    """Return a schema as plain JSON values."""
    fields = [asdict(one) | {"kind": str(one.kind)} for one in schema.fields]
    return {
        "resource": schema.resource,
        "fields": fields,
        "statuses": list(schema.statuses),
        "dtype_backend": schema.dtype_backend,
    }


def schema_from_json(stored: Mapping[str, Any]) -> Schema:
    """Return the schema that :func:`schema_to_json` wrote."""
    fields = tuple(Field(**one | {"kind": Kind(one["kind"])}) for one in stored["fields"])
    return Schema(
        stored["resource"], fields, statuses=tuple(stored["statuses"]), dtype_backend=stored["dtype_backend"]
    )


def schema_sha256(schema: Schema) -> str:
    """Return a digest of the names, kinds and nullability of the columns."""
    columns = [[one.name, str(one.kind), one.nullable] for one in schema.fields]
    return hashlib.sha256(json.dumps(columns).encode()).hexdigest()
