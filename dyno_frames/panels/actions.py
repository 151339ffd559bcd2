"""What can happen to a panel: the user's clicks, and the answers that come back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from dyno_frames.contract.lifecycle import Action
from dyno_frames.panels.campaign import Campaign, Reach, Request
from dyno_frames.panels.state import Order


@dataclass(frozen=True, slots=True)
class Selected:
    """The user chose a campaign in the table."""

    campaign_id: str


@dataclass(frozen=True, slots=True)
class PageTurned:
    """The user turned the table's page."""

    page: int


@dataclass(frozen=True, slots=True)
class Filtered:
    """The user narrowed the table."""

    text: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class SortAsked:
    """The user wants the table in another order; the same one again turns it round."""

    order: Order


@dataclass(frozen=True, slots=True)
class Marked:
    """The user marked campaigns to act on them together, or took the marks away."""

    ids: tuple[str, ...]
    marked: bool = True


@dataclass(frozen=True, slots=True)
class RefreshAsked:
    """The user wants the visible campaigns read again."""


@dataclass(frozen=True, slots=True)
class VerbChosen:
    """The user pressed one of the seven."""

    verb: Action


@dataclass(frozen=True, slots=True)
class BulkAsked:
    """The user wants the marked campaigns paused or stopped."""

    verb: Action


@dataclass(frozen=True, slots=True)
class FormSent:
    """The user asks for a review of what the form holds.

    Parameters
    ----------
    fold
        Which of two instants a wall time that happens twice means, 0 or 1; None where the user did not say.
    """

    serial: int
    at: datetime
    when: str = ""
    time_zone: str = ""
    fold: int | None = None
    overrides: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Dropped:
    """The user closed the form or the review without acting."""


@dataclass(frozen=True, slots=True)
class ConfirmPressed:
    """The user confirmed the review that this token belongs to."""

    token: str = field(repr=False)
    at: datetime
    typed: str = ""


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time went by while a review was open."""

    at: datetime


@dataclass(frozen=True, slots=True)
class ResolveAsked:
    """The user wants to know what became of an action whose outcome is unknown."""


@dataclass(frozen=True, slots=True)
class CampaignsRead:
    """Campaigns came back.

    Parameters
    ----------
    asked
        The ids that were asked for.
    reaches
        How many campaigns would write to, by id, where that was asked too.
    """

    campaigns: tuple[Campaign, ...]
    asked: tuple[str, ...]
    at: datetime
    reaches: tuple[tuple[str, Reach], ...] = ()


@dataclass(frozen=True, slots=True)
class ReadFailed:
    """A read failed; nothing changed anywhere."""

    message: str


@dataclass(frozen=True, slots=True)
class ReviewRead:
    """The fresh read that a review is made of, with the one token that confirms it."""

    serial: int
    token: str = field(repr=False)
    campaign: Campaign
    reach: Reach
    at: datetime


@dataclass(frozen=True, slots=True)
class BulkRead:
    """The fresh read of several campaigns, with the one token that confirms the review made of it."""

    serial: int
    token: str = field(repr=False)
    campaigns: tuple[Campaign, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class ReviewFailed:
    """The read for a review failed; there is no review."""

    serial: int
    message: str


class Result(StrEnum):
    """How an action came out."""

    APPLIED = "applied"
    CHANGED = "changed since the review"
    REFUSED = "refused"
    NOT_STARTED = "not started"
    NOT_APPLIED = "not_applied"
    CLEAR = "nothing unresolved"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Settled:
    """An action came out; ``fresh`` is the campaign read afterwards, None where that failed."""

    serial: int
    request: Request
    result: Result
    message: str
    at: datetime
    fresh: Campaign | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """Looking again found out, or did not."""

    campaign_id: str
    result: Result
    message: str
    at: datetime
    fresh: Campaign | None = None


@dataclass(frozen=True, slots=True)
class WatchStopped:
    """Live reading gave up."""

    message: str


PanelAction: TypeAlias = (
    Selected
    | PageTurned
    | Filtered
    | SortAsked
    | Marked
    | RefreshAsked
    | VerbChosen
    | BulkAsked
    | FormSent
    | Dropped
    | ConfirmPressed
    | Ticked
    | ResolveAsked
    | CampaignsRead
    | ReadFailed
    | ReviewRead
    | BulkRead
    | ReviewFailed
    | Settled
    | Resolved
    | WatchStopped
)
