"""A mirror: the verbs of a resource, answered from a synced copy on disk, exact as of a stated moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from dyno_frames.client.binding import caller, names_of, origin
from dyno_frames.client.connection import Connection
from dyno_frames.client.row_verbs import RowVerbs
from dyno_frames.contract.fields import OnInvalid
from dyno_frames.contract.resources import Resource
from dyno_frames.errors import QueryError
from dyno_frames.frames.provenance import attach
from dyno_frames.frames.schema import Schema
from dyno_frames.mirror.freshness import Duration, Freshness, seconds
from dyno_frames.mirror.places import delete, refresher_of
from dyno_frames.mirror.scan import MirrorScan
from dyno_frames.mirror.source import Source
from dyno_frames.mirror.status import MirrorStatus
from dyno_frames.mirror.verbs import with_freshness
from dyno_frames.plots.plotter import Plotter
from dyno_frames.query.options import QueryOptions
from dyno_frames.query.query import Expression, Scope


def open_mirror(
    connection: Connection, resource: Resource, path: str | Path | None, *, max_age: Duration, lag: Duration
) -> Mirror:
    """Return the mirror of a resource; see ``client.campaigns.mirror``. Nothing is sent."""
    freshness = Freshness.of(max_age)
    connection.extensions.show_frame_notes()
    return Mirror(Source(refresher_of(connection, resource, path, lag_s=seconds("lag", lag)), freshness))


class Mirror(RowVerbs):
    """A copy of a resource on disk that answers the same queries without requests, and refreshes itself.

    An answer is what pandas returns on all rows as of a moment, which its certificate states. An answer that is younger
    than ``max_age`` sends no request. Otherwise the mirror first fetches the rows that changed, and finds deleted
    rows. The verbs of ``df.dyno`` work on the mirror, too: ``head``, ``nlargest``, ``value_counts``, ``groupby`` ….

    Parameters
    ----------
    source
        The stored rows.

    Examples
    --------
    >>> mirror = client.campaigns.mirror(max_age="1h")  # doctest: +SKIP
    >>> mirror.query("status == 'finished' and opens > 100")  # doctest: +SKIP
    >>> mirror.count("status == 'draft'", fresh=True)  # doctest: +SKIP
    >>> mirror.at(offline=True).groupby("status").size()  # doctest: +SKIP
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    def __repr__(self) -> str:
        identity = self._source.refresher.identity
        return f"Mirror({str(self.path)!r}, {identity.resource} of {identity.url})"

    def _repr_html_(self) -> str:
        return self.status()._repr_html_()

    @property
    def path(self) -> Path:
        """The dataset: a link to the Parquet files of the newest version, for other programs."""
        return self._source.refresher.store.path

    def at(
        self,
        *,
        fresh: bool = False,
        offline: bool = False,
        as_of: int | None = None,
        max_age: Duration | None = None,
    ) -> Mirror:
        """Return the mirror with another freshness for all its verbs.

        Parameters
        ----------
        fresh
            Whether to refresh before every answer.
        offline
            Whether to answer without a request, whatever the age.
        as_of
            Number of an older version to read, without a request.
        max_age
            Maximum age of an answer that sends no request (default: that of the mirror).

        Raises
        ------
        ConfigError
            An argument is not valid, or two contradict each other.

        Examples
        --------
        >>> mirror.at(offline=True).head(3)  # doctest: +SKIP
        """
        source = self._source
        wanted = source.freshness.changed(fresh=fresh, offline=offline, as_of=as_of, max_age=max_age)
        return Mirror(replace(source, freshness=wanted)) if wanted is not source.freshness else self

    @with_freshness
    def query(
        self,
        expr: Expression = None,
        *,
        columns: Sequence[str] | None = None,
        order_by: str | Sequence[str] | None = None,
        ascending: bool | Sequence[bool] = True,
        limit: int | None = None,
        offset: int = 0,
        strict: bool = False,
        local_dict: Mapping[str, Any] | None = None,
        global_dict: Mapping[str, Any] | None = None,
        level: int = 0,
        on_invalid: OnInvalid = "raise",
        scope: Scope | None = None,
    ) -> pd.DataFrame:
        """Return the rows that match a query, as pandas would on all rows.

        Parameters
        ----------
        expr, columns, order_by, ascending, limit, offset, local_dict, global_dict, level, on_invalid, scope
            As in ``client.campaigns.find``.
        strict
            Whether to raise instead of returning an answer that is not certified.

        Returns
        -------
        pandas.DataFrame
            A plain frame, bound to the account; ``.dyno.certificate`` says as of when it is complete.

        Raises
        ------
        QueryError
            The query is not valid; nothing was sent.
        StaleError
            The newest version is too old, and cannot be refreshed.
        SchemaError
            A file of the mirror is damaged.

        Examples
        --------
        >>> mirror.query("opens > 100", order_by="opens", ascending=False, limit=5)  # doctest: +SKIP
        """
        options = QueryOptions.of(
            columns=columns,
            order_by=order_by,
            ascending=ascending,
            limit=limit,
            offset=offset,
            strict=strict,
            on_invalid=on_invalid,
        )
        names = names_of(scope, level, local_dict=local_dict, global_dict=global_dict)
        return self._bind(expr, options, names).to_frame()

    def __getitem__(self, expr: Expression) -> pd.DataFrame:
        if isinstance(expr, str):
            raise QueryError(
                f"mirror[{expr!r}] names a column. Write a query string as mirror.query({expr!r})"
            )
        return self._bind(expr, QueryOptions(), caller(1)).to_frame()

    @with_freshness
    def to_arrow(self, expr: Expression = None, *, level: int = 0, **options: Any) -> pa.Table:
        """Return the rows of :meth:`query` with the same arguments as an Arrow table.

        Examples
        --------
        >>> mirror.to_arrow("opens > 100", columns=["name", "opens"])  # doctest: +SKIP
        """
        return self.scan(expr, level=level + 1, **options).to_arrow()

    count = with_freshness(RowVerbs.count)
    explain = with_freshness(RowVerbs.explain)
    scan = with_freshness(RowVerbs.scan)
    head = with_freshness(RowVerbs.head)
    tail = with_freshness(RowVerbs.tail)
    nlargest = with_freshness(RowVerbs.nlargest)
    nsmallest = with_freshness(RowVerbs.nsmallest)
    sample = with_freshness(RowVerbs.sample)
    unique = with_freshness(RowVerbs.unique)
    nunique = with_freshness(RowVerbs.nunique)
    describe = with_freshness(RowVerbs.describe)
    value_counts = with_freshness(RowVerbs.value_counts)
    histogram = with_freshness(RowVerbs.histogram)
    groupby = with_freshness(RowVerbs.groupby)

    @with_freshness
    def panel(self, expr: Expression = None, *, level: int = 0, accessible: bool = False) -> Any:
        """Return a panel that controls the campaigns of a query.

        Parameters
        ----------
        expr, level
            As in :meth:`query`.
        accessible
            Whether to return the panel for keyboards and screen readers.

        Raises
        ------
        SchemaError
            The mirror holds no campaigns.

        Examples
        --------
        >>> mirror.panel("status == 'draft'")  # doctest: +SKIP
        """
        return self.query(expr, level=level + 1).dyno.panel(accessible=accessible)

    @property
    def plot(self) -> Plotter:
        """Plots of all campaigns of the mirror: ``mirror.plot.funnel()``, ``mirror.at(offline=True).plot.timeline()``.

        Those of a query are ``mirror.query(…).dyno.plot``.
        """
        return Plotter(self.query(), self._source.list_names)

    def frame(self) -> pd.DataFrame:
        """Return zero rows with the full columns and dtypes, bound to the account."""
        refresher = self._source.refresher
        unasked = origin(refresher.connection, refresher.resource, None, QueryOptions())
        return attach(self._source.schema.empty(), unasked)

    def refresh(self, *, full: bool = False, prove: bool = False) -> MirrorStatus:
        """Fetch what changed and find deleted rows; return the state afterwards.

        Parameters
        ----------
        full
            Whether to fetch every row again, for example after a file was damaged.
        prove
            Whether to compare ids or windows of rows even if two requests show no change.

        Examples
        --------
        >>> mirror.refresh(prove=True).deletes  # doctest: +SKIP
        <Deletes.PROVED: 'proved'>
        """
        refresher = self._source.refresher
        with refresher.alone():
            refresher.run(full=full, prove=prove)
        return self.status()

    def status(self) -> MirrorStatus:
        """Return the state of the mirror, without a request."""
        return self._source.status()

    def remove(self) -> None:
        """Delete the copy with all its versions; the account is not changed."""
        refresher = self._source.refresher
        with refresher.alone():
            delete(refresher.store)

    def _bind(self, expr: Expression, options: QueryOptions, scope: Scope) -> MirrorScan:
        return self._source.bind(expr, options, scope)

    @property
    def _schema(self) -> Schema:
        return self._source.schema
