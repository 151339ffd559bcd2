"""``dyno-frames export``: a query's rows as Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dyno_frames.cli import options

EXAMPLE = "Example: dyno-frames export campaigns --where \"status == 'finished'\" --to finished.parquet"


@click.command(epilog=EXAMPLE)
@options.resource
@click.option(
    "--to", "path", type=click.Path(path_type=Path), required=True, help="The file; its folder is made."
)
@click.option("--mode", type=click.Choice(["overwrite"]), default="overwrite", show_default=True)
@options.where
@options.shape
@options.account
def export(
    *,
    resource: str,
    path: Path,
    mode: str,
    where: str | None,
    descending: bool,
    strict: bool,
    url: str | None,
    api_key: str | None,
    **shape: Any,
) -> None:
    """Write the rows that answer a query as Parquet.

    Whoever reads the file meanwhile sees the old one or the new one, whole.
    """
    with options.connected(url, api_key) as client:
        verbs = getattr(client, resource)
        scan = verbs.scan(where, ascending=not descending, strict=strict, scope=options.NO_NAMES, **shape)
        path.absolute().parent.mkdir(parents=True, exist_ok=True)
        dataset = scan.to_parquet(path, mode=mode)
    click.echo(str(dataset))
