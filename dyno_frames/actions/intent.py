"""What is written down before an action leaves: enough to tell later what became of it, and no more."""

from __future__ import annotations

import hashlib
import os
import platform
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from dyno_frames.contract.lifecycle import OVERRIDES, RULES, Action
from dyno_frames.contract.resources import COUNTERS
from dyno_frames.contract.times import resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One action, as the journal keeps it. Texts are kept as hashes.

    Parameters
    ----------
    id
        A random name.
    action, campaign_id
        What is asked for, of which campaign.
    before
        The status that was read.
    expects
        The status the action leads to.
    start_epoch_s
        The time it names, in epoch seconds; None for at once.
    start_before
        The campaign's ``start_time`` that was read.
    updated_before
        The campaign's ``updated`` that was read.
    counters
        The campaign's figures that were read.
    overrides, texts_before
        The hashes of the texts the request sets, and of what stood there.
    at
        When, in epoch seconds.
    until
        When the request is no longer under way, in epoch seconds, unless its process died before.
    pid, machine
        Which process sends it.
    """

    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    action: Action
    campaign_id: str
    before: str
    expects: str
    start_epoch_s: int | None = None
    start_before: int | float | None = None
    updated_before: int | float | None = None
    counters: Mapping[str, int] = field(default_factory=dict)
    overrides: Mapping[str, str] = field(default_factory=dict)
    texts_before: Mapping[str, str] = field(default_factory=dict)
    at: float = 0.0
    until: float = 0.0
    pid: int = field(default_factory=os.getpid)
    machine: str = field(default_factory=platform.node)

    @classmethod
    def of(
        cls, action: Action, row: Mapping[str, Any], body: Mapping[str, Any], *, campaign_id: str,
        now: float, until: float,
    ) -> Self:  # fmt: skip
        """Return the intent of an action.

        Parameters
        ----------
        action
            What is asked for.
        row
            The campaign as it was read.
        body
            The request's body.
        campaign_id
            Which campaign.
        now, until
            The present, and when the request is no longer under way, in epoch seconds.
        """
        wall = body.get("iso_start_time")
        start_epoch_s = None if wall is None else resolve(wall, body.get("time_zone")).epoch_s
        return cls(
            action=action,
            campaign_id=campaign_id,
            before=str(row.get("status")),
            expects=RULES[action].target(future=start_epoch_s is not None and start_epoch_s > now),
            start_epoch_s=start_epoch_s,
            start_before=number(row.get("start_time")),
            updated_before=number(row.get("updated")),
            counters=figures(row),
            overrides={name: hashed(body[name]) for name in OVERRIDES if name in body},
            texts_before={name: hashed(row[name]) for name in OVERRIDES if name in body and name in row},
            at=now,
            until=until,
        )

    @property
    def when(self) -> str:
        """When it was asked for, in words."""
        return f"{datetime.fromtimestamp(self.at, UTC):%Y-%m-%d %H:%M:%S} UTC"

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the intent that :meth:`to_json` wrote.

        Raises
        ------
        TypeError, ValueError
            It is not one.
        """
        known = {name: value for name, value in stored.items() if name in cls.__slots__}
        return cls(**known | {"action": Action(str(stored.get("action")))})


def hashed(text: object) -> str:
    """Return the hash that stands for a text."""
    return hashlib.sha256(str(text).encode("utf-8", "surrogatepass")).hexdigest()


def number(value: object) -> int | float | None:
    """Return a JSON number, or None for anything else."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def figures(row: Mapping[str, Any]) -> dict[str, int]:
    """Return the counters that a campaign's row shows."""
    found = {name: row.get(name) for name in COUNTERS}
    return {
        name: value for name, value in found.items() if isinstance(value, int) and not isinstance(value, bool)
    }
