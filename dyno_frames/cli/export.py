"""``dyno-frames export``: write a query's rows as Parquet, from a terminal or a scheduler."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dyno_frames.cli import options

if TYPE_CHECKING:
    from dyno_frames.export.dataset import Dataset

EXAMPLE = (
    "Examples: dyno-frames export campaigns --where \"status == 'finished'\" --to finished.parquet; "
    "every morning: dyno-frames export campaigns --to campaigns --mode sync --json"
)


@click.command(epilog=EXAMPLE)
@options.resource
@click.option(
    "--to",
    "path",
    metavar="PATH",
    required=True,
    help="File (.parquet), or folder of a dataset or Delta table to write, or its URL. Missing folders are created.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["parquet", "delta"]),
    default="parquet",
    show_default=True,
    help="Parquet files, or a Delta table (extra delta), which can be in an object store.",
)
@click.option(
    "--mode",
    type=click.Choice(["overwrite", "append", "sync"]),
    default="overwrite",
    show_default=True,
    help="How to treat an existing dataset; sync fetches the rows that changed and removes deleted rows.",
)
@click.option(
    "--partition-by",
    metavar="FIELD[,…]",
    callback=options.names,
    help="Fields to partition by; a time as created:year, created:month or created:day (default: none).",
)
@click.option(
    "--max-rows-per-file",
    type=click.IntRange(min=1),
    default=1_000_000,
    show_default=True,
    metavar="ROWS",
    help="Maximum rows per file, with --format parquet.",
)
@click.option("--compression", default="zstd", show_default=True, help="Compression, with --format parquet.")
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Dask scheduler, such as tcp://10.0.0.1:8786, whose workers download the rows (extra dask), with --mode "
    "overwrite and in the first run. They need dyno_frames and DYNO_API_KEY.",
)
@click.option(
    "--max-requests-per-second",
    type=click.FloatRange(min=0, min_open=True),
    metavar="NUMBER",
    help="Maximum requests per second of all workers, with --scheduler (default: no limit).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one line of JSON.")
@options.where
@options.shape
@options.allow_incomplete
@options.account
def export(
    *,
    resource: str,
    path: str,
    form: str,
    mode: str,
    partition_by: list[str] | None,
    max_rows_per_file: int,
    compression: str,
    scheduler: str | None,
    max_requests_per_second: float | None,
    as_json: bool,
    where: str | None,
    descending: bool,
    strict: bool,
    url: str | None,
    api_key: str | None,
    **shape: Any,
) -> None:
    """Write the rows that match a query as Parquet, or to a Delta table.

    Readers see either the old or the complete new data. The next run of the same query resumes an interrupted one, and
    only one run can write to a dataset at a time. The command prints one line, and shows progress only on a terminal.
    """
    if max_requests_per_second is not None and scheduler is None:
        raise click.UsageError(
            "--max-requests-per-second limits the workers of --scheduler, and there is none."
        )
    with options.connected(url, api_key) as client, _cluster(scheduler) as cluster:
        verbs = getattr(client, resource)
        scan = verbs.scan(where, ascending=not descending, strict=strict, scope=options.NO_NAMES, **shape)
        if "://" not in path:
            Path(path).absolute().parent.mkdir(parents=True, exist_ok=True)
        how: dict[str, Any] = {
            "mode": mode,
            "partition_by": partition_by,
            "client": cluster,
            "max_requests_per_second": max_requests_per_second,
        }
        if form == "delta":
            dataset = scan.to_delta(path, **how)
        else:
            dataset = scan.to_parquet(
                path, max_rows_per_file=max_rows_per_file, compression=compression, **how
            )
    click.echo(json.dumps(_facts(dataset, resource, mode)) if as_json else _line(dataset))


@contextmanager
def _cluster(address: str | None) -> Iterator[Any]:
    """Provide the Dask client of a scheduler; None without an address."""
    if address is None:
        yield None
        return
    from dyno_frames.integrations.dask.cluster import connected

    with connected(address) as client:
        yield client


def _facts(dataset: Dataset, resource: str, mode: str) -> dict[str, Any]:
    certificate = dataset.footer.get("certificate") or {}
    moved = {"rows": dataset.rows, "moved": certificate.get("rows_moved")}
    return {
        "path": str(dataset.path),
        "resource": resource,
        "mode": mode,
        "version": dataset.version,
        **moved,
        **(dataset.counts or {}),
        "size_bytes": dataset.size_bytes,
        "verdict": certificate.get("verdict"),
        "reasons": certificate.get("reasons", []),
        "notes": certificate.get("notes", []),
    }


def _line(dataset: Dataset) -> str:
    if dataset.counts is None:
        return str(dataset)
    done = ", ".join(f"{dataset.counts[name]:,} {name}" for name in ("added", "changed", "removed", "moved"))
    notes = (dataset.footer.get("certificate") or {}).get("notes", [])
    return "; ".join([f"{dataset}: {done}", *notes])
