"""What a walk over pages is asked to do, what it has found so far, and the checks on one page that both rest on."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import lgamma, log
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from dyno_frames.contract.filters import ASCENDING, DESCENDING, Key, NumberOperator
from dyno_frames.contract.resources import CREATED, KEY

Body: TypeAlias = dict[str, Any]
Values: TypeAlias = np.ndarray[Any, Any]

FEW_ROWS = 100
"""An answer of at most this many rows may be read a second time to verify it."""

SURE_BITS = 20
"""An order that chance produces once in 2**20 counts as the server's own; ten distinct keys on a page suffice."""


class OutOfOrderError(Exception):
    """A page is not in the order that was asked for, so it says nothing about the rows that it lacks."""


@dataclass(frozen=True, slots=True)
class WalkSpec:
    """One walk: a filter, the field that orders it, and how pages are asked for.

    Parameters
    ----------
    body
        Conditions and projection of every request.
    order_field, ascending
        A number field without nulls, and the direction.
    page_size
        Rows asked for in every request but the first.
    first_limit
        Rows asked for in the first request; smaller than a page only where the answer has a limit.
    combines_operators
        Whether the server is known to combine several operators on one field with "and". Where it is not, only the
        walk's own bound on the order field is sent, and the bounds of the query are applied here.
    keeps_order
        Whether the server was seen to keep an order before this walk.
    counts
        Whether to count the filter before reading past the first pages.
    """

    body: Mapping[str, Any]
    order_field: str = CREATED
    ascending: bool = True
    page_size: int = 1000
    first_limit: int = 1000
    combines_operators: bool = True
    keeps_order: bool = False
    counts: bool = True

    @property
    def conditions(self) -> Body:
        """The conditions alone, as a count takes them."""
        return {name: value for name, value in self.body.items() if name != Key.FIELDS}

    @property
    def bounds(self) -> Mapping[str, Any]:
        """The bounds of the query on the order field, by operator; a bare number means ``eq``."""
        condition = self.body.get(self.order_field)
        if condition is None or isinstance(condition, Mapping):
            return condition or {}
        return {str(NumberOperator.EQ): condition}

    def first_body(self) -> Body:
        """Return the body of the first page."""
        return self._page(self.body.get(self.order_field), limit=self.first_limit)

    def body_from(self, last: Any, *, beyond: bool) -> Body:
        """Return the body of the page that begins at a key, or right beyond it."""
        past, at = _PAST_AND_AT[self.ascending]
        kept = self.bounds if self.combines_operators else {}
        if NumberOperator.EQ in kept:
            return self._page(dict(kept))
        kept = {name: value for name, value in kept.items() if name not in {past, at}}
        return self._page({str(past if beyond else at): last, **kept})

    def body_from_end(self, limit: int) -> Body:
        """Return the body of a page of the last rows, the last one first."""
        return self._page(self.body.get(self.order_field), ascending=not self.ascending, limit=limit)

    def by_id_body(self, value: Any, *, ascending: bool, offset: int = 0) -> Body:
        """Return the body of a page ordered by id, of the rows that share one key or, for None, of all."""
        condition = self.body.get(self.order_field) if value is None else {str(NumberOperator.EQ): value}
        body = self._page(condition, by=KEY, ascending=ascending)
        return body | {str(Key.OFFSET): offset} if offset else body

    def offset_body(self, offset: int) -> Body:
        """Return the body of the page after so many rows."""
        body = self._page(self.body.get(self.order_field))
        return body | {str(Key.OFFSET): offset} if offset else body

    def _page(
        self,
        condition: Any,
        *,
        by: str | None = None,
        ascending: bool | None = None,
        limit: int | None = None,
    ) -> Body:
        up = self.ascending if ascending is None else ascending
        body: Body = dict(self.body)
        if condition is not None:
            body[self.order_field] = condition
        return body | {
            str(Key.ORDER_BY): by or self.order_field,
            str(Key.ORDER_DIRECTION): ASCENDING if up else DESCENDING,
            str(Key.LIMIT): limit or self.page_size,
        }

    def is_beyond(self, key: Any, other: Any) -> bool:
        """Tell whether a key comes after another in the direction of the walk."""
        return bool(key > other if self.ascending else key < other)

    def is_sorted(self, values: Values, *, ascending: bool) -> bool:
        """Tell whether keys are sorted in a direction."""
        before, after = (values[:-1], values[1:]) if ascending else (values[1:], values[:-1])
        return bool((before <= after).all())

    def wanted(self, values: Values) -> Values:
        """Tell which keys are within the bounds of the query, which the server may not have applied."""
        kept = np.ones(len(values), dtype=bool)
        if not self.combines_operators:
            for name, bound in self.bounds.items():
                kept &= _COMPARE[NumberOperator(name)](values, bound)
        return kept


_PAST_AND_AT = {
    True: (NumberOperator.GT, NumberOperator.GTE),
    False: (NumberOperator.LT, NumberOperator.LTE),
}
_COMPARE = {
    NumberOperator.EQ: operator.eq,
    NumberOperator.GT: operator.gt,
    NumberOperator.GTE: operator.ge,
    NumberOperator.LT: operator.lt,
    NumberOperator.LTE: operator.le,
}


@dataclass(slots=True)
class WalkState:
    """How far a walk has come and what it has found.

    Parameters
    ----------
    last_key
        Every row with a key before this one has been read; None before the first page.
    last_ids
        Ids of the rows with that key that have been read.
    is_last_key_read
        Whether those are all of them.
    end
        The last key to read, inclusive; None until it is known.
    held
        Rows beyond the end, which were read early and are handed on after all others.
    finished
        Whether nothing is left to read.
    is_verified
        Whether a count between two readings of the same rows has proved the answer complete, whatever the order.
    count
        Rows that the server counted for the filter; None where it was not asked.
    pages, rows, new_rows
        Pages that held rows, rows received, and rows handed on.
    largest_page
        The largest number of rows on a page: the server's page cap, as far as it was seen.
    in_order
        Whether every page came in the order that was asked for.
    order_bits
        How unlikely that order is by chance, in bits.
    sample_ids
        Ids of the rows handed on, as long as they are few.
    faults
        Why rows may be missing.
    """

    last_key: Any = None
    last_ids: set[str] = field(default_factory=set)
    is_last_key_read: bool = False
    end: Any = None
    held: pa.RecordBatch | None = None
    finished: bool = False
    is_verified: bool = False
    count: int | None = None
    pages: int = 0
    rows: int = 0
    new_rows: int = 0
    largest_page: int = 0
    in_order: bool = True
    order_bits: float = 0.0
    sample_ids: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def fault(self, text: str) -> None:
        """Note why rows may be missing, once."""
        if text not in self.faults:
            self.faults.append(text)

    def received(self, page: pa.RecordBatch) -> None:
        """Note a page that came."""
        self.pages += page.num_rows > 0
        self.rows += page.num_rows
        self.largest_page = max(self.largest_page, page.num_rows)

    def hand_on(self, page: pa.RecordBatch, kept: Values) -> pa.RecordBatch:
        """Return the rows of a page to hand on; most often they adjoin, and nothing is copied."""
        number = int(kept.sum())
        first = int(kept.argmax()) if number else 0
        adjoin = bool(kept[first : first + number].all())
        rows = page.slice(first, number) if adjoin else page.filter(pa.array(kept))
        self.new_rows += number
        if self.new_rows <= FEW_ROWS:
            self.sample_ids.update(ids_of(rows))
        return rows

    def move_to(self, key: Any, ids: set[str]) -> None:
        """Note that every row before a key has been read, and these of the rows that have it."""
        self.last_ids = self.last_ids | ids if key == self.last_key else ids
        self.last_key, self.is_last_key_read = key, False


def is_sure(spec: WalkSpec, states: Sequence[WalkState]) -> bool:
    """Tell whether the server is known to keep an order, or was seen to in these walks."""
    return spec.keeps_order or sum(state.order_bits for state in states) >= SURE_BITS


def ids_of(page: pa.RecordBatch) -> list[str]:
    """Return the ids of a page's rows."""
    ids: list[str] = page.column(KEY).to_pylist() if page.num_rows else []
    return ids


def keys_of(page: pa.RecordBatch, name: str) -> Values:
    """Return the order field of each row.

    Raises
    ------
    OutOfOrderError
        A row has none, or no number in it.
    """
    column = page.column(name)
    kind = column.type
    if column.null_count or not (
        pa.types.is_timestamp(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)
    ):
        raise OutOfOrderError
    if pa.types.is_timestamp(kind):
        column = column.view(pa.int64())  # a cast copies
    found: Values = column.to_numpy(zero_copy_only=False)
    return found


def order_bits(values: Values) -> float:
    """Return how unlikely it is that keys which are in order are so by chance, in bits."""
    different = 1 + np.count_nonzero(values[1:] != values[:-1])
    return lgamma(different + 1) / log(2)


def repeated(page: pa.RecordBatch, values: Values, last_key: Any, last_ids: set[str]) -> Values:
    """Tell which rows of a sorted page were read before, or come twice on it: only rows that share a key can."""
    again = np.zeros(len(values), dtype=bool)
    alike = np.append(values[:-1] == values[1:], False)
    if not alike.any() and not (last_ids and values[0] == last_key):
        return again
    alike[1:] |= alike[:-1]
    alike[0] |= bool(values[0] == last_key)
    places = np.flatnonzero(alike)
    seen = set(last_ids)
    for place, row_id in zip(places, page.column(KEY).take(pa.array(places)).to_pylist(), strict=True):
        again[place] = row_id in seen
        seen.add(row_id)
    return again


def first_times(ids: list[str], seen: set[str]) -> Values:
    """Tell which ids come for the first time, and add them to those seen."""
    new = np.zeros(len(ids), dtype=bool)
    for at, row_id in enumerate(ids):
        new[at] = row_id not in seen
        seen.add(row_id)
    return new
