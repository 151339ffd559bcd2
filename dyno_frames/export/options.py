"""How a dataset is to be written: the arguments of ``to_parquet``, checked before anything is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dyno_frames.contract.resources import CREATED, KEY, UPDATED
from dyno_frames.errors import ConfigError
from dyno_frames.export.partitions import Partition, parse
from dyno_frames.scan.scan import Scan

MODES = ("overwrite", "append", "sync")
COMPRESSIONS = ("zstd", "snappy", "gzip", "brotli", "lz4", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOptions:
    """How a dataset is to be written.

    Parameters
    ----------
    mode
        ``"overwrite"``, ``"append"`` or ``"sync"``.
    partitions
        What the rows are parted by, in the order of the folders.
    max_rows_per_file
        The most rows of one file.
    compression
        What the columns are compressed with.
    """

    mode: str = "overwrite"
    partitions: tuple[Partition, ...] = ()
    max_rows_per_file: int = 1_000_000
    compression: str = "zstd"


def chosen(
    scan: Scan,
    *,
    mode: str,
    partition_by: str | Sequence[str] | None,
    max_rows_per_file: Any,
    compression: str,
) -> WriteOptions:
    """Return the arguments as one value.

    Raises
    ------
    ConfigError
        One cannot be used; the message holds all that are wrong.
    """
    faults = []
    if mode not in MODES:
        faults.append(f"mode={mode!r}; expected 'overwrite', 'append' or 'sync'")
    if compression not in COMPRESSIONS:
        faults.append(f"compression={compression!r}; expected one of {', '.join(COMPRESSIONS)}")
    whole = isinstance(max_rows_per_file, int) and not isinstance(max_rows_per_file, bool)
    if not whole or max_rows_per_file < 1:
        faults.append(f"max_rows_per_file={max_rows_per_file!r}; expected a whole number from 1")
    schema = scan.schema.select(scan.plan.shape.columns or scan.schema.names)
    partitions, wrong = parse(partition_by, schema)
    if faults := [*faults, *wrong]:
        raise ConfigError("; ".join(faults))
    if mode != "overwrite":
        _check_growing(scan, mode)
    return WriteOptions(
        mode=mode, partitions=partitions, max_rows_per_file=max_rows_per_file, compression=compression
    )


def _check_growing(scan: Scan, mode: str) -> None:
    """Refuse a question whose answers cannot be put together from several runs."""
    if not is_a_set(scan):
        raise ConfigError(
            f"mode={mode!r} keeps a set of rows, and {scan.origin.expression!r} has an order, a limit or an offset, "
            "or judges rows by other rows, so that it must be asked as a whole; use mode='overwrite'"
        )
    names = scan.plan.shape.columns or scan.schema.names
    needed = (KEY, CREATED) if mode == "append" else (KEY, CREATED, UPDATED)
    missing = [name for name in needed if name not in names]
    if missing:
        raise ConfigError(f"mode={mode!r} needs the columns {', '.join(missing)}; name them in columns= too")


def is_a_set(scan: Scan) -> bool:
    """Tell whether each row is in the answer or not whatever the others are."""
    shape = scan.plan.shape
    whole = not shape.order_by and shape.limit is None and not shape.offset
    return whole and scan.plan.row_local and not scan.question.untraceable
