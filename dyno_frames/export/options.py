"""The arguments of ``to_parquet``, checked before any request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dyno_frames.contract.computed import Lookup
from dyno_frames.contract.resources import CREATED, ID_FIELD, UPDATED
from dyno_frames.contract.texts import without_query_addresses
from dyno_frames.errors import ConfigError
from dyno_frames.export.cluster import Cluster
from dyno_frames.export.partitions import Partition, parse
from dyno_frames.export.queries import is_a_set, lacks, origin_of, schema_of
from dyno_frames.scan.scan import Scan

MODES = ("overwrite", "append", "sync")
COMPRESSIONS = ("zstd", "snappy", "gzip", "brotli", "lz4", "none")


@dataclass(frozen=True, slots=True)
class Delta:
    """Which changed rows a sync fetches, if the caller keeps the watermark.

    Parameters
    ----------
    since
        Fetch the rows updated at this instant, in epoch seconds, or later; None fetches every row.
    """

    since: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOptions:
    """The options of an export to a dataset, as in ``to_parquet``.

    ``delta`` is how a mirror is synced, and ``cluster`` fetches and writes the rows of a version that has all rows.
    """

    mode: str = "overwrite"
    partitions: tuple[Partition, ...] = ()
    max_rows_per_file: int = 1_000_000
    compression: str = "zstd"
    delta: Delta | None = None
    cluster: Cluster | None = None


def write_options(
    scan: Scan,
    *,
    mode: str,
    partition_by: str | Sequence[str] | None,
    max_rows_per_file: Any,
    compression: str,
    cluster: Cluster | None,
) -> WriteOptions:
    """Return the arguments of ``to_parquet`` as one value.

    Raise ConfigError if an argument is wrong; the message names every wrong argument.
    """
    faults = []
    if mode not in MODES:
        faults.append(f"mode={mode!r}; expected 'overwrite', 'append' or 'sync'")
    if compression not in COMPRESSIONS:
        faults.append(f"compression={compression!r}; expected one of {', '.join(COMPRESSIONS)}")
    if not is_from_one(max_rows_per_file):
        faults.append(f"max_rows_per_file={max_rows_per_file!r}; expected a whole number from 1")
    partitions, wrong = parse(partition_by, schema_of(scan))
    if faults := [*faults, *wrong]:
        raise ConfigError("; ".join(faults))
    return WriteOptions(
        mode=mode,
        partitions=partitions,
        max_rows_per_file=max_rows_per_file,
        compression=compression,
        cluster=cluster,
    )


def is_from_one(value: Any) -> bool:
    """Tell whether a value is a whole number from 1."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def check_dataset(scan: Scan, options: WriteOptions) -> None:
    """Raise ConfigError if the rows of a query cannot be written as a dataset, or not in this mode."""
    if lacks(scan, CREATED):
        raise ConfigError(
            "the server sends rows without 'created', and a dataset keeps its rows in that order. Write one file: a "
            "name that ends in '.parquet'"
        )
    mode = options.mode
    if mode == "overwrite":
        return
    if not is_a_set(scan):
        expression = without_query_addresses(origin_of(scan)["expression"])
        raise ConfigError(
            f"mode={mode!r} merges rows by id, and {expression!r} has an order, a limit or an offset, or compares "
            "rows with other rows, so its answers cannot be merged. Use mode='overwrite'"
        )
    needed = (ID_FIELD, CREATED) if mode == "append" else (ID_FIELD, CREATED, UPDATED)
    missing = [name for name in needed if name not in schema_of(scan).names]
    if missing:
        raise ConfigError(f"mode={mode!r} needs the columns {', '.join(missing)}. Add them to columns=")
    if mode == "sync" and lacks(scan, UPDATED):
        raise ConfigError(
            "mode='sync' fetches the rows whose 'updated' changed, and the server sends rows without 'updated'. "
            "Use mode='overwrite', which fetches every row"
        )
    names = [column for column in scan.schema.computed if isinstance(column, Lookup)]
    if mode == "sync" and names:
        raise ConfigError(
            f"mode='sync' fetches the rows whose 'updated' changed, and {names[0].name} changes when one of the "
            f"{names[0].resource} is renamed. Use mode='overwrite', or {names[0].id_field} in place of {names[0].name}"
        )
