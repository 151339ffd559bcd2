"""A bound query of a mirror: the compiler's bounds become a filter of columns, and pandas evaluates the expression."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from dyno_frames.contract.resources import ID_FIELD
from dyno_frames.errors import ConfigError
from dyno_frames.export.manifest import StoredFile
from dyno_frames.frames.computed import with_computed
from dyno_frames.frames.tables import ordered
from dyno_frames.mirror.arrow_filter import arrow_filter
from dyno_frames.mirror.columns import VersionFiles
from dyno_frames.query.options import QueryOptions
from dyno_frames.query.plan import Plan
from dyno_frames.query.planner import bound
from dyno_frames.query.predicate import columns
from dyno_frames.query.query import Query
from dyno_frames.reprs import code, html_table, text_table
from dyno_frames.scan.answer import Answer, check
from dyno_frames.scan.certificate import Certificate
from dyno_frames.scan.reader import kept
from dyno_frames.scan.scan import Scan


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorPlan(Plan):
    """What a mirror reads for a query; no request is sent.

    Parameters
    ----------
    condition
        The filter of the stored columns, a superset of the query; None for every row.
    read
        The stored columns that are read.
    filtered
        The columns that the filter reads.
    files_read, files_all
        The number of files that may have matching rows, and of all files.
    """

    condition: pc.Expression | None = None
    read: tuple[str, ...] = ()
    filtered: tuple[str, ...] = ()
    files_read: int = 0
    files_all: int = 0

    def __str__(self) -> str:
        return text_table(
            self._lines(), width=14, title=f"{self.resource} where {self.expression}, from a mirror"
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        title = f"{self.resource} where {self.expression}, from a mirror"
        return html_table(((label, code(text)) for label, text in self._lines()), caption=title)

    def _lines(self) -> list[tuple[str, str]]:
        lines = [
            ("files", f"{self.files_read} of {self.files_all} may have matching rows"),
            ("columns", ", ".join(self.read)),
            ("filter", "every row" if self.condition is None else str(self.condition)),
        ]
        return lines if self.exact else [*lines, ("evaluated here", self.expression)]


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorScan(Scan):
    """A query of one version of a mirror.

    Parameters
    ----------
    files
        The version.
    certificate
        How complete and how old the version is.
    """

    files: VersionFiles
    certificate: Certificate
    _plan: list[MirrorPlan] = field(default_factory=list, repr=False, compare=False)

    def explain(self) -> MirrorPlan:
        """Return what is read from disk, and what pandas evaluates."""
        if not self._plan:
            self._plan.append(self._planned())
        return self._plan[0]

    def _planned(self) -> MirrorPlan:
        bounded = bound(self.query, self.context)
        condition, exact = arrow_filter(bounded.region, self.schema)
        plan = {name: getattr(self.plan, name) for name in Plan.__dataclass_fields__}
        return MirrorPlan(
            **plan | {"exact": exact, "row_local": bounded.row_local},
            condition=condition,
            read=self._fields([*self._narrow(), *self._names]),
            filtered=tuple(dict.fromkeys(name for box in bounded.region.boxes for name in box.domains)),
            files_read=len(self.files.matching(condition)),
            files_all=len(self.files.manifest.files),
        )

    def count(self) -> int:
        """Return the number of rows."""
        options, plan = self.options, self.explain()
        check(self.certificate, strict=options.strict)
        files = self.files.matching(plan.condition)
        if plan.condition is None and plan.exact:
            rows = sum(one.rows for one in files)
        else:
            rows = int(pc.sum(self._chosen(files, plan, checks=not plan.exact)).as_py() or 0)
        left = max(rows - options.offset, 0)
        return left if options.limit is None else min(left, options.limit)

    def run(self) -> Answer:
        """Read the rows and return them with their certificate."""
        plan, options = self.explain(), self.options
        files = self.files.matching(plan.condition)
        chosen = self._chosen(files, plan, checks=True)
        if options.order_by:
            table = self._ordered(files, chosen)
        else:
            table = self._read(files, self._fields(self._names), _cut(chosen, options.offset, options.limit))
        schema = self.schema.select(self._names)
        table = with_computed(table, self.schema, schema.names).select(list(schema.names))
        certificate = replace(self.certificate, rows_returned=table.num_rows)
        return Answer(table, schema, certificate, replace(plan, options=options), self.origin)

    def _batches(self, *, warns: bool) -> Generator[pa.RecordBatch, None, Certificate]:
        answer = self.run()
        yield from answer.table.combine_chunks().to_batches()
        if warns:
            check(answer.certificate, strict=self.options.strict)
        return answer.certificate

    def to_parquet(self, *_: Any, **__: Any) -> NoReturn:
        """Raise ConfigError: a mirror is a dataset of Parquet files already."""
        raise ConfigError(
            "a query of a mirror cannot be written as a dataset. Write its frame with .to_frame().to_parquet(…), "
            "or read the files of the mirror: dyno_frames.read_dataset(mirror.path)"
        )

    @property
    def _names(self) -> list[str]:
        return list(self.options.columns or self.schema.names)

    def _narrow(self) -> list[str]:
        """Return the columns that decide which rows match."""
        if self.query.everything:
            return []
        read = columns(self.query.node) if self.query.node is not None else self.schema.columns
        return [name for name in self.schema.columns if name in read]

    def _fields(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the stored columns to read for columns of which some are computed; at least one."""
        wanted = set(self.schema.read_for(names)) or {ID_FIELD}
        return tuple(name for name in self.schema.names if name in wanted)

    def _chosen(self, files: list[StoredFile], plan: MirrorPlan, *, checks: bool) -> pa.ChunkedArray:
        """Return which rows of the files match, as a mask; ``checks`` evaluates the expression with pandas."""
        rows = sum(one.rows for one in files)
        if self.query.everything or not rows:
            return pa.chunked_array([pa.repeat(pa.scalar(self.query.everything), rows)], pa.bool_())
        table = self.files.read(files, plan.filtered or (ID_FIELD,))
        mask = _mask(table, plan.condition)
        if not checks:
            return mask
        narrow = self._read(files, self._fields(self._narrow()), mask)
        inside = np.flatnonzero(mask.to_numpy())
        fits = np.zeros(rows, dtype=bool)
        fits[inside[kept(self.query, narrow, self.schema)]] = True
        return pa.chunked_array([pa.array(fits)])

    def _read(self, files: list[StoredFile], names: Iterable[str], mask: pa.ChunkedArray) -> pa.Table:
        """Return columns of the chosen rows, in order of (created, id)."""
        table = self.files.read(files, list(names))
        if not pc.all(mask, min_count=0).as_py():
            table = table.filter(mask)
        return table.cast(self.schema.select(table.schema.names).arrow)

    def _ordered(self, files: list[StoredFile], chosen: pa.ChunkedArray) -> pa.Table:
        """Return the chosen rows in the order asked for; only the rows within the limit are read in full."""
        options = self.options
        keys = [*options.order_by, ID_FIELD]
        narrow = self._read(files, self._fields(keys), chosen)
        at = pa.array(np.flatnonzero(chosen.to_numpy()), pa.int64())
        narrow = with_computed(narrow, self.schema, keys).append_column("row", at)
        ranked = ordered(narrow, options.order_by, options.ascending, self.schema)
        rows = ranked["row"].slice(options.offset, options.limit).to_numpy()
        mask = np.zeros(len(chosen), dtype=bool)
        mask[rows] = True
        table = self._read(files, self._fields(self._names), pa.chunked_array([pa.array(mask)]))
        places = np.empty(len(rows), dtype=np.int64)
        places[np.argsort(rows, kind="stable")] = np.arange(len(rows))
        return table.take(pa.array(places))


def local_plan(resource: str, query: Query, options: QueryOptions) -> Plan:
    """Return the plan of a query that sends no request."""
    return Plan(
        resource=resource,
        expression=query.text,
        filters=(),
        fields=None,
        exact=False,
        terms=None,
        disjoint=True,
        wider=None,
        row_local=False,
        conjuncts=(),
        warnings=query.warnings,
        options=options,
        page_size=0,
    )


def _mask(table: pa.Table, condition: pc.Expression | None) -> pa.ChunkedArray:
    """Return for which rows a filter is true."""
    if condition is None:
        return pa.chunked_array([pa.repeat(pa.scalar(True), table.num_rows)], pa.bool_())
    found = ds.dataset(table).to_table(columns={"": condition}).column(0)
    return pc.fill_null(found, False)


def _cut(mask: pa.ChunkedArray, offset: int, limit: int | None) -> pa.ChunkedArray:
    """Return a mask of the rows after an offset up to a limit."""
    if not offset and limit is None:
        return mask
    rows = np.flatnonzero(mask.to_numpy())[offset : None if limit is None else offset + limit]
    cut = np.zeros(len(mask), dtype=bool)
    cut[rows] = True
    return pa.chunked_array([pa.array(cut)])
