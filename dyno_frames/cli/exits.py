"""Map an error to an exit code for scripts and one line of text for people."""

from __future__ import annotations

import errno
import unicodedata
from collections.abc import Mapping
from enum import IntEnum

from dyno_frames.cli.arguments import with_options
from dyno_frames.errors import (
    AuthenticationError,
    ConfigError,
    DynoError,
    MissingExtraError,
    NotFoundError,
    OutcomeUnknownError,
    QueryError,
    QuerySyntaxError,
    SchemaError,
    TableError,
    interruption,
)


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    SERVER = 1
    """The server or the network failed, or the request was refused."""
    COMMAND = 2
    """The command, the query, an id, the key or another setting is not valid, or a file cannot be read or written."""
    UNKNOWN = 3
    """A request was sent, or may have been sent before Ctrl-C, and its outcome is unknown."""
    INCOMPLETE = 4
    """Rows may be missing from the answer."""
    INTERRUPTED = 130
    """Ctrl-C before a change was sent, or a question that was answered with no; the exit code that shells use."""


_COMMAND_FAULTS = (
    QueryError,
    SchemaError,
    ConfigError,
    MissingExtraError,
    NotFoundError,
    AuthenticationError,
)

_STEERING = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNS_TEXT = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that change the direction in which a text is shown."""

_FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})


def exit_code(error: BaseException) -> Exit:
    """Return the exit code for an error.

    Examples
    --------
    >>> exit_code(ConfigError("no url"))
    <Exit.COMMAND: 2>
    """
    match error:
        case KeyboardInterrupt():
            noted = interruption(error)
            return Exit.UNKNOWN if noted is not None and noted.perhaps_sent else Exit.INTERRUPTED
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
    """Return whether the error's message is enough, without its class name."""
    return isinstance(error, DynoError | OSError | KeyboardInterrupt)


def one_line(error: BaseException, options: Mapping[str, str] | None = None) -> str:
    """Return the error's message on one line, without control characters, in the words of the command line.

    A syntax error keeps its lines, because a caret marks a position in the query. A report on the rows of a table keeps
    its lines, too.

    Parameters
    ----------
    error
        The error.
    options
        The options of the command by their names as arguments of Python.
    """
    text = _interrupted(error) or _file_fault(error) or str(error) or type(error).__name__
    if isinstance(error, QuerySyntaxError | TableError):
        return "\n".join(printable(line) for line in text.splitlines())
    return printable(" ".join(with_options(text, options or {}).split()))


def _interrupted(error: BaseException) -> str:
    """Return what Ctrl-C interrupted, or an empty string for other errors."""
    noted = interruption(error)
    return noted.what if noted else "interrupted" if isinstance(error, KeyboardInterrupt) else ""


def _file_fault(error: BaseException) -> str:
    """Return the message for a file that cannot be used, or an empty string for other errors."""
    if not isinstance(error, OSError) or isinstance(error, DynoError | ConnectionError | TimeoutError):
        return ""
    reason = error.strerror or str(error)
    if error.filename is not None:
        return f"{str(error.filename)!r} cannot be used: {reason}; choose another path, or check its folder"
    if error.errno in _FULL_DISK:
        return f"the output cannot be written: {reason}; free some space, or write to another device"
    return ""


def printable(text: str) -> str:
    r"""Return the text with control characters escaped, so that a server's text cannot control the terminal.

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
