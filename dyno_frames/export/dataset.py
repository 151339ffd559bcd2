"""A written dataset: where it is, what it holds, and how to read its versions."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from dyno_frames.errors import SchemaError
from dyno_frames.export.certificates import verdict_of
from dyno_frames.export.files import FOOTER
from dyno_frames.export.local import LocalStore
from dyno_frames.export.manifest import Manifest, schema_from_json
from dyno_frames.export.options import is_from_one
from dyno_frames.export.sources import Stored
from dyno_frames.export.store import DatasetStore, manifest_of, write_lock
from dyno_frames.export.stores import checked_path, store_of
from dyno_frames.frames.dataframe import to_frame
from dyno_frames.frames.provenance import attach, origin_from_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Campaigns, lists or templates as Parquet: one file, or a folder of versions.

    Parameters
    ----------
    path
        Path or URL of the file or dataset.
    rows
        Number of rows.
    size_bytes
        Size on disk, in bytes.
    footer
        Description of the data: origin, certificate, schema.
    version
        Number of the version; 1 for a single file.
    counts
        Counts of the run: ``rows`` in the dataset, rows ``added``, ``changed`` and ``removed``, and rows and ids
        ``moved`` over the network. None for a single file.
    manifest
        Description of the version; None for a single file.

    Examples
    --------
    >>> dataset = client.campaigns.scan().to_parquet("campaigns", mode="sync")  # doctest: +SKIP
    >>> dataset.counts  # doctest: +SKIP
    {'rows': 402, 'added': 2, 'changed': 11, 'removed': 0, 'moved': 13}
    >>> dataset.diff(1)[["change", "fields", "id"]]  # doctest: +SKIP
    """

    path: Path | str
    rows: int
    size_bytes: int
    footer: Mapping[str, Any]
    version: int = 1
    counts: Mapping[str, int] | None = None
    manifest: Manifest | None = None

    def __repr__(self) -> str:
        verdict = verdict_of(self.footer.get("certificate"))
        version = "" if self.manifest is None else f"version {self.version}, "
        return f"Dataset({str(self.path)!r}, {version}{self.rows:,} rows, {verdict})"

    @property
    def files(self) -> list[str]:
        """The files of this version, for readers that take a list of files; they never change."""
        if self.manifest is None:
            return [str(self.path)]
        store = store_of(self.path)
        return [store.address(self.version, one) for one in self.manifest.files]

    @property
    def versions(self) -> list[int]:
        """Numbers of the versions that can be read, oldest first."""
        return [1] if self.manifest is None else store_of(self.path).versions()

    def to_frame(self) -> pd.DataFrame:
        """Return the rows of this version as a typed frame."""
        return read_dataset(self.path, None if self.manifest is None else self.version)

    def diff(self, old: int, new: int | None = None) -> pd.DataFrame:
        """Return the rows that differ between two versions, one row for each id.

        Parameters
        ----------
        old, new
            Numbers of versions; ``new=None`` is this one.

        Returns
        -------
        pandas.DataFrame
            ``change`` (``added``, ``changed`` or ``removed``), ``fields`` (a tuple of the fields that differ), then the
            row in the newer version, or in the older version if it was removed; and for each field that differs in
            any row a column ``…_before`` with the value in the older version.

        Raises
        ------
        SchemaError
            A version does not exist, this is a single file, or the columns of the versions cannot be compared.

        Examples
        --------
        >>> week = dataset.diff(1)  # doctest: +SKIP
        >>> week[week.change == "changed"].fields.explode().value_counts()  # doctest: +SKIP
        """
        from dyno_frames.export.diff import difference

        store = self._store()
        return difference(store, old, self.version if new is None else new)

    def vacuum(self, *, keep: int = 1) -> int:
        """Remove all but the newest versions; return the bytes set free.

        Parameters
        ----------
        keep
            Number of versions to keep, at least 1.

        Raises
        ------
        ConfigError
            A run is writing to the dataset.
        SchemaError
            ``keep`` is not a whole number from 1, or this is a single file.
        """
        if not is_from_one(keep):
            raise SchemaError(
                f"keep={keep!r}; the newest version always stays: expected a whole number from 1"
            )
        store = self._store()
        with write_lock(store):
            store.prepare()
            return store.remove(store.versions()[:-keep])

    def _store(self) -> DatasetStore:
        if self.manifest is None:
            raise SchemaError(
                f"{str(self.path)!r} is one file and has no versions. Export to a name without '.parquet' for a "
                "dataset of versions"
            )
        return store_of(self.path)


def dataset_of(store: DatasetStore, manifest: Manifest, counts: Mapping[str, int]) -> Dataset:
    """Return a version of a dataset, with the counts of the run that wrote or confirmed it."""
    footer = {
        "origin": manifest.origin,
        "certificate": manifest.certificate,
        "rows": manifest.rows,
        "schema": manifest.schema,
    }
    return Dataset(
        path=store.path if isinstance(store, LocalStore) else store.url,
        rows=manifest.rows,
        size_bytes=manifest.size_bytes,
        footer=footer,
        version=manifest.version,
        counts=counts,
        manifest=manifest,
    )


def read_dataset(path: str | Path, version: int | None = None) -> pd.DataFrame:
    """Return the committed rows of a dataset as a frame with the dtypes of the original answer.

    Parameters
    ----------
    path
        Path or URL of a dataset, or path of a single file.
    version
        Number of the version (default: the newest). A single file has version 1 only.

    Returns
    -------
    pandas.DataFrame
        The rows in the order they were written, with the account and the query they came from.

    Raises
    ------
    FileNotFoundError
        The path does not exist.
    SchemaError
        The dataset was not written by this package, has no such version or no committed version, or one of its files
        is missing or damaged.

    Examples
    --------
    >>> dyno.read_dataset("campaigns")  # doctest: +SKIP
    >>> dyno.read_dataset("campaigns", version=1)  # doctest: +SKIP
    """
    if os.path.isfile(checked_path(path)):  # noqa: PTH113 - Path.is_file raises on long names
        return _read_file(Path(path), version)
    store = store_of(path)
    versions = store.versions()
    if not versions:
        raise _nothing(store)
    manifest = manifest_of(store, versions[-1] if version is None else version)
    schema = schema_from_json(manifest.schema)
    stored = Stored(store, manifest, schema)
    tables = [table for values in stored.partitions() for table in stored.tables(values)]
    whole = pa.concat_tables([schema.arrow.empty_table(), *tables])
    if manifest.partitions and manifest.ordered and {"created", "id"} <= set(schema.names):
        from dyno_frames.frames.tables import by_created

        whole = by_created(whole)
    certificate = manifest.certificate and {**manifest.certificate, "rows_returned": manifest.rows}
    return attach(to_frame(whole, schema), origin_from_json(manifest.origin), certificate=certificate)


def _nothing(store: DatasetStore) -> SchemaError | FileNotFoundError:
    """Return the error for a store without a committed version."""
    if isinstance(store, LocalStore) and store.home.is_dir():
        return SchemaError(
            f"no version of {store.url!r} is committed: the link of that name does not exist. The first export did not "
            "finish, or the link was removed. Run the export again; it creates the link"
        )
    if isinstance(store, LocalStore) and store.path.exists():
        return SchemaError(f"{store.url!r} is not a dataset of dyno_frames. Read it with pandas.read_parquet")
    return FileNotFoundError(
        errno.ENOENT, "no dataset or file written by to_parquet exists at this path", store.url
    )


def _read_file(path: Path, version: int | None) -> pd.DataFrame:
    if version not in {None, 1}:
        raise SchemaError(f"version={version!r}: {str(path)!r} is one file and has version 1 only")
    footer = read_footer(path)
    try:
        schema, origin = schema_from_json(footer["schema"]), origin_from_json(footer["origin"])
        certificate = footer["certificate"]
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged_footer(path, error) from error
    try:
        plain = pq.read_table(path, partitioning=None, page_checksum_verification=True).cast(schema.arrow)
    except (pa.ArrowException, OSError) as error:
        raise _not_parquet(path, error) from error
    return attach(to_frame(plain, schema), origin, certificate=certificate)


def _not_parquet(path: str | Path, error: Exception) -> Exception:
    """Return the error for a damaged file; an error of the operating system is returned as it is."""
    if isinstance(error, OSError) and error.errno is not None:
        return error
    return SchemaError(f"{str(path)!r} cannot be read as Parquet: {error}. Export the query again")


def _damaged_footer(path: str | Path, error: Exception) -> SchemaError:
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
        raise _not_parquet(path, error) from error
    if stored is None:
        raise SchemaError(f"{str(path)!r} was not written by dyno_frames; read it with pandas.read_parquet")
    try:
        footer: dict[str, Any] = dict(json.loads(stored))
    except (TypeError, ValueError) as error:
        raise _damaged_footer(path, error) from error
    return footer
