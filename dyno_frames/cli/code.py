"""``dyno-frames code``: print a query as a program in another language."""

from __future__ import annotations

from typing import Any

import click

from dyno_frames.cli import options

EXAMPLE = (
    "Example: dyno-frames code campaigns --where \"status == 'finished'\" --language java > DynoProgram.java"
)


@click.command(epilog=EXAMPLE)
@options.resource
@options.where
@click.option(
    "--language",
    type=click.Choice(["curl", "python", "java", "php"]),
    default="curl",
    show_default=True,
    help="Language of the program.",
)
@click.option("--wider", is_flag=True, help="Leave out what the server cannot evaluate; the program says so.")
@click.option("--count", "counts", is_flag=True, help="Print the number of rows instead of the rows.")
@options.shape
@options.account
def code(
    *,
    resource: str,
    where: str | None,
    language: str,
    wider: bool,
    counts: bool,
    descending: bool,
    strict: bool,
    url: str | None,
    api_key: str | None,
    **shape: Any,
) -> None:
    """Print a query as a complete program in another language.

    The program reads the API key from DYNO_API_KEY and prints ids (curl) or JSON lines. The query is not run.
    """
    with options.connected(url, api_key) as client:
        verbs = getattr(client, resource)
        scan = verbs.scan(where, ascending=not descending, strict=strict, scope=options.NO_NAMES, **shape)
        click.echo(scan.to_code(language, wider=wider, counts=counts), nl=False)
