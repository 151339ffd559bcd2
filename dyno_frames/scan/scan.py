"""A question bound to a server, not yet asked: explain it, count it, or let its rows come in the form one needs."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from dyno_frames.contract.fields import Wire
from dyno_frames.contract.profile import Several
from dyno_frames.contract.resources import CREATED, KEY
from dyno_frames.errors import ContractError, NotPushableError, QueryError
from dyno_frames.frames.dataframe import to_frame
from dyno_frames.frames.decode import Invalid, OnInvalid
from dyno_frames.frames.provenance import Origin, attach
from dyno_frames.frames.schema import Schema
from dyno_frames.query.plan import Context, Plan
from dyno_frames.query.predicate import columns
from dyno_frames.query.question import Question
from dyno_frames.scan import exits
from dyno_frames.scan.certificate import Certificate, Verdict
from dyno_frames.scan.fetch import MOST_WORKERS, Fetch
from dyno_frames.scan.order import by_created, in_ties_order, joined, ordered, unique
from dyno_frames.scan.pages import SURE_BITS, Route, numbers
from dyno_frames.scan.progress import bar, watch
from dyno_frames.scan.reader import Counted, Reader, Tally, count_rows, kept, with_fields
from dyno_frames.transport.session import Session

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(slots=True)
class Scan:
    """A question, planned; each ``to_…`` asks it anew.

    Parameters
    ----------
    session
        Whom to ask.
    question, plan, schema, context
        What is asked, how, for which columns and of what server.
    origin
        What the frames will say of where they come from.
    progress
        Whether to show a bar; None is after a second, and only for people.
    strict
        Whether to raise rather than return an answer that is not certified.
    workers
        How many windows are fetched at once, at the most; None leaves it to the scan.
    max_rows, max_requests
        The most rows and requests an answer may cost; more is refused, from counts, before a row moves.
    on_invalid
        What becomes of a value outside its column's type: it raises, or is null and noted in the certificate.
    keeps_order
        Whether the server was seen to keep an order; where it was not, few rows are counted and read once more.

    Examples
    --------
    >>> scan = client.campaigns.scan("opens > 100")  # doctest: +SKIP
    >>> scan.count()  # doctest: +SKIP
    212
    >>> for batch in scan.to_batches():  # doctest: +SKIP
    ...     print(batch.num_rows)
    """

    session: Session
    question: Question
    plan: Plan
    schema: Schema
    context: Context
    origin: Origin
    progress: bool | None = None
    strict: bool = False
    workers: int | None = None
    max_rows: int | None = None
    max_requests: int | None = None
    on_invalid: OnInvalid = "raise"
    keeps_order: bool = False
    certificate: Certificate | None = None

    def __post_init__(self) -> None:
        if self.strict and self.plan.reasons:
            raise NotPushableError(
                "strict=True, and a part of the question would be answered here instead of on the server: "
                + "; ".join(self.plan.reasons)
            )

    def explain(self) -> Plan:
        """Return the plan: what is sent, what stays here, and why; after a run, with the rows it moved."""
        done = self.certificate
        if done is None:
            return self.plan
        return replace(self.plan, rows_moved=done.rows_moved, rows_returned=done.rows_returned)

    def count(self) -> int:
        """Return the number of rows, by counts alone where the plan is exact, else by fetching ids."""
        shape = self.plan.shape
        if self.plan.terms is None:
            narrow = replace(self, plan=self._narrowed())
            return int(narrow.to_arrow().num_rows)
        tally = Tally()
        total = sum(
            sign * count_rows(self.session, self.plan.resource, conditions, tally)
            for sign, conditions in self.plan.terms
        )
        left = max(total - shape.offset, 0)
        return left if shape.limit is None else min(left, shape.limit)

    def _narrowed(self) -> Plan:
        """Return the plan with no more fields than the residual reads."""
        node = self.question.node
        if node is None:
            return self.plan
        wanted = {KEY, CREATED, *columns(node), *self.plan.shape.order_by}
        shape = replace(self.plan.shape, columns=(KEY,))
        return replace(self.plan, fields=tuple(n for n in self.schema.names if n in wanted), shape=shape)

    def to_frame(self) -> pd.DataFrame:
        """Return the answer as a typed frame that remembers where it comes from.

        Returns
        -------
        pandas.DataFrame
            The columns asked for, a fresh RangeIndex, ``attrs["dyno"]`` with question and certificate.
        """
        table, schema = self._table()
        return self._attached(to_frame(table, schema))

    def _attached(self, frame: pd.DataFrame) -> pd.DataFrame:
        certificate = None if self.certificate is None else self.certificate.to_json()
        return attach(frame, self.origin, certificate=certificate)

    def to_arrow(self) -> pa.Table:
        """Return the answer as an Arrow table."""
        return self._table()[0]

    def to_batches(self) -> Iterator[pa.RecordBatch]:
        """Iterate over the answer as Arrow record batches, in order, as the pages come where that is possible."""
        if not self._streams():
            yield from self.to_arrow().to_batches()
            return
        tally = Tally()
        self._check_budget(self.plan.filters, tally)
        schema = self._coming()
        known = self.schema.names
        names = list(self.plan.shape.columns or known)
        returned = 0
        route = self._route()
        coming = self._batches(self.plan.filters[0], schema, tally, route)
        with bar(self.progress, what=self.plan.resource) as shown, closing(coming):
            watch(shown, tally)
            for batch in in_ties_order(coming, tally.walks):
                returned += batch.num_rows
                yield batch.select([*names, *(name for name in batch.schema.names if name not in known)])
        self._certify(tally, returned)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Give the answer to whoever speaks Arrow's stream interface, such as Polars and DuckDB."""
        schema = self._coming().select(self.plan.shape.columns or self.schema.names).arrow
        batches = (fixed(batch, schema.names) for batch in self.to_batches())
        return pa.RecordBatchReader.from_batches(schema, batches).__arrow_c_stream__(requested_schema)

    def to_parquet(
        self,
        path: str | Path,
        *,
        partition_by: str | Sequence[str] | None = None,
        mode: str = "overwrite",
        max_rows_per_file: int = 1_000_000,
        compression: str = "zstd",
        progress: bool | None = None,
    ) -> Any:
        """Write the answer to Parquet; see :func:`dyno_frames.export.write.write`."""
        shown = self.progress if progress is None else progress
        return exits.leave("parquet")(
            replace(self, progress=shown),
            path,
            partition_by=partition_by,
            mode=mode,
            max_rows_per_file=max_rows_per_file,
            compression=compression,
        )

    def _streams(self) -> bool:
        plan = self.plan
        plain = not plan.shape.order_by and plan.shape.limit is None and not plan.shape.offset
        return plain and plan.row_local and len(plan.filters) == 1

    def _coming(self) -> Schema:
        """Return the schema of the rows as they come, before columns that only the residual read are left out."""
        return self.schema if self.plan.fields is None else self.schema.select(self.plan.fields)

    def _batches(
        self, conditions: Mapping[str, Any], schema: Schema, tally: Tally, route: Route
    ) -> Generator[pa.RecordBatch, None, None]:
        """Iterate over the rows of one filter; what takes more than one page is counted before and after."""
        reader = Reader(self.session, self.question, self.plan, schema, self.on_invalid)
        fetch = Fetch(
            reader,
            tally,
            self.workers or MOST_WORKERS,
            counting=not self._limited(),
            keeps_order=self.keeps_order,
        )
        return fetch.batches(conditions, route)

    def _route(self) -> Route:
        shape = self.plan.shape
        several = self.context.profile.several is Several.AND
        if not shape.order_by or not self._walkable(shape.order_by[0]) or shape.limit is None:
            route = Route({}, page_size=self.plan.page_size, several=several)
        else:
            first, up = shape.order_by[0], shape.ascending[0]
            route = Route({}, first, ascending=up, page_size=self.plan.page_size, several=several)
        if shape.limit is not None and self._limited():
            route.page_size = min(self.plan.page_size, shape.offset + shape.limit + 1)
        return route

    def _walkable(self, name: str) -> bool:
        field = self.schema.by_name[name]
        return field.wire is Wire.NUMBER and not field.nullable

    def _limited(self) -> bool:
        """Tell whether rows may come only until there are enough: they come in the order asked for."""
        shape = self.plan.shape
        in_order = not shape.order_by or self._walkable(shape.order_by[0])
        return shape.limit is not None and in_order and self.plan.row_local

    def _table(self) -> tuple[pa.Table, Schema]:
        """Return the answer and its schema, by the cheaper of the plan's filters and the one around them."""
        tally = Tally()
        chosen = self._cheaper(tally)
        table, schema = chosen._fetched(tally)  # noqa: SLF001 - another of this class
        self.certificate = chosen.certificate
        return table, schema

    def _cheaper(self, tally: Tally) -> Scan:
        """Return this scan, or one with a wider filter where filters that overlap would move more rows.

        Filters that do not overlap never do, so nothing is counted for them.
        """
        plan = self.plan
        if plan.wider is None:
            self._check_budget(plan.filters, tally)
            return self
        apart = sum(count_rows(self.session, plan.resource, conditions, tally) for conditions in plan.filters)
        if apart <= count_rows(self.session, plan.resource, plan.wider, tally):
            self._check_budget(plan.filters, tally)
            return self
        self._check_budget((plan.wider,), tally)
        read = columns(self.question.node) if self.question.node is not None else frozenset()
        fields = plan.fields and tuple(name for name in self.schema.names if name in {*plan.fields, *read})
        wide = replace(plan, filters=(plan.wider,), wider=None, disjoint=True, exact=False, fields=fields)
        return replace(self, plan=wide)

    def _check_budget(self, filters: tuple[Mapping[str, Any], ...], tally: Tally) -> None:
        """Refuse what would cost more than was allowed, from counts, before a row moves."""
        if self.max_rows is None and self.max_requests is None:
            return
        counts = [count_rows(self.session, self.plan.resource, conditions, tally) for conditions in filters]
        shape = self.plan.shape
        if self._limited() and self.plan.exact and shape.limit is not None:
            counts = [min(number, shape.offset + shape.limit + 1) for number in counts]
        rows = sum(counts)
        requests = tally.requests + sum(-(-number // self.plan.page_size) + 2 for number in counts)
        for name, most, cost in (
            ("max_rows", self.max_rows, rows),
            ("max_requests", self.max_requests, requests),
        ):
            if most is not None and cost > most:
                raise QueryError(
                    f"the answer would cost {cost:,} {name[4:]} and {name}={most:,} were allowed; no row was "
                    "fetched. Narrow the question, see .dyno.explain(…) for what stays local, or allow more"
                )

    def _fetched(self, tally: Tally) -> tuple[pa.Table, Schema]:
        """Return the answer and its schema: every filter walked, merged, judged, ordered and cut."""
        coming = self._coming()
        with bar(self.progress, what=self.plan.resource) as shown:
            watch(shown, tally)
            parts = [self._walked(conditions, coming, tally) for conditions in self.plan.filters]
        wide = with_fields(coming, list(tally.met.values()))
        table = joined([batch for batches in parts for batch in batches], wide)
        if len(parts) > 1 or self._route().key != CREATED or any(walk.faults for walk in tally.walks):
            table = unique(table)
        table = by_created(table)
        if not self.plan.row_local:
            table = table.take(pa.array(kept(self.question, table, wide)))
        shape = self.plan.shape
        if shape.order_by:
            table = ordered(table, shape.order_by, shape.ascending, wide)
        table = table.slice(shape.offset, shape.limit)
        answer = wide.select((*(shape.columns or self.schema.names), *tally.met))
        self._certify(tally, table.num_rows)
        return table.select(list(answer.names)), answer

    def _walked(self, conditions: Mapping[str, Any], schema: Schema, tally: Tally) -> list[pa.RecordBatch]:
        """Return the rows of one filter, as many as the limit needs."""
        route = self._route()
        batches: list[pa.RecordBatch] = []
        need = self.plan.shape.offset + (self.plan.shape.limit or 0)
        with closing(self._batches(conditions, schema, tally, route)) as coming:
            for batch in coming:
                batches.append(batch)
                if self._limited():
                    if _before_last(batches, route) >= need:
                        break
                    route.page_size = min(self.plan.page_size, 2 * route.page_size)
        return batches

    def _certify(self, tally: Tally, returned: int) -> None:
        missing, changed = _compared(tally.counted, keeps_order=self.keeps_order)
        faults = tuple(
            dict.fromkeys([*(fault for walked in tally.walks for fault in walked.faults), *missing])
        )
        verdict = Verdict.UNCERTIFIED if faults else Verdict.AT_LEAST_ONCE if changed else Verdict.EXACT
        befores = [counted.before for counted in tally.counted]
        afters = [counted.after for counted in tally.counted if counted.after is not None]
        self.certificate = Certificate(
            verdict=verdict,
            reasons=faults or tuple(changed),
            count_before=sum(befores) if befores else None,
            count_after=sum(afters) if afters else None,
            requests=tally.requests,
            retries=tally.retries,
            rows_moved=tally.rows_moved,
            rows_returned=returned,
            page_cap=max((walked.largest for walked in tally.walks), default=0),
            fields_met=tuple(tally.met),
            notes=tuple(_noted(name, invalid) for name, invalid in tally.invalid.items()),
        )
        if self.strict and verdict is Verdict.UNCERTIFIED:
            raise ContractError(f"strict=True, and the answer cannot be certified: {'; '.join(faults)}")


def fixed(batch: pa.RecordBatch, names: Sequence[str]) -> pa.RecordBatch:
    """Return a batch with these columns, for a form whose columns cannot change once rows have left.

    Raises
    ------
    ContractError
        It has more: dropping them would lose values in silence.
    """
    late = [name for name in batch.schema.names if name not in names]
    if late:
        raise ContractError(
            f"fields that no sampled row had came after the columns were fixed: {', '.join(late)}; declare them with "
            f"connect(…, schema={{{late[0]!r}: 'object'}}) and ask again"
        )
    return batch.select(list(names))


def _noted(name: str, invalid: Invalid) -> str:
    number = f"{len(invalid.rows):,} values" if len(invalid.rows) > 1 else "1 value"
    first = f"first {invalid.value} in row {invalid.rows[0]!r}"
    return f"{number} of {name} outside the column's type made null, {first}"


def _compared(counts: list[Counted], *, keeps_order: bool) -> tuple[list[str], list[str]]:
    """Return what the counts say is missing, and what they say has changed meanwhile."""
    missing: list[str] = []
    changed: list[str] = []
    for counted in counts:
        before, after = counted.before, counted.after
        came = sum(walked.fresh for walked in counted.walks)
        if after is None or before == after == came:
            continue
        text = f"the server counted {before:,} rows before and {after:,} after; {came:,} came"
        sure = keeps_order or sum(walked.order_bits for walked in counted.walks) >= SURE_BITS
        if not sure:
            text += ", too few to tell whether it keeps the order"
        (changed if sure and came >= min(before, after) else missing).append(text)
    return missing, changed


def _before_last(batches: list[pa.RecordBatch], route: Route) -> int:
    """Return how many rows are sure to have all their predecessors here: those before the last number seen."""
    reached = numbers(route.fresh, route.key)
    if reached is None or not len(reached):
        return 0
    found = [numbers(batch, route.key) for batch in batches]
    return sum(int((values != reached[-1]).sum()) for values in found if values is not None)
