"""Write a scan to Parquet, as one file or a dataset of versions, or to a Delta table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from dyno_frames.errors import ConfigError, DynoError, short_interrupt
from dyno_frames.export.cluster import Cluster
from dyno_frames.export.dataset import Dataset, dataset_of
from dyno_frames.export.file import write_file
from dyno_frames.export.local import MIRROR, LocalStore
from dyno_frames.export.options import WriteOptions, check_dataset, write_options
from dyno_frames.export.queries import schema_of
from dyno_frames.export.run import run
from dyno_frames.export.store import DatasetStore
from dyno_frames.export.stores import ONE_FILE, checked_path, delta_store, is_one_file, store_of
from dyno_frames.scan.answer import check
from dyno_frames.scan.certificate import Certificate
from dyno_frames.scan.scan import Scan


def write(
    scan: Scan,
    path: str | Path,
    *,
    partition_by: str | Sequence[str] | None = None,
    mode: str = "overwrite",
    max_rows_per_file: int = 1_000_000,
    compression: str = "zstd",
    cluster: Cluster | None = None,
) -> Dataset:
    """Write the rows of a scan as Parquet; readers see either the old or the complete new data.

    A name that ends in ``.parquet`` is one file. Any other name is a dataset: a link to a folder with the files of the
    newest version, next to a hidden folder with all versions. ``pandas.read_parquet(path)`` and every other reader
    of folders read the newest version. The next run of the same query resumes an interrupted one.

    Parameters
    ----------
    scan
        The query.
    path
        The file or the dataset; its folder must exist. One file can also be the URL of an object store, such as
        ``"s3://bucket/campaigns.parquet"``.
    partition_by
        Fields, or the ``:year``, ``:month`` or ``:day`` of a time such as ``"created:month"``, for folders such as
        ``status=draft/`` (default: none; for ``append`` and ``sync`` those of the dataset).
    mode
        ``"overwrite"``: write a version with the answer alone. ``"append"``: add the rows of the answer; a row replaces
        the stored row with its id. ``"sync"``: fetch only rows that changed since the last run, remove rows that the
        query no longer returns, and find missing rows by counts. A sync needs a server that sets ``updated`` with
        every change.
    max_rows_per_file
        Maximum number of rows in one file of a dataset.
    compression
        ``"zstd"``, ``"snappy"``, ``"gzip"``, ``"brotli"``, ``"lz4"`` or ``"none"``.
    cluster
        Fetches and writes all rows of a dataset, with ``mode="overwrite"`` and in the first run of the other modes.

    Returns
    -------
    Dataset
        The path, counts and certificate of the written data.

    Raises
    ------
    ConfigError
        An argument is wrong, rows have no ``created`` or (for a sync) no ``updated``, or another run is writing to the
        dataset; nothing was written.
    SchemaError
        The columns changed so that the dataset cannot hold both, or a file is damaged; nothing was written.
    ContractError
        ``strict=True`` and rows may be missing; nothing was written.

    Examples
    --------
    >>> client.campaigns.scan().to_parquet("campaigns", mode="sync")  # doctest: +SKIP
    Dataset('campaigns', version 2, 402 rows, exact)
    """
    path = checked_path(path)
    options = write_options(
        scan,
        mode=mode,
        partition_by=partition_by,
        max_rows_per_file=max_rows_per_file,
        compression=compression,
        cluster=cluster,
    )
    if is_one_file(path) and (mode != "overwrite" or options.partitions or cluster):
        what = (
            f"mode={mode!r}" if mode != "overwrite" else "partition_by=" if options.partitions else "client="
        )
        raise ConfigError(
            f"{what} makes a dataset of several files, and {str(path)!r} is the name of one. Leave out the "
            f"ending: {str(path).removesuffix(ONE_FILE)!r}"
        )
    if is_one_file(path):
        with short_interrupt(_INTERRUPTED), _disk_errors(path):
            return _checked(write_file(scan, path, compression=options.compression))
    check_dataset(scan, options)
    store = store_of(path)
    if isinstance(store, LocalStore) and (store.home / MIRROR).exists():
        raise ConfigError(
            f"{str(path)!r} is a mirror, which only its own refresh writes; expected another path"
        )
    return _versioned(scan, store, options)


def write_delta(
    scan: Scan,
    path: str | Path,
    *,
    partition_by: str | Sequence[str] | None = None,
    mode: str = "overwrite",
    storage_options: Mapping[str, str] | None = None,
    cluster: Cluster | None = None,
) -> Dataset:
    """Write a scan as a version of a Delta table in one commit; readers see either the old or the complete new rows.

    DuckDB, Polars, Spark and all other programs that read Delta tables read it, without dyno_frames. The commit has
    the query, the certificate and the account in its metadata. The next run of the same query resumes an interrupted
    one. It needs the extra ``delta``.

    Parameters
    ----------
    scan
        The query.
    path
        The table: a path, or the URL of an object store such as ``"s3://bucket/campaigns"``.
    partition_by
        Fields, or the ``:year``, ``:month`` or ``:day`` of a time such as ``"created:month"``, which becomes a column
        ``created_month`` (default: none; for ``append`` and ``sync`` those of the table).
    mode
        As in :func:`write`: ``"overwrite"``, ``"append"`` or ``"sync"``.
    storage_options
        Options of the object store, such as its key, by the names of deltalake. Workers of a cluster get its region,
        its endpoint and other settings, and look for credentials in their environment.
    cluster
        As in :func:`write`.

    Returns
    -------
    Dataset
        The version that was written, with its counts and certificate. Its number is that of the commit, so
        ``deltalake.DeltaTable(path, version=…)`` reads the same rows.

    Raises
    ------
    ConfigError
        An argument is wrong, the path holds something else, another run committed first, or another program changed
        the table; nothing was written.
    SchemaError
        The columns changed so that the table cannot hold both, or a file is damaged; nothing was written.
    MissingExtraError
        The package deltalake is not installed.
    TransportError
        The object store cannot be reached.

    Examples
    --------
    >>> client.campaigns.scan().to_delta("campaigns_table", mode="sync")  # doctest: +SKIP
    Dataset('campaigns_table', version 2, 402 rows, exact)
    """
    options = write_options(
        scan,
        mode=mode,
        partition_by=partition_by,
        max_rows_per_file=1_000_000,
        compression="zstd",
        cluster=cluster,
    )
    check_dataset(scan, options)
    store = delta_store(path, storage_options)
    from dyno_frames.export.delta.store import check_columns

    check_columns([*schema_of(scan).names, *(part.name for part in options.partitions if part.period)])
    return _versioned(scan, store, options)


_INTERRUPTED = "the export was interrupted. Run it again to complete it"


def _versioned(scan: Scan, store: DatasetStore, options: WriteOptions) -> Dataset:
    with short_interrupt(_INTERRUPTED), _disk_errors(store.url):
        done = run(scan, store, options)
    return _checked(dataset_of(store, done.manifest, done.counts))


@contextmanager
def _disk_errors(path: str | Path) -> Iterator[None]:
    """Raise errors of the operating system in the block as ConfigError: a full disk, or missing rights."""
    try:
        yield
    except OSError as error:
        if isinstance(error, DynoError):
            raise
        why = f"{error.strerror}: {error.filename!r}" if error.filename is not None else str(error)
        raise ConfigError(
            f"{str(path)!r} cannot be written ({why}). Check the space and the rights on its disk, or choose another "
            "path, then run it again"
        ) from error


def _checked(dataset: Dataset) -> Dataset:
    """Return the dataset; warn if it may lack rows."""
    stored = dataset.footer.get("certificate")
    if stored is not None:
        check(Certificate.from_json(stored), strict=False)
    return dataset
