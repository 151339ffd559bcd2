"""What the sandbox says when it says no, from the place that finds out to the envelope that tells it."""

from __future__ import annotations

from dyno_frames.contract.envelope import Code


class Refused(Exception):  # noqa: N818 - it is an answer of the API, not a fault of the program
    """The application says no.

    Parameters
    ----------
    code
        The error code of the envelope.
    reason
        What was wrong: for a 400, the field and why; never a recipient's address.
    retry_after_s
        Seconds to wait, for a 429.
    """

    def __init__(self, code: Code, reason: str = "", *, retry_after_s: int = 1) -> None:
        self.code = code
        self.reason = reason
        self.retry_after_s = retry_after_s
        super().__init__(code, reason)

    def __str__(self) -> str:
        return f"{self.code} {self.reason}"


def rejected(field: str, reason: str) -> Refused:
    """Return the refusal of one field of a request."""
    return Refused(Code.REJECTED, f"{shown(str(field))}: {reason}")


def shown(value: object, size: int = 80) -> str:
    """Return a value's repr, short enough for a message."""
    text = repr(value)
    return text if len(text) <= size else f"{text[: size - 1]}…"
