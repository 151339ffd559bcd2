"""The schemas of a connection's resources, each learnt once from a few of its newest rows."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from dyno_frames.client.semantics import Semantics
from dyno_frames.client.settings import Settings
from dyno_frames.contract.fields import OnInvalid
from dyno_frames.contract.filters import ASCENDING, DESCENDING, FilterKey
from dyno_frames.contract.resources import CREATED, Resource
from dyno_frames.errors import RejectedError
from dyno_frames.frames.decode import Row
from dyno_frames.frames.schema import Schema, declared_kinds, declared_units, learn
from dyno_frames.scan.reader import find_rows
from dyno_frames.scan.walk_state import SURE_BITS, order_bits
from dyno_frames.transport.session import Session

SAMPLE_ROWS = 100
"""How many of the newest rows are read, once per connection, to learn the fields outside the contract."""


@dataclass(frozen=True, slots=True)
class SchemaSample:
    """What the first query of a resource learns.

    Parameters
    ----------
    schema
        Its columns.
    empty
        Zero rows of them.
    rows
        The newest rows, as they came.
    is_in_order
        Whether the server returned them in the requested order, and too many for chance.
    """

    schema: Schema
    empty: pd.DataFrame
    rows: list[Row]
    is_in_order: bool = False


@dataclass(slots=True)
class SchemaCache:
    """What was learnt of each resource of one connection."""

    settings: Settings
    session: Session
    semantics: Semantics
    _learnt: dict[str, SchemaSample] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def sampled(self, resource: Resource, on_invalid: OnInvalid = "raise") -> SchemaSample:
        """Return the schema of a resource and the newest rows that it was learnt from; two threads learn it once."""
        with self._lock:
            if resource.name not in self._learnt:
                self._learnt[resource.name] = self._learn(resource)
            sampled = self._learnt[resource.name]
        if on_invalid == "raise":
            return sampled
        schema = sampled.schema.with_nulls()
        return replace(sampled, schema=schema, empty=schema.empty())

    def forget(self, resource: Resource) -> None:
        """Learn the schema of a resource again at its next query."""
        with self._lock:
            self._learnt.pop(resource.name, None)

    def _learn(self, resource: Resource) -> SchemaSample:
        settings = self.settings
        kinds = declared_kinds(settings.schema, resource.name)
        rows = self._some_rows(resource, DESCENDING)
        is_in_order = _is_descending(rows)
        blank = (
            set(rows[0]) - {name for row in rows for name, value in row.items() if value is not None}
            if rows
            else ()
        )
        if set(blank) - set(resource.names) - set(kinds):
            # The oldest rows may tell what the newest leave open.
            rows = [*rows, *self._some_rows(resource, ASCENDING)]
        units = declared_units(settings.schema, resource.name)
        schema = learn(resource, rows, declared=kinds, units=units, dtype_backend=settings.dtype_backend)
        return SchemaSample(schema, schema.empty(), rows, is_in_order)

    def _some_rows(self, resource: Resource, direction: str) -> list[Row]:
        """Return a few rows from one end, or fewer if the server refuses so many. The accepted number is kept."""
        body = {str(FilterKey.ORDER_BY): CREATED, str(FilterKey.ORDER_DIRECTION): direction}
        try:
            return self._page(resource, body, SAMPLE_ROWS)
        except RejectedError:
            accepted, refused = 0, SAMPLE_ROWS
            rows: list[Row] = []
            while refused - accepted > 1:
                limit = (accepted + refused) // 2
                try:
                    accepted, rows = limit, self._page(resource, body, limit)
                except RejectedError:
                    refused = limit
            if not accepted:
                raise
        self.semantics.limit_pages(accepted)
        return rows

    def _page(self, resource: Resource, body: dict[str, Any], limit: int) -> list[Row]:
        return find_rows(self.session, resource.name, {**body, str(FilterKey.LIMIT): limit})


def _is_descending(rows: list[Row]) -> bool:
    """Tell whether rows come by ``created``, newest first, and too many for chance."""
    values = [row.get(CREATED) for row in rows]
    if not all(isinstance(value, int) for value in values):
        return False
    numbers = np.array(values, dtype=object)
    return bool((numbers[1:] <= numbers[:-1]).all()) and order_bits(numbers) >= SURE_BITS
