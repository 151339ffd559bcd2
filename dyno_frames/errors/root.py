"""The root of the error tree, and the request that an error shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dyno_frames.errors.short import error_lines
from dyno_frames.reprs import html_table


class DynoError(Exception):
    """The root of every error raised here.

    IPython and Jupyter show the message and the line of the user's code that raised it. ``%tb Plain`` shows the full
    traceback, and ``%xmode Verbose`` shows it for every later error.
    """

    retryable: bool = False
    """Whether asking the same again may succeed and cannot do harm."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by state, so that a subclass may have the signature it needs."""
        return _restore, (type(self), self.args, dict(self.__dict__))

    def facts(self) -> dict[str, str]:
        """Return what is known beyond the message, by label: request, attempts, code, cure, evidence."""
        found = {label: getattr(self, name, None) for label, name in _FACTS.items()}
        found["evidence"] = "; ".join(getattr(getattr(self, "outcome", None), "evidence", ()))
        return {label: str(value) for label, value in found.items() if value}

    def _render_traceback_(self) -> list[str]:
        return error_lines(self, str(self))

    def _repr_html_(self) -> str:
        said = str(getattr(self, "message", "") or self)
        return html_table([("error", said), *self.facts().items()], caption=type(self).__name__)


_FACTS = {
    "asked": "request",
    "attempts": "attempts",
    "each time": "tried",
    "code": "code",
    "field": "field",
    "row": "row",
    "value": "value",
    "cure": "cure",
    "outcome": "outcome",
}
"""Labels of what an error may carry, and where."""


def _restore(kind: type[DynoError], args: tuple[Any, ...], state: Mapping[str, Any]) -> DynoError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


@dataclass(frozen=True, slots=True)
class RequestSummary:
    """What was asked, fit to be shown: never the key, never a recipient.

    Parameters
    ----------
    verb, path
        The request line without host.
    body
        The JSON body with recipients' addresses counted instead of named.
    """

    verb: str
    path: str
    body: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.path}" + (f" {self.body}" if self.body else "")
