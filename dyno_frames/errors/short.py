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
from dataclasses import dataclass
from types import TracebackType
from typing import Any

_PACKAGE = __name__.partition(".")[0]
_LIBRARIES = (
    "<frozen",
    "<__",
    *{sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")},
)
_MODE = "Context"
"""The mode of IPython's tracebacks if the user chose none."""
_FULL = " (%tb Plain shows the full traceback)"
_LONGEST_LINE = 200


def error_lines(error: BaseException, message: str) -> list[str]:
    """Return what IPython shows for an error: the user's line and the message, without chained errors."""
    lines = [f"{type(error).__name__}: {message}", *getattr(error, "__notes__", ())]
    return _in_mode(error, [*_user_lines(error), *lines, *_handled(error)])


@contextmanager
def short_interrupt(what: str, *, perhaps_sent: bool = False) -> Iterator[None]:
    """Let IPython show Ctrl-C in a with-block as one line. The exception stays the same KeyboardInterrupt.

    The outermost block decides the text.

    Parameters
    ----------
    what
        What was interrupted, and what the user can do.
    perhaps_sent
        Whether the server may have received a request that changes something.
    """
    try:
        yield
    except KeyboardInterrupt as interrupt:
        interrupt._render_traceback_ = Interruption(what, perhaps_sent=perhaps_sent)  # type: ignore[attr-defined]
        raise


def interruption(error: BaseException) -> Interruption | None:
    """Return what :func:`short_interrupt` noted on a KeyboardInterrupt, or None."""
    noted = getattr(error, "_render_traceback_", None)
    return noted if isinstance(noted, Interruption) else None


@dataclass(frozen=True, slots=True)
class Interruption:
    """What Ctrl-C interrupted. It does not refer to the exception, which refers to it.

    Parameters
    ----------
    what, perhaps_sent
        As in :func:`short_interrupt`.
    """

    what: str
    perhaps_sent: bool

    def __call__(self) -> list[str]:
        """Return the lines that IPython shows."""
        shown = sys.exc_info()[1] or getattr(sys, "last_value", None)
        return _in_mode(shown, [f"KeyboardInterrupt: {self.what}"])


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


def _user_lines(error: BaseException) -> list[str]:
    """Return the user's line that calls the package, and the line of the user's function that failed in that call."""
    call, inner = _user_frames(error.__traceback__)
    if inner is None and error.__cause__ is not None:
        inner = _user_frames(error.__cause__.__traceback__)[1]
    full = "" if _shell() is None else _FULL
    lines = _line(inner, "")
    return [*_line(call, full), *(lines if lines[1:] != _line(call, "")[1:] else [])]


def _user_frames(traceback: TracebackType | None) -> tuple[TracebackType | None, TracebackType | None]:
    """Return the last frames of the user's code before the package is called, and after it."""
    call = inner = None
    is_inside = False
    while traceback is not None:
        if _is_own(traceback):
            is_inside = True
        elif not traceback.tb_frame.f_code.co_filename.startswith(_LIBRARIES):
            call, inner = (call, traceback) if is_inside else (traceback, None)
        traceback = traceback.tb_next
    return call, inner


def _line(frame: TracebackType | None, note: str) -> list[str]:
    """Return the place and the source of a frame's line."""
    if frame is None:
        return []
    file = frame.tb_frame.f_code.co_filename
    source = linecache.getline(file, frame.tb_lineno, frame.tb_frame.f_globals).strip()
    return [
        f"{_place(file)}, line {frame.tb_lineno}{note}",
        *([f"    {source[:_LONGEST_LINE]}"] if source else []),
    ]


def _handled(error: BaseException) -> list[str]:
    """Return the error of the user's own code that was being handled when the package was called."""
    handled: BaseException | None = error
    while handled is not None:
        handled = handled.__cause__ or handled.__context__
        if handled is not None and _user_frames(handled.__traceback__)[0] is not None:
            return [f"Raised while handling {type(handled).__name__}: {handled}"[:_LONGEST_LINE]]
    return []


def _is_own(traceback: TracebackType) -> bool:
    return str(traceback.tb_frame.f_globals.get("__name__", "")).partition(".")[0] == _PACKAGE


def _place(file: str) -> str:
    """Return ``Cell In[3]`` for the file of a cell, as IPython names it."""
    name = getattr(getattr(_shell(), "compile", None), "format_code_name", lambda _file: None)(file)
    return " ".join(name) if name else f"File {file}"
