"""What a scan has found so far: requests, walks, counts, and fields outside the schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dyno_frames.frames.decode import Invalid
from dyno_frames.scan.walk_state import WalkState


@dataclass(slots=True)
class CountCheck:
    """The walks over one filter, and what the server counted for it."""

    walks: list[WalkState]  # their rows together are the filter's
    before: int | None = None  # rows of the filter; None where nothing was counted
    after: int | None = None
    is_complete: bool = True  # every row of the filter was wanted: no limit ended the walk
    is_sure: bool = True  # the server was seen to keep the order
    second_reading: WalkState | None = None  # the walk that read a few rows again, to verify them

    @property
    def rows(self) -> int:
        """Rows that were handed on."""
        return sum(walk.new_rows for walk in self.walks)


@dataclass(slots=True)
class RetryTime:
    """The time that all threads of a scan have spent on requests that had to be sent again, in seconds."""

    spent_s: float = 0.0


@dataclass(slots=True)
class ScanStats:
    """What a scan has found so far."""

    requests: int = 0  # requests answered
    retries: int = 0  # how many times one was sent again
    retry_time: RetryTime = field(default_factory=RetryTime)
    round_trip_s: float | None = None  # the shortest time of a count that was not sent again
    checks: list[CountCheck] = field(default_factory=list)  # the filters that were walked
    fields_met: dict[str, None] = field(default_factory=dict)  # fields outside the schema, as they came
    invalid: dict[str, Invalid] = field(default_factory=dict)  # values made null, by column
    wrong_rows: int = 0  # rows that the server returned although the query excludes them
    wrong_columns: set[str] = field(default_factory=set)  # columns of the conditions that they do not meet
    on_page: Callable[[int], object] = lambda _rows: None  # called with the rows of each page
    on_total: Callable[[int], object] = lambda _rows: None  # called with rows that are to come

    @property
    def walks(self) -> list[WalkState]:
        """All walks of the scan."""
        return [walk for check in self.checks for walk in check.walks]

    @property
    def rows_moved(self) -> int:
        """Rows received, repeated ones too."""
        again = (check.second_reading for check in self.checks)
        return sum(walk.rows for walk in (*self.walks, *again) if walk is not None)

    def answered(self, attempts: int, elapsed_s: float, *, is_count: bool) -> None:
        """Note a request that was answered."""
        self.requests += 1
        self.retries += attempts - 1
        if attempts > 1:
            self.retry_time.spent_s += elapsed_s
        elif is_count:
            known = self.round_trip_s
            self.round_trip_s = elapsed_s if known is None else min(known, elapsed_s)

    def of_thread(self) -> ScanStats:
        """Return empty stats for another thread of the same scan."""
        return ScanStats(retry_time=self.retry_time)

    def add(self, other: ScanStats) -> None:
        """Add what another thread of the same scan has found; the caller adds its walks."""
        self.requests += other.requests
        self.retries += other.retries
        times_s = [one for one in (self.round_trip_s, other.round_trip_s) if one is not None]
        self.round_trip_s = min(times_s, default=None)
        self.fields_met.update(other.fields_met)
        self.note(other.invalid)

    def note(self, invalid: Mapping[str, Invalid]) -> None:
        """Add values that were made null, by column."""
        for name, noted in invalid.items():
            self.invalid[name] = self.invalid[name] + noted if name in self.invalid else noted
