"""Send one request and decode its answer: a count, or a page as a record batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

from dyno_frames.contract import envelope
from dyno_frames.contract.filters import FilterKey
from dyno_frames.contract.operations import operation
from dyno_frames.contract.resources import ID_FIELD
from dyno_frames.errors import ContractError, RejectedError
from dyno_frames.frames.computed import with_computed
from dyno_frames.frames.dataframe import to_frame
from dyno_frames.frames.decode import Invalid, Row, decode, late_fields
from dyno_frames.frames.page import fast_decoder
from dyno_frames.frames.schema import Schema
from dyno_frames.query.plan import Plan
from dyno_frames.query.predicate import columns
from dyno_frames.query.query import Query
from dyno_frames.query.recheck import excluding_columns, matches
from dyno_frames.query.refusals import chosen_rows
from dyno_frames.scan.stats import ScanStats
from dyno_frames.transport.responses import Reply
from dyno_frames.transport.session import Session
from dyno_frames.transport.wire import CancelToken

Places: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]

SCAN_DEADLINES = 10
"""The retries of one scan may take as long as those of so many requests."""


def count_rows(
    session: Session,
    resource: str,
    conditions: Mapping[str, Any],
    stats: ScanStats,
    *,
    cancel: CancelToken | None = None,
    deadline_s: float | None = None,
) -> int:
    """Return what the server counts for a filter, within the deadline of the scan or another one.

    Raises
    ------
    ContractError
        Its answer holds no count.
    """
    try:
        reply = session.send(
            operation(resource, "count"),
            body=dict(conditions),
            deadline_s=_deadline_s(session, stats) if deadline_s is None else deadline_s,
            cancel=cancel,
        )
    except RejectedError as error:
        error.cure = error.cure or (
            f"Rows are checked against {resource}/count; a server that does not count cannot be queried."
        )
        raise
    stats.answered(reply.attempts, reply.elapsed_s, is_count=True)
    found = envelope.count(reply.data)
    if found is None:
        raise ContractError(
            "expected a count", value=session.shown(repr(reply.data), 80), request=reply.request
        )
    return found


def find_rows(session: Session, resource: str, body: Mapping[str, Any]) -> list[Row]:
    """Return one page as objects.

    Raises
    ------
    ContractError
        The answer holds no array of objects with an id each.
    """
    return _rows(session, session.send(operation(resource, "find"), body=body))


def _rows(session: Session, reply: Reply) -> list[Row]:
    found = _found(reply)
    if found is None:
        raise ContractError(
            "expected an array of objects, each with a text id; ids that are numbers are not supported",
            value=session.shown(repr(reply.data), 80),
            request=reply.request,
        )
    return found


def _found(reply: Reply) -> list[Row] | None:
    rows = envelope.rows(reply.data)
    if rows is None or not all(isinstance(row, dict) and isinstance(row.get(ID_FIELD), str) for row in rows):
        return None
    return rows


def _deadline_s(session: Session, stats: ScanStats) -> float:
    """Return how long a request may take with its retries: all retries of a scan share one deadline, too."""
    left_s = SCAN_DEADLINES * session.deadline_s - stats.retry_time.spent_s
    return min(session.deadline_s, max(session.timeout_s, left_s))


@dataclass(frozen=True, slots=True)
class Reader:
    """The pages of one scan as record batches, and the rows that its residual keeps.

    Parameters
    ----------
    session
        The connection.
    query
        The bound expression.
    plan
        What is sent, and what is evaluated locally.
    schema
        The columns that come.
    """

    session: Session
    query: Query
    plan: Plan
    schema: Schema
    _fast: Callable[[bytes], pa.RecordBatch | None] | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_fast", fast_decoder(self.schema, closed=self.plan.fields is None))

    def count(
        self, conditions: Mapping[str, Any], stats: ScanStats, *, cancel: CancelToken | None = None
    ) -> int:
        """Return what the server counts for a filter."""
        return count_rows(self.session, self.plan.resource, conditions, stats, cancel=cancel)

    def page(
        self, body: Mapping[str, Any], stats: ScanStats, *, cancel: CancelToken | None = None
    ) -> pa.RecordBatch:
        """Return one page; fields outside the schema are noted and come after its columns."""
        try:
            reply = self.session.send(
                operation(self.plan.resource, "find"),
                body=body,
                reader=self._fast,
                deadline_s=_deadline_s(self.session, stats),
                cancel=cancel,
            )
        except RejectedError as error:
            error.cure = error.cure or (
                "Rows that share one value are read by offset; a server that refuses offsets cannot be queried."
                if FilterKey.OFFSET in body
                else "If the server refuses pages of this size, connect(…, page_size=…) with less."
            )
            raise
        stats.answered(reply.attempts, reply.elapsed_s, is_count=False)
        if isinstance(reply.data, pa.RecordBatch):
            return reply.data
        return self.session.decoded(lambda: self._decoded(reply, stats))

    def _decoded(self, reply: Reply, stats: ScanStats) -> pa.RecordBatch:
        rows = _rows(self.session, reply)
        new = late_fields(rows, self.schema) if self.plan.fields is None else ()
        stats.fields_met.update(dict.fromkeys(field.name for field in new))
        noted: dict[str, Invalid] = {}
        invalid = noted if self.plan.options.on_invalid == "null" else None
        batch = decode(rows, self.schema.with_fields(new), invalid=invalid)
        stats.note({name: self._shown(one) for name, one in noted.items()})
        return batch

    def _shown(self, invalid: Invalid) -> Invalid:
        """Return values outside their type as they may be shown; of their rows, the first one is."""
        first, *others = invalid.rows
        shown = self.session.shown
        return Invalid((shown(first), *others), shown(invalid.value))

    def filtered(self, batches: Sequence[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Iterate over batches with the rows that the residual keeps, if it can be evaluated row by row.

        The batches are evaluated together: pandas costs about as much for one page as for ten.
        """
        if self.plan.exact or not self.plan.row_local or not batches:
            yield from batches
            return
        names = list(self.schema.names)
        together = pa.Table.from_batches([batch.select(names) for batch in batches])
        places = kept(self.query, together, self.schema)
        ends = np.cumsum([batch.num_rows for batch in batches])
        parts = np.split(places, np.searchsorted(places, ends[:-1]))
        for batch, end, part in zip(batches, ends, parts, strict=True):
            yield batch.take(pa.array(part - (end - batch.num_rows)))

    def checked(self, table: pa.Table, stats: ScanStats) -> pa.Table:
        """Return the rows that fit, of those that came for filters that say the query exactly; note the others.

        There are others only if the server does not filter as its profile says.
        """
        node = self.query.node
        if not self.plan.exact or node is None or not table.num_rows:
            return table
        frame = _read_columns(self.query, table, self.schema)
        fits = matches(node, frame)
        if fits.all():
            return table
        stats.wrong_rows += int(np.count_nonzero(~fits))
        stats.wrong_columns.update(self.schema.read_for(excluding_columns(self.query, frame[~fits])))
        return table.filter(pa.array(fits))


def kept(query: Query, table: pa.Table, schema: Schema) -> Places:
    """Return the places of the rows that pandas keeps."""
    places: Places = chosen_rows(query, _read_columns(query, table, schema)).index.to_numpy()
    return places


def _read_columns(query: Query, table: pa.Table, schema: Schema) -> pd.DataFrame:
    """Return the columns that the expression reads as a frame."""
    names = list(schema.columns)
    if query.node is not None:
        read = columns(query.node)
        names = [name for name in names if name in read] or [ID_FIELD]
    return to_frame(with_computed(table, schema, names), schema.select(names))
