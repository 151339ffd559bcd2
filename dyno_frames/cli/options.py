"""Options that several commands share: the account, the query, columns and order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dyno_frames.cli.completion import column_names
from dyno_frames.cli.forms import FORMATS, on_terminal
from dyno_frames.contract.resources import RESOURCES
from dyno_frames.contract.texts import is_whole
from dyno_frames.query.query import Scope

if TYPE_CHECKING:
    from dyno_frames.client.client import Client

NO_NAMES = Scope()
"""Queries on the command line cannot use variables, because the API key is a variable."""

Command = TypeVar("Command", bound=Callable[..., Any])

DEBUG = "dyno_frames.debug"
"""The key of a context's ``meta`` for ``--debug``."""

CONNECTION = "dyno_frames.connection"
"""The key of a context's ``meta`` for ``--connection``."""

ALLOW_INCOMPLETE = "dyno_frames.allow_incomplete"
"""The key of a context's ``meta`` for ``--allow-incomplete``."""


def _remember_debug(context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    if value:
        context.meta[DEBUG] = True


def _remember_allow_incomplete(context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    if value:
        context.find_root().meta[ALLOW_INCOMPLETE] = True


def _remember_connection(context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    context.meta[CONNECTION] = value


def debug(command: Command) -> Command:
    """Add ``--debug``, which prints a traceback instead of one line."""
    option = click.option(
        "--debug",
        is_flag=True,
        expose_value=False,
        callback=_remember_debug,
        help="Show a traceback if the command fails.",
    )
    return option(command)


def allow_incomplete(command: Command) -> Command:
    """Add ``--allow-incomplete``, which exits with 0 if rows may be missing."""
    option = click.option(
        "--allow-incomplete",
        is_flag=True,
        expose_value=False,
        callback=_remember_allow_incomplete,
        help="Exit with 0 instead of 4 if rows may be missing; the reason is printed either way.",
    )
    return option(command)


def account(command: Command) -> Command:
    """Add ``--connection``, ``--url``, ``--api-key`` and ``--debug``."""
    connection = click.option(
        "--connection",
        metavar="NAME",
        expose_value=False,
        callback=_remember_connection,
        help='Connection to use, see "dyno-frames connections" (default: DYNO_CONNECTION).',
    )
    url = click.option(
        "--url",
        help="URL of the server (default: the connection's, else DYNO_URL, else the production service).",
    )
    key = click.option(
        "--api-key",
        help="API key (default: the connection's, else DYNO_API_KEY, else the keyring). Other users can see "
        "command lines, so prefer the defaults.",
    )
    return connection(url(key(debug(command))))


resource = click.argument("resource", type=click.Choice(list(RESOURCES)))
"""The resource to read."""


def _checked_query(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not is_whole(value):
        raise click.BadParameter(
            "the query is not valid UTF-8; check the encoding of the terminal or of the script"
        )
    return value


def where(command: Command) -> Command:
    """Add ``--where``."""
    option = click.option(
        "--where",
        metavar="QUERY",
        callback=_checked_query,
        help="Query in the syntax of pandas.DataFrame.query (default: all rows).",
    )
    return option(command)


def shape(command: Command) -> Command:
    """Add the options for columns, order and number of rows."""
    for option in (
        click.option(
            "--strict", is_flag=True, help="Fail if a part of the query would be evaluated locally."
        ),
        click.option(
            "--offset",
            type=click.IntRange(min=0),
            default=0,
            show_default=True,
            help="Number of rows to skip first.",
        ),
        click.option("--limit", type=click.IntRange(min=0), help="Maximum number of rows (default: all)."),
        click.option("--descending", is_flag=True, help="Sort in descending order."),
        click.option(
            "--order-by",
            metavar="COLUMN[,…]",
            callback=names,
            shell_complete=column_names,
            help="Columns to sort by (default: created, then id).",
        ),
        click.option(
            "--columns",
            metavar="COLUMN[,…]",
            callback=names,
            shell_complete=column_names,
            help="Columns to return (default: all).",
        ),
    ):
        command = option(command)
    return command


def form(command: Command) -> Command:
    """Add ``--format`` and ``--formulas``."""
    form_option = click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        default="table",
        show_default=True,
        callback=_printable_format,
        help="Output format.",
    )
    formulas = click.option(
        "--formulas",
        is_flag=True,
        help="Keep CSV text that a spreadsheet evaluates as a formula (default: put ' before it).",
    )
    return form_option(formulas(command))


def table_or_json(command: Command) -> Command:
    """Add ``--format`` for a single result: a table or JSON."""
    option = click.option(
        "--format",
        "form",
        type=click.Choice(["table", "json"]),
        default="table",
        show_default=True,
        help="Output format.",
    )
    return option(command)


def _printable_format(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value == "parquet" and on_terminal():
        raise click.BadParameter(
            "Parquet is binary and stdout is a terminal; redirect it, as in > rows.parquet, or use dyno-frames export"
        )
    return value


def names(_context: click.Context, _parameter: click.Parameter, value: str | None) -> list[str] | None:
    """Return the names in a comma-separated list."""
    if value is None:
        return None
    names = [name.strip() for name in value.split(",")]
    if not all(names):
        raise click.BadParameter(f"{value!r} contains an empty name; expected names separated by commas")
    return names


def named() -> str | None:
    """Return the value of ``--connection``."""
    found: str | None = click.get_current_context().meta.get(CONNECTION)
    return found


@contextmanager
def connected(url: str | None, api_key: str | None) -> Iterator[Client]:
    """Yield a client of the account and close it afterwards; ``--connection`` comes from the command's context."""
    from dyno_frames.api import connect

    with connect(url, api_key, connection=named()) as client:
        yield client
