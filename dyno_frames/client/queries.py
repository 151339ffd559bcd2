"""The queries of a resource: find, count, explain, scan, and the empty frame that queries start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dyno_frames.calibrate.prober import Prober
from dyno_frames.client.binding import bind, names_of, origin, prober
from dyno_frames.client.connection import Connection
from dyno_frames.client.query_verbs import QueryVerbs
from dyno_frames.contract.fields import OnInvalid
from dyno_frames.contract.resources import Resource
from dyno_frames.frames.provenance import attach
from dyno_frames.query.options import QueryOptions
from dyno_frames.query.query import Expression, Scope
from dyno_frames.scan.progress import waiting_bar
from dyno_frames.scan.scan import Scan


class Queries(QueryVerbs):
    """The queries of one resource.

    Parameters
    ----------
    connection
        The server and the account.
    resource
        Templates, lists or campaigns.
    """

    def __init__(self, connection: Connection, resource: Resource) -> None:
        self.connection = connection
        self.resource = resource

    def frame(self) -> pd.DataFrame:
        """Return zero rows with the full columns and dtypes, bound to this account and resource.

        Returns
        -------
        pandas.DataFrame
            Shape (0, fields); its ``.dyno`` has the queries. Jupyter shows how many rows are on the server.

        Examples
        --------
        >>> client.campaigns.frame().dyno.query("opens > 100")  # doctest: +SKIP
        """
        self.connection.extensions.show_frame_notes()
        with waiting_bar(None, what=self.resource.name):
            empty = self.connection.schemas.sampled(self.resource).empty.copy()
        return attach(empty, origin(self.connection, self.resource, None, QueryOptions()))

    def find(
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
        local_dict: Mapping[str, Any] | None = None,
        global_dict: Mapping[str, Any] | None = None,
        level: int = 0,
        max_rows: int | None = None,
        max_requests: int | None = None,
        on_invalid: OnInvalid = "raise",
        scope: Scope | None = None,
    ) -> pd.DataFrame:
        """Return the rows that match a query, as pandas would on all rows.

        Parameters
        ----------
        expr
            A query string, a ``pd.col`` expression, a function of the frame, or None for every row.
        columns
            Columns to return, in this order (default: all).
        order_by, ascending
            Columns to order by (default: ``created``) and the direction of each. Ties are ordered by ``id``, and
            nulls come last.
        limit, offset
            Maximum number of rows (default: all), and how many to skip first.
        progress
            Whether to show a progress bar (default: after a second, in a terminal or a notebook).
        strict
            Whether to raise instead of evaluating a part of the query locally or returning an answer that is not
            certified.
        local_dict, global_dict, level
            Where ``@names`` are looked up, as in :meth:`pandas.DataFrame.query` (default: the variables of the calling
            code).
        max_rows, max_requests
            Maximum number of rows to fetch and of requests to send. A query that needs more raises before a row is
            fetched; the server counts its rows.
        on_invalid
            What to do with a value outside its column's type: ``"raise"`` raises a ContractError that names the value,
            ``"null"`` makes it null and says so in the certificate's notes. Columns that are never null then have
            nullable dtypes.
        scope
            Where ``@names`` are looked up, instead of ``local_dict``, ``global_dict`` and ``level``.

        Returns
        -------
        pandas.DataFrame
            A plain frame with a fresh RangeIndex, bound to the account.

        Raises
        ------
        QueryError
            The query is not valid; nothing was sent.

        Examples
        --------
        >>> client.campaigns.find("status == 'finished'", order_by="opens", ascending=False, limit=5)  # doctest: +SKIP
        """
        names = names_of(scope, level, local_dict=local_dict, global_dict=global_dict)
        del local_dict, global_dict  # no traceback from here on shows them
        options = QueryOptions.of(
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
        )
        return self._bind(expr, options, names).to_frame()

    def prober(self) -> Prober:
        """Return the prober of this server with rows of this resource."""
        return prober(self.connection, self.resource)

    def _bind(self, expr: Expression, options: QueryOptions, scope: Scope) -> Scan:
        return bind(self.connection, self.resource, expr, options, scope)
