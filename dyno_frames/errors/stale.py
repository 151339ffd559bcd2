"""The error for rows that are older than the caller allows, or that changed after they were counted."""

from __future__ import annotations

from dyno_frames.errors.root import DynoError


class StaleError(DynoError):
    """A mirror is too old and cannot be refreshed, or the rows of a Dask frame changed after ``to_dask()``.

    Parameters
    ----------
    message
        What is too old or has changed, and what to do.
    age_s
        The age of the newest complete version, in seconds; None if there is no version or no mirror.
    """

    retryable = True

    def __init__(self, message: str, *, age_s: float | None) -> None:
        self.age_s = age_s
        super().__init__(message)
