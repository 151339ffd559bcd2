"""``dyno-frames mirror``: show, refresh and remove the copies of an account on this machine."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from dyno_frames.cli import confirm, options

if TYPE_CHECKING:
    from dyno_frames.mirror.status import MirrorStatus

EXAMPLE = "Example, every ten minutes: dyno-frames mirror refresh campaigns --json"

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print the state as one line of JSON.")


@click.group(epilog=EXAMPLE)
def mirror() -> None:
    """Keep a synced copy of an account on this machine; client.campaigns.mirror() answers queries from it."""


def _place(command: options.Command) -> options.Command:
    """Add the resource, ``--path`` and the account."""
    path = click.option(
        "--path", metavar="PATH", help="Path of the mirror (default: the data folder, by server and account)."
    )
    return options.resource(path(options.account(command)))


@mirror.command()
@_place
@_AS_JSON
def status(*, resource: str, path: str | None, url: str | None, api_key: str | None, as_json: bool) -> None:
    """Show age, version, completeness and size, without a request."""
    with options.connected(url, api_key) as client:
        _show(getattr(client, resource).mirror(path).status(), as_json=as_json)


@mirror.command()
@_place
@click.option("--full", is_flag=True, help="Fetch every row again, for example after a file was damaged.")
@click.option("--prove", is_flag=True, help="Prove deletes even if the total number of rows agrees.")
@_AS_JSON
def refresh(
    *,
    resource: str,
    path: str | None,
    full: bool,
    prove: bool,
    url: str | None,
    api_key: str | None,
    as_json: bool,
) -> None:
    """Fetch what changed and find deleted rows; the first time, fetch every row."""
    with options.connected(url, api_key) as client:
        _show(getattr(client, resource).mirror(path).refresh(full=full, prove=prove), as_json=as_json)


@mirror.command("path")
@_place
def show_path(*, resource: str, path: str | None, url: str | None, api_key: str | None) -> None:
    """Print the folder of the Parquet files, for other programs."""
    with options.connected(url, api_key) as client:
        click.echo(str(getattr(client, resource).mirror(path).path))


@mirror.command()
@_place
@confirm.yes
def remove(*, resource: str, path: str | None, yes: bool, url: str | None, api_key: str | None) -> None:
    """Delete the copy with all its versions; the account is not changed."""
    from dyno_frames.mirror.places import removed

    confirm.require_answer("mirror remove", confirmed=yes, sends=False)
    with options.connected(url, api_key) as client:
        if not yes:
            confirm.ask(f"Delete the mirror of {resource} of {client.url}?", sends=False)
        click.echo(str(removed(client.connection, resource, path)))


def _show(found: MirrorStatus, *, as_json: bool) -> None:
    click.echo(json.dumps(asdict(found), default=str) if as_json else str(found))
