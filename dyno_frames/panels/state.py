"""Everything a panel knows, as frozen values: views are drawn from this and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self, TypeAlias

from dyno_frames.contract.lifecycle import OVERRIDES, Action

PAGE_ROWS = 10
"""How many campaigns a page of the table shows."""

TEXTS = ("id", "name", "status", *OVERRIDES, "list_id", "time_zone")
COUNTS = ("recipients", "sent")
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


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing is being asked for."""


@dataclass(frozen=True, slots=True)
class Filling:
    """The form of an action is open."""

    serial: int
    verb: Action
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """The campaign is being read for a review."""

    serial: int
    request: Request


@dataclass(frozen=True, slots=True)
class Review:
    """What the user is asked to confirm, from a fresh read. The token is good for one confirm.

    Parameters
    ----------
    demand
        What must be typed first; empty where a click is enough.
    """

    serial: int
    token: str = field(repr=False)
    request: Request
    campaign: Campaign
    reach: Reach
    demand: str
    read_at: datetime
    expires_at: datetime
    faults: tuple[str, ...] = ()


Phase: TypeAlias = Idle | Filling | Reading | Review


class Tone(StrEnum):
    """What kind of sentence a notice is; shown as a word, never as colour alone."""

    DONE = "Done"
    NOTE = "Note"
    REFUSED = "Refused"
    FAILED = "Failed"
    UNKNOWN = "Outcome unknown"


@dataclass(frozen=True, slots=True)
class Notice:
    """The last thing that happened, in words, with whether anything was sent."""

    tone: Tone
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the panel's journal."""

    at: datetime
    verb: str
    campaign_id: str
    name: str
    outcome: str


@dataclass(frozen=True, slots=True)
class State:
    """A panel.

    Parameters
    ----------
    rows
        Every campaign it is about.
    busy
        Ids of campaigns with an action under way, by that action's serial.
    locked
        Ids whose last action's outcome is unknown, each with the reason shown.
    spent
        Tokens already used.
    watch_note
        Why live reading stopped; empty while it runs or is not needed.
    """

    rows: tuple[Campaign, ...] = ()
    page: int = 0
    text: str = ""
    status: str = ""
    selected: str | None = None
    serial: int = 0
    phase: Phase = Idle()
    busy: Mapping[str, int] = field(default_factory=dict)
    locked: Mapping[str, str] = field(default_factory=dict)
    spent: frozenset[str] = frozenset()
    notice: Notice | None = None
    journal: tuple[Entry, ...] = ()
    watch_note: str = ""

    @property
    def matching(self) -> tuple[Campaign, ...]:
        """The campaigns that the filter lets through."""
        wanted = self.text.strip().casefold()
        return tuple(
            row
            for row in self.rows
            if (not self.status or row.status == self.status)
            and (not wanted or wanted in f"{row.name}\n{row.subject}\n{row.id}".casefold())
        )

    @property
    def pages(self) -> int:
        """How many pages the table has; at least one."""
        return max(1, -(-len(self.matching) // PAGE_ROWS))

    @property
    def visible(self) -> tuple[Campaign, ...]:
        """The campaigns on the page shown."""
        return self.matching[self.page * PAGE_ROWS : (self.page + 1) * PAGE_ROWS]

    @property
    def chosen(self) -> Campaign | None:
        """The campaign selected."""
        return self.row(self.selected) if self.selected else None

    def row(self, key: str) -> Campaign | None:
        """Return the campaign of this id."""
        return next((row for row in self.rows if row.id == key), None)
