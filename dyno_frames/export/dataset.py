"""A written dataset: where it is, what it holds, and how to read it back, as it is or as it was."""

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
from dyno_frames.export.files import FOOTER
from dyno_frames.export.local import LocalStore
from dyno_frames.export.manifest import Manifest, schema_from_json
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
        Where it is.
    rows
        How many rows it holds.
    size_bytes
        Its size on disk, in bytes.
    footer
        What it says of itself: question, host, certificate, schema.
    version
        Which version this is. A single file has one.
    counts
        What the run came to: ``rows`` that are here now, how many of them it ``added`` and ``changed``, how many it
        ``removed``, and how many rows, ids included, it ``moved`` over the network. None for a single file.
    manifest
        All that is known of this version; None for a single file.

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
        verdict = (self.footer.get("certificate") or {}).get("verdict", "uncertified")
        version = "" if self.manifest is None else f"version {self.version}, "
        return f"Dataset({str(self.path)!r}, {version}{self.rows:,} rows, {verdict})"

    @property
    def files(self) -> list[str]:
        """The files of this version, for readers that are given a list; they never change."""
        if self.manifest is None:
            return [str(self.path)]
        store = store_of(self.path)
        return [store.address(self.version, one) for one in self.manifest.files]

    @property
    def versions(self) -> list[int]:
        """The versions that can be read, oldest first."""
        return [1] if self.manifest is None else store_of(self.path).versions()

    def to_frame(self) -> pd.DataFrame:
        """Return its rows as a typed frame."""
        return read_dataset(self.path, None if self.manifest is None else self.version)

    def diff(self, old: int, new: int | None = None) -> pd.DataFrame:
        """Return what has happened between two versions, one row for each id.

        Parameters
        ----------
        old, new
            Numbers of versions; ``new=None`` is this one.

        Returns
        -------
        pandas.DataFrame
            ``change`` (``added``, ``changed`` or ``removed``), ``fields`` (a tuple of the names that differ), then the
            row as it is in the newer version, or as it was where it was removed; and for each field that differs
            anywhere a column ``…_before`` with what it was in the older version.

        Raises
        ------
        SchemaError
            There is no such version; or it is a single file.

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
            How many to keep, from 1.

        Raises
        ------
        ConfigError
            A run is writing to the dataset.
        """
        if keep < 1:
            raise SchemaError(f"keep={keep}; the newest version always stays: expected a number from 1")
        store = self._store()
        with write_lock(store):
            store.prepare()
            return store.remove(store.versions()[:-keep])

    def _store(self) -> DatasetStore:
        if self.manifest is None:
            raise SchemaError(
                f"{str(self.path)!r} is one file and has no versions; a name without '.parquet' makes a dataset of "
                "versions"
            )
        return store_of(self.path)


def dataset_of(store: DatasetStore, manifest: Manifest, counts: Mapping[str, int]) -> Dataset:
    """Return a version of a dataset, with what the run that asked for it has counted."""
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
    """Return the committed rows of a dataset as a frame with the dtypes it was asked with.

    Parameters
    ----------
    path
        Where it was written: a name, a URL, or a single file.
    version
        Which version; None is the newest. A single file has one.

    Returns
    -------
    pandas.DataFrame
        Its rows in the order they were written, bound to the account they came from.

    Raises
    ------
    FileNotFoundError
        There is nothing of this name.
    SchemaError
        It was not written by this package, has no such version or no committed one, or a file of it is gone or was
        changed.

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
            f"no version of {store.url!r} is committed: there is no link of that name. A first export did not finish, "
            "or the link was removed; run the export again, which makes it"
        )
    if isinstance(store, LocalStore) and store.path.exists():
        return SchemaError(f"{store.url!r} holds no dataset of dyno_frames; read it with pandas.read_parquet")
    return FileNotFoundError(errno.ENOENT, "there is no dataset or file that to_parquet wrote", store.url)


def _read_file(path: Path, version: int | None) -> pd.DataFrame:
    if version not in {None, 1}:
        raise SchemaError(f"version={version!r}: {str(path)!r} is one file and has version 1 only")
    footer = read_footer(path)
    schema = schema_from_json(footer["schema"])
    plain = pq.read_table(path, partitioning=None, page_checksum_verification=True).cast(schema.arrow)
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
