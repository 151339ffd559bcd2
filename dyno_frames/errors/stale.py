"""The error for an answer that would be older than the caller allows."""

from __future__ import annotations

from dyno_frames.errors.root import DynoError


class StaleError(DynoError):
    """A mirror is older than the query allows and cannot be refreshed.

    Parameters
    ----------
    message
        The age, the limit and why the mirror cannot be refreshed.
    age_s
        The age of the newest complete version, in seconds; None if there is no version.
    """

    retryable = True

    def __init__(self, message: str, *, age_s: float | None) -> None:
        self.age_s = age_s
        super().__init__(message)
