"""What one version of a dataset is: its files, its question, and what proves it. Written once, never changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.errors import SchemaError
from dyno_frames.export.partitions import Partition, Values
from dyno_frames.export.sealed import CHECKSUM, seal, unseal
from dyno_frames.frames.schema import Schema

FORMAT = 2
"""Raised when a manifest changes in a way that older readers would read wrongly."""

_WITHOUT_CHECKSUM = 1
"""An older format that is still read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """One Parquet file of a version.

    Parameters
    ----------
    path
        Its name within the version, folders of the partition included.
    rows, size_bytes
        What it holds, and its size.
    sha256
        The digest of its bytes.
    schema_sha256
        The digest of its columns.
    partition
        The values its folder stands for.
    first, last
        The smallest and the largest (created, id); None where the rows are not in that order.
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
        Its number, and that of the version it was made from; None where it stands alone.
    mode
        How it was made.
    written
        When, as ISO 8601 in UTC.
    origin
        Question and server; never the key.
    plan, profile
        What was sent for it, and what the server's filters were taken to mean.
    schema
        The columns.
    partitions
        What the rows are parted by.
    max_rows_per_file, compression
        How it is written.
    files
        Exactly the files of this version.
    counts
        Rows; and how many were added, changed and removed against the parent.
    watermark
        Rows updated before this instant, in epoch seconds by the server, are as the server had them.
    ordered
        Whether the rows are in the order of (created, id).
    whole
        Whether these are the answer to ``origin``'s question alone, so that it can be synced.
    certificate
        How complete it is.
    libraries
        Versions of what wrote it.
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
        """How many rows it has."""
        return sum(one.rows for one in self.files)

    @property
    def size_bytes(self) -> int:
        """The size of its files."""
        return sum(one.size_bytes for one in self.files)

    def to_json(self) -> str:
        """Return it as text with a checksum."""
        return seal({"format": FORMAT, **asdict(self)})

    @classmethod
    def from_json(cls, content: bytes, *, name: str) -> Self:
        """Return what :meth:`to_json` wrote.

        Raises
        ------
        SchemaError
            The content is not a manifest, is damaged, or was written by a later version of the package.
        """
        try:
            stored = _checked(content, name=name)
            stored["partitions"] = tuple(Partition(**part) for part in stored["partitions"])
            stored["files"] = tuple(_file(one) for one in stored["files"])
            return cls(**stored)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            if isinstance(error, SchemaError):
                raise
            raise unreadable(name, f"is damaged: {type(error).__name__}: {error}") from error


def _checked(content: bytes, *, name: str) -> dict[str, Any]:
    """Return the values of a manifest of a format that is known, without the number of the format."""
    stored: dict[str, Any] = json.loads(content)
    if CHECKSUM in stored:
        stored = unseal(content)
    number = stored.pop("format")
    if number not in {FORMAT, _WITHOUT_CHECKSUM}:
        raise SchemaError(
            f"{name} is a manifest of format {number}; this package reads formats up to {FORMAT}: update it"
        )
    return stored


def unreadable(name: str, why: str) -> SchemaError:
    """Return the error for a manifest that cannot be read."""
    return SchemaError(
        f"{name} {why}. Older versions can be read with version=…; mode='overwrite' writes the dataset anew"
    )


def _file(stored: dict[str, Any]) -> StoredFile:
    for name in ("partition", "first", "last"):
        if stored[name] is not None:
            stored[name] = tuple(stored[name])
    return StoredFile(**stored)


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
    """Return what :func:`schema_to_json` wrote."""
    fields = tuple(Field(**one | {"kind": Kind(one["kind"])}) for one in stored["fields"])
    return Schema(
        stored["resource"], fields, statuses=tuple(stored["statuses"]), dtype_backend=stored["dtype_backend"]
    )


def schema_sha256(schema: Schema) -> str:
    """Return a digest of what the files of a schema look like."""
    looks = [[one.name, str(one.kind), one.nullable] for one in schema.fields]
    return hashlib.sha256(json.dumps(looks).encode()).hexdigest()
