"""What ends a command: an exit code for scripts and one clear line for people."""

from __future__ import annotations

import errno
import unicodedata
from enum import IntEnum

from dyno_frames.errors import (
    AuthenticationError,
    ConfigError,
    DynoError,
    IllegalTransitionError,
    MissingExtraError,
    NotFoundError,
    OutcomeUnknownError,
    QueryError,
    QuerySyntaxError,
    RejectedError,
    SchemaError,
    TableError,
)


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    SERVER = 1
    """The server or the network failed."""
    COMMAND = 2
    """The command, the query or a setting is wrong, or a file cannot be read or written."""
    UNKNOWN = 3
    """An action left, and nobody can tell what it did."""
    INCOMPLETE = 4
    """Rows may be missing from the answer."""
    INTERRUPTED = 130
    """Ctrl-C, as shells count it."""


_COMMAND_FAULTS = (
    QueryError,
    SchemaError,
    ConfigError,
    MissingExtraError,
    RejectedError,
    NotFoundError,
    IllegalTransitionError,
    AuthenticationError,
)

_STEERING = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNS_TEXT = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that show a text in another order than it is written in."""

_FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


def exit_code(error: BaseException) -> Exit:
    """Return how a command that raised this ended.

    Examples
    --------
    >>> exit_code(ConfigError("no url"))
    <Exit.COMMAND: 2>
    """
    match error:
        case KeyboardInterrupt():
            return Exit.INTERRUPTED
        case OutcomeUnknownError():
            return Exit.UNKNOWN
        case _ if isinstance(error, _COMMAND_FAULTS):
            return Exit.COMMAND
        case DynoError() | ConnectionError() | TimeoutError():
            return Exit.SERVER
        case OSError() if error.filename is not None or error.errno in _FULL_DISK:
            return Exit.COMMAND
        case _:
            return Exit.SERVER


def is_expected(error: BaseException) -> bool:
    """Tell whether the error's own words say enough, without a traceback."""
    return isinstance(error, DynoError | OSError | KeyboardInterrupt)


def one_line(error: BaseException) -> str:
    """Return what a person is told: the error's words, on one line, without control characters.

    A syntax error keeps its lines, because a caret under the query is the clearest form of it; so does a report of
    the rows of a table.
    """
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    text = _file_fault(error) or str(error) or type(error).__name__
    if isinstance(error, QuerySyntaxError | TableError):
        return "\n".join(printable(line) for line in text.splitlines())
    return printable(" ".join(text.split()))


def _file_fault(error: BaseException) -> str:
    """Return what to say of a file that cannot be used; empty for every other error."""
    if not isinstance(error, OSError) or isinstance(error, DynoError | ConnectionError | TimeoutError):
        return ""
    reason = error.strerror or str(error)
    if error.filename is not None:
        return f"{str(error.filename)!r} cannot be used: {reason}; choose another path, or check its folder"
    if error.errno in _FULL_DISK:
        return f"the output cannot be written: {reason}; free some space, or write to another device"
    return ""


def printable(text: str) -> str:
    r"""Return the text with control characters spelt out: a server's words must not steer a terminal.

    Examples
    --------
    >>> printable("red \x1b[31m alert")
    'red \\x1b[31m alert'
    """
    return "".join(_spelt_out(one) if _steers(one) else one for one in text)


def _steers(one: str) -> bool:
    return unicodedata.category(one) in _STEERING or one in _TURNS_TEXT


def _spelt_out(one: str) -> str:
    return ascii(one)[1:-1]
