"""``dyno-frames export``: a query's rows as Parquet, made for a timetable as well as for a terminal."""

from __future__ import annotations

import json
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
    help="A name ending in .parquet is one file; another name, or a URL, is a dataset of versions. Its folder is made.",
)
@click.option(
    "--mode",
    type=click.Choice(["overwrite", "append", "sync"]),
    default="overwrite",
    show_default=True,
    help="sync fetches only what has changed since the last run, and removes what is gone.",
)
@click.option(
    "--partition-by",
    metavar="FIELD[,…]",
    callback=options.names,
    help="Folders, from fields or created:month and the like.",
)
@click.option(
    "--max-rows-per-file", type=click.IntRange(min=1), default=1_000_000, show_default=True, metavar="ROWS"
)
@click.option("--compression", default="zstd", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print what was done as one line of JSON.")
@options.where
@options.shape
@options.allow_incomplete
@options.account
def export(
    *,
    resource: str,
    path: str,
    mode: str,
    partition_by: list[str] | None,
    max_rows_per_file: int,
    compression: str,
    as_json: bool,
    where: str | None,
    descending: bool,
    strict: bool,
    url: str | None,
    api_key: str | None,
    **shape: Any,
) -> None:
    """Write the rows that answer a query as Parquet.

    Whoever reads meanwhile sees what was there or the whole of what is new. A run that was killed is gone on with by
    the next one of the same query; two runs never write to one dataset at once. It prints one line, and shows
    progress only on a terminal.
    """
    with options.connected(url, api_key) as client:
        verbs = getattr(client, resource)
        scan = verbs.scan(where, ascending=not descending, strict=strict, scope=options.NO_NAMES, **shape)
        if "://" not in path:
            Path(path).absolute().parent.mkdir(parents=True, exist_ok=True)
        dataset = scan.to_parquet(
            path,
            mode=mode,
            partition_by=partition_by,
            max_rows_per_file=max_rows_per_file,
            compression=compression,
        )
    click.echo(json.dumps(_facts(dataset, resource, mode)) if as_json else _line(dataset))


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
