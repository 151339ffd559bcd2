"""How many requests and rows a scan may cost: what the user allows, and what bounds every walk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dyno_frames.errors import QueryError

FINDS_PER_PAGE = 4
SPARE_FINDS = 12


def max_finds(rows: int, page_rows: int) -> int:
    """Return how many pages a walk over so many rows may ask for, on any server.

    Examples
    --------
    >>> max_finds(2_500, 97)
    116
    """
    return FINDS_PER_PAGE * -(-rows // max(page_rows, 1)) + SPARE_FINDS


@dataclass(slots=True)
class FindBudget:
    """The pages that the walks over one filter may still ask for; threads share it."""

    rows: int | None = None  # rows of the filter, or an estimate; None until one is known
    count: Callable[[], int] | None = None  # counts the rows, once, when an estimate is used up
    page_rows: int = 0  # the largest page seen so far
    used: int = 0  # pages requested
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def take(self, page_rows: int) -> bool:
        """Take one page; return False if none is left. The largest page that the walk has seen has ``page_rows``."""
        with self._lock:
            self.page_rows = max(self.page_rows, page_rows)
            if self._is_used_up() and self.count is not None:
                self.rows, self.count = self.count(), None
            if self._is_used_up():
                return False
            self.used += 1
            return True

    def _is_used_up(self) -> bool:
        return self.rows is not None and self.used >= max_finds(self.rows, self.page_rows)


def check_costs(*, max_rows: int | None, max_requests: int | None, rows: int, requests: int) -> None:
    """Refuse a scan that would cost more than the user allows.

    Raises
    ------
    QueryError
        It would; names what it would cost and what was allowed.
    """
    limits = (("max_rows", max_rows, rows), ("max_requests", max_requests, requests))
    for name, allowed, cost in limits:
        if allowed is not None and cost > allowed:
            raise QueryError(
                f"the answer would cost {cost:,} {name[4:]}, and {name}={allowed:,} allows fewer. No row was fetched. "
                "Narrow the query, see .dyno.explain(…) for what is evaluated locally, or allow more"
            )


def expected_requests(counts: Sequence[int], page_size: int) -> int:
    """Return about how many requests filters with so many rows take."""
    return sum(-(-number // page_size) + 2 for number in counts)
