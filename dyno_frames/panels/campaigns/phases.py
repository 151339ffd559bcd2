"""What a panel asks its user now: nothing, a form, or a review."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from dyno_frames.contract.lifecycle import Action
from dyno_frames.panels.campaigns.campaign import ActionRequest, Audience, Campaign


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing."""


@dataclass(frozen=True, slots=True)
class FormOpen:
    """The form of an action.

    Parameters
    ----------
    readings
        The two instants, in epoch seconds, of a local time that happens twice, until the user has chosen one.
    """

    serial: int
    action: Action
    errors: tuple[str, ...] = ()
    readings: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadingReview:
    """Nothing yet: the campaign is being read for a review."""

    serial: int
    request: ActionRequest


@dataclass(frozen=True, slots=True)
class Review:
    """A confirmation, based on a fresh read. The token is good for one confirmation.

    Parameters
    ----------
    required_text
        What the user has to type first. Empty if a click is enough.
    left_s
        Whole seconds until the review expires, as of the last tick.
    """

    serial: int
    token: str = field(repr=False)
    request: ActionRequest
    campaign: Campaign
    audience: Audience
    required_text: str
    read_at: datetime
    expires_at: datetime
    errors: tuple[str, ...] = ()
    left_s: int = 0


@dataclass(frozen=True, slots=True)
class LoadingBulkReview:
    """Nothing yet: several campaigns are being read for one review."""

    serial: int
    action: Action
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BulkReview:
    """One confirmation for several campaigns, each of them listed. The token is good for one confirmation.

    Parameters
    ----------
    campaigns
        Those that allow the action.
    left_out
        Those that do not, each with the reason.
    required_text, left_s
        As in :class:`Review`.
    """

    serial: int
    token: str = field(repr=False)
    action: Action
    campaigns: tuple[Campaign, ...]
    left_out: tuple[tuple[Campaign, str], ...]
    required_text: str
    read_at: datetime
    expires_at: datetime
    errors: tuple[str, ...] = ()
    left_s: int = 0


Phase: TypeAlias = Idle | FormOpen | LoadingReview | Review | LoadingBulkReview | BulkReview
