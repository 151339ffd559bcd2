"""Read all rows that share one key, however many there are: a walk by id within that key.

The walk over keys cannot step past a key that fills a page by itself. The rows with that key are read with the
filter ``key == value``, ordered by ``id``, which no two rows share. The first page is a prefix of that order; a page
of the opposite direction is a suffix of it. If both have a row in common, there is nothing between them. Otherwise
pages by offset continue the prefix until it meets the suffix. Each of these pages begins with a row that has been
read, so nothing lies between it and the page before; if deleted rows have moved the others up and the shared row is
missing, the page is requested again from further up.

Invariant: every row up to the last one of the prefix has been read, and every row of the suffix.
Termination: a page either continues the prefix or uses up one of a few attempts.
Cost: two pages, and one more for each page of rows beyond the second.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa

from dyno_frames.scan.walk_state import Body, WalkSpec, WalkState, first_times, ids_of, keys_of


@dataclass(frozen=True, slots=True)
class Find:
    """A step of a walk: send this body and return the page."""

    body: Body


@dataclass(frozen=True, slots=True)
class Count:
    """A step of a walk: return the number of rows for these conditions."""

    body: Body


Step: TypeAlias = Find | Count | pa.RecordBatch
"""What a walk yields: a page or a count that it needs, or rows that it hands on."""

Reply: TypeAlias = pa.RecordBatch | int | None
Steps: TypeAlias = Generator[Step, Reply, None]

MAX_STALLS = 4
"""Pages that may bring nothing new before the walk gives up."""

OVERLAP_GROWTH = 8
"""How much further up the next page begins after each page that did not fit."""


def request_page(state: WalkState, body: Body) -> Generator[Step, Reply, pa.RecordBatch]:
    """Ask for a page and note that it came."""
    page = yield Find(body)
    if not isinstance(page, pa.RecordBatch):
        raise TypeError(f"a Find is answered with a page, not with {page!r}")
    state.received(page)
    return page


@dataclass(slots=True)
class _Prefix:
    """The rows that share a key, read so far from the first id on."""

    ids: set[str]
    length: int  # how many of the server's rows they are: the offset of the next one
    overlap: int  # how many rows before that one the next page begins
    max_overlap: int
    stalls: int = 0  # pages in a row that brought nothing new

    @property
    def next_offset(self) -> int:
        return max(self.length - self.overlap, 0)

    def add(self, ids: Sequence[str], offset: int) -> None:
        """Take the page at an offset, unless rows may be missing between it and the prefix."""
        if offset and self.overlap and self.ids.isdisjoint(ids):
            self.overlap = min(self.overlap * OVERLAP_GROWTH, self.max_overlap)
            self.stalls += 1
            return
        self.stalls = 0 if not self.ids.issuperset(ids) else self.stalls + 1
        self.overlap = min(self.overlap, max(1, len(ids) // 2))
        self.ids.update(ids)
        self.length = offset + len(set(ids))


def read_ties(spec: WalkSpec, state: WalkState, value: Any) -> Steps:
    """Read every row whose order field has this value; hand on those that were not read before."""
    yield from read_by_id(spec, state, value)
    state.is_last_key_read = True


def read_by_id(spec: WalkSpec, state: WalkState, value: Any = None) -> Steps:
    """Read the rows of a filter, or those whose order field has one value, in order of id."""
    lower = yield from _tied_page(spec, state, value)
    upper = yield from _tied_page(spec, state, value, ascending=False)
    if lower and upper and not _are_opposite(lower, upper):
        state.fault(
            f"the server does not order by id, and more rows share one {spec.order_field} than were sent"
        )
    cap = state.largest_page
    prefix = _Prefix(set(lower), len(set(lower)), overlap=min(1, cap - 1), max_overlap=max(1, cap // 2))
    if cap == 1 and prefix.ids.isdisjoint(upper):
        state.fault("the server sends pages of one row, which cannot be checked against each other")
    while lower and upper and prefix.ids.isdisjoint(upper):
        if prefix.stalls == MAX_STALLS:
            state.fault(
                f"rows that share one {spec.order_field} moved, or pages came again, while they were read"
            )
            break
        if prefix.stalls:  # the rows of the suffix may be gone
            upper = yield from _tied_page(spec, state, value, ascending=False)
        offset = prefix.next_offset
        page = yield from _tied_page(spec, state, value, offset=offset)
        prefix.add(page, offset)


def _tied_page(
    spec: WalkSpec, state: WalkState, value: Any, *, ascending: bool = True, offset: int = 0
) -> Generator[Step, Reply, list[str]]:
    """Read one page of rows that share a key, hand on the new ones, and return the ids of all."""
    page = yield from request_page(state, spec.by_id_body(value, ascending=ascending, offset=offset))
    if not page.num_rows:
        return []
    keys, ids = keys_of(page, spec.order_field), ids_of(page)
    fits = keys == (keys if value is None else value)
    if not fits.all():
        state.fault(f"the server does not apply a filter on {spec.order_field}")
    yield state.hand_on(page, fits & first_times(ids, state.last_ids) & spec.wanted(keys))
    return ids


def _are_opposite(lower: Sequence[str], upper: Sequence[str]) -> bool:
    """Tell whether two pages are from the two ends of one order by id, whatever the server's collation."""
    if list(lower) == sorted(lower) and list(upper) == sorted(upper, reverse=True):
        return True
    on_both = set(lower) & set(upper)
    common = list(dict.fromkeys(one for one in upper if one in on_both))
    return len(common) > 1 and list(dict.fromkeys(one for one in lower if one in on_both)) == common[::-1]
