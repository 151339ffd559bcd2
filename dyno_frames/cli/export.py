"""``dyno-frames export``: a query's rows as a Parquet dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dyno_frames.cli import options

EXAMPLE = "Example: dyno-frames export campaigns --to mailings --mode sync"


@click.command(epilog=EXAMPLE)
@options.resource
@click.option(
    "--to",
    "path",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The dataset's folder.",
)
@click.option(
    "--mode", type=click.Choice(["overwrite", "append", "sync"]), default="overwrite", show_default=True
)
@click.option("--partition-by", metavar="COLUMN", help="One folder for each value of a column.")
@options.where
@options.shape
@options.account
def export(
    *,
    resource: str,
    path: Path,
    mode: str,
    partition_by: str | None,
    where: str | None,
    descending: bool,
    strict: bool,
    url: str | None,
    api_key: str | None,
    **shape: Any,
) -> None:
    """Write the rows that answer a query as Parquet.

    A dataset that is there already is replaced as a whole, added to, or brought up to date (sync).
    """
    with options.connected(url, api_key) as client:
        scan = getattr(client, resource).scan(where, ascending=not descending, strict=strict, **shape)
        dataset = scan.to_parquet(path, mode=mode, partition_by=partition_by)
    click.echo(str(dataset))
