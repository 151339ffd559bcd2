"""``dyno-frames connections``: list, add, remove and test named connections."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING

import click

from dyno_frames.cli import options

if TYPE_CHECKING:
    from dyno_frames.client.connections import NamedConnection

EXAMPLE = (
    "Example: dyno-frames connections add production --url https://mail.example.com --key env:MAIL_KEY; "
    "then: dyno-frames count campaigns --connection production"
)


@click.group(epilog=EXAMPLE)
@options.debug
def connections() -> None:
    """List, add, remove and test named connections.

    A connection is a table [connections.NAME] in connections.toml, with the URL of a server and where its key is:
    in an environment variable, or in the keyring of the system. The file never contains a key.
    """


@connections.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@options.debug
def list_(*, as_json: bool) -> None:
    """List the connections, and whether the environment has their keys."""
    from dyno_frames.client.connections import connections_file, load

    known = list(load().values())
    if as_json:
        click.echo(json.dumps([{"name": one.name, "url": one.url, "key": one.key} for one in known]))
    elif not known:
        click.echo(f"{connections_file()} has no connections")
    else:
        width = max(len(one.name) for one in known)
        for one in known:
            click.echo(f"{one.name:<{width}}  {one.url}  {_shown_key(one)}")


def _shown_key(named: NamedConnection) -> str:
    missing = named.variable is not None and named.variable not in os.environ
    return f"{named.key} (not set)" if missing else named.key


@connections.command()
@click.argument("name")
@click.option("--url", required=True, help="URL of the server.")
@click.option(
    "--key",
    required=True,
    metavar="env:NAME|keyring",
    help="Where the key is: in an environment variable, or in the keyring. With keyring, the key is read from the "
    "terminal or from stdin, and stored.",
)
@options.debug
def add(*, name: str, url: str, key: str) -> None:
    """Add a connection."""
    from dyno_frames.client.connections import KEYRING, NamedConnection
    from dyno_frames.client.connections_edit import add, check_without_key
    from dyno_frames.client.credentials import KEY_VARIABLE
    from dyno_frames.transport.auth import secret_of

    named = NamedConnection(name, url, key)
    found = (os.environ.get(variable) for variable in (KEY_VARIABLE, named.variable or ""))
    check_without_key(named, (secret_of(value) for value in found if value))
    if named.key == KEYRING:
        _store_key(named)
    path = add(named)
    click.echo(f"Added {name} to {path}. Try it: dyno-frames connections test {name}")


def _store_key(named: NamedConnection) -> None:
    from dyno_frames.client import system_keyring
    from dyno_frames.client.connections_edit import check_new, check_without_key
    from dyno_frames.client.credentials import keyring_user
    from dyno_frames.transport.auth import secret_of, usable

    check_new(named)  # before the user types the key
    secret = secret_of(
        click.prompt("API key", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    )
    checked = usable(secret, "the key")
    check_without_key(named, [checked])
    system_keyring.store(keyring_user(named.url, named), checked)


@connections.command()
@click.argument("name")
@options.debug
def remove(*, name: str) -> None:
    """Remove a connection, and its key from the keyring."""
    from dyno_frames.client import system_keyring
    from dyno_frames.client.connections import KEYRING
    from dyno_frames.client.connections_edit import remove
    from dyno_frames.client.credentials import keyring_user

    named = remove(name)
    click.echo(f"Removed {name}")
    if named.key == KEYRING:
        system_keyring.delete(keyring_user(named.url, named))


@connections.command()
@click.argument("name")
@options.debug
def test(*, name: str) -> None:
    """Send a small request, to check the server and the key of a connection."""
    from dyno_frames.api import connect

    with connect(connection=name) as client:
        started = time.monotonic()
        client.lists.count()
        taken_ms = (time.monotonic() - started) * 1000
        click.echo(f"{name}: {client.url} accepted the key and answered in {taken_ms:.0f} ms")
