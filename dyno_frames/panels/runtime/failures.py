"""Errors as text that a panel may show."""

from __future__ import annotations

from dyno_frames.errors import DynoError, OutcomeUnknownError


def error_text(error: Exception) -> str:
    """Return an error as one sentence.

    Of an error that is not a :class:`DynoError` only the type is named: its message may quote a key or an address.
    """
    if not isinstance(error, DynoError):
        return f"{type(error).__name__}."
    # For an unknown outcome the panel itself says which button to press, instead of which method to call.
    message = getattr(error, "message", "") if isinstance(error, OutcomeUnknownError) else ""
    text = " ".join(str(message or error).split())
    return text if text.endswith((".", "!", "?")) else f"{text}."
