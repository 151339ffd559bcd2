"""Walk a filter page by page without doing any I/O: a generator that yields bodies and is sent pages.

The walk follows a number that every row has. Each page begins at the last number seen, not after a count of rows:
what is inserted or deleted meanwhile cannot shift rows past it, and a page costs the same at any depth. Rows that
share the last number come again and are left out by id. Only an empty page is the end; a short one never is.
"""

from __future__ import annotations

import operator
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeAlias

from dyno_frames.contract.filters import ASCENDING, DESCENDING, Key, NumberOperator
from dyno_frames.contract.resources import CREATED, KEY

Row: TypeAlias = Mapping[str, Any]
Body: TypeAlias = dict[str, Any]


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
    faults
        What keeps the walk from being complete for certain.
    """

    pages: int = 0
    rows: int = 0
    fresh: int = 0
    largest: int = 0
    in_order: bool = True
    faults: list[str] = field(default_factory=list)

    def fault(self, text: str) -> None:
        """Note a fault, once."""
        if text not in self.faults:
            self.faults.append(text)


Walk: TypeAlias = Generator[Body, list[Row], None]
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
    fresh: list[Row] = field(default_factory=list)
    met: Walked = field(default_factory=Walked)


def walk(route: Route) -> Walk:
    """Walk by the key until a page comes back empty; see the module's text.

    Parameters
    ----------
    route
        Where to go. Its ``fresh`` is set after each page.
    """
    met, seen = route.met, set[str]()
    start = _Start()
    while True:
        page = yield _body(route, start)
        route.fresh = []
        if not page:
            return
        _count(met, page)
        if not _in_order(page, route, start.last):
            met.in_order = False
            met.fault(f"the server does not keep the order by {route.key}")
            yield from _by_offset(route, seen)
            return
        _hand_on(route, [row for row in page if _wanted(row, route)], seen)
        if not _wanted(page[-1], route):
            return
        following = _next(start, page, route)
        if following is None:
            return
        start = following


@dataclass(frozen=True, slots=True)
class _Start:
    """Where a page begins: at the last number seen or beyond it, after some of the rows that share it."""

    last: Any = None
    offset: int = 0
    beyond: bool = False


def _next(start: _Start, page: Sequence[Row], route: Route) -> _Start | None:
    """Return where the next page begins, or None where the server cannot be brought to give another."""
    tied = start.last is not None and page[0][route.key] == start.last
    if start.offset and tied:
        route.met.fault(f"more rows share one value of {route.key} than fit on a page")
    reached = page[-1][route.key]
    if reached != start.last:
        return _Start(reached)
    if route.fresh or not (start.offset or start.beyond):
        return _Start(reached, start.offset + len(page))
    route.met.fault("the server repeats pages")
    fixed = route.several and NumberOperator.EQ in _bounds(route.body.get(route.key))
    return None if start.beyond or fixed else _Start(reached, beyond=True)


def _hand_on(route: Route, page: Sequence[Row], seen: set[str]) -> None:
    route.fresh = [row for row in page if row[KEY] not in seen]
    route.met.fresh += len(route.fresh)
    seen.update(row[KEY] for row in route.fresh)


def _wanted(row: Row, route: Route) -> bool:
    """Tell whether a row is within the question's own bounds on the key, where the server may not have kept them."""
    if route.several:
        return True
    bounds = _bounds(route.body.get(route.key))
    return all(_COMPARE[NumberOperator(name)](row[route.key], value) for name, value in bounds.items())


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


def _count(met: Walked, page: Sequence[Row]) -> None:
    met.pages += 1
    met.rows += len(page)
    met.largest = max(met.largest, len(page))


def _in_order(page: Sequence[Row], route: Route, last: Any) -> bool:
    values: list[Any] = [row.get(route.key) for row in page]
    if not all(isinstance(value, int | float) for value in values):
        return False
    steps = values if last is None else [last, *values]
    return all(before <= after if route.ascending else before >= after for before, after in pairwise(steps))


def _body(route: Route, start: _Start) -> Body:
    body: Body = dict(route.body)
    if start.last is not None:
        kept = _bounds(body.get(route.key)) if route.several else {}
        body[route.key] = _from(kept, start, ascending=route.ascending)
    body[Key.ORDER_BY] = route.key
    body[Key.ORDER_DIRECTION] = ASCENDING if route.ascending else DESCENDING
    body[Key.LIMIT] = route.page_size
    if start.offset:
        body[Key.OFFSET] = start.offset
    return {str(name): value for name, value in body.items()}


_UP = (NumberOperator.GT, NumberOperator.GTE)
_DOWN = (NumberOperator.LT, NumberOperator.LTE)


def _from(bounds: Mapping[str, Any], start: _Start, *, ascending: bool) -> Mapping[str, Any]:
    """Return the question's own bounds on the key, narrowed to begin where the page does."""
    if NumberOperator.EQ in bounds:
        return bounds
    beyond, at = _UP if ascending else _DOWN
    kept = {name: value for name, value in bounds.items() if name not in {beyond, at}}
    return {beyond if start.beyond else at: start.last, **kept}


def _by_offset(route: Route, seen: set[str]) -> Walk:
    """Walk by offset on a server that keeps no order: all rows that stand still come, and no more is promised."""
    offset = 0
    while True:
        page = yield _body(route, _Start(offset=offset))
        route.fresh = []
        if not page:
            return
        _count(route.met, page)
        _hand_on(route, page, seen)
        if offset and not route.fresh:
            route.met.fault("the server repeats pages")
            return
        offset += len(page)
