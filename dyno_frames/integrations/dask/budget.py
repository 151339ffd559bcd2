"""How many requests a cluster may send at once and per second."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Budget:
    """How many requests a cluster sends.

    Parameters
    ----------
    workers
        Maximum number of concurrent requests.
    per_second
        Maximum number of requests per second; None for no limit.
    """

    workers: int
    per_second: float | None = None


def rate_faults(rate: Any) -> list[str]:
    """Return what is wrong with ``max_requests_per_second=``."""
    is_number = isinstance(rate, int | float) and not isinstance(rate, bool)
    if rate is None or (is_number and 0 < rate < math.inf):
        return []
    return [f"max_requests_per_second={rate!r}; expected a number above 0, or None for no limit"]


class Reservations:
    """The moments at which requests may be sent, by account. The caller orders concurrent calls."""

    def __init__(self) -> None:
        self._next: dict[str, float] = {}

    def reserve(self, account: str, *, per_second: float | None = None, pause_s: float = 0.0) -> float:
        """Return how long to wait before the next request, in seconds.

        Parameters
        ----------
        account
            The account whose requests are limited.
        per_second
            Maximum number of requests per second; None for no limit.
        pause_s
            If it is not 0, no request is reserved, and the next one is sent after this time at the earliest.
        """
        now = time.monotonic()
        at = max(self._next.get(account, now), now + pause_s)
        self._next[account] = at if pause_s or per_second is None else at + 1 / per_second
        return at - now
