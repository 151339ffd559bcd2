"""What is recorded before an action is sent, to determine its outcome later."""

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
    """One action in the journal. Texts are stored as hashes. Times are epoch seconds.

    Parameters
    ----------
    id
        A random id.
    action, campaign_id
        The action and the campaign.
    before, expects
        The status before it, and the status that it leads to.
    start_epoch_s
        The requested start time; None for now.
    start_before, updated_before, counters
        The campaign's ``start_time``, ``updated`` and counters before it.
    overrides, texts_before
        The hashes of the texts that the request sets, and of the texts before it.
    at, until
        When it was requested, and when its attempt has ended at the latest.
    pid, machine
        The process that sends it.
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
        """Return the intent of an action on a campaign as it was read. All times are epoch seconds."""
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
        """When it was requested, as text."""
        return f"{datetime.fromtimestamp(self.at, UTC):%Y-%m-%d %H:%M:%S} UTC"

    def to_json(self) -> dict[str, Any]:
        """Return the intent as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the intent that :meth:`to_json` wrote, or raise TypeError or ValueError."""
        known = {name: value for name, value in stored.items() if name in cls.__slots__}
        return cls(**known | {"action": Action(str(stored.get("action")))})


def hashed(text: object) -> str:
    """Return the hash of a text."""
    return hashlib.sha256(str(text).encode("utf-8", "surrogatepass")).hexdigest()


def number(value: object) -> int | float | None:
    """Return a JSON number, or None for anything else."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def figures(row: Mapping[str, Any]) -> dict[str, int]:
    """Return the counters of a campaign."""
    found = {name: row.get(name) for name in COUNTERS}
    return {
        name: value for name, value in found.items() if isinstance(value, int) and not isinstance(value, bool)
    }
