"""The IPython extension: queries as cells, the panel, the journal and the doctor."""

from __future__ import annotations

import keyword
from argparse import Namespace
from collections.abc import Callable
from typing import Any

import pandas as pd
from IPython.core.error import UsageError
from IPython.core.magic_arguments import MagicArgumentParser

from dyno_frames.client.client import Client
from dyno_frames.contract.resources import CAMPAIGNS, RESOURCES
from dyno_frames.integrations.completion import matcher_for
from dyno_frames.query.query import Scope

_NAME = "dyno"
_PANEL_ROWS = 50


def register(shell: Any, *, connect: Callable[[], Client], diagnose: Callable[[], str]) -> None:
    """Add the magics and the completion of columns to a shell. A second call replaces those of the first.

    Parameters
    ----------
    shell
        The running shell of IPython.
    connect
        Returns a client of the account in the environment.
    diagnose
        Returns the report of the doctor.
    """
    unregister(shell)
    magics = DynoMagics(shell, connect=connect, diagnose=diagnose)
    shell.register_magic_function(magics.query, "cell", _NAME)
    shell.register_magic_function(magics.show, "line", _NAME)
    shell.Completer.custom_matchers.append(matcher_for(shell.user_ns))


def unregister(shell: Any) -> None:
    """Remove what :func:`register` added."""
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop(_NAME, None)
    matchers = shell.Completer.custom_matchers
    matchers[:] = [one for one in matchers if getattr(one, "__name__", "") != "dyno_column_matcher"]


class DynoMagics:
    """``%dyno`` and ``%%dyno``.

    Both use the client in the variable ``client``. If there is none, they connect once to the account in the
    environment (``DYNO_CONNECTION``, or ``DYNO_URL`` and ``DYNO_API_KEY``).

    Parameters
    ----------
    shell
        The running shell of IPython.
    connect
        Returns a client of the account in the environment.
    diagnose
        Returns the report of the doctor.
    """

    def __init__(self, shell: Any, *, connect: Callable[[], Client], diagnose: Callable[[], str]) -> None:
        self._shell = shell
        self._connect = connect
        self._diagnose = diagnose
        self._connected: Client | None = None

    def query(self, line: str, cell: str) -> pd.DataFrame:
        """Run the query in the cell, store its rows in a variable, and return them.

        ::

            %%dyno VARIABLE [--from RESOURCE] [--columns A,B] [--order-by A,B] [--descending] [--limit ROWS]
            status == 'finished' and opens > @least

        The query is one of ``pandas.DataFrame.query``; it can have several lines, and names of variables after ``@``.
        A blank line returns every row.
        RESOURCE is campaigns (default), lists or templates.
        """
        given = _parsed(line)
        names = self._shell.user_ns
        frame: pd.DataFrame = getattr(self._client(), given.resource).find(
            " ".join(cell.split("\n")).strip() or None,
            columns=given.columns,
            order_by=given.order_by,
            ascending=not given.descending,
            limit=given.limit,
            scope=Scope(global_names=names),
        )
        names[given.variable] = frame
        return frame

    def show(self, line: str) -> Any:
        """Return a panel or the journal, or print the doctor's report.

        ::

            %dyno panel FRAME     the panel of the campaigns in a variable
            %dyno panel           the panel of the newest 50 campaigns
            %dyno journal         the actions that were sent from this machine
            %dyno doctor          a check of the installation, the folders and the account in the environment
        """
        match line.split():
            case ["panel"]:
                newest = self._client().campaigns.find(order_by="created", ascending=False, limit=_PANEL_ROWS)
                return newest.dyno.panel()
            case ["panel", name]:
                return self._frame(name).dyno.panel()
            case ["journal"]:
                return self._client().journal
            case ["doctor"]:
                print(self._diagnose())  # noqa: T201 - the user wants the report
                return None
            case _:
                unknown = f"%dyno {line} is unknown; " if line.strip() else ""
                raise UsageError(f"{unknown}expected %dyno panel [FRAME], journal or doctor")

    def _client(self) -> Client:
        found = self._shell.user_ns.get("client")
        if isinstance(found, Client):
            return found
        if self._connected is None or self._connected.connection.session.closed:
            self._connected = self._connect()
        return self._connected

    def _frame(self, name: str) -> pd.DataFrame:
        found = self._shell.user_ns.get(name)
        if not isinstance(found, pd.DataFrame):
            raise UsageError(f"{name} is not a frame; expected the name of a variable with campaigns")
        return found


def _parsed(line: str) -> Namespace:
    parser = MagicArgumentParser("%%dyno", add_help=False)
    parser.add_argument("variable", type=_variable)
    parser.add_argument("--from", dest="resource", choices=list(RESOURCES), default=CAMPAIGNS.name)
    parser.add_argument("--columns", type=_names)
    parser.add_argument("--order-by", type=_names)
    parser.add_argument("--descending", action="store_true")
    parser.add_argument("--limit", type=int)
    try:
        given: Namespace = parser.parse_argstring(line)
    except ValueError as error:  # from shlex, such as "No closing quotation"
        raise UsageError(
            f"%%dyno {line} cannot be read: {error}; expected %%dyno VARIABLE, and options such as --limit 10"
        ) from None
    return given


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def _variable(text: str) -> str:
    if text.isidentifier() and not keyword.iskeyword(text):
        return text
    raise UsageError(f"{text!r} is not the name of a variable; expected one such as finished")
