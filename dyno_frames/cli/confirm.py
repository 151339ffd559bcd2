"""Ask before a command changes something, or fail if stdin is not a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable

import click

from dyno_frames.cli.exits import Exit, printable
from dyno_frames.cli.options import Command
from dyno_frames.errors import ConfigError


def dry_run(command: Command) -> Command:
    """Add ``--dry-run``."""
    option = click.option(
        "--dry-run", is_flag=True, help="Print the request without sending it. The API key is not printed."
    )
    return option(command)


def yes(command: Command) -> Command:
    """Add ``--yes``."""
    option = click.option(
        "--yes",
        is_flag=True,
        help="Confirm without a question; required if stdin is not a terminal.",
    )
    return option(command)


def require_answer(command: str, *, confirmed: bool, sends: bool = True) -> None:
    """Raise ConfigError if a command has a question, ``--yes`` is not given, and stdin is not a terminal."""
    if not confirmed and not (sys.stdin is not None and sys.stdin.isatty()):
        raise ConfigError(
            f"nothing was {'sent' if sends else 'changed'}: {command} asks for confirmation, and stdin is not a "
            f"terminal. Add --yes to confirm{', or --dry-run to print the request' if sends else ''}"
        )


def show(lines: Iterable[str]) -> None:
    """Print lines to stderr, so that stdout has the result alone."""
    for line in lines:
        click.echo(printable(line), err=True)


def ask(question: str, *, sends: bool = True) -> None:
    """Ask a question with the answers yes and no; end the command unless the answer is yes."""
    _drop_typed_ahead()
    if not click.confirm(printable(question), err=True):
        decline(sends=sends)


def ask_for_text(question: str, is_answer: Callable[[str], bool]) -> None:
    """Ask for a text; end the command if another text is typed."""
    _drop_typed_ahead()
    if not is_answer(click.prompt(printable(question), default="", show_default=False, err=True)):
        decline()


def decline(*, sends: bool = True) -> None:
    """End the command without changing anything."""
    click.echo(f"Nothing was {'sent' if sends else 'changed'}.", err=True)
    raise click.exceptions.Exit(Exit.INTERRUPTED)


def _drop_typed_ahead() -> None:
    """Drop what was typed before the question was shown."""
    if sys.platform == "win32" or sys.stdin is None or not sys.stdin.isatty():
        return
    import termios

    termios.tcflush(sys.stdin, termios.TCIFLUSH)
