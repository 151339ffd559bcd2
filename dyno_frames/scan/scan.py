"""A planned query of one server, not yet sent: explain it, count it, or read its rows in one of several forms."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import pandas as pd
import pyarrow as pa

from dyno_frames.contract.profile import Several
from dyno_frames.contract.resources import ID_FIELD
from dyno_frames.contract.texts import without_query_addresses
from dyno_frames.errors import ConfigError, ContractError, NotPushableError, short_interrupt
from dyno_frames.frames.provenance import Origin
from dyno_frames.frames.schema import Schema
from dyno_frames.query.arguments import check_flags
from dyno_frames.query.options import QueryOptions
from dyno_frames.query.plan import Context, Plan
from dyno_frames.query.planner import make_plan
from dyno_frames.query.query import Query
from dyno_frames.scan.answer import Answer, BatchStream, check
from dyno_frames.scan.budget import check_costs, expected_requests
from dyno_frames.scan.certificate import Certificate
from dyno_frames.scan.certify import certify
from dyno_frames.scan.execute import Execution
from dyno_frames.scan.outputs import Outputs
from dyno_frames.scan.prefetch import MAX_WORKERS
from dyno_frames.scan.progress import progress_bar, waiting_bar
from dyno_frames.scan.reader import count_rows
from dyno_frames.scan.stats import ScanStats
from dyno_frames.transport.session import Session

_INTERRUPTED = "the query was interrupted"


@dataclass(frozen=True, slots=True)
class Scan:
    """A planned query; each ``to_…`` sends it again.

    Parameters
    ----------
    session
        The connection.
    query, plan, schema, context
        The bound expression, its plan, the columns, and what the plan was made against.
    origin
        The origin that frames store: account and query.
    workers
        Maximum number of windows fetched at once (default: chosen by the scan).
    keeps_order
        Whether sampled rows came in the order of ``created``; if not, a small result is counted and read twice.
    distrust
        Called with the columns on which the server filtered wrongly.
    outputs
        Writes the rows or the query; None if the rows do not come from a server.

    Examples
    --------
    >>> scan = client.campaigns.scan("opens > 100")  # doctest: +SKIP
    >>> scan.count()  # doctest: +SKIP
    212
    >>> for batch in scan.to_batches():  # doctest: +SKIP
    ...     print(batch.num_rows)
    """

    session: Session
    query: Query
    plan: Plan
    schema: Schema
    context: Context
    origin: Origin
    workers: int | None = None
    keeps_order: bool = False
    distrust: Callable[[frozenset[str]], object] = lambda _columns: None
    outputs: Outputs | None = None

    def __post_init__(self) -> None:
        if self.options.strict and self.plan.reasons:
            raise NotPushableError(
                "strict=True, and a part of the query would be evaluated locally instead of on the server: "
                + without_query_addresses("; ".join(self.plan.reasons))
            )

    def __repr__(self) -> str:
        return repr(self.plan)

    def _repr_html_(self) -> str:
        return self.plan._repr_html_()

    @property
    def options(self) -> QueryOptions:
        """The columns, order, limit and other options of the query."""
        return self.plan.options

    def refine(self, *, query: Query | None = None, schema: Schema | None = None, **options: Any) -> Self:
        """Return the scan of another query on the same server, planned anew.

        Parameters
        ----------
        query, schema
            The new query and schema (default: those of this scan).
        **options
            Options to change, such as ``columns=("id",)``.
        """
        query = query or self.query
        schema = self.schema if schema is None else schema.with_computed(self.schema.computed)
        context = replace(self.context, fields=schema.columns, dtypes=schema.dtypes)
        plan = make_plan(query, context, replace(self.options, **options))
        return replace(self, query=query, plan=plan, schema=schema, context=context)

    def with_options(self, **options: Any) -> Self:
        """Return the scan with other options that leave its plan as it is, such as ``progress=False``."""
        return replace(self, plan=replace(self.plan, options=replace(self.options, **options)))

    def explain(self) -> Plan:
        """Return the plan: what is sent, what is evaluated locally, and why."""
        return replace(self.plan, write_code=None if self.outputs is None else self.to_code)

    def count(self) -> int:
        """Return the number of rows: the server counts them if the plan is exact; otherwise their ids are fetched."""
        options = self.options
        if self.plan.terms is None:
            narrow = self.refine(columns=(ID_FIELD,))
            return int(narrow.run().checked(strict=options.strict).table.num_rows)
        stats = ScanStats()
        with waiting_bar(options.progress, what=self.plan.resource):
            total = sum(sign * self._count(conditions, stats) for sign, conditions in self.plan.terms)
        left = max(total - options.offset, 0)
        return left if options.limit is None else min(left, options.limit)

    def count_filters(self, *, widest: bool = False) -> int:
        """Return the sum of the server's counts of the filters: the number of rows, or more if filters overlap.

        Parameters
        ----------
        widest
            Whether to count the single wider filter, too, and return the smaller number.
        """
        stats = ScanStats()
        rows = sum(self._count(conditions, stats) for conditions in self.plan.filters)
        if widest and self.plan.wider is not None:
            rows = min(rows, self._count(self.plan.wider, stats))
        return rows

    def _count(self, conditions: Mapping[str, Any], stats: ScanStats) -> int:
        return count_rows(self.session, self.plan.resource, conditions, stats)

    def run(self) -> Answer:
        """Fetch the rows and return them with their certificate, without warnings."""
        return self.run_with(ScanStats())

    def run_with(self, stats: ScanStats) -> Answer:
        """Fetch the rows as :meth:`run` does, and note in ``stats`` what the run finds."""
        with short_interrupt(_INTERRUPTED), self._bar(stats):
            plan = self._cheaper_plan(stats)
            table, schema = self._execution(plan).table(stats)
        return Answer(table, schema, self._certified(stats, table.num_rows), plan, self.origin)

    def _bar(self, stats: ScanStats) -> AbstractContextManager[None]:
        return progress_bar(self.options.progress, stats, what=self.plan.resource)

    def _certified(self, stats: ScanStats, rows_returned: int) -> Certificate:
        if stats.wrong_columns:
            self.distrust(frozenset(stats.wrong_columns))
        return certify(stats, rows_returned)

    def to_frame(self) -> pd.DataFrame:
        """Return the rows as a typed frame.

        Returns
        -------
        pandas.DataFrame
            The requested columns, with a fresh RangeIndex; ``.dyno.certificate`` says how complete it is.

        Warns
        -----
        IncompleteResultWarning
            Rows may be missing.
        """
        answer = self.run().checked(strict=self.options.strict)
        with short_interrupt(_INTERRUPTED):
            return answer.to_frame()

    def column(self, name: str) -> pd.Series[Any]:
        """Return the values of a column; warns as `to_frame` does."""
        return self.run().checked(strict=self.options.strict).column(name)

    def to_arrow(self) -> pa.Table:
        """Return the rows as an Arrow table; warns as `to_frame` does."""
        return self.run().checked(strict=self.options.strict).table

    def to_batches(self) -> BatchStream:
        """Return the rows as Arrow record batches in order, page by page where possible.

        Returns
        -------
        BatchStream
            An iterator; its ``certificate`` is set after the last batch.
        """
        return self.stream(warns=True)

    def stream(self, *, warns: bool = False) -> BatchStream:
        """Return the rows as record batches; without ``warns``, the caller checks the certificate."""
        return BatchStream(self._batches(warns=warns))

    def _batches(self, *, warns: bool) -> Generator[pa.RecordBatch, None, Certificate]:
        if self._streams():
            stats, returned = ScanStats(), 0
            with short_interrupt(_INTERRUPTED), self._bar(stats):
                self._check_costs(self.plan.filters, stats)
                for table in self._execution(self.plan).tables(stats):
                    returned += table.num_rows
                    yield from table.to_batches()
            certificate = self._certified(stats, returned)
        else:
            answer = self.run()
            yield from answer.table.to_batches()
            certificate = answer.certificate
        if warns:
            check(certificate, strict=self.options.strict)
        return certificate

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Pass the rows to a library that reads Arrow's stream interface, such as Polars and DuckDB."""
        schema = self.schema.select(self.options.columns or self.schema.names).arrow
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
        client: Any = None,
        max_requests_per_second: float | None = None,
    ) -> Any:
        """Write the rows to Parquet, in this process or on a Dask cluster.

        Parameters
        ----------
        path, partition_by, mode, max_rows_per_file, compression
            As in :func:`dyno_frames.export.write.write`, which also lists the errors.
        progress
            As in the query (default: its value).
        client
            A ``dask.distributed.Client``, whose workers download the rows and write the files, and only this process
            commits them. Workers need dyno_frames, the API key as in :meth:`to_dask`, and a folder that all machines
            share. It is used with ``mode="overwrite"`` and in the first run of the other modes; later runs download
            the changes in this process. Rows that are created after the call are left to the next run. Files have
            about 100,000 rows.
        max_requests_per_second
            Maximum number of requests per second of all workers (default: no limit).

        Returns
        -------
        Dataset
            The path, counts and certificate of the written data.

        Examples
        --------
        >>> client.campaigns.scan().to_parquet("campaigns", mode="sync")  # doctest: +SKIP
        Dataset('campaigns', version 2, 402 rows, exact)
        """
        return self._outputs("to_parquet").parquet(
            self._with_progress(progress=progress),
            path,
            partition_by=partition_by,
            mode=mode,
            max_rows_per_file=max_rows_per_file,
            compression=compression,
            client=client,
            max_requests_per_second=max_requests_per_second,
        )

    def to_delta(
        self,
        path: str | Path,
        *,
        partition_by: str | Sequence[str] | None = None,
        mode: str = "overwrite",
        storage_options: Mapping[str, str] | None = None,
        progress: bool | None = None,
        client: Any = None,
        max_requests_per_second: float | None = None,
    ) -> Any:
        """Write the rows to a Delta table, in this process or on a Dask cluster.

        Parameters
        ----------
        path, partition_by, mode, storage_options
            As in :func:`dyno_frames.export.write.write_delta`, which also lists the errors.
        progress
            As in the query (default: its value).
        client
            A ``dask.distributed.Client``, whose workers download the rows and write the files, and only this process
            commits them. Workers need dyno_frames, the API key as in :meth:`to_dask`, and a shared folder or an
            object store whose credentials they have in their environment. It is used with ``mode="overwrite"`` and in
            the first run of the other modes; later runs download the changes in this process. Rows that are created
            after the call are left to the next run. Files have about 100,000 rows.
        max_requests_per_second
            Maximum number of requests per second of all workers (default: no limit).

        Returns
        -------
        Dataset
            The version that was written, with its counts and certificate.

        Examples
        --------
        >>> client.campaigns.scan().to_delta("campaigns_table", mode="sync")  # doctest: +SKIP
        Dataset('campaigns_table', version 2, 402 rows, exact)
        """
        return self._outputs("to_delta").delta(
            self._with_progress(progress=progress),
            path,
            partition_by=partition_by,
            mode=mode,
            storage_options=storage_options,
            client=client,
            max_requests_per_second=max_requests_per_second,
        )

    def to_code(self, language: str, *, wider: bool = False, counts: bool = False) -> str:
        """Return the query as a complete program, which prints the rows and needs no dyno_frames.

        The program reads the API key from ``DYNO_API_KEY``, requests all pages, and sends requests that fail again. It
        exits with 1 and a message if it cannot return all rows.

        Parameters
        ----------
        language
            ``"curl"`` (bash, prints ids), ``"python"``, ``"java"`` or ``"php"`` (print JSON lines).
        wider
            Whether to leave out what the server cannot evaluate: the program then prints more rows than the query
            matches, and says so. If False, a Python program evaluates it with pandas.
        counts
            Whether to print the number of rows instead of the rows.

        Raises
        ------
        NotPushableError
            The server cannot evaluate a part of the query, and neither can the program.
        ConfigError
            There is no such language, a value of the query contains the API key, or the rows do not come from a server.

        Examples
        --------
        >>> print(client.campaigns.scan("opens > 100").to_code("php"))  # doctest: +SKIP
        <?php
        """
        check_flags(wider=wider, counts=counts)
        return self._outputs("to_code").code(self, language, wider=wider, counts=counts)

    def to_dask(
        self,
        *,
        index: str | None = None,
        rows_per_partition: int = 100_000,
        pinned: bool = True,
        workers: int | None = None,
        max_requests_per_second: float | None = None,
    ) -> Any:
        """Return the rows as a Dask frame; see :func:`dyno_frames.integrations.dask.collection.to_dask`."""
        return self._outputs("to_dask").dask(
            self,
            index=index,
            rows_per_partition=rows_per_partition,
            pinned=pinned,
            workers=workers,
            max_requests_per_second=max_requests_per_second,
        )

    def _outputs(self, verb: str) -> Outputs:
        if self.outputs is None:
            raise ConfigError(
                f"these rows do not come from a server; call {verb}() on client.campaigns.scan(…)"
            )
        return self.outputs

    def _with_progress(self, *, progress: bool | None) -> Self:
        """Return the scan with a progress bar or without one; None keeps the option of the query."""
        check_flags(optional=True, progress=progress)
        return self if progress is None else self.with_options(progress=progress)

    def _streams(self) -> bool:
        """Tell whether rows can be returned page by page: one filter, every row, and no condition across rows."""
        plan = self.plan
        return plan.options.returns_all and plan.row_local and len(plan.filters) == 1

    def _execution(self, plan: Plan) -> Execution:
        return Execution(
            session=self.session,
            query=self.query,
            plan=plan,
            schema=self.schema,
            combines_operators=self.context.profile.several is Several.AND,
            keeps_order=self.keeps_order,
            workers=self.workers or MAX_WORKERS,
        )

    def _cheaper_plan(self, stats: ScanStats) -> Plan:
        """Return the plan, or one with a wider filter if filters that overlap would move more rows.

        Disjoint filters never do, so nothing is counted for them.
        """
        plan, filters = self.plan, self.plan.filters
        if plan.wider is not None:
            narrow = sum(self._count(conditions, stats) for conditions in filters)
            if narrow > self._count(plan.wider, stats):
                filters = (plan.wider,)
        self._check_costs(filters, stats)
        if filters is plan.filters:
            return plan
        return replace(plan, filters=filters, wider=None, disjoint=True, exact=False)

    def _check_costs(self, filters: tuple[Mapping[str, Any], ...], stats: ScanStats) -> None:
        options = self.options
        if options.max_rows is None and options.max_requests is None:
            return
        counts = [self._count(conditions, stats) for conditions in filters]
        if self.plan.stops_early and self.plan.exact:
            wanted = options.offset + (options.limit or 0) + 1
            counts = [min(number, wanted) for number in counts]
        check_costs(
            max_rows=options.max_rows,
            max_requests=options.max_requests,
            rows=sum(counts),
            requests=stats.requests + expected_requests(counts, self.plan.page_size),
        )


def fixed(batch: pa.RecordBatch, names: Sequence[str]) -> pa.RecordBatch:
    """Return a batch with exactly these columns, for outputs whose columns are fixed by the first rows.

    Raises
    ------
    ContractError
        The batch has other columns, and dropping them would lose values.
    """
    late = [name for name in batch.schema.names if name not in names]
    if late:
        raise ContractError(
            f"fields that no sampled row had came after the columns were fixed: {', '.join(late)}. Declare them with "
            f"connect(…, schema={{{late[0]!r}: 'object'}}) and run the query again"
        )
    return batch.select(list(names))
