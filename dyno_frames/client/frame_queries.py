"""The queries of a frame that is bound to an account. Everything that they need is in ``df.attrs``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from dyno_frames.client.binding import bind, caller, names_of, schema_of
from dyno_frames.client.client import Client, open_client
from dyno_frames.client.resources import ResourceClient
from dyno_frames.client.row_verbs import RowVerbs
from dyno_frames.contract.fields import OnInvalid
from dyno_frames.contract.texts import without_query_addresses
from dyno_frames.errors import QueryError
from dyno_frames.frames.provenance import Origin, certificate_of, is_whole, origin_of
from dyno_frames.frames.schema import Schema
from dyno_frames.query.options import QueryOptions
from dyno_frames.query.query import Expression, Scope
from dyno_frames.scan.certificate import Certificate
from dyno_frames.scan.scan import Scan


class FrameQueries(RowVerbs):
    """The queries of a frame that is bound to an account.

    Parameters
    ----------
    frame
        The frame; its ``attrs["dyno"]`` is the account and the query that it comes from.
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

    @property
    def _schema(self) -> Schema:
        found = self._resource
        return schema_of(found.connection, found.resource)

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
        """Return the account's rows that match a query: what pandas would return on all of them.

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
            Where ``@names`` are looked up, as in :meth:`pandas.DataFrame.query`.
        max_rows, max_requests
            Maximum number of rows to fetch and of requests to send. A query that needs more raises before a row is
            fetched; the server counts its rows.
        on_invalid
            What to do with a value outside its column's type: ``"raise"`` raises a ContractError that names the value,
            ``"null"`` makes it null and says so in the certificate's notes. Columns that are never null then have
            nullable dtypes.

        Returns
        -------
        pandas.DataFrame
            A plain frame with a fresh RangeIndex, bound to the same account.

        Raises
        ------
        QueryError
            The query is not valid; nothing was sent.

        Examples
        --------
        >>> campaigns.dyno.query("created >= '2016-01-01' and name.str.contains('Weekly')")  # doctest: +SKIP
        """
        names = names_of(None, level, local_dict=local_dict, global_dict=global_dict)
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

    def __getitem__(self, expr: Expression) -> pd.DataFrame:
        if isinstance(expr, str):
            raise QueryError(
                f"dyno[{expr!r}] names a column, as frame[{expr!r}] does. Write a query string as .dyno.query({expr!r})"
            )
        return self._bind(expr, QueryOptions(), caller(1)).to_frame()

    def _bind(self, expr: Expression, options: QueryOptions, scope: Scope) -> Scan:
        found = self._resource
        return bind(found.connection, found.resource, expr, options, scope)

    def refresh(self) -> pd.DataFrame:
        """Send the frame's query again and return its rows now.

        Raises
        ------
        QueryError
            pandas changed the rows of the frame, their order, its values or its columns; or the query uses something
            that cannot be stored, such as a function of your own. Nothing was sent.

        Examples
        --------
        >>> sent.dyno.refresh()  # doctest: +SKIP
        """
        changed = "Call refresh() on the frame of that query, or send another query with .dyno.query(…)"
        return self._again("send it again with .dyno.query(…)", changed=changed).to_frame()

    def _again(self, unstored: str, *, changed: str) -> Scan:
        """Return the query of the frame, planned again.

        Parameters
        ----------
        unstored
            What to do if the query cannot be stored, for the error.
        changed
            What to do if pandas changed the frame, for the error.
        """
        origin = self._origin
        if not is_whole(self._frame):
            raise QueryError(
                f"this frame is no longer the answer to its query {_shown(origin)!r}: pandas changed its rows, their "
                f"order, its values or its columns. {changed}"
            )
        if origin.query is None:
            raise QueryError(
                f"a frame cannot store the query {_shown(origin)!r}: it uses a variable or a function, or it comes "
                f"from tail or sample; {unstored}"
            )
        options = QueryOptions.of(
            columns=origin.columns,
            order_by=origin.order_by,
            ascending=origin.ascending,
            limit=origin.limit,
            offset=origin.offset,
            on_invalid=origin.on_invalid,
        )
        scan = self._bind(origin.query, options, Scope())
        return replace(scan, origin=replace(scan.origin, expression=origin.expression))

    @property
    def certificate(self) -> Certificate | None:
        """How complete the frame is and what proves it.

        None for a frame that no query returned, and for one whose rows, order, values or columns pandas changed,
        such as ``answer.head()`` or ``answer.sort_values("opens")``.
        """
        origin_of(self._frame)
        stored = certificate_of(self._frame)
        return None if stored is None else Certificate.from_json(stored)


def _shown(origin: Origin) -> str:
    return without_query_addresses(origin.expression)
