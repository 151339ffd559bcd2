"""What a campaign panel wants done outside itself, as values: the reducer returns them, the runner performs them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from dyno_frames.contract.lifecycle import Action
from dyno_frames.panels.campaigns.campaign import ActionRequest, Campaign


@dataclass(frozen=True, slots=True)
class ReadCampaigns:
    """Read campaigns, and the audience of one of them."""

    ids: tuple[str, ...]
    audience_of: str = ""


@dataclass(frozen=True, slots=True)
class ReadForReview:
    """Read a campaign and its list, and create the token of one review."""

    serial: int
    request: ActionRequest


@dataclass(frozen=True, slots=True)
class ReadForBulkReview:
    """Read several campaigns, and create the token of one review of all of them."""

    serial: int
    action: Action
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SendAction:
    """Send a process action, once.

    Parameters
    ----------
    reviewed
        The campaign as the user saw it. If it has changed since, nothing is sent. None for pause, which needs
        no review.
    token
        The review's token. Empty for pause.
    """

    serial: int
    request: ActionRequest
    reviewed: Campaign | None = None
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ResolveOutcome:
    """Find out the outcome of a campaign's last action."""

    campaign_id: str


Effect: TypeAlias = ReadCampaigns | ReadForReview | ReadForBulkReview | SendAction | ResolveOutcome
"""Anything the reducer can ask for."""
