"""``dyno-frames explain``: print the plan of a query without running it."""

from __future__ import annotations

from typing import Any

import click

from dyno_frames.cli import options

EXAMPLE = "Example: dyno-frames explain campaigns --where \"name.str.contains('Weekly') and opens > clicks\""


@click.command(epilog=EXAMPLE)
@options.resource
@options.where
@options.shape
@options.account
def explain(
    *,
    resource: str,
    where: str | None,
    descending: bool,
    strict: bool,
    url: str | None,
    api_key: str | None,
    **shape: Any,
) -> None:
    """Print the plan of a query.

    The plan shows the parts that the server evaluates, the parts that pandas evaluates locally, and why. The query
    is not run.
    """
    with options.connected(url, api_key) as client:
        verbs = getattr(client, resource)
        scan = verbs.scan(where, ascending=not descending, strict=strict, scope=options.NO_NAMES, **shape)
        click.echo(str(scan.explain()).rstrip("\n"))
