"""Send one request and decode its answer: a count, or a page as a record batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa

from dyno_frames.contract import envelope
from dyno_frames.contract.fields import Field
from dyno_frames.contract.operations import operation
from dyno_frames.contract.resources import KEY
from dyno_frames.errors import ContractError
from dyno_frames.frames.dataframe import to_frame
from dyno_frames.frames.decode import Invalid, OnInvalid, Row, decode, strays
from dyno_frames.frames.page import fast_decoder
from dyno_frames.frames.schema import Schema
from dyno_frames.query.plan import Plan
from dyno_frames.query.predicate import columns
from dyno_frames.query.question import Question
from dyno_frames.scan.pages import Walked
from dyno_frames.transport.session import Session


@dataclass(slots=True)
class Counted:
    """What the server counted around the walks of one filter.

    Parameters
    ----------
    walks
        The walks.
    before, after
        Rows of the filter; after is None as long as they go on.
    """

    walks: list[Walked]
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
    invalid
        Values outside their column's type that were made null, by column.
    on_page
        Called with the rows of each page, for a progress bar.
    on_total
        Called with a number of rows that are to come, for a progress bar.
    """

    requests: int = 0
    retries: int = 0
    walks: list[Walked] = field(default_factory=list)
    counted: list[Counted] = field(default_factory=list)
    met: dict[str, Field] = field(default_factory=dict)
    invalid: dict[str, Invalid] = field(default_factory=dict)
    on_page: Callable[[int], object] = lambda _rows: None
    on_total: Callable[[int], object] = lambda _rows: None

    @property
    def rows_moved(self) -> int:
        """Rows received, repeated ones too."""
        return sum(walked.rows for walked in self.walks)

    def add(self, other: Tally) -> None:
        """Take in what another run of the same scan has met."""
        self.requests += other.requests
        self.retries += other.retries
        self.walks += other.walks
        for name, extra in other.met.items():
            self.met.setdefault(name, extra)
        for name, noted in other.invalid.items():
            self.invalid[name] = self.invalid[name] + noted if name in self.invalid else noted


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
    """Return one page as objects.

    Raises
    ------
    ContractError
        The answer holds no array of objects with an id each.
    """
    found: list[Row] = _find(session, resource, body, tally, None)
    return found


def _find(
    session: Session,
    resource: str,
    body: Mapping[str, Any],
    tally: Tally,
    reader: Callable[[bytes], Any] | None,
) -> Any:
    """Return one page as the reader gives it, or as objects where it is not sure."""
    reply = session.send(operation(resource, "find"), body=body, reader=reader)
    tally.requests += 1
    tally.retries += reply.attempts - 1
    if isinstance(reply.data, pa.RecordBatch):
        return reply.data
    rows = envelope.rows(reply.data)
    if rows is None or not all(isinstance(row, dict) and isinstance(row.get(KEY), str) for row in rows):
        raise ContractError(
            "expected an array of objects with a text id each",
            value=repr(reply.data)[:80],
            request=reply.request,
        )
    return rows


@dataclass(frozen=True, slots=True)
class Reader:
    """Pages of one scan as record batches, and what its residual keeps of them.

    Parameters
    ----------
    session
        Whom to ask.
    question
        What is asked.
    plan
        What is left to judge here.
    schema
        The columns that come.
    on_invalid
        What becomes of a value outside its column's type.
    """

    session: Session
    question: Question
    plan: Plan
    schema: Schema
    on_invalid: OnInvalid = "raise"
    _fast: Callable[[bytes], pa.RecordBatch | None] | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_fast", fast_decoder(self.schema, closed=self.plan.fields is None))

    def page(self, body: Mapping[str, Any], tally: Tally) -> pa.RecordBatch:
        """Return one page; fields that the schema does not have are noted and come behind its columns."""
        found = _find(self.session, self.plan.resource, body, tally, self._fast)
        return found if isinstance(found, pa.RecordBatch) else self._decoded(found, tally)

    def _decoded(self, rows: list[Row], tally: Tally) -> pa.RecordBatch:
        for extra in strays(rows, self.schema) if self.plan.fields is None else ():
            tally.met.setdefault(extra.name, extra)
        met = [extra for extra in tally.met.values() if extra.name not in self.schema.names]
        noted = tally.invalid if self.on_invalid == "null" else None
        return decode(rows, with_fields(self.schema, met), invalid=noted)

    def passed(self, batches: Sequence[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Iterate over batches with the rows that the residual keeps, where it judges rows one by one.

        They are judged together: pandas costs about as much for one page as for ten.
        """
        if self.plan.exact or not self.plan.row_local or not batches:
            yield from batches
            return
        names = list(self.schema.names)
        places = kept(
            self.question, pa.Table.from_batches([batch.select(names) for batch in batches]), self.schema
        )
        ends = np.cumsum([batch.num_rows for batch in batches])
        parts = np.split(places, np.searchsorted(places, ends[:-1]))
        for batch, end, part in zip(batches, ends, parts, strict=True):
            yield batch.take(pa.array(part - (end - batch.num_rows)))


def kept(question: Question, table: pa.Table, schema: Schema) -> np.ndarray[Any, Any]:
    """Return the places of the rows that pandas keeps; it is given the columns that the question reads, no others."""
    if question.node is not None:
        read = columns(question.node)
        schema = schema.select([name for name in schema.names if name in read] or [KEY])
    places: np.ndarray[Any, Any] = question.keep(to_frame(table, schema)).index.to_numpy()
    return places


def with_fields(schema: Schema, fields: list[Field]) -> Schema:
    """Return a schema with some more columns behind its own."""
    return replace(schema, fields=(*schema.fields, *fields)) if fields else schema
