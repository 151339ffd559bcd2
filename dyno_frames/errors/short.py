"""Short tracebacks in IPython and Jupyter: the user's own line and the message.

IPython shows what ``_render_traceback_`` of an exception returns. A traceback mode that the user chose, such as
``%xmode Verbose`` or ``%tb Plain``, shows the whole traceback.
"""

from __future__ import annotations

import linecache
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

_PACKAGE = __name__.partition(".")[0]
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_MODE = "Context"
"""The mode of IPython's tracebacks if the user chose none."""
_FULL = " (%tb Plain shows the full traceback)"
_LONGEST_LINE = 200


def error_lines(error: BaseException, message: str) -> list[str]:
    """Return what IPython shows for an error: the user's line and the message, without chained errors."""
    lines = [f"{type(error).__name__}: {message}", *getattr(error, "__notes__", ())]
    return _in_mode(error, [*_user_lines(error.__traceback__), *lines])


@contextmanager
def short_interrupt(what: str) -> Iterator[None]:
    """Let IPython show Ctrl-C in a with-block as one line. The exception stays the same KeyboardInterrupt.

    The outermost block decides the text.

    Parameters
    ----------
    what
        What was interrupted, and what the user can do.
    """
    try:
        yield
    except KeyboardInterrupt as interrupt:
        interrupt._render_traceback_ = _Interrupt(what)  # type: ignore[attr-defined]
        raise


class _Interrupt:
    """The lines for a KeyboardInterrupt. It does not refer to the exception, which refers to it."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __call__(self) -> list[str]:
        shown = sys.exc_info()[1] or getattr(sys, "last_value", None)
        return _in_mode(shown, [f"KeyboardInterrupt: {self._what}"])


def _in_mode(error: BaseException | None, lines: list[str]) -> list[str]:
    """Return the lines, or the traceback of IPython if the user chose a mode."""
    tracebacks: Any = getattr(_shell(), "InteractiveTB", None)
    if error is None or getattr(tracebacks, "mode", _MODE) == _MODE:
        return lines
    whole: list[str] = tracebacks.structured_traceback(type(error), error, error.__traceback__)
    return whole


def _shell() -> Any:
    """Return the shell of IPython that runs this program, or None."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def _user_lines(traceback: TracebackType | None) -> list[str]:
    """Return the place and the source of the last line outside libraries before the first call into the package."""
    found = None
    while traceback is not None and not _is_own(traceback):
        if not traceback.tb_frame.f_code.co_filename.startswith(_LIBRARIES):
            found = traceback
        traceback = traceback.tb_next
    if found is None:
        return []
    file = found.tb_frame.f_code.co_filename
    source = linecache.getline(file, found.tb_lineno, found.tb_frame.f_globals).strip()
    full = "" if _shell() is None else _FULL
    return [
        f"{_place(file)}, line {found.tb_lineno}{full}",
        *([f"    {source[:_LONGEST_LINE]}"] if source else []),
    ]


def _is_own(traceback: TracebackType) -> bool:
    return str(traceback.tb_frame.f_globals.get("__name__", "")).partition(".")[0] == _PACKAGE


def _place(file: str) -> str:
    """Return ``Cell In[3]`` for the file of a cell, as IPython names it."""
    name = getattr(getattr(_shell(), "compile", None), "format_code_name", lambda _file: None)(file)
    return " ".join(name) if name else f"File {file}"
