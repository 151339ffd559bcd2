"""A campaign as a panel knows it, an action requested for it, its audience and its sending rate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from dyno_frames.contract.lifecycle import OVERRIDES, Action, Status

TEXTS = ("id", "name", "status", *OVERRIDES, "list_id", "time_zone")
COUNTS = ("recipients", "sent")
METRICS = ("delivered", "opens", "clicks", "bounces", "complaints", "unsubscribes")
COLUMNS = (*TEXTS, "start_time", *COUNTS, *METRICS)
"""The columns that a panel reads."""

_DIRECTION_MARKS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

DELETED = "deleted"
"""The status that a panel shows for a campaign that the server no longer has."""

RATE_READS = 16
"""A sending rate is computed from so many reads: half a minute of them, one every two seconds."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign as last read.

    Parameters
    ----------
    delivered, opens, clicks, bounces, complaints, unsubscribes
        The figures of the campaign. None if they are unknown.
    read_at
        When the server was asked. None if the values come from a frame, which may be old.
    outdated
        Whether an action may have changed the campaign since it was read.
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
    delivered: int | None = None
    opens: int | None = None
    clicks: int | None = None
    bounces: int | None = None
    complaints: int | None = None
    unsubscribes: int | None = None
    read_at: datetime | None = None
    outdated: bool = False

    @classmethod
    def from_row(cls, row: Mapping[str, Any], *, read_at: datetime | None) -> Self:
        """Return the campaign of a frame's row or of the client's answer; nulls become empty."""
        known: dict[str, Any] = {"id": ""}
        known |= {name: clean_text(row[name]) for name in TEXTS if not _null(row.get(name))}
        known |= {name: int(row[name]) for name in (*COUNTS, *METRICS) if not _null(row.get(name))}
        known |= {name: row[name] for name in ("start_time",) if not _null(row.get(name))}
        return cls(**known, read_at=read_at)

    @classmethod
    def deleted(cls, key: str, *, read_at: datetime) -> Self:
        """Return a campaign that a read did not find."""
        return cls(id=key, status=DELETED, read_at=read_at)

    @property
    def current(self) -> bool:
        """Whether the values were read from the server, and no action has followed."""
        return self.read_at is not None and not self.outdated

    @property
    def label(self) -> str:
        """The name, or the start of the id if it has none."""
        return self.name or self.id[:8]


def clean_text(value: object) -> str:
    """Return a value as text without the marks that reverse the text around them.

    Examples
    --------
    >>> clean_text("Sale\u202e100")
    'Sale100'
    """
    return _DIRECTION_MARKS.sub("", str(value))


def _null(value: Any) -> bool:
    """Return whether a value is None, NaN, NaT or pandas' NA, which are not equal to themselves."""
    return value is None or type(value).__name__ == "NAType" or value != value  # noqa: PLR0124 - the test for NaN


def action_name(action: Action) -> str:
    """Return a process action's name as words.

    Examples
    --------
    >>> action_name(Action.CANCEL_SCHEDULE)
    'Cancel schedule'
    """
    return action.value.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """A process action that the user requested, with checked values.

    Parameters
    ----------
    at, time_zone
        The local time as ISO text with its offset, and its zone. Empty means now.
    epoch_s
        The same time in epoch seconds. None means now.
    note
        What the review has to say about the time, for example that it happens twice.
    overrides
        Pairs of field and new value.
    """

    action: Action
    campaign_id: str
    at: str = ""
    time_zone: str = ""
    epoch_s: int | None = None
    note: str = ""
    overrides: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Audience:
    """The recipients of an action.

    Parameters
    ----------
    count
        How many recipients, or None if no read tells.
    list_name
        The list's name. Empty if it could not be read.
    """

    count: int | None = None
    list_name: str = ""


@dataclass(frozen=True, slots=True)
class SendingRate:
    """How many messages a running campaign had sent at its last reads.

    Parameters
    ----------
    reads
        Pairs of the time of a read and the messages sent until then, oldest first.
    """

    reads: tuple[tuple[datetime, int], ...] = ()

    def after(self, fresh: Campaign) -> SendingRate:
        """Return the rate with one more read. A campaign that is not running has none."""
        if fresh.status != Status.RUNNING or fresh.read_at is None:
            return SendingRate()
        reads = self.reads
        if reads and (fresh.sent < reads[-1][1] or fresh.read_at < reads[-1][0]):
            reads = ()
        return SendingRate((*reads[1 - RATE_READS :], (fresh.read_at, fresh.sent)))

    @property
    def seconds(self) -> float:
        """Seconds between the first and the last read."""
        return (self.reads[-1][0] - self.reads[0][0]).total_seconds() if self.reads else 0.0

    @property
    def per_minute(self) -> float | None:
        """Messages per minute. None if the reads span less than a second."""
        if self.seconds < 1:
            return None
        return 60 * (self.reads[-1][1] - self.reads[0][1]) / self.seconds

    def minutes_left(self, campaign: Campaign) -> float | None:
        """Return the minutes until a campaign is sent at this rate. None if that is unknown."""
        rate = self.per_minute
        if not rate or not campaign.recipients:
            return None
        return max(campaign.recipients - campaign.sent, 0) / rate
