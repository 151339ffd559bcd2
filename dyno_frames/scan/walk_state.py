"""What a walk over pages is asked to do, what it has found so far, and the checks on one page that both rest on."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import lgamma, log
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from dyno_frames.contract.filters import ASCENDING, DESCENDING, FilterKey, NumberOperator
from dyno_frames.contract.resources import CREATED, ID_FIELD

Body: TypeAlias = dict[str, Any]
Values: TypeAlias = np.ndarray[Any, Any]

FEW_ROWS = 100
"""An answer of at most this many rows may be read a second time to verify it."""

SURE_BITS = 20
"""An order that chance produces once in 2**20 counts as the server's own; ten distinct keys on a page suffice."""


class OutOfOrderError(Exception):
    """A page is not in the requested order, so it says nothing about the rows that it lacks."""


@dataclass(frozen=True, slots=True)
class WalkSpec:
    """One walk: a filter, the field that orders it, and how pages are requested."""

    body: Mapping[str, Any]  # conditions and projection of every request
    order_field: str = CREATED  # a number field without nulls
    ascending: bool = True
    page_size: int = 1000
    first_limit: int = 1000  # smaller than a page only where the answer has a limit
    combines_operators: bool = True
    """Whether the server is known to combine several operators on one field with "and". If not, only the walk's own
    bound on the order field is sent, and the bounds of the query are applied here."""
    keeps_order: bool = False  # the server was seen to order rows by this field before the walk
    counts: bool = True  # count the filter before reading past the first pages

    @property
    def conditions(self) -> Body:
        """The conditions alone, as a count takes them."""
        return {name: value for name, value in self.body.items() if name != FilterKey.FIELDS}

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

    def conditions_until(self, key: Any, *, inclusive: bool) -> Body | None:
        """Return the conditions of the rows up to a key, or None if the server may not combine them."""
        if self.bounds and not self.combines_operators:
            return None
        before, at = _PAST_AND_AT[not self.ascending]
        kept = {name: value for name, value in self.bounds.items() if name not in {before, at}}
        return {**self.conditions, self.order_field: {str(at if inclusive else before): key, **kept}}

    def body_from_end(self, limit: int) -> Body:
        """Return the body of a page of the last rows, the last one first."""
        return self._page(self.body.get(self.order_field), ascending=not self.ascending, limit=limit)

    def by_id_body(self, value: Any, *, ascending: bool, offset: int = 0) -> Body:
        """Return the body of a page ordered by id, of the rows that share one key or, for None, of all."""
        condition = self.body.get(self.order_field) if value is None else {str(NumberOperator.EQ): value}
        return self._page(condition, by=ID_FIELD, ascending=ascending, offset=offset)

    def offset_body(self, offset: int) -> Body:
        """Return the body of the page after so many rows."""
        return self._page(self.body.get(self.order_field), offset=offset)

    def _page(
        self,
        condition: Any,
        *,
        by: str | None = None,
        ascending: bool | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> Body:
        up = self.ascending if ascending is None else ascending
        own = {} if condition is None else {self.order_field: condition}
        place = {str(FilterKey.OFFSET): offset} if offset else {}
        return {
            **self.body,
            **own,
            str(FilterKey.ORDER_BY): by or self.order_field,
            str(FilterKey.ORDER_DIRECTION): ASCENDING if up else DESCENDING,
            str(FilterKey.LIMIT): limit or self.page_size,
            **place,
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
    """How far a walk has come and what it has found."""

    last_key: Any = None  # every row with a key before this one has been read; None before the first page
    last_ids: set[str] = field(default_factory=set)  # the rows with that key that have been read
    is_last_key_read: bool = False  # whether those are all of them
    end: Any = None  # the last key to read, inclusive; None until it is known
    held: pa.RecordBatch | None = None  # rows beyond the end, read early and handed on after all others
    finished: bool = False  # nothing is left to read
    is_verified: bool = False  # a count between two readings of the same rows proved that they are all
    count: int | None = None  # rows that the server counted for the filter, if it was asked
    rows: int = 0  # rows received
    new_rows: int = 0  # rows handed on
    largest_page: int = 0  # the server's page cap, as far as it was seen
    in_order: bool = True  # every page came in the requested order
    order_bits: float = 0.0  # how unlikely that order is by chance
    sample_ids: set[str] = field(default_factory=set)  # the rows handed on, while they are few
    faults: list[str] = field(default_factory=list)  # why rows may be missing

    def fault(self, text: str) -> None:
        """Note why rows may be missing, once."""
        if text not in self.faults:
            self.faults.append(text)

    def received(self, page: pa.RecordBatch) -> None:
        """Note a page that came."""
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
    ids: list[str] = page.column(ID_FIELD).to_pylist() if page.num_rows else []
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
    if column.null_count:
        raise OutOfOrderError(f"rows without {name} came, and pages are read in the order of {name}")
    if not (pa.types.is_timestamp(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)):
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
    for place, row_id in zip(places, page.column(ID_FIELD).take(pa.array(places)).to_pylist(), strict=True):
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
