"""What a panel wants done outside itself, as values: the reducer asks, the runner acts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from dyno_frames.contract.lifecycle import Action
from dyno_frames.panels.campaign import Campaign, Request


@dataclass(frozen=True, slots=True)
class ReadCampaigns:
    """Read these campaigns, and for one of them also how many it would write to."""

    ids: tuple[str, ...]
    reach_of: str = ""


@dataclass(frozen=True, slots=True)
class ReadForReview:
    """Read a campaign and its list, and mint the token of one review."""

    serial: int
    request: Request


@dataclass(frozen=True, slots=True)
class ReadForBulk:
    """Read several campaigns, and mint the token of one review of them all."""

    serial: int
    verb: Action
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Act:
    """Send an action, once.

    Parameters
    ----------
    reviewed
        The campaign as the user saw it; if it has changed since, nothing is sent. None for pause, which is
        the brake and needs no review.
    token
        The review's token; empty for pause.
    """

    serial: int
    request: Request
    reviewed: Campaign | None = None
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Resolve:
    """Find out what became of the campaign's last action."""

    campaign_id: str


Effect: TypeAlias = ReadCampaigns | ReadForReview | ReadForBulk | Act | Resolve
"""Anything a reducer may ask for."""
