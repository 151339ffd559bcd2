"""``dyno-frames count``: count the rows that match a query."""

from __future__ import annotations

import click

from dyno_frames.cli import options

EXAMPLE = 'Example: dyno-frames count campaigns --where "opens > 100"'


@click.command(epilog=EXAMPLE)
@options.resource
@options.where
@options.allow_incomplete
@options.account
def count(*, resource: str, where: str | None, url: str | None, api_key: str | None) -> None:
    """Count the rows that match a query."""
    with options.connected(url, api_key) as client:
        click.echo(getattr(client, resource).count(where, scope=options.NO_NAMES))
