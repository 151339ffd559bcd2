"""Every error the package raises, in one tree.

::

    DynoError
    ├── QueryError(ValueError)            the question cannot be asked
    │   ├── QuerySyntaxError              pandas cannot parse it; a caret shows where
    │   ├── UnknownFieldError             no such column; says which one is near
    │   ├── LiteralTypeError              a value of the wrong type for its column
    │   └── NotPushableError              strict=True, and a part would stay local
    ├── SchemaError(ValueError)           a frame, file or declared schema does not fit
    ├── ConfigError(ValueError)           a setting is missing or wrong
    │   └── TableError                    rows to load do not fit; all of them are named
    ├── ApiError                          the application answered no
    │   ├── NotFoundError
    │   ├── AuthenticationError
    │   ├── IllegalTransitionError
    │   ├── RejectedError
    │   └── RateLimitError
    ├── TransportError                    no answer came
    │   ├── ConnectError                  no byte of the request left
    │   ├── ReadTimeoutError
    │   └── RetriesExhaustedError
    ├── ContractError                     an answer outside the contract
    ├── OutcomeUnknownError               an action left, and nobody can tell what it did
    ├── WaitError                         a campaign did not come to where it was waited for
    └── MissingExtraError(ImportError)    an optional dependency is not installed

Warnings: `InsecureTransportWarning`, and `IncompleteResultWarning` for an answer that may lack rows.

Messages carry no API key and no recipient's address: what goes in is chosen, not copied.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from dyno_frames.reprs import html_table


class DynoError(Exception):
    """The root of every error raised here."""

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


class QueryError(DynoError, ValueError):
    """The question cannot be asked as it stands; nothing was sent."""


class QuerySyntaxError(QueryError):
    """pandas cannot parse the query string; the message marks the place."""


class UnknownFieldError(QueryError):
    """The query names a column that the resource does not have."""


class LiteralTypeError(QueryError):
    """A value in the query cannot be compared with its column."""


class NotPushableError(QueryError):
    """``strict=True`` was asked for and a part of the query would be evaluated locally."""


class SchemaError(DynoError, ValueError):
    """A frame, a file or a declared schema does not fit the contract."""


class ConfigError(DynoError, ValueError):
    """A setting is missing or cannot be used; nothing was sent."""


class TableError(ConfigError):
    """Rows of a table do not fit; the message has a line for each reason, and nothing was loaded.

    Parameters
    ----------
    message
        What does not fit.
    refused
        By resource, why a row was refused, by its number from 0.
    """

    def __init__(self, message: str, *, refused: Mapping[str, Mapping[int, str]]) -> None:
        self.refused = refused
        super().__init__(message)


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


class ApiError(DynoError):
    """The application received the request and said no. It is an answer: it is never sent again.

    Parameters
    ----------
    message
        The application's own words.
    code
        Its error code, as a string.
    request
        What was asked.
    cure
        What to do about it.
    sent
        Whether the request left; False where the answer was certain before.
    attempts
        How often it was sent.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        request: RequestSummary | None = None,
        cure: str = "",
        sent: bool = True,
        attempts: int = 1,
    ) -> None:
        self.message = message
        self.code = code
        self.request = request
        self.cure = cure
        self.sent = sent
        self.attempts = attempts if sent else 0
        self.outcome: Any = None
        super().__init__(message)

    def __str__(self) -> str:
        asked = f" (asked: {self.request})" if self.request else ""
        cure = f" {self.cure}" if self.cure else ""
        if not self.sent:
            return f"nothing was sent: {self.message}{asked}.{cure}"
        return f"the server refused with code {self.code or '?'}: {self.message}{asked}.{cure}"


class NotFoundError(ApiError):
    """No object has this id, or this key may not see it."""


class AuthenticationError(ApiError):
    """The API key is missing or not accepted."""


class IllegalTransitionError(ApiError):
    """The campaign's status does not allow the action."""


class RejectedError(ApiError):
    """The request itself is not acceptable; the message names field and reason."""


class RateLimitError(ApiError):
    """Too many requests, and the retry budget is spent."""

    retryable = True


class TransportError(DynoError):
    """No answer came, or what came was not the application's.

    Parameters
    ----------
    message
        What happened.
    request
        What was asked.
    attempts
        How often it was sent.
    cure
        What to check.
    tried
        What each attempt came to, in order, where they differ.
    """

    retryable = True

    def __init__(
        self,
        message: str,
        *,
        request: RequestSummary | None = None,
        attempts: int = 1,
        cure: str = "",
        tried: str = "",
    ) -> None:
        self.message = message
        self.request = request
        self.attempts = attempts
        self.cure = cure
        self.tried = tried
        self.outcome: Any = None
        super().__init__(message)

    def __str__(self) -> str:
        asked = f" (asked: {self.request})" if self.request else ""
        each = f" ({self.tried})" if self.tried else ""
        tries = f" after {self.attempts} attempts{each}" if self.attempts > 1 else ""
        cure = f". {self.cure}" if self.cure else ""
        return f"{self.message}{tries}{asked}{cure}"


class ConnectError(TransportError):
    """No connection: not one byte of the request left this machine."""


class ReadTimeoutError(TransportError):
    """The server did not answer in time."""


class RetriesExhaustedError(TransportError):
    """Every attempt that was allowed failed."""


class ContractError(DynoError):
    """The server answered, and the answer is outside the contract.

    Parameters
    ----------
    message
        What was expected and what came.
    field, row, value
        Where, when it is one value: the column, the row's id, and the value's repr, shortened.
    request
        What was asked.
    """

    def __init__(
        self,
        message: str,
        *,
        field: str = "",
        row: str = "",
        value: str = "",
        request: RequestSummary | None = None,
    ) -> None:
        self.message = message
        self.field = field
        self.row = row
        self.value = value
        self.request = request
        self.outcome: Any = None
        super().__init__(message)

    def changed(self, change: Callable[[str], str]) -> Self:
        """Return this error with its texts changed, without cause and traceback."""
        request = self.request
        texts = {name: change(getattr(self, name)) for name in ("field", "row", "value")}
        return type(self)(change(self.message), request=request, **texts)

    def __str__(self) -> str:
        where = f" (field {self.field!r}, row {self.row or '?'}, value {self.value})" if self.field else ""
        asked = f" (asked: {self.request})" if self.request else ""
        return f"{self.message}{where}{asked}"


class OutcomeUnknownError(DynoError):
    """An action or a create left this machine, no answer came back, and reading cannot tell what happened.

    Parameters
    ----------
    message
        What is known, and how to look.
    request
        What was asked.
    outcome
        What an action's readings showed.
    pending
        The create that was sent; ``client.<resource>.look_for(error)`` looks for its object.
    cure
        What to do next.
    """

    def __init__(
        self,
        message: str,
        *,
        request: RequestSummary | None = None,
        outcome: Any = None,
        pending: Any = None,
        cure: str = "",
    ) -> None:
        self.message = message
        self.request = request
        self.outcome = outcome
        self.pending = pending
        self.cure = cure
        super().__init__(message)

    def __str__(self) -> str:
        asked = f" (asked: {self.request})" if self.request else ""
        cure = f" {self.cure}" if self.cure else ""
        return f"{self.message}{asked}{cure}"


class WaitError(DynoError):
    """A campaign did not come to the status it was waited for, or cannot.

    Parameters
    ----------
    message
        What was waited for, how far the campaign got, and what to do.
    reason
        ``"timeout"``, ``"stuck"``: nothing moves though it should, or ``"never"``: no waiting helps.
    status, sent, recipients
        As read last; None where it was not read.
    waited_s
        How long, in seconds.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: str,
        status: str | None = None,
        sent: int | None = None,
        recipients: int | None = None,
        waited_s: float = 0.0,
    ) -> None:
        self.message = message
        self.reason = reason
        self.status = status
        self.sent = sent
        self.recipients = recipients
        self.waited_s = waited_s
        self.retryable = reason == "timeout"
        super().__init__(message)


class MissingExtraError(DynoError, ImportError):
    """An optional dependency is not installed; the message ends with the line that installs it."""

    @classmethod
    def of(cls, package: str, extra: str) -> Self:
        """Name the package that is missing and the extra that brings it."""
        return cls(f"this needs {package}, which is not installed: pip install 'dyno_frames[{extra}]'")


class InsecureTransportWarning(UserWarning):
    """An API key is about to travel over plain HTTP to another machine."""


class IncompleteResultWarning(UserWarning):
    """An answer was returned that may lack rows; its certificate says why."""


def warn_user(message: str | Warning, category: type[Warning] | None = None) -> None:
    """Show a warning at the first line of code outside the package."""
    level, frame = 2, sys._getframe(1)  # noqa: SLF001 - warnings has skip_file_prefixes from Python 3.12 on
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "dyno_frames":
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
