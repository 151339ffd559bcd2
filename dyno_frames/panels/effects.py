"""What a panel wants done outside itself, as values: the reducer asks, the runner acts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from dyno_frames.panels.state import Campaign, Request


@dataclass(frozen=True, slots=True)
class ReadCampaigns:
    """Read these campaigns."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadForReview:
    """Read a campaign and its list, and mint the token of one review."""

    serial: int
    request: Request


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


Effect: TypeAlias = ReadCampaigns | ReadForReview | Act | Resolve
"""Anything a reducer may ask for."""
