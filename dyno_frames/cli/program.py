"""The group of all commands, and the place where an error becomes an exit code."""

from __future__ import annotations

import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Any

import click

from dyno_frames.cli.actions import ACTIONS
from dyno_frames.cli.arguments import options_of
from dyno_frames.cli.calibrate import calibrate
from dyno_frames.cli.code import code
from dyno_frames.cli.completion import NAME, completed, completion
from dyno_frames.cli.connections import connections
from dyno_frames.cli.count import count
from dyno_frames.cli.demo import demo
from dyno_frames.cli.doctor import doctor
from dyno_frames.cli.exits import Exit, exit_code, is_expected, one_line
from dyno_frames.cli.explain import explain
from dyno_frames.cli.export import export
from dyno_frames.cli.find import find
from dyno_frames.cli.journal import journal, resolve
from dyno_frames.cli.lab import lab
from dyno_frames.cli.mirror import mirror
from dyno_frames.cli.objects import create, delete, get, update
from dyno_frames.cli.options import ALLOW_INCOMPLETE, DEBUG, debug
from dyno_frames.cli.panel import panel
from dyno_frames.cli.sandbox import sandbox
from dyno_frames.cli.wait import wait
from dyno_frames.errors import ConfigError, IncompleteResultWarning


@click.group(name=NAME, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="dyno_frames", prog_name=NAME)
@debug
@click.pass_context
def program(context: click.Context) -> None:
    """Query, export and control a Dyno account from the command line.

    Set DYNO_URL and DYNO_API_KEY, or add a connection with "dyno-frames connections add" and use --connection.
    "dyno-frames demo" needs no account.

    Exit codes: 0 success, 1 the server or the network failed, or the request was refused, 2 the command or the query
    is not valid, or a file cannot be read or written, 3 the outcome of a request is unknown, 4 the answer is incomplete
    (0 with --allow-incomplete), 130 a question was answered with no, or Ctrl-C.
    """
    if sys.stdout is None and context.invoked_subcommand in {command.name for command in _PRINT}:
        raise ConfigError(
            "stdout is closed, and the command only prints; expected a terminal, a file or a pipe"
        )


_PRINT = (find, count, explain, code, get)
_READ = (*_PRINT, export, mirror)
_CHANGE = (create, update, delete, *ACTIONS, wait, resolve, journal)
_SET_UP = (demo, lab, sandbox, calibrate, panel, completion, connections, doctor)

for _command in (*_READ, *_CHANGE, *_SET_UP):
    program.add_command(_command)


# A command prints its error. Without a handler, the log would print it a second time.
logging.getLogger("dyno_frames").addHandler(logging.NullHandler())


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors go to stderr."""
    if (code := completed(program)) is not None:
        return code
    context: click.Context | None = None
    incomplete: list[Warning | str] = []

    def show_warning(message: Warning | str, category: type[Warning], *_place: Any, **_more: Any) -> None:
        click.echo(f"{NAME}: warning: {one_line(Warning(message), _options(context))}", err=True)
        if issubclass(category, IncompleteResultWarning):
            incomplete.append(message)

    with warnings.catch_warnings():
        warnings.simplefilter("always", IncompleteResultWarning)
        warnings.showwarning = show_warning
        try:
            with (
                _complete_writes(),
                program.make_context(NAME, list(sys.argv[1:] if arguments is None else arguments)) as context,
            ):
                program.invoke(context)
            if sys.stdout is not None:  # the caller may have closed it
                sys.stdout.flush()
        except click.exceptions.Exit as stop:
            return stop.exit_code
        except click.ClickException as fault:
            fault.show()
            return Exit.COMMAND
        except BrokenPipeError:
            return _reader_has_left()
        except (Exception, KeyboardInterrupt, click.Abort) as error:  # noqa: BLE001 - every error becomes an exit code
            return _failed(error, context)
    return Exit.INCOMPLETE if incomplete and not context.meta.get(ALLOW_INCOMPLETE, False) else Exit.DONE


@contextmanager
def _complete_writes() -> Iterator[None]:
    """Buffer stdout if it is unbuffered (``PYTHONUNBUFFERED``), because Python loses what one write does not take."""
    out = sys.stdout
    if not isinstance(getattr(out, "buffer", None), io.RawIOBase):
        yield
        return
    with (
        open(out.fileno(), "w", encoding=out.encoding, errors=out.errors, closefd=False) as buffered,
        redirect_stdout(buffered),
    ):
        yield


def _options(context: click.Context | None) -> dict[str, str]:
    """Return the options of the command that runs."""
    command = program.commands.get((context and context.invoked_subcommand) or "", program)
    return options_of(command)


def _failed(error: BaseException, context: click.Context | None) -> int:
    if isinstance(error, click.Abort):
        error = KeyboardInterrupt()
    said = one_line(error, _options(context))
    if context is not None and context.meta.get(DEBUG, False):
        import traceback

        traceback.print_exception(error)
    elif is_expected(error):
        click.echo(f"{NAME}: {said}", err=True)
    else:
        click.echo(f"{NAME}: {type(error).__name__}: {said} (--debug shows where)", err=True)
    return exit_code(error)


def _reader_has_left() -> int:
    # The interpreter flushes stdout once more when it exits, which must not fail.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.DONE
