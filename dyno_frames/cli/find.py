"""``dyno-frames find``: print the rows that match a query."""

from __future__ import annotations

import sys
from typing import Any

import click

from dyno_frames.cli import options

EXAMPLE = (
    "Example: dyno-frames find campaigns --where \"status == 'finished'\" --columns name,opens --limit 20"
)


@click.command(epilog=EXAMPLE)
@options.resource
@options.where
@options.shape
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "jsonl"]),
    default="table",
    show_default=True,
    help="Output format.",
)
@click.option(
    "--formulas",
    is_flag=True,
    help="Keep CSV text that a spreadsheet evaluates as a formula (default: put ' before it).",
)
@options.allow_incomplete
@options.account
def find(
    *,
    resource: str,
    where: str | None,
    descending: bool,
    strict: bool,
    form: str,
    formulas: bool,
    url: str | None,
    api_key: str | None,
    **shape: Any,
) -> None:
    """Print the rows that match a query."""
    from dyno_frames.cli.forms import written

    with options.connected(url, api_key) as client:
        verbs = getattr(client, resource)
        frame = verbs.find(where, ascending=not descending, strict=strict, scope=options.NO_NAMES, **shape)
    terminal = sys.stdout is not None and sys.stdout.isatty()
    click.echo(written(frame, form, formulas=formulas, terminal=terminal), nl=False)
