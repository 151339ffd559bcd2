"""Execute a plan: fetch every filter; merge, evaluate, order and cut the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from dyno_frames.contract.resources import CREATED
from dyno_frames.frames.computed import with_computed
from dyno_frames.frames.schema import Schema
from dyno_frames.frames.tables import by_created, in_ties_order, joined, ordered, unique
from dyno_frames.query.plan import Plan
from dyno_frames.query.query import Query
from dyno_frames.scan.budget import FindBudget
from dyno_frames.scan.fetch import FilterFetch
from dyno_frames.scan.reader import Reader, kept
from dyno_frames.scan.stats import ScanStats
from dyno_frames.scan.walk_state import WalkSpec, WalkState, keys_of
from dyno_frames.transport.session import Session

CHECKED_AT_ONCE = 10
"""Batches that are checked with pandas at once: it costs about as much for ten pages as for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One execution of a plan; the parameters are those of the scan."""

    session: Session
    query: Query
    plan: Plan
    schema: Schema
    combines_operators: bool
    keeps_order: bool
    workers: int

    def table(self, stats: ScanStats) -> tuple[pa.Table, Schema]:
        """Return the rows as one table, and its schema."""
        parts = [self.walked(conditions, stats) for conditions in self.plan.filters]
        table, wide = joined([batch for batches in parts for batch in batches], self._coming())
        if len(parts) > 1 or self.plan.order_field != CREATED or any(walk.faults for walk in stats.walks):
            table = unique(table)
        came = table.num_rows
        table = by_created(self._reader().checked(table, stats))
        if self.plan.stops_early and table.num_rows < came:  # the limit has to be filled with other rows
            return replace(self, plan=self._unlimited()).table(stats)
        if not self.plan.row_local:
            table = table.take(pa.array(kept(self.query, table, wide)))
        options = self.plan.options
        table = with_computed(table, wide, (*options.order_by, *self._names(wide)))
        if options.order_by:
            table = ordered(table, options.order_by, options.ascending, wide)
        schema = wide.select(self._names(wide))
        return table.slice(options.offset, options.limit).select(list(schema.names)), schema

    def tables(self, stats: ScanStats) -> Iterator[pa.Table]:
        """Iterate over the rows in order, as the pages come, for a plan of one filter without order or limit."""
        coming, reader = self._fetch(self.plan.filters[0], stats).batches(), self._reader()
        with closing(coming):
            tables = in_ties_order(coming, lambda: all(walk.in_order for walk in stats.walks))
            for batches in self._grouped(tables):
                whole, wide = joined(batches, self._coming())
                names = self._names(wide)
                yield with_computed(reader.checked(whole, stats), wide, names).select(names).combine_chunks()

    def _grouped(self, tables: Iterator[pa.Table]) -> Iterator[list[pa.RecordBatch]]:
        """Iterate over the batches of tables, more and more at once if they are checked, and one by one if not."""
        group, size = list[pa.RecordBatch](), 1
        for table in tables:
            group += table.to_batches()
            if len(group) >= size:
                yield group
                group = []
                if self.plan.exact and not self.query.everything:
                    size = min(2 * size, CHECKED_AT_ONCE)
        if group:
            yield group

    def _unlimited(self) -> Plan:
        """Return the plan that reads all rows, whatever the limit, and orders them here."""
        return replace(self.plan, stops_early=False, order_field=CREATED, order_ascending=True)

    def _reader(self) -> Reader:
        return Reader(self.session, self.query, self.plan, self._coming())

    def _coming(self) -> Schema:
        """Return the schema of the rows as they come, with the columns that only the residual reads."""
        return self.schema if self.plan.fields is None else self.schema.select(self.plan.fields)

    def _names(self, wide: Schema) -> list[str]:
        """Return the columns of the answer: the requested ones, and the fields that came late."""
        known = self.schema.by_name
        late = [name for name in wide.names if name not in known]
        return [*(self.plan.options.columns or self.schema.names), *late]

    def _fetch(
        self, conditions: Mapping[str, Any], stats: ScanStats, budget: FindBudget | None = None
    ) -> FilterFetch:
        plan = self.plan
        spec = WalkSpec(
            plan.projected(conditions),
            order_field=plan.order_field,
            ascending=plan.order_ascending,
            page_size=plan.page_size,
            first_limit=plan.first_limit,
            combines_operators=self.combines_operators,
            keeps_order=self.keeps_order and plan.order_field == CREATED,  # it was seen for this field
            counts=not plan.stops_early,
        )
        wanted = plan.first_limit if plan.stops_early else None
        return FilterFetch(
            self._reader(),
            spec,
            stats,
            workers=self.workers,
            rows_wanted=wanted,
            budget=budget or FindBudget(),
        )

    def walked(
        self, conditions: Mapping[str, Any], stats: ScanStats, budget: FindBudget | None = None
    ) -> list[pa.RecordBatch]:
        """Return the rows of one filter, as many as the limit needs, or all if they may not be the first."""
        fetch, batches = self._fetch(conditions, stats, budget), list[pa.RecordBatch]()
        wanted = self.plan.options.offset + (self.plan.options.limit or 0)
        with closing(fetch.batches()) as coming:
            for batch in coming:
                batches.append(batch)
                if not self.plan.stops_early:
                    continue
                if not fetch.state.in_order:
                    break
                if _final_rows(batches, fetch.state, self.plan.order_field) >= wanted:
                    if fetch.are_first():
                        return batches
                    break
            else:
                return batches
        fetch.discard()
        return replace(self, plan=self._unlimited()).walked(conditions, stats, fetch.budget)


def _final_rows(batches: list[pa.RecordBatch], state: WalkState, order_field: str) -> int:
    """Return how many rows can have no other row before them, if the order is kept: not those with the last key."""
    if state.is_last_key_read:
        return sum(batch.num_rows for batch in batches)
    return sum(int((keys_of(batch, order_field) != state.last_key).sum()) for batch in batches)
