"""``df.dyno``: the verbs of a frame that is bound to an account. It keeps no state; everything is in ``df.attrs``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from dyno_frames.client import distribution
from dyno_frames.client.client import Client, open_client
from dyno_frames.client.questions import caller
from dyno_frames.client.resources import ResourceClient
from dyno_frames.contract.texts import without_query_addresses
from dyno_frames.errors import QueryError, SchemaError
from dyno_frames.frames.decode import OnInvalid
from dyno_frames.frames.provenance import Origin, certificate_of, origin_of
from dyno_frames.query.plan import Plan
from dyno_frames.query.question import Expression, Scope
from dyno_frames.scan.certificate import Certificate
from dyno_frames.scan.scan import Scan

if TYPE_CHECKING:
    from dyno_frames.export.dataset import Dataset
    from dyno_frames.panels.views.accessible import AccessiblePanel
    from dyno_frames.panels.views.widgets.builder import QueryBuilder
    from dyno_frames.panels.views.widgets.panel import CampaignPanel
    from dyno_frames.plots.plotter import Plotter


class DynoAccessor:
    """Questions, exports, panels and plots of a frame that came from an account.

    Parameters
    ----------
    frame
        The frame; its ``attrs["dyno"]`` says where it comes from.

    Examples
    --------
    >>> campaigns = client.campaigns.frame()  # doctest: +SKIP
    >>> campaigns.dyno.query("status == 'finished' and opens > 100")  # doctest: +SKIP
    >>> campaigns.dyno[lambda c: c.subject.str.contains("sale")]  # doctest: +SKIP
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def __repr__(self) -> str:
        origin = self._origin
        return f"<dyno: {origin.resource} of {origin.url} where {_shown(origin)}>"

    @property
    def _origin(self) -> Origin:
        return origin_of(self._frame)

    @property
    def _client(self) -> Client:
        origin = self._origin
        return open_client(origin.client, origin.url, origin.account)

    @property
    def _resource(self) -> ResourceClient:
        found: ResourceClient = getattr(self._client, self._origin.resource)
        return found

    def query(
        self,
        expr: Expression,
        *,
        columns: Sequence[str] | None = None,
        order_by: str | Sequence[str] | None = None,
        ascending: bool | Sequence[bool] = True,
        limit: int | None = None,
        offset: int = 0,
        progress: bool | None = None,
        strict: bool = False,
        local_dict: Mapping[str, Any] | None = None,
        global_dict: Mapping[str, Any] | None = None,
        level: int = 0,
        max_rows: int | None = None,
        max_requests: int | None = None,
        on_invalid: OnInvalid = "raise",
    ) -> pd.DataFrame:
        """Return the account's rows that answer a question: what pandas would answer on all of them.

        Parameters
        ----------
        expr
            A query string, a ``pd.col`` expression, a function of the frame, or None for every row.
        columns
            Which columns, in order; None is all.
        order_by, ascending
            The order; without it by ``created``. Ties go by ``id``, nulls last.
        limit, offset
            How many rows in all, after how many.
        progress
            Whether to show a bar; None is after a second, and only for people.
        strict
            Raise where a part would be answered here, or the answer cannot be certified.
        local_dict, global_dict, level
            Where ``@names`` are looked up, as in :meth:`pandas.DataFrame.query`.
        max_rows, max_requests
            The most rows and requests the answer may cost; more is refused, from counts, before a row moves.
        on_invalid
            What becomes of a value outside its column's type: ``"raise"`` raises a ContractError that names it,
            ``"null"`` makes it null and says so in the certificate's notes. Columns that are never null then have
            nullable dtypes.

        Returns
        -------
        pandas.DataFrame
            A plain frame with a fresh RangeIndex, bound to the same account.

        Raises
        ------
        QueryError
            The question cannot be asked; nothing was sent.

        Examples
        --------
        >>> campaigns.dyno.query("created >= '2016-01-01' and name.str.contains('Weekly')")  # doctest: +SKIP
        """
        _check_names(level, local_dict=local_dict, global_dict=global_dict)
        try:
            around = caller(1 + level)
        except ValueError:
            raise QueryError(f"level={level!r}; the call stack is not so deep") from None
        scope = Scope(
            around.local_names if local_dict is None else local_dict,
            around.global_names if global_dict is None else global_dict,
        )
        del local_dict, global_dict  # no traceback from here on shows them
        return self.scan(
            expr,
            columns=columns,
            order_by=order_by,
            ascending=ascending,
            limit=limit,
            offset=offset,
            progress=progress,
            strict=strict,
            max_rows=max_rows,
            max_requests=max_requests,
            on_invalid=on_invalid,
            scope=scope,
        ).to_frame()

    def __getitem__(self, expr: Expression) -> pd.DataFrame:
        if isinstance(expr, str):
            raise QueryError(
                f"dyno[{expr!r}] names a column, as frame[{expr!r}] would; a question in a string is asked with "
                f".dyno.query({expr!r})"
            )
        return self.scan(expr, scope=caller(1)).to_frame()

    def count(self, expr: Expression = None) -> int:
        """Return the number of rows that answer a question; no row moves where the plan is exact.

        Examples
        --------
        >>> campaigns.dyno.count("status == 'draft'")  # doctest: +SKIP
        12
        """
        return self.scan(expr, scope=caller(1)).count()

    def value_counts(
        self, column: str, expr: Expression = None, *, normalize: bool = False, dropna: bool = True
    ) -> pd.Series[Any]:
        """Return how often each value of a column occurs in the rows that answer a question.

        Parameters
        ----------
        column
            Which column. For ``status`` the server counts and no row moves; for others the column is fetched.
        expr
            As in :meth:`query`.
        normalize, dropna
            As in :meth:`pandas.Series.value_counts`.

        Returns
        -------
        pandas.Series
            As pandas gives it on all rows; ``attrs["dyno"]["source"]`` says ``"counts"`` or ``"rows"``.

        Examples
        --------
        >>> campaigns.dyno.value_counts("status")  # doctest: +SKIP
        """
        scope, resource = caller(1), self._resource
        distribution.checked(resource, column)
        return distribution.value_counts(
            resource, column, expr, scope=scope, normalize=normalize, dropna=dropna
        )

    def histogram(self, column: str, expr: Expression = None, *, freq: str = "ME") -> pd.Series[Any]:
        """Return how many of the rows that answer a question fall into each period of a time column.

        Parameters
        ----------
        column
            A time column, such as ``"created"``.
        expr
            As in :meth:`query`.
        freq
            A period of pandas' ``resample``: ``"ME"``, ``"D"``, ``"YE"``…

        Returns
        -------
        pandas.Series
            As ``resample(freq).size()`` gives it; ``attrs["dyno"]["source"]`` says ``"counts"`` or ``"rows"``.

        Examples
        --------
        >>> campaigns.dyno.histogram("created", freq="ME")  # doctest: +SKIP
        """
        scope, resource = caller(1), self._resource
        distribution.checked(resource, column)
        return distribution.histogram(resource, column, expr, freq=freq, scope=scope)

    def explain(self, expr: Expression = None) -> Plan:
        """Return what would be sent for a question, what would be answered here, and why.

        Examples
        --------
        >>> campaigns.dyno.explain("opens > clicks")  # doctest: +SKIP
        """
        return self.scan(expr, scope=caller(1)).explain()

    def scan(
        self,
        expr: Expression = None,
        *,
        columns: Sequence[str] | None = None,
        order_by: str | Sequence[str] | None = None,
        ascending: bool | Sequence[bool] = True,
        limit: int | None = None,
        offset: int = 0,
        progress: bool | None = None,
        strict: bool = False,
        max_rows: int | None = None,
        max_requests: int | None = None,
        on_invalid: OnInvalid = "raise",
        scope: Scope | None = None,
    ) -> Scan:
        """Plan a question without asking it; the arguments are those of :meth:`query`."""
        return self._resource.scan(
            expr,
            columns=columns,
            order_by=order_by,
            ascending=ascending,
            limit=limit,
            offset=offset,
            progress=progress,
            strict=strict,
            max_rows=max_rows,
            max_requests=max_requests,
            on_invalid=on_invalid,
            scope=scope or caller(1),
        )

    def refresh(self) -> pd.DataFrame:
        """Return the answer to the same question, asked again now.

        Raises
        ------
        QueryError
            The question was asked with something that cannot be stored, such as a function of your own.
        """
        return self._again("ask it again with .dyno.query(…)").to_frame()

    def _again(self, cure: str) -> Scan:
        """Return the frame's own question, planned anew."""
        origin = self._origin
        if origin.question is None:
            raise QueryError(
                f"the question {_shown(origin)!r} holds what a frame cannot remember (a variable or a function "
                f"of yours); {cure}"
            )
        scan = self.scan(
            origin.question,
            columns=origin.columns,
            order_by=origin.order_by,
            ascending=origin.ascending,
            limit=origin.limit,
            offset=origin.offset,
            on_invalid=origin.on_invalid,
        )
        return replace(scan, origin=replace(scan.origin, expression=origin.expression))

    @property
    def certificate(self) -> Certificate | None:
        """How complete the answer is and what proves it; None for a frame that nothing was asked for."""
        origin_of(self._frame)
        stored = certificate_of(self._frame)
        return None if stored is None else Certificate.from_json(stored)

    def _check_whole(self) -> None:
        """Refuse a frame that no longer has as many rows as its query returned."""
        certificate = self.certificate
        rows = len(self._frame)
        if certificate is None or certificate.rows_returned == rows:
            return
        raise QueryError(
            f"this frame has {rows:,} {'row' if rows == 1 else 'rows'} and its query returned "
            f"{certificate.rows_returned:,}; to_parquet sends the query again and would write all of those. Narrow the "
            "query with .dyno.query(…).dyno.to_parquet(…), or write the frame as it is with frame.to_parquet(…)"
        )

    def to_parquet(
        self,
        path: str | Path,
        *,
        partition_by: str | Sequence[str] | None = None,
        mode: str = "overwrite",
        max_rows_per_file: int = 1_000_000,
        compression: str = "zstd",
        progress: bool | None = None,
    ) -> Dataset:
        """Send the frame's query again and write its rows as Parquet as they come.

        The rows of the frame itself are not written: a frame that was cut or filtered with pandas is refused.

        Parameters
        ----------
        path
            One file where the name ends in ``.parquet``, else a dataset of versions, or a URL.
        partition_by, mode, max_rows_per_file, compression
            As :func:`dyno_frames.export.write.write` says.
        progress
            As in :meth:`query`.

        Returns
        -------
        Dataset
            Where it is and what it holds.

        Raises
        ------
        QueryError
            The frame holds other rows than its query returned; or the query uses something that cannot be stored,
            such as a function of your own. Nothing was sent.
        """
        self._check_whole()
        scan = self._again("write it with .dyno.scan(…).to_parquet(…)")
        written: Dataset = scan.to_parquet(
            path,
            partition_by=partition_by,
            mode=mode,
            max_rows_per_file=max_rows_per_file,
            compression=compression,
            progress=progress,
        )
        return written

    def panel(self, *, accessible: bool = False) -> CampaignPanel | AccessiblePanel:
        """Return a panel that controls these campaigns from the notebook.

        Parameters
        ----------
        accessible
            Whether it is the one for keyboards and screen readers, which needs anywidget.

        Raises
        ------
        SchemaError
            The frame holds no campaigns, or no ``id``.
        MissingExtraError
            anywidget is needed and not installed.
        """
        origin = self._origin
        if origin.resource != "campaigns" or "id" not in self._frame.columns:
            raise SchemaError(
                f"a panel needs campaigns with their id; this frame holds {origin.resource} with the columns "
                f"{', '.join(map(str, self._frame.columns))}"
            )
        if accessible:
            from dyno_frames.panels.views.accessible import AccessiblePanel

            return AccessiblePanel(self._client, self._frame)
        from dyno_frames.panels.views.widgets.panel import CampaignPanel

        return CampaignPanel(self._client, self._frame)

    def builder(self, expr: Expression = None) -> QueryBuilder:
        """Return a query builder: conditions as widgets, the same as an expression, counted before it is fetched.

        Parameters
        ----------
        expr
            The question to begin with; None is this frame's own.

        Returns
        -------
        QueryBuilder
            Its ``.query`` is the question as text, its ``.frame`` what was fetched last.

        Raises
        ------
        QueryError
            The question cannot be asked, or cannot be written as text.

        Examples
        --------
        >>> campaigns.dyno.builder("status == 'finished' and opens > 1000")  # doctest: +SKIP
        """
        from dyno_frames.panels.views.widgets.builder import QueryBuilder

        begun = self._origin if expr is None else expr
        return QueryBuilder(self._resource, begun, scope=caller(1))

    @property
    def plot(self) -> Plotter:
        """Pictures of these campaigns: ``.plot.funnel()``, ``.plot.timeline()`` and others."""
        from dyno_frames.plots.plotter import Plotter

        return Plotter(self._frame)


def _shown(origin: Origin) -> str:
    return without_query_addresses(origin.expression)


def _check_names(level: object, **given: object) -> None:
    if isinstance(level, bool) or not isinstance(level, int) or level < 0:
        raise QueryError(f"level={level!r}; expected a whole number from 0")
    for argument, names in given.items():
        if names is not None and not isinstance(names, Mapping):
            raise QueryError(
                f"{argument} is of type {type(names).__name__}; expected a dict of names, or None to use the variables "
                "of the calling code"
            )
