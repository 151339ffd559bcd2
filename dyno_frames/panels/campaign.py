"""A campaign as a panel knows it, what is asked of it, and how fast it moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from dyno_frames.contract.lifecycle import OVERRIDES, Action, Status

TEXTS = ("id", "name", "status", *OVERRIDES, "list_id", "time_zone")
COUNTS = ("recipients", "sent")
DELETED = "deleted"
"""The status that a panel shows for a campaign that the server no longer has."""

READ = (*TEXTS, "start_time", *COUNTS)
"""The columns a panel reads; never those of single recipients."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign as last read.

    Parameters
    ----------
    read_at
        When the server was asked; None where the values are those of a frame, which may be old.
    """

    id: str
    name: str = ""
    status: str = ""
    subject: str = ""
    from_name: str = ""
    from_email: str = ""
    preview_message: str = ""
    list_id: str = ""
    time_zone: str = ""
    start_time: datetime | None = None
    recipients: int = 0
    sent: int = 0
    read_at: datetime | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any], *, read_at: datetime | None) -> Self:
        """Read a row of a frame or an answer of the client; nulls become empty."""
        known: dict[str, Any] = {"id": ""}
        known |= {name: str(row[name]) for name in TEXTS if not _null(row.get(name))}
        known |= {name: int(row[name]) for name in COUNTS if not _null(row.get(name))}
        known |= {name: row[name] for name in ("start_time",) if not _null(row.get(name))}
        return cls(**known, read_at=read_at)

    @classmethod
    def deleted(cls, key: str, *, read_at: datetime) -> Self:
        """Return what is known of a campaign that a read did not find."""
        return cls(id=key, status=DELETED, read_at=read_at)


def _null(value: Any) -> bool:
    """Tell None, NaN, NaT and pandas' NA, none of which equals itself."""
    return value is None or type(value).__name__ == "NAType" or value != value  # noqa: PLR0124 - the test for NaN


@dataclass(frozen=True, slots=True)
class Request:
    """An action as the user asks for it, checked.

    Parameters
    ----------
    at, time_zone
        The wall time in the form of the wire and its zone; empty for now.
    epoch_s
        The same as an instant; None for now.
    note
        What the time's reading needs to have said, such as a wall time that happens twice.
    overrides
        Pairs of field and new value.
    """

    verb: Action
    campaign_id: str
    at: str = ""
    time_zone: str = ""
    epoch_s: int | None = None
    note: str = ""
    overrides: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Reach:
    """How many will be written to, as far as reading can tell.

    Parameters
    ----------
    count
        None where nothing says how many.
    list_name
        The list's name; empty where it could not be read.
    """

    count: int | None = None
    list_name: str = ""


SAMPLES = 16
"""How many reads a rate is made of: half a minute of them, every two seconds."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How far a running campaign was at its last reads, oldest first.

    Parameters
    ----------
    reads
        Pairs of the time of a read and the mails sent until then.
    """

    reads: tuple[tuple[datetime, int], ...] = ()

    def after(self, fresh: Campaign) -> Pace:
        """Return the pace with one more read; a campaign that does not run has none."""
        if fresh.status != Status.RUNNING or fresh.read_at is None:
            return Pace()
        reads = self.reads
        if reads and (fresh.sent < reads[-1][1] or fresh.read_at < reads[-1][0]):
            reads = ()
        return Pace((*reads[1 - SAMPLES :], (fresh.read_at, fresh.sent)))

    @property
    def seconds(self) -> float:
        """How long it was looked at."""
        return (self.reads[-1][0] - self.reads[0][0]).total_seconds() if self.reads else 0.0

    @property
    def per_minute(self) -> float | None:
        """Mails a minute; None while it was not looked at for a second."""
        if self.seconds < 1:
            return None
        return 60 * (self.reads[-1][1] - self.reads[0][1]) / self.seconds

    def minutes_left(self, row: Campaign) -> float | None:
        """How long a campaign takes at this pace; None where that cannot be told."""
        rate = self.per_minute
        return max(row.recipients - row.sent, 0) / rate if rate and row.recipients else None
