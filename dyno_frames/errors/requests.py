"""Errors of a request: the server refused it, no answer came, or the answer tells too little."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from dyno_frames.errors.root import DynoError, RequestSummary


class ApiError(DynoError):
    """The application refused the request, which is not sent again, whatever the HTTP status.

    A read that was refused as one of too many requests (429) is sent again before this error is raised.

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

    def __str__(self) -> str:
        return f"{self.message}. {self.cure}" if self.cure else self.message


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
