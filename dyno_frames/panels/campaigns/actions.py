"""What can happen to a campaign panel: the user's clicks, and the answers to effects."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from dyno_frames.contract.lifecycle import Action
from dyno_frames.panels.campaigns.campaign import ActionRequest, Audience, Campaign
from dyno_frames.panels.campaigns.columns import SortKey


@dataclass(frozen=True, slots=True)
class CampaignOpened:
    """The user clicked a campaign in the table."""

    campaign_id: str


@dataclass(frozen=True, slots=True)
class PageChanged:
    """The user turned to another page of the table."""

    page: int


@dataclass(frozen=True, slots=True)
class FilterChanged:
    """The user changed the table's filter."""

    search: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class SortRequested:
    """The user clicked a column heading; a second click on the same one reverses the order."""

    key: SortKey


@dataclass(frozen=True, slots=True)
class SelectionChanged:
    """The user selected campaigns for a bulk action, or deselected them."""

    ids: tuple[str, ...]
    selected: bool = True


@dataclass(frozen=True, slots=True)
class RefreshRequested:
    """The user wants the visible campaigns read again."""


@dataclass(frozen=True, slots=True)
class ActionChosen:
    """The user pressed the button of a process action."""

    action: Action


@dataclass(frozen=True, slots=True)
class BulkActionChosen:
    """The user pressed the button of a process action for the selected campaigns."""

    action: Action


@dataclass(frozen=True, slots=True)
class FormSubmitted:
    """The user requested a review of what the form holds.

    Parameters
    ----------
    fold
        Which of two instants is meant if the local time happens twice, 0 or 1. None if the user did not choose.
    """

    serial: int
    at: datetime
    when: str = ""
    time_zone: str = ""
    fold: int | None = None
    overrides: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Dismissed:
    """The user closed the form or the review without acting."""


@dataclass(frozen=True, slots=True)
class ConfirmPressed:
    """The user confirmed the review that this token belongs to."""

    token: str = field(repr=False)
    at: datetime
    typed: str = ""


@dataclass(frozen=True, slots=True)
class ClockTicked:
    """Time passed while a review was open."""

    at: datetime


@dataclass(frozen=True, slots=True)
class ResolveRequested:
    """The user wants to know the outcome of an action whose outcome is unknown."""


@dataclass(frozen=True, slots=True)
class CampaignsRead:
    """Campaigns were read.

    Parameters
    ----------
    requested
        The ids that were requested.
    audiences
        Who campaigns would send mail to, by id, if that was requested too.
    """

    campaigns: tuple[Campaign, ...]
    requested: tuple[str, ...]
    at: datetime
    audiences: tuple[tuple[str, Audience], ...] = ()


@dataclass(frozen=True, slots=True)
class ReadFailed:
    """A read failed; nothing changed anywhere.

    Parameters
    ----------
    lost_at
        When the server did not answer. None if the server answered with an error.
    """

    message: str
    lost_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReviewReady:
    """A campaign was read for a review; the token confirms that review once."""

    serial: int
    token: str = field(repr=False)
    campaign: Campaign
    audience: Audience
    at: datetime


@dataclass(frozen=True, slots=True)
class BulkReviewReady:
    """Several campaigns were read for one review; the token confirms that review once."""

    serial: int
    token: str = field(repr=False)
    campaigns: tuple[Campaign, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class ReviewFailed:
    """The read for a review failed, so the review does not open.

    Parameters
    ----------
    lost_at
        As in :class:`ReadFailed`.
    """

    serial: int
    message: str
    lost_at: datetime | None = None


class ActionResult(StrEnum):
    """The outcome of a process action, or of resolving one."""

    APPLIED = "applied"
    CHANGED = "changed since the review"
    REFUSED = "refused"
    NOT_STARTED = "not started"
    NOT_APPLIED = "not_applied"
    NOTHING_OPEN = "nothing unresolved"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ActionFinished:
    """A process action has an outcome.

    Parameters
    ----------
    fresh
        The campaign, read after the action. None if that read failed.
    """

    serial: int
    request: ActionRequest
    result: ActionResult
    message: str
    at: datetime
    fresh: Campaign | None = None


@dataclass(frozen=True, slots=True)
class OutcomeResolved:
    """Resolving an unknown outcome ended; the outcome may still be unknown."""

    campaign_id: str
    result: ActionResult
    message: str
    at: datetime
    fresh: Campaign | None = None


@dataclass(frozen=True, slots=True)
class WatchStopped:
    """Reading running campaigns again and again was given up."""

    message: str


PanelAction: TypeAlias = (
    CampaignOpened
    | PageChanged
    | FilterChanged
    | SortRequested
    | SelectionChanged
    | RefreshRequested
    | ActionChosen
    | BulkActionChosen
    | FormSubmitted
    | Dismissed
    | ConfirmPressed
    | ClockTicked
    | ResolveRequested
    | CampaignsRead
    | ReadFailed
    | ReviewReady
    | BulkReviewReady
    | ReviewFailed
    | ActionFinished
    | OutcomeResolved
    | WatchStopped
)
"""Anything that can happen to a campaign panel."""
