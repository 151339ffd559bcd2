"""The error that becomes the API's error envelope."""

from __future__ import annotations

from dyno_frames.contract.envelope import Code


class RequestError(Exception):
    """The API refuses a request.

    Parameters
    ----------
    code
        The error code of the envelope.
    reason
        Why the request is refused. For code 400 it names the field. It never contains an e-mail address.
    retry_after_s
        When to try again, for code 429.
    """

    def __init__(self, code: Code, reason: str = "", *, retry_after_s: int = 1) -> None:
        self.code = code
        self.reason = reason
        self.retry_after_s = retry_after_s
        super().__init__(code, reason)

    def __str__(self) -> str:
        return f"{self.code} {self.reason}"


def field_error(field: str, reason: str) -> RequestError:
    """Return the error for one field of a request."""
    return RequestError(Code.REJECTED, f"{short_repr(str(field))}: {reason}")


def short_repr(value: object, size: int = 80) -> str:
    """Return a value's repr, shortened for a message."""
    text = repr(value)
    return text if len(text) <= size else f"{text[: size - 1]}…"
