"""How fast campaigns are sent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from dyno_frames.errors import ConfigError

RATE: Final = 200.0
"""Messages per second at speed 1: for each simulated campaign, and for all real mail together."""


@dataclass(frozen=True, slots=True)
class SendingSpeed:
    """How fast campaigns are sent.

    Parameters
    ----------
    speed
        1 is 200 messages per second; 0 stops everything.
    rate
        The maximum number of real messages per second; None follows ``speed``.

    Raises
    ------
    ConfigError
        A value is not a number, or is out of range.
    """

    speed: float = 1.0
    rate: float | None = None

    def __post_init__(self) -> None:
        if not _is_number(self.speed) or self.speed < 0:
            raise ConfigError(f"speed is {self.speed!r}; expected a number, 0 (paused) or more")
        if self.rate is not None and (not _is_number(self.rate) or self.rate <= 0):
            raise ConfigError(f"rate is {self.rate!r}; expected messages per second, more than 0")

    @property
    def mail_rate(self) -> float:
        """The maximum number of real messages per second."""
        return RATE * self.speed if self.rate is None else self.rate


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
