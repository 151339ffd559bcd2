"""Numbers and times as words, the same in every panel."""

from __future__ import annotations

from datetime import UTC, datetime


def counted(number: int, singular: str) -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> counted(1_200, "campaign")
    '1,200 campaigns'
    """
    return f"{number:,} {singular}{'' if number == 1 else 's'}"


def utc_time(at: datetime) -> str:
    """Return a time of day in UTC, to the second."""
    return f"{at.astimezone(UTC):%H:%M:%S} UTC"


def connection_lost(at: datetime, *, retries: bool) -> str:
    """Return since when a server does not answer, and who tries again.

    Examples
    --------
    >>> connection_lost(datetime(2026, 5, 4, 2, 53, tzinfo=UTC), retries=True)
    'Connection lost at 02:53 UTC, retrying'
    """
    since = f"Connection lost at {at.astimezone(UTC):%H:%M} UTC"
    return f"{since}, retrying" if retries else f"{since}. Refresh tries again."
