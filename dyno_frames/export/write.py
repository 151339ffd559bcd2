"""The way out of a scan into Parquet: one file, or a dataset of versions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dyno_frames.errors import ConfigError
from dyno_frames.export.dataset import Dataset, dataset_of
from dyno_frames.export.file import write_file
from dyno_frames.export.options import chosen
from dyno_frames.export.run import run
from dyno_frames.export.stores import store_of
from dyno_frames.scan.scan import Scan

ENDING = ".parquet"


def write(
    scan: Scan,
    path: str | Path,
    *,
    partition_by: str | Sequence[str] | None = None,
    mode: str = "overwrite",
    max_rows_per_file: int = 1_000_000,
    compression: str = "zstd",
) -> Dataset:
    """Write the answer of a scan as Parquet; readers see what was there or the whole of what is new.

    A name that ends in ``.parquet`` is one file. Any other is a dataset: a link to a folder with the files of the
    newest version, beside a hidden folder with all versions; ``pandas.read_parquet(path)`` and every other reader
    of folders see the newest. A run that dies is gone on with by the next call of the same question.

    Parameters
    ----------
    scan
        The question.
    path
        The file, the dataset, or a URL such as ``"s3://bucket/campaigns"``. Its folder must exist.
    partition_by
        Fields, or ``"created:month"``, ``":year"``, ``":day"`` of a time, that become folders such as
        ``status=draft/``; None is none, and with ``append`` and ``sync`` those that are there.
    mode
        ``"overwrite"``: a new version with the answer alone. ``"append"``: the rows of the answer are added; one
        whose id is there takes its place. ``"sync"``: only what has changed since the last run is fetched, and rows
        that the question no longer has go; it needs a server that moves ``updated`` with every change.
    max_rows_per_file
        The most rows of one file of a dataset.
    compression
        ``"zstd"``, ``"snappy"``, ``"gzip"``, ``"brotli"``, ``"lz4"`` or ``"none"``.

    Returns
    -------
    Dataset
        Where it is and what it holds.

    Raises
    ------
    ConfigError
        An argument cannot be used, or another run is writing there; nothing was asked or written.
    SchemaError
        The columns have changed so that the dataset cannot hold both; nothing was written.

    Examples
    --------
    >>> client.campaigns.scan().to_parquet("campaigns", mode="sync")  # doctest: +SKIP
    Dataset('campaigns', version 2, 402 rows, exact)
    """
    options = chosen(
        scan,
        mode=mode,
        partition_by=partition_by,
        max_rows_per_file=max_rows_per_file,
        compression=compression,
    )
    if str(path).endswith(ENDING) and "://" not in str(path):
        if mode != "overwrite" or options.partitions:
            what = f"mode={mode!r}" if mode != "overwrite" else "partition_by="
            raise ConfigError(
                f"{what} makes a dataset of several files, and {str(path)!r} is the name of one; leave out the ending: "
                f"{str(path).removesuffix(ENDING)!r}"
            )
        return write_file(scan, path, compression=compression)
    store = store_of(path)
    return dataset_of(store, *run(scan, store, options))
