"""Drive the walks of a plan: send their requests, decode their pages, drop what the residual drops."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract import envelope
from dyno_frames.contract.fields import Field
from dyno_frames.contract.filters import Key
from dyno_frames.contract.operations import operation
from dyno_frames.contract.resources import CREATED, KEY
from dyno_frames.errors import ContractError
from dyno_frames.frames.dataframe import to_frame
from dyno_frames.frames.decode import decode, strays
from dyno_frames.frames.schema import Schema
from dyno_frames.query.plan import Plan
from dyno_frames.query.question import Question
from dyno_frames.scan.pages import Body, Route, Row, Walked, walk
from dyno_frames.transport.session import Session


@dataclass(slots=True)
class Counted:
    """What the server counted around a walk.

    Parameters
    ----------
    walked
        The walk.
    before, after
        Rows of its filter; after is None as long as it goes on.
    """

    walked: Walked
    before: int
    after: int | None = None


@dataclass(slots=True)
class Tally:
    """What a run has met so far.

    Parameters
    ----------
    requests, retries
        Requests answered, and how many times one was sent again.
    walks
        What each walk met.
    counted
        What was counted around those that took more than one page.
    met
        Fields outside the schema, in the order they came.
    on_page
        Called with the rows of each page, for a progress bar.
    """

    requests: int = 0
    retries: int = 0
    walks: list[Walked] = field(default_factory=list)
    counted: list[Counted] = field(default_factory=list)
    met: dict[str, Field] = field(default_factory=dict)
    on_page: Callable[[int], None] = lambda _rows: None

    @property
    def rows_moved(self) -> int:
        """Rows received, repeated ones too."""
        return sum(walked.rows for walked in self.walks)


def count_rows(session: Session, resource: str, conditions: Mapping[str, Any], tally: Tally) -> int:
    """Return what the server counts for a filter.

    Raises
    ------
    ContractError
        Its answer holds no count.
    """
    reply = session.send(operation(resource, "count"), body=dict(conditions))
    tally.requests += 1
    tally.retries += reply.attempts - 1
    found = envelope.count(reply.data)
    if found is None:
        raise ContractError("expected a count", value=repr(reply.data)[:80], request=reply.request)
    return found


def find_rows(session: Session, resource: str, body: Mapping[str, Any], tally: Tally) -> list[Row]:
    """Return one page.

    Raises
    ------
    ContractError
        The answer holds no array of objects with an id each.
    """
    reply = session.send(operation(resource, "find"), body=body)
    tally.requests += 1
    tally.retries += reply.attempts - 1
    rows = envelope.rows(reply.data)
    if rows is None or not all(isinstance(row, dict) and isinstance(row.get(KEY), str) for row in rows):
        raise ContractError(
            "expected an array of objects with a text id each",
            value=repr(reply.data)[:80],
            request=reply.request,
        )
    return rows


def iter_pages(
    session: Session, plan: Plan, conditions: Mapping[str, Any], tally: Tally, *, route: Route | None = None
) -> Iterator[list[Row]]:
    """Iterate over the fresh rows of one filter, page by page, in the order of the route's key.

    Parameters
    ----------
    session
        Whom to ask.
    plan
        Which resource and fields.
    conditions
        One of the plan's filters.
    tally
        Where to note what was met.
    route
        Where to go; by default up along ``created``.
    """
    route = route or Route({}, page_size=plan.page_size)
    fields = {} if plan.fields is None else {str(Key.FIELDS): list(plan.fields)}
    route.body = {**conditions, **fields}
    tally.walks.append(route.met)
    walking = walk(route)
    body: Body | None = next(walking)
    while body is not None:
        page = find_rows(session, plan.resource, body, tally)
        try:
            body = walking.send(page)
        except StopIteration:
            body = None
        if route.fresh:
            tally.on_page(len(route.fresh))
            yield route.fresh


@dataclass(frozen=True, slots=True)
class Decoder:
    """Pages to record batches that the residual has passed.

    Parameters
    ----------
    question
        What is asked.
    plan
        What is left to judge here.
    schema
        The columns that come.
    tally
        Where to note fields that the schema does not have.
    """

    question: Question
    plan: Plan
    schema: Schema
    tally: Tally

    def batch(self, rows: list[Row]) -> pa.RecordBatch:
        """Return a page as a batch, with the rows that the residual keeps."""
        for extra in strays(rows, self.schema) if self.plan.fields is None else ():
            self.tally.met.setdefault(extra.name, extra)
        met = [extra for extra in self.tally.met.values() if extra.name not in self.schema.names]
        wide = _with(self.schema, met)
        batch = decode(rows, wide)
        if self.plan.exact or not self.plan.row_local:
            return batch
        return _passed(batch, self.question, self.schema)


def _with(schema: Schema, fields: list[Field]) -> Schema:
    return replace(schema, fields=(*schema.fields, *fields)) if fields else schema


def _passed(batch: pa.RecordBatch, question: Question, schema: Schema) -> pa.RecordBatch:
    frame = to_frame(pa.Table.from_batches([batch]), schema)
    return batch.take(pa.array(question.keep(frame).index.to_numpy()))


def in_ties_order(batches: Iterator[pa.RecordBatch], walked: Walked) -> Iterator[pa.RecordBatch]:
    """Iterate over batches that come in order of ``created`` so that ties go by ``id``, across pages too.

    Once the server is seen not to keep the order, all that still comes is held and ordered here.
    """
    held: pa.Table | None = None
    for batch in batches:
        table = _stacked(held, batch)
        if not walked.in_order or not table.num_rows:
            held = table
            continue
        latest = pc.max(table[CREATED])
        ready = table.filter(pc.less(table[CREATED], latest))
        held = table.filter(pc.equal(table[CREATED], latest))
        if ready.num_rows:
            yield from _sorted(ready)
    if held is not None and held.num_rows:
        yield from _sorted(held)


def _stacked(held: pa.Table | None, batch: pa.RecordBatch) -> pa.Table:
    table = pa.Table.from_batches([batch])
    if held is None or not held.num_rows:
        return table
    return pa.concat_tables([held, table], promote_options="default")


def _sorted(table: pa.Table) -> list[pa.RecordBatch]:
    order = pc.sort_indices(table, sort_keys=[(CREATED, "ascending"), (KEY, "ascending")])
    batches: list[pa.RecordBatch] = table.take(order).combine_chunks().to_batches()
    return batches
