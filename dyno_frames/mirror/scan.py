"""A bound query of a mirror: the compiler's bounds become a filter of columns, and pandas evaluates the expression."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.fields import Wire
from dyno_frames.contract.resources import CREATED, ID_FIELD
from dyno_frames.errors import ConfigError
from dyno_frames.export.manifest import StoredFile
from dyno_frames.frames.computed import with_computed
from dyno_frames.frames.tables import ordered
from dyno_frames.mirror.arrow_filter import ArrowFilter
from dyno_frames.mirror.columns import Rows, VersionFiles
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
        The filter of the stored columns, a superset of the query.
    read
        The stored columns that are read.
    files_read, files_all
        The number of files that may have matching rows, and of all files.
    """

    condition: ArrowFilter
    read: tuple[str, ...] = ()
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
            ("filter", "every row" if self.condition.everything else str(self.condition.expression)),
        ]
        return lines if self.exact else [*lines, ("local filter", self.expression)]


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
    _plan: list[tuple[MirrorPlan, list[StoredFile]]] = field(init=False, default_factory=list, compare=False)

    def __repr__(self) -> str:
        return str(self.explain())

    def _repr_html_(self) -> str:
        return self.explain()._repr_html_()

    def explain(self) -> MirrorPlan:
        """Return what is read from disk, and what pandas evaluates."""
        return self._planned()[0]

    def _planned(self) -> tuple[MirrorPlan, list[StoredFile]]:
        """Return the plan and the files that may have matching rows."""
        if not self._plan:
            self._plan.append(self._made())
        return self._plan[0]

    def _made(self) -> tuple[MirrorPlan, list[StoredFile]]:
        bounded = bound(self.query, self.context)
        condition = ArrowFilter.of(bounded.region, self.schema)
        plan = {name: getattr(self.plan, name) for name in Plan.__dataclass_fields__}
        files = self._matching(condition)
        made = MirrorPlan(
            **plan | {"exact": condition.exact, "row_local": bounded.row_local},
            condition=condition,
            read=self._fields([*self._narrow(), *self._names]),
            files_read=len(files),
            files_all=len(self.files.manifest.files),
        )
        return made, files

    def _matching(self, condition: ArrowFilter) -> list[StoredFile]:
        if condition.everything:
            return [one for one in self.files.manifest.files if one.rows]
        return self.files.matching(condition.expression)

    def count(self) -> int:
        """Return the number of rows."""
        options, (plan, files) = self.options, self._planned()
        check(self.certificate, strict=options.strict)
        rows = self._number(files, plan) if plan.exact else len(self._chosen(files, plan, checks=True))
        left = max(rows - options.offset, 0)
        return left if options.limit is None else min(left, options.limit)

    def run(self) -> Answer:
        """Read the rows and return them with their certificate."""
        return self._answer(coded=False)

    def column(self, name: str) -> pd.Series[Any]:
        """Return the values of a column; warns as `to_frame` does."""
        answer = self._answer(coded=name in self.files.schema.columns)
        return answer.checked(strict=self.options.strict).column(name)

    def _answer(self, *, coded: bool) -> Answer:
        options, (plan, files) = self.options, self._planned()
        rows = self._chosen(files, plan, checks=True)
        if options.order_by:
            rows = self._ordered(files, rows)
        rows = rows[options.offset : None if options.limit is None else options.offset + options.limit]
        table = self._read(files, self._names, rows, coded=coded)
        schema = self.schema.select(self._names)
        certificate = replace(self.certificate, rows_returned=table.num_rows)
        return Answer(table.select(list(schema.names)), schema, certificate, plan, self.origin)

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

    def _mask(self, file: StoredFile, plan: MirrorPlan) -> np.ndarray[Any, np.dtype[np.bool_]]:
        return plan.condition.mask(self.files.columns(file, plan.condition.names))

    def _number(self, files: list[StoredFile], plan: MirrorPlan) -> int:
        """Return for how many rows the filter is true."""
        if plan.condition.everything:
            return sum(one.rows for one in files)
        return sum(int(np.count_nonzero(self._mask(one, plan))) for one in files)

    def _chosen(self, files: list[StoredFile], plan: MirrorPlan, *, checks: bool) -> Rows:
        """Return the places of the rows that match; ``checks`` evaluates the expression with pandas."""
        if plan.condition.everything:
            rows = np.arange(sum(one.rows for one in files))
        else:
            masks = [self._mask(one, plan) for one in files]
            rows = np.flatnonzero(np.concatenate([np.zeros(0, dtype=bool), *masks]))
        if not checks or self.query.everything:
            return rows
        narrow = self.files.read(files, self._fields(self._narrow()), rows)
        matching: Rows = rows[kept(self.query, narrow, self.schema)]
        return matching

    def _read(
        self, files: list[StoredFile], names: Iterable[str], rows: Rows, *, coded: bool = False
    ) -> pa.Table:
        """Return columns of rows in any order: computed ones too, or if ``coded``, stored ones with dictionaries."""
        fields = self._fields(names)
        if (rows[1:] > rows[:-1]).all():
            table = self.files.read(files, fields, rows, coded=coded)
        else:
            order = np.argsort(rows, kind="stable")
            table = self.files.read(files, fields, rows[order], coded=coded)
            table = table.take(pa.array(np.argsort(order, kind="stable")))
        return table if coded else with_computed(table, self.schema, names)

    def _ordered(self, files: list[StoredFile], rows: Rows) -> Rows:
        """Return the places of the rows in the order asked for, at least as many as the limit needs."""
        options = self.options
        if self._is_stored_order(files):
            return rows if options.ascending[0] else rows[::-1]
        if options.limit is not None:
            rows = self._first(files, rows, options.offset + options.limit)
        narrow = self._read(files, [*options.order_by, ID_FIELD], rows)
        narrow = narrow.append_column(_PLACE, pa.array(rows))
        places: Rows = ordered(narrow, options.order_by, options.ascending, self.schema)[_PLACE].to_numpy()
        return places

    def _is_stored_order(self, files: list[StoredFile]) -> bool:
        """Tell whether the order asked for is that of the files, or its reverse."""
        options = self.options
        return (
            self.files.manifest.ordered
            and options.order_by[:2] == (CREATED, ID_FIELD)
            and options.ascending[0] == options.ascending[1]
            and not any(self.files.columns(one, [CREATED])[CREATED].null_count for one in files)
        )

    def _first(self, files: list[StoredFile], rows: Rows, number: int) -> Rows:
        """Leave out rows that cannot be among the first ones, by the first column of the order if it has numbers."""
        name, ascending = self.options.order_by[0], self.options.ascending[0]
        if not 0 < number < len(rows) or self.schema.columns[name].wire is not Wire.NUMBER:
            return rows
        values = self._read(files, [name], rows)[name].combine_chunks()
        if len(values) - values.null_count < number:
            return rows
        order = "ascending" if ascending else "descending"
        best = pc.select_k_unstable(values, number, sort_keys=[("", order)])
        within = (pc.less_equal if ascending else pc.greater_equal)(values, values[best[-1].as_py()])
        first: Rows = rows[pc.fill_null(within, False).to_numpy(zero_copy_only=False)]
        return first


_PLACE = "\0place"
"""The name of a column that no field has."""


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
