"""The options that several commands share: which account, which question."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dyno_frames.contract.resources import RESOURCES
from dyno_frames.query.question import Scope

if TYPE_CHECKING:
    from dyno_frames.client.client import Client

NO_NAMES = Scope()
"""A query from the command line sees no variables: the key is one."""

Command = TypeVar("Command", bound=Callable[..., Any])

DEBUG = "dyno_frames.debug"
"""Where a context keeps whether a traceback is wanted."""

ALLOW_INCOMPLETE = "dyno_frames.allow_incomplete"
"""Where a context keeps whether an incomplete answer is good enough."""


def _remember_debug(context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    if value:
        context.meta[DEBUG] = True


def _remember_allow_incomplete(context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    if value:
        context.find_root().meta[ALLOW_INCOMPLETE] = True


def debug(command: Command) -> Command:
    """Add ``--debug``: a traceback where there would be one line."""
    option = click.option(
        "--debug",
        is_flag=True,
        expose_value=False,
        callback=_remember_debug,
        help="Show a traceback when something fails.",
    )
    return option(command)


def allow_incomplete(command: Command) -> Command:
    """Add ``--allow-incomplete``: no exit code of its own for an answer that may lack rows."""
    option = click.option(
        "--allow-incomplete",
        is_flag=True,
        expose_value=False,
        callback=_remember_allow_incomplete,
        help="Exit with 0 instead of 4 if rows may be missing; the reason is printed either way.",
    )
    return option(command)


def account(command: Command) -> Command:
    """Add ``--url``, ``--api-key`` and ``--debug``."""
    url = click.option("--url", envvar="DYNO_URL", show_envvar=True, help="Where the server answers.")
    key = click.option(
        "--api-key",
        envvar="DYNO_API_KEY",
        show_envvar=True,
        help="The account's key. Better left to the environment: other users see a command's options.",
    )
    return url(key(debug(command)))


resource = click.argument("resource", type=click.Choice(list(RESOURCES)))
"""Which resource."""


def where(command: Command) -> Command:
    """Add ``--where``."""
    option = click.option(
        "--where", metavar="QUERY", help="A query as DataFrame.query reads it; all rows without."
    )
    return option(command)


def shape(command: Command) -> Command:
    """Add what chooses columns, order and number of rows."""
    for option in (
        click.option("--strict", is_flag=True, help="Fail where a part would be evaluated here."),
        click.option(
            "--offset", type=click.IntRange(min=0), default=0, help="How many rows to leave out first."
        ),
        click.option("--limit", type=click.IntRange(min=0), help="How many rows at most."),
        click.option("--descending", is_flag=True, help="Largest first."),
        click.option("--order-by", metavar="COLUMN[,…]", callback=names, help="What to sort by."),
        click.option("--columns", metavar="COLUMN[,…]", callback=names, help="Which columns; all without."),
    ):
        command = option(command)
    return command


def names(_context: click.Context, _parameter: click.Parameter, value: str | None) -> list[str] | None:
    """Return the names in a text with commas between them."""
    if value is None:
        return None
    names = [name.strip() for name in value.split(",")]
    if not all(names):
        raise click.BadParameter(
            f"{value!r} has an empty name in it; expected names with a comma between them"
        )
    return names


@contextmanager
def connected(url: str | None, api_key: str | None) -> Iterator[Client]:
    """Yield a client of the account and close it afterwards."""
    from dyno_frames.api import connect

    with connect(url, api_key) as client:
        yield client
