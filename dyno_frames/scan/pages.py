"""Walk a filter page by page without doing any I/O: a generator that yields bodies and is sent pages.

The walk follows a number that every row has. Each page begins at the last number seen, not after a count of rows:
what is inserted or deleted meanwhile cannot shift rows past it, and a page costs the same at any depth. Rows that
share the last number come again and are left out by id. A short page is never the end: behind the last rows nothing
must come, and they must still stand after that was asked.
"""

from __future__ import annotations

import operator
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from math import lgamma, log
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from dyno_frames.contract.filters import ASCENDING, DESCENDING, Key, NumberOperator
from dyno_frames.contract.resources import CREATED, KEY

Body: TypeAlias = dict[str, Any]

FEW_ROWS = 100
"""So many rows may be read a second time to be sure of them."""

SURE_BITS = 20
"""Rows that stand in an order which is less likely by chance are kept in it; ten on a page are."""


@dataclass(slots=True)
class Walked:
    """What a walk met.

    Parameters
    ----------
    pages
        Pages that held rows.
    rows
        Rows received, repeated ones too.
    fresh
        Rows handed on.
    largest
        The most rows of one page.
    in_order
        Whether the rows came in the order of the key.
    order_bits
        How unlikely that is by chance: as unlikely as so many tosses of a coin.
    reached
        The last number of the key within the walk's end; None before the first page.
    few
        The ids of the rows handed on, as long as they are few.
    faults
        What keeps the walk from being complete for certain.
    """

    pages: int = 0
    rows: int = 0
    fresh: int = 0
    largest: int = 0
    in_order: bool = True
    order_bits: float = 0.0
    reached: Any = None
    few: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def fault(self, text: str) -> None:
        """Note a fault, once."""
        if text not in self.faults:
            self.faults.append(text)


Walk: TypeAlias = Generator[Body, pa.RecordBatch, None]
"""Yields the body of a request and is sent the page; the rows to hand on are then the route's ``fresh``."""


@dataclass(slots=True)
class Route:
    """Where a walk goes and what it hands on.

    Parameters
    ----------
    body
        The conditions and fields of the question.
    key
        A number field that every row has; rows come in its order.
    ascending
        The direction.
    page_size
        Rows asked for at a time; may be changed between pages.
    several
        Whether this server is known to and several operators on one field. Where it is not, only the walk's own
        bound on the key is sent and the question's is kept here.
    low, high
        Walk only rows with ``low <= key < high``; None is open. ``high`` is never sent: a row beyond it proves that
        all before it have come. It may be set while the walk goes on.
    expected
        How many rows the walk is thought to have, so that its last page is not asked for too large.
    fresh
        The rows of the last page that were not seen before; read after each page.
    met
        What the walk has met so far.
    """

    body: Mapping[str, Any]
    key: str = CREATED
    ascending: bool = True
    page_size: int = 1000
    several: bool = True
    low: int | None = None
    high: int | None = None
    expected: int | None = None
    fresh: pa.RecordBatch = field(default_factory=lambda: pa.RecordBatch.from_pylist([]))
    met: Walked = field(default_factory=Walked)


def walk(route: Route) -> Walk:
    """Walk by the key until nothing comes after its last number; see the module's text.

    Parameters
    ----------
    route
        Where to go. Its ``fresh`` is set after each page.
    """
    start, ties, before = _Start(route.low), set[str](), 0
    probe: _Probe | None = None
    while True:
        limit = _limit(route)
        page = yield _body(route, start)
        route.fresh = page.slice(0, 0)
        if not page.num_rows:
            return
        values = numbers(page, route.key)
        if values is None or not _in_order(values, start.last, ascending=route.ascending):
            yield from _out_of_order(route, page)
            return
        _count(route.met, page, values)
        wanted, repeated = _wanted(values, route), _repeated(page, values, start.last, ties)
        _hand_on(route, page, wanted & ~repeated)
        _reach(route.met, values[wanted])
        if not wanted[-1]:
            return
        reached, shown = values[-1].item(), _ties(page, values)
        ties = ties | shown if reached == start.last else shown
        stuck = reached == start.last and not route.fresh.num_rows
        if not stuck:
            probe = None
        following: _Start | None = _Start(reached)
        if start.offset or (stuck and start.beyond):
            following = _among_ties(route, start, reached, _distinct(page, repeated))
        elif probe is not None and probe.decides(shown):
            following = probe.following(route, reached)
        elif stuck or (page.num_rows < limit and page.num_rows != before):
            probe = yield from _probed(route, reached, shown if stuck else ties, probe)
            following = following if probe is not None else None
        if following is None:
            return
        before, start = page.num_rows, following


@dataclass(frozen=True, slots=True)
class _Start:
    """Where a page begins: at the last number seen or beyond it, after some of the rows that share it."""

    last: Any = None
    offset: int = 0
    beyond: bool = False


@dataclass(frozen=True, slots=True)
class _Probe:
    """What was found behind rows that share the last number: nothing, more of them, or another number.

    It holds for certain only if those rows still stand afterwards: had one been deleted before it, others would
    have moved up unseen.
    """

    shared: set[str]
    first: Any
    tried: int = 0

    def decides(self, shown: set[str]) -> bool:
        """Tell whether it holds, or is not worth another try."""
        return shown >= self.shared or self.tried >= _TRIES

    def following(self, route: Route, reached: Any) -> _Start | None:
        """Return where the next page begins, or None at the end."""
        if self.tried >= _TRIES:
            route.met.fault(f"rows that share the last {route.key} came and went as they were counted")
        if self.first is None:
            return None
        if self.first != reached:
            return _Start(reached, beyond=True)
        route.met.fault(f"more rows share one value of {route.key} than fit on a page")
        return _Start(reached, len(self.shared))


_TRIES = 4


def _probed(
    route: Route, reached: Any, shared: set[str], last: _Probe | None
) -> Generator[Body, pa.RecordBatch, _Probe | None]:
    """Look behind rows that share the last number; None where the server keeps no order, and all has come."""
    page = yield _body(route, _Start(reached, len(shared))) | {str(Key.LIMIT): 1}
    route.fresh = page.slice(0, 0)
    tried = 0 if last is None else last.tried + 1
    if not page.num_rows:
        return _Probe(shared, None, tried)
    values = numbers(page, route.key)
    if values is None or not _in_order(values, reached, ascending=route.ascending):
        yield from _out_of_order(route, page)
        return None
    _count(route.met, page, values)
    return _Probe(shared, values[0].item(), tried)


def _out_of_order(route: Route, page: pa.RecordBatch) -> Walk:
    route.met.rows += page.num_rows
    route.met.in_order = False
    route.met.fault(f"the server does not keep the order by {route.key}")
    yield from _by_offset(route)


def _among_ties(route: Route, start: _Start, reached: Any, distinct: int) -> _Start | None:
    """Return where the next page begins among more ties than fit on one, or None where there is no other."""
    if reached != start.last:
        return _Start(reached)
    if route.fresh.num_rows:
        return _Start(reached, start.offset + distinct)
    route.met.fault("the server repeats pages")
    fixed = route.several and NumberOperator.EQ in _bounds(route.body.get(route.key))
    return None if start.beyond or fixed else _Start(reached, beyond=True)


def numbers(page: pa.RecordBatch, key: str) -> np.ndarray[Any, Any] | None:
    """Return the key of each row; None where a row has none."""
    column = page.column(key)
    if column.null_count or not _is_number(column.type):
        return None
    if pa.types.is_timestamp(column.type):
        column = column.view(pa.int64())  # a cast copies
    found: np.ndarray[Any, Any] = column.to_numpy(zero_copy_only=False)
    return found


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _distinct(page: pa.RecordBatch, repeated: np.ndarray[Any, Any]) -> int:
    """Return how many rows a page has, each counted once."""
    return page.num_rows if not repeated.any() else len(set(page.column(KEY).to_pylist()))


def _hand_on(route: Route, page: pa.RecordBatch, kept: np.ndarray[Any, Any]) -> None:
    """Set the rows to hand on; most often a run of the page, which costs no copy."""
    number = int(kept.sum())
    first = int(kept.argmax()) if number else 0
    run = number == 0 or bool(kept[first : first + number].all())
    route.fresh = page.slice(first, number) if run else page.filter(pa.array(kept))
    route.met.fresh += number
    if route.met.fresh <= FEW_ROWS:
        route.met.few.update(route.fresh.column(KEY).to_pylist())


def _repeated(
    page: pa.RecordBatch, values: np.ndarray[Any, Any], last: Any, ties: set[str]
) -> np.ndarray[Any, Any]:
    """Return which rows share the last number of the page before and were on it, or stand twice on this one."""
    repeated = np.zeros(len(values), dtype=bool)
    alike = np.append(values[:-1] == values[1:], False)
    if not alike.any() and not (ties and values[0] == last):
        return repeated
    alike[1:] |= alike[:-1]
    alike[0] |= values[0] == last
    places = np.flatnonzero(alike)
    seen = set(ties)  # what shares another number has another id
    for place, key in zip(places, page.column(KEY).take(pa.array(places)).to_pylist(), strict=True):
        repeated[place] = key in seen
        seen.add(key)
    return repeated


def _ties(page: pa.RecordBatch, values: np.ndarray[Any, Any]) -> set[str]:
    """Return the ids of the rows that share the last number."""
    shared = int((values == values[-1]).sum())
    return set(page.column(KEY).slice(len(values) - shared).to_pylist())


def _wanted(values: np.ndarray[Any, Any], route: Route) -> np.ndarray[Any, Any]:
    """Tell which rows are within the walk's end, and within bounds on the key that the server may not have kept."""
    kept = np.ones(len(values), dtype=bool) if route.high is None else values < route.high
    if not route.several:
        for name, bound in _bounds(route.body.get(route.key)).items():
            kept &= _COMPARE[NumberOperator(name)](values, bound)
    return kept


def _bounds(condition: Any) -> Mapping[str, Any]:
    """Return a condition on a number by operator; a bare number means ``eq``."""
    if condition is None or isinstance(condition, Mapping):
        return condition or {}
    return {NumberOperator.EQ: condition}


_COMPARE = {
    NumberOperator.EQ: operator.eq,
    NumberOperator.GT: operator.gt,
    NumberOperator.GTE: operator.ge,
    NumberOperator.LT: operator.lt,
    NumberOperator.LTE: operator.le,
}


def _count(met: Walked, page: pa.RecordBatch, values: np.ndarray[Any, Any] | None = None) -> None:
    met.pages += 1
    met.rows += page.num_rows
    met.largest = max(met.largest, page.num_rows)
    if values is not None:
        met.order_bits += order_bits(values)


def _reach(met: Walked, values: np.ndarray[Any, Any]) -> None:
    if len(values):
        met.reached = values[-1].item()


def order_bits(values: np.ndarray[Any, Any]) -> float:
    """Return how unlikely it is that these numbers, which are in order, are so by chance; in bits."""
    different = 1 + np.count_nonzero(values[1:] != values[:-1])
    return lgamma(different + 1) / log(2)


def _in_order(values: np.ndarray[Any, Any], last: Any, *, ascending: bool) -> bool:
    before, after = (values[:-1], values[1:]) if ascending else (values[1:], values[:-1])
    seam = last is None or (last <= values[0] if ascending else last >= values[0])
    return bool(seam and (before <= after).all())


def _body(route: Route, start: _Start) -> Body:
    body: Body = dict(route.body)
    if start.last is not None:
        kept = _bounds(body.get(route.key)) if route.several else {}
        body[route.key] = _from(kept, start, ascending=route.ascending)
    body[Key.ORDER_BY] = route.key
    body[Key.ORDER_DIRECTION] = ASCENDING if route.ascending else DESCENDING
    body[Key.LIMIT] = _limit(route)
    if start.offset:
        body[Key.OFFSET] = start.offset
    return {str(name): value for name, value in body.items()}


_MARGIN = 16
"""Rows asked for beyond those expected: some that share a number, some new ones, and one that proves the end."""


def _limit(route: Route) -> int:
    if route.expected is None:
        return route.page_size
    return min(route.page_size, max(route.expected - route.met.fresh, 0) + _MARGIN)


_UP = (NumberOperator.GT, NumberOperator.GTE)
_DOWN = (NumberOperator.LT, NumberOperator.LTE)


def _from(bounds: Mapping[str, Any], start: _Start, *, ascending: bool) -> Mapping[str, Any]:
    """Return the question's own bounds on the key, narrowed to begin where the page does."""
    if NumberOperator.EQ in bounds:
        return bounds
    beyond, at = _UP if ascending else _DOWN
    kept = {name: value for name, value in bounds.items() if name not in {beyond, at}}
    return {beyond if start.beyond else at: start.last, **kept}


def _by_offset(route: Route) -> Walk:
    """Walk by offset on a server that keeps no order: all rows that stand still come, and no more is promised.

    It begins anew: rows that were handed on before come again.
    """
    offset, seen = 0, set[str]()
    route.met.fresh = 0
    while True:
        page = yield _body(route, _Start(offset=offset))
        route.fresh = page.slice(0, 0)
        if not page.num_rows:
            return
        _count(route.met, page)
        ids = page.column(KEY).to_pylist()
        first = {key: at for at, key in reversed(list(enumerate(ids))) if key not in seen}
        _hand_on(route, page, np.array([first.get(key) == at for at, key in enumerate(ids)]))
        if offset and not route.fresh.num_rows:
            route.met.fault("the server repeats pages")
            return
        seen.update(ids)
        offset += len(set(ids))
