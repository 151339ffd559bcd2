"""Walk over the pages of one filter without any I/O: a generator that yields what it needs and is sent the answers.

**What a page proves.** A page that came in the order of a key, from key ``a`` on, and ends with key ``z``, proves that
no other matching row has a key in ``[a, z)``. It proves this for the moment it was made, whatever was written before
and after, whatever the page cap, and whatever the order of rows that share a key. A row that matches during the
whole walk is therefore on a page if the intervals of the pages cover all keys.

**The walk.** The first page begins at the lowest key. The second begins at the highest and runs downwards; its
lowest key is fixed as the *end* of the walk; a few rows suffice for it. Every further page begins at the last key of
the page before, includes that key, and leaves out by id what was read. The walk ends when a page reaches beyond the
end: the pages cover all keys below, and the second page all keys above. If the first two pages overlap, they are the
whole answer.

A page whose rows all share one key proves nothing about it: those rows are read by `read_ties`, and the next page
begins right beyond the key. So are the rows of a last key if they do not come again on the next page: they are
gone, or the server leaves out the key that it was asked from.

**Invariant.** Every row with a key before ``last_key`` has been read; so has every row beyond ``end``.

**Termination.** Each step moves ``last_key`` towards ``end``, or finds an empty page and stops. The end never moves,
so rows that arrive later are read if they happen to come, and never chased.

**Cost.** A row is on at most two pages as the walk passes its key, and on two more if its key fills a page. For ``n``
rows on pages of ``c`` this is at most ``4 * ceil(n / c)`` pages and a few; `dyno_frames.scan.budget` stops a walk on
a server that makes it cost more, and the answer is then uncertified.

**No rows.** An empty first page is believed if the server counts no rows, too.

**A few rows.** If a server was not seen to keep an order, or if all rows of a short first page share one key, two pages
do not prove anything. Then the filter is counted, and the page requested again: if the count is the number of rows
and the same rows come, no other row existed at the moment of the count, whatever the order.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import pyarrow as pa

from dyno_frames.scan.ties import Count, Reply, Step, Steps, read_ties, request_page
from dyno_frames.scan.walk_state import (
    OutOfOrderError,
    Values,
    WalkSpec,
    WalkState,
    first_times,
    ids_of,
    is_sure,
    keys_of,
    order_bits,
    repeated,
)

MIN_LAST_ROWS = 8
"""Rows that are read from the end if the first page is not all: enough to see more than one key."""


def walk(spec: WalkSpec, state: WalkState) -> Steps:
    """Walk over a filter, from its first row or from the state's position; see the module's docstring.

    Parameters
    ----------
    spec
        What is asked.
    state
        Where to begin and end; is brought up to date before each step is yielded.
    """
    try:
        if state.last_key is None:
            yield from _begin(spec, state)
        yield from _advance(spec, state)
    except OutOfOrderError as error:
        state.in_order = False
        state.fault(str(error) or _not_ordered(spec))


def _not_ordered(spec: WalkSpec) -> str:
    return f"the server does not keep the order by {spec.order_field}"


def _begin(spec: WalkSpec, state: WalkState) -> Steps:
    """Read the first page, and fix the end with a page from the other side, unless a limit may soon be reached."""
    page = yield from request_page(state, spec.first_body())
    if not page.num_rows:
        state.count = yield from _count(spec)
        if state.count:  # rows have come meanwhile, or the empty page was wrong
            page = yield from request_page(state, spec.first_body())
    if not page.num_rows:
        state.finished = True
        if state.count:
            state.fault(f"the server counted {state.count:,} rows and returned none")
        return
    yield _accept(spec, state, page)
    is_short = page.num_rows < spec.first_limit
    keys = keys_of(page, spec.order_field)
    if ((is_short or spec.counts) and not is_sure(spec, [state])) or (is_short and keys[0] == keys[-1]):
        yield from _verify(spec, state, set(ids_of(page)))
    if not state.finished and (is_short or spec.counts):
        yield from _fix_end(spec, state, 0 if is_short else MIN_LAST_ROWS)
    if spec.counts and not state.finished and state.count is None:
        state.count = yield from _count(spec)
    if state.end is not None:
        yield from _read_ties_of(spec, state, keys)


def _read_ties_of(spec: WalkSpec, state: WalkState, keys: Values) -> Steps:
    """Read the rows that share a key, if all rows of a page did: the page does not prove that they are all."""
    if keys[0] == keys[-1] and not _is_finished(spec, state):
        yield from read_ties(spec, state, state.last_key)


def _count(spec: WalkSpec) -> Generator[Step, Reply, int]:
    number = yield Count(spec.conditions)
    if not isinstance(number, int):
        raise TypeError(f"a Count is answered with a number, not with {number!r}")
    return number


def _verify(spec: WalkSpec, state: WalkState, ids: set[str]) -> Steps:
    """Finish if a count between two readings of a page proves that there are no other rows."""
    state.count = yield from _count(spec)
    if state.count == len(ids):
        again = yield from request_page(state, spec.first_body())
        state.finished = state.is_verified = ids.issubset(ids_of(again))


def _fix_end(spec: WalkSpec, state: WalkState, rows: int) -> Steps:
    """Read at least so many of the last rows and fix the end of the walk at the lowest key among them.

    If the rows read so far are all rows, one more than those that share the last key reaches below it.
    """
    limit = min(max(rows, len(state.last_ids) + 1), spec.page_size)
    page = yield from request_page(state, spec.body_from_end(limit))
    if not page.num_rows:  # every row has been deleted
        state.finished = True
        return
    keys = keys_of(page, spec.order_field)
    if not spec.is_sorted(keys, ascending=not spec.ascending):
        raise OutOfOrderError
    if spec.is_beyond(state.last_key, keys[0]):
        return  # a row beyond these has been read: they are not the last rows, unless it is gone
    state.order_bits += order_bits(keys)
    state.end = keys[-1].item()
    state.finished = spec.is_beyond(state.last_key, state.end)
    lowest = state.last_key if state.finished else state.end
    kept = _beyond(spec, keys, lowest) & spec.wanted(keys)
    if state.finished:
        kept |= (keys == lowest) & spec.wanted(keys)
    kept &= first_times(ids_of(page), set(state.last_ids))
    state.held = page.take(pa.array(np.flatnonzero(kept)[::-1]))  # in the direction of the walk


def _beyond(spec: WalkSpec, keys: Values, key: object) -> Values:
    found: Values = keys > key if spec.ascending else keys < key
    return found


def _advance(spec: WalkSpec, state: WalkState) -> Steps:
    """Read page after page until one reaches beyond the end."""
    while not _is_finished(spec, state):
        page = yield from request_page(state, spec.body_from(state.last_key, beyond=state.is_last_key_read))
        is_joined = state.is_last_key_read or not state.last_ids
        if not is_joined and not (page.num_rows and keys_of(page, spec.order_field)[0] == state.last_key):
            yield from read_ties(spec, state, state.last_key)
        if not page.num_rows:
            return
        yield _accept(spec, state, page)
        if state.end is None:
            yield from _fix_end(spec, state, MIN_LAST_ROWS)
        yield from _read_ties_of(spec, state, keys_of(page, spec.order_field))


def _is_finished(spec: WalkSpec, state: WalkState) -> bool:
    if state.finished or state.last_key is None:
        return state.finished
    if state.end is None:
        return False
    is_at_end = bool(state.last_key == state.end) and state.is_last_key_read
    return is_at_end or spec.is_beyond(state.last_key, state.end)


def _accept(spec: WalkSpec, state: WalkState, page: pa.RecordBatch) -> pa.RecordBatch:
    """Check a page against its place in the walk; return the rows that were not read before.

    Raises
    ------
    OutOfOrderError
        The page is not in order, or begins before where it was asked from.
    """
    keys = keys_of(page, spec.order_field)
    is_seam_broken = state.last_key is not None and (
        spec.is_beyond(state.last_key, keys[0]) or (state.is_last_key_read and keys[0] == state.last_key)
    )
    if is_seam_broken or not spec.is_sorted(keys, ascending=spec.ascending):
        raise OutOfOrderError
    state.order_bits += order_bits(keys)
    kept = spec.wanted(keys) & ~repeated(page, keys, state.last_key, state.last_ids)
    if state.end is not None:
        kept &= ~_beyond(spec, keys, state.end)
    tied = int(np.count_nonzero(keys == keys[-1]))
    state.move_to(keys[-1].item(), set(ids_of(page.slice(page.num_rows - tied))))
    return state.hand_on(page, kept)


def walk_by_offset(spec: WalkSpec, state: WalkState) -> Steps:
    """Walk by offset, for a server that keeps no order: rows that stand still come, and no more is promised."""
    if not state.faults:
        state.fault(_not_ordered(spec))
    offset, seen = 0, set[str]()
    while True:
        page = yield from request_page(state, spec.offset_body(offset))
        if not page.num_rows:
            return
        ids = ids_of(page)
        new = first_times(ids, seen)
        if not new.any():
            state.fault("the server sends the same page again")
            return
        yield state.hand_on(page, new)
        offset += len(set(ids))
