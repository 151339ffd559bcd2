"""What a resource and a bound frame have in common: count, explain and scan take the options of a query."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from dyno_frames.client.binding import names_of
from dyno_frames.contract.fields import OnInvalid
from dyno_frames.query.options import QueryOptions
from dyno_frames.query.plan import Plan
from dyno_frames.query.query import Expression, Scope
from dyno_frames.scan.scan import Scan


class QueryVerbs(ABC):
    """Count, explain and scan the rows of a query; the arguments are those of ``find`` and ``query``."""

    def count(
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
    ) -> int:
        """Return the number of rows that a query with the same arguments returns.

        The server counts the rows. Only if a part of the query is evaluated locally, the ids of the rows are fetched,
        at most at the cost of ``max_rows`` and ``max_requests``.

        Examples
        --------
        >>> client.campaigns.count("status == 'draft'")  # doctest: +SKIP
        12
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
        return self._bind(expr, options, names).count()

    def explain(
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
    ) -> Plan:
        """Return the plan of a query with the same arguments: the requests, and what is evaluated locally.

        Examples
        --------
        >>> client.campaigns.explain("opens > clicks", limit=10)  # doctest: +SKIP
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
        return self._bind(expr, options, names).explain()

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
        local_dict: Mapping[str, Any] | None = None,
        global_dict: Mapping[str, Any] | None = None,
        level: int = 0,
        max_rows: int | None = None,
        max_requests: int | None = None,
        on_invalid: OnInvalid = "raise",
        scope: Scope | None = None,
    ) -> Scan:
        """Plan a query without sending it; the arguments are those of ``find`` and ``query``.

        Returns
        -------
        Scan
            Explains or counts the rows, or returns them as a frame, Arrow batches or Parquet.
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
        return self._bind(expr, options, names)

    @abstractmethod
    def _bind(self, expr: Expression, options: QueryOptions, scope: Scope) -> Scan:
        """Return the scan of a query."""
