"""A Parquet file or dataset that an export wrote: describe it, read its versions and compare them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from dyno_frames.errors import SchemaError
from dyno_frames.export.certificates import verdict_of
from dyno_frames.export.footer import damaged_footer, not_parquet, read_footer
from dyno_frames.export.local import LocalStore
from dyno_frames.export.manifest import Manifest, schema_from_json
from dyno_frames.export.options import is_from_one
from dyno_frames.export.sources import Stored
from dyno_frames.export.store import DatasetStore, manifest_of, write_lock
from dyno_frames.export.stores import checked_path, delta_store, newest_version, store_of
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
        Counts of the run that returned this object: ``rows`` in the dataset, rows ``added``, ``changed`` and
        ``removed``, and rows and ids ``moved`` over the network. None for a single file or an opened dataset.
    manifest
        Description of the version; None for a single file.
    store
        Where the versions are; None for a single file.

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
    store: DatasetStore | None = field(default=None, repr=False, compare=False)

    def __repr__(self) -> str:
        verdict = verdict_of(self.footer.get("certificate"))
        version = "" if self.manifest is None else f"version {self.version}, "
        return f"Dataset({str(self.path)!r}, {version}{self.rows:,} rows, {verdict})"

    @property
    def files(self) -> list[str]:
        """The files of this version, for readers that take a list of files. The files never change."""
        if self.manifest is None or self.store is None:
            return [str(self.path)]
        return [self.store.address(self.version, one) for one in self.manifest.files]

    @property
    def versions(self) -> list[int]:
        """Numbers of the versions that can be read, oldest first."""
        return [1] if self.store is None else self.store.versions()

    def to_frame(self) -> pd.DataFrame:
        """Return the rows of this version as a typed frame."""
        return read_dataset(self.path) if self.store is None else read_version(self.store, self.version)

    def diff(self, a: int | None = None, b: int | None = None) -> pd.DataFrame:
        """Return the rows that differ between two versions, one row for each id.

        Parameters
        ----------
        a
            Number of the older version (default: the one before ``b``).
        b
            Number of the newer version (default: the newest of the dataset).

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
        >>> dyno.open_dataset("campaigns").diff()  # doctest: +SKIP
        >>> week = dataset.diff(1)  # doctest: +SKIP
        >>> week[week.change == "changed"].fields.explode().value_counts()  # doctest: +SKIP
        """
        from dyno_frames.export.diff import difference

        store = self._store()
        newer = store.versions()[-1] if b is None else b
        return difference(store, _before(store, newer) if a is None else a, newer)

    def vacuum(self, *, keep: int = 1) -> int:
        """Remove all but the newest versions, and return the number of bytes freed.

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
        if self.store is None:
            raise SchemaError(
                f"{str(self.path)!r} is one file and has no versions. Export to a name without '.parquet' for a "
                "dataset of versions"
            )
        return self.store


def _before(store: DatasetStore, newer: int) -> int:
    """Return the version before another one."""
    manifest_of(store, newer)  # raises an error if there is no such version
    older = [version for version in store.versions() if version < newer]
    if not older:
        raise SchemaError(
            f"{store.url!r} has no version before version {newer}, so there is nothing to compare it with. Export "
            "the query again with mode='sync' to write the next version"
        )
    return older[-1]


def dataset_of(store: DatasetStore, manifest: Manifest, counts: Mapping[str, int] | None = None) -> Dataset:
    """Return a version of a dataset, with the counts of the run that wrote or confirmed it, if any."""
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
        store=store,
    )


def open_dataset(path: str | Path) -> Dataset:
    """Open a dataset that an export wrote, at its newest version. No rows are read.

    Parameters
    ----------
    path
        Path or URL of a dataset, or path of a single file.

    Returns
    -------
    Dataset
        The newest version, with its description.

    Raises
    ------
    FileNotFoundError
        The path does not exist.
    SchemaError
        The dataset was not written by this package, or has no committed version.

    Examples
    --------
    >>> dataset = dyno.open_dataset("campaigns")  # doctest: +SKIP
    >>> dataset.versions  # doctest: +SKIP
    [1, 2, 3]
    >>> dataset.diff()  # doctest: +SKIP
    """
    path = checked_path(path)
    if os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises on long names
        footer = read_footer(path)
        try:
            rows = int(footer["rows"])
        except (KeyError, TypeError, ValueError) as error:
            raise damaged_footer(path, error) from error
        return Dataset(path=Path(path), rows=rows, size_bytes=Path(path).stat().st_size, footer=footer)
    store = store_of(path)
    return dataset_of(store, manifest_of(store, newest_version(store)))


def open_delta(path: str | Path, *, storage_options: Mapping[str, str] | None = None) -> Dataset:
    """Open a Delta table that ``scan.to_delta`` wrote, at its newest version. No rows are read.

    Parameters
    ----------
    path
        Path or URL of the table.
    storage_options
        Options of the object store, such as its key, by the names of deltalake.

    Returns
    -------
    Dataset
        The newest version, with its description; ``.versions``, ``.diff()``, ``.to_frame()`` and ``.vacuum()`` are
        those of the table.

    Raises
    ------
    FileNotFoundError
        The path does not exist.
    ConfigError
        Another program has changed the table after the newest version.
    SchemaError
        A manifest is damaged.
    MissingExtraError
        The package deltalake is not installed.

    Examples
    --------
    >>> dyno.open_delta("campaigns_table").diff()  # doctest: +SKIP
    """
    store = delta_store(path, storage_options)
    newest = manifest_of(store, newest_version(store))
    store.check_newest(newest)
    return dataset_of(store, newest)


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
    path = checked_path(path)
    if os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises on long names
        return _read_file(Path(path), version)
    return read_version(store_of(path), version)


def read_version(store: DatasetStore, version: int | None) -> pd.DataFrame:
    """Return the rows of a version of a dataset (default: the newest) as a frame."""
    newest = newest_version(store)
    manifest = manifest_of(store, newest if version is None else version)
    schema = schema_from_json(manifest.schema)
    stored = Stored(store, manifest, schema)
    tables = [table for values in stored.partitions() for table in stored.tables(values)]
    whole = pa.concat_tables([schema.arrow.empty_table(), *tables])
    if manifest.partitions and manifest.ordered and {"created", "id"} <= set(schema.names):
        from dyno_frames.frames.tables import by_created

        whole = by_created(whole)
    certificate = manifest.certificate and {**manifest.certificate, "rows_returned": manifest.rows}
    return attach(to_frame(whole, schema), origin_from_json(manifest.origin), certificate=certificate)


def _read_file(path: Path, version: int | None) -> pd.DataFrame:
    if version not in {None, 1}:
        raise SchemaError(f"version={version!r}: {str(path)!r} is one file and has version 1 only")
    footer = read_footer(path)
    try:
        schema, origin = schema_from_json(footer["schema"]), origin_from_json(footer["origin"])
        certificate = footer["certificate"]
    except (KeyError, TypeError, ValueError) as error:
        raise damaged_footer(path, error) from error
    try:
        plain = pq.read_table(path, partitioning=None, page_checksum_verification=True).cast(schema.arrow)
    except (pa.ArrowException, OSError) as error:
        raise not_parquet(path, error) from error
    return attach(to_frame(plain, schema), origin, certificate=certificate)
