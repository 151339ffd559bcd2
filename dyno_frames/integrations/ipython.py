"""Show in IPython and Jupyter that an empty frame queries the server, and the age of the rows of a mirror."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from weakref import WeakSet

import pandas as pd

from dyno_frames.client.client import open_client
from dyno_frames.frames.provenance import ATTRIBUTE, Origin, is_placeholder, origin_of
from dyno_frames.reprs import age_text
from dyno_frames.scan.reader import count_rows
from dyno_frames.scan.stats import ScanStats

COUNT_LIMIT_S = 1.0
"""Maximum time for the server to count its rows."""

_KEPT_S = 0.3  # a notebook formats a frame as text, then as HTML
_WRAPPED: WeakSet[Any] = WeakSet()  # formatters that were changed once; the user may have changed them again


def show_frame_notes(shell: Any) -> None:
    """Show the number of rows on the server above an empty frame, and the age above one of a mirror.

    A second call does nothing.

    Other frames are shown as before: by pandas, or by the formatter that the user registered.

    Parameters
    ----------
    shell
        The running shell of IPython, or None.

    Examples
    --------
    >>> show_frame_notes(get_ipython())  # doctest: +SKIP
    """
    formatters = getattr(getattr(shell, "display_formatter", None), "formatters", {})
    notes = _Notes()
    for mime_type, wrap in (("text/plain", _text_formatter), ("text/html", _html_formatter)):
        formatter = formatters.get(mime_type)
        if formatter is not None and formatter not in _WRAPPED:
            _WRAPPED.add(formatter)
            formatter.for_type(pd.DataFrame, wrap(notes, formatter.for_type(pd.DataFrame)))


@dataclass(slots=True)
class _Notes:
    """The notes of the last seconds, by the origin of their frame."""

    _recent: dict[tuple[str, ...], tuple[float, str]] = field(default_factory=dict)

    def of(self, frame: pd.DataFrame) -> str:
        """Return what to show above a frame; empty for other frames, and if the server does not answer in time."""
        with suppress(Exception):  # an error must not hide the frame
            if is_placeholder(frame):
                return self._of(origin_of(frame))
            return _age(frame)
        return ""

    def _of(self, origin: Origin) -> str:
        key = (origin.client, origin.url, origin.account, origin.resource)
        asked_at, note = self._recent.get(key, (0.0, ""))
        if key not in self._recent or time.monotonic() > asked_at + _KEPT_S:
            note = ""
            with suppress(Exception):
                rows = _rows(origin)
                note = f"0 rows here, {rows:,} on the server: query them with .dyno.query(…)"
            self._recent[key] = (time.monotonic(), note)
        return note


def _age(frame: pd.DataFrame) -> str:
    """Return as of when the rows of a mirror are; empty for other frames."""
    certificate = (frame.attrs.get(ATTRIBUTE) or {}).get("certificate") or {}
    as_of = (certificate.get("mirror") or {}).get("as_of")
    if as_of is None:
        return ""
    moment = datetime.fromisoformat(as_of).astimezone(UTC)
    return f"from a mirror, as of {moment:%Y-%m-%d %H:%M:%S UTC}, {age_text(time.time() - moment.timestamp())} ago"


def _rows(origin: Origin) -> int:
    session = open_client(origin.client, origin.url, origin.account).connection.session
    return count_rows(session, origin.resource, {}, ScanStats(), deadline_s=COUNT_LIMIT_S)


def _text_formatter(notes: _Notes, earlier: Callable[..., None] | None) -> Callable[..., None]:
    """Return a formatter of ``text/plain``: it takes a frame and a pretty printer of IPython."""

    def show(frame: pd.DataFrame, printer: Any, cycle: bool) -> None:  # noqa: FBT001 - IPython's own signature
        if note := notes.of(frame):
            printer.text(note)
            printer.break_()
        if earlier is not None:
            earlier(frame, printer, cycle)
            return
        for number, line in enumerate(repr(frame).splitlines()):
            if number:
                printer.break_()
            printer.text(line)

    return show


def _html_formatter(
    notes: _Notes, earlier: Callable[[pd.DataFrame], Any] | None
) -> Callable[[pd.DataFrame], Any]:
    """Return a formatter of ``text/html``."""

    def show(frame: pd.DataFrame) -> Any:
        shown = earlier(frame) if earlier is not None else frame._repr_html_()  # type: ignore[operator]
        note = notes.of(frame) if isinstance(shown, str) else ""
        return f"<p>{note}</p>{shown}" if note else shown

    return show
