"""The error that becomes the API's error envelope."""

from __future__ import annotations

from dyno_frames.contract.envelope import Code

_LONGEST_REPR = 80


class RequestError(Exception):
    """The API refuses a request.

    Parameters
    ----------
    code
        The error code of the envelope.
    reason
        Why the request is refused. For code 400 it names the field. It never contains an e-mail address.
    """

    def __init__(self, code: Code, reason: str = "") -> None:
        self.code = code
        self.reason = reason
        super().__init__(code, reason)

    def __str__(self) -> str:
        return f"{self.code} {self.reason}"


def field_error(field: str, reason: str) -> RequestError:
    """Return the error for one field of a request."""
    return RequestError(Code.REJECTED, f"{short_repr(str(field))}: {reason}")


def short_repr(value: object) -> str:
    """Return a value's repr, shortened for a message."""
    text = repr(value)
    return text if len(text) <= _LONGEST_REPR else f"{text[: _LONGEST_REPR - 1]}…"
