"""What a panel is asking its user: nothing, a form, or a review."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from dyno_frames.contract.lifecycle import Action
from dyno_frames.panels.campaign import Campaign, Reach, Request


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing is being asked for."""


@dataclass(frozen=True, slots=True)
class Filling:
    """The form of an action is open.

    Parameters
    ----------
    twice
        The two instants, in epoch seconds, of a wall time that happens twice, while the user has not said which.
    """

    serial: int
    verb: Action
    faults: tuple[str, ...] = ()
    twice: tuple[int, ...] = ()


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
    left_s
        Whole seconds until it expires, as last told.
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
    left_s: int = 0


@dataclass(frozen=True, slots=True)
class BulkReading:
    """Several campaigns are being read for one review."""

    serial: int
    verb: Action
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BulkReview:
    """One review that lists every campaign it is about. Its token is good for one confirm.

    Parameters
    ----------
    campaigns
        Those that allow the action.
    left_out
        Those that do not, each with the reason.
    demand
        What must be typed first; empty where a click is enough.
    left_s
        Whole seconds until it expires, as last told.
    """

    serial: int
    token: str = field(repr=False)
    verb: Action
    campaigns: tuple[Campaign, ...]
    left_out: tuple[tuple[Campaign, str], ...]
    demand: str
    read_at: datetime
    expires_at: datetime
    faults: tuple[str, ...] = ()
    left_s: int = 0


Phase: TypeAlias = Idle | Filling | Reading | Review | BulkReading | BulkReview
