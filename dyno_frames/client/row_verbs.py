"""Methods of a DataFrame on the rows of a query: head, nlargest, sample, describe, groupby and others."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from dyno_frames.client import distribution
from dyno_frames.client.binding import caller
from dyno_frames.client.groupby import GroupBy
from dyno_frames.client.query_verbs import QueryVerbs
from dyno_frames.contract.fields import Kind, Wire
from dyno_frames.contract.resources import CREATED, ID_FIELD
from dyno_frames.errors import QueryError
from dyno_frames.frames.provenance import rebind
from dyno_frames.frames.schema import Schema
from dyno_frames.query.options import QueryOptions, check_column
from dyno_frames.query.query import Expression, Scope
from dyno_frames.scan.scan import Scan


class RowVerbs(QueryVerbs):
    """Methods of :class:`pandas.DataFrame` that return what pandas returns on the rows of a query."""

    @property
    @abstractmethod
    def _schema(self) -> Schema:
        """The schema of the resource, computed columns included."""

    def head(self, n: int = 5, expr: Expression = None) -> pd.DataFrame:
        """Return the first rows of a query by ``created``, the oldest.

        Parameters
        ----------
        n
            Maximum number of rows.
        expr
            As in :meth:`query` (default: every row).

        Examples
        --------
        >>> campaigns.dyno.head(3)  # doctest: +SKIP
        """
        return self._bind(expr, QueryOptions.of(limit=n), caller(1)).to_frame()

    def tail(self, n: int = 5, expr: Expression = None) -> pd.DataFrame:
        """Return the last rows of a query by ``created``, the newest; the arguments are those of :meth:`head`.

        Examples
        --------
        >>> campaigns.dyno.tail(3, "status == 'finished'")  # doctest: +SKIP
        """
        options = QueryOptions.of(order_by=[CREATED, ID_FIELD], ascending=False, limit=n)
        rows = self._bind(expr, options, caller(1)).to_frame()
        return rebind(rows.iloc[::-1].reset_index(drop=True), rows)

    def nlargest(self, n: int, columns: str | Sequence[str], expr: Expression = None) -> pd.DataFrame:
        """Return the rows with the largest values, as :meth:`pandas.DataFrame.nlargest` does.

        Parameters
        ----------
        n
            Maximum number of rows.
        columns
            Columns of numbers or times to order by.
        expr
            As in :meth:`query` (default: every row).

        Raises
        ------
        QueryError
            A column does not hold numbers or times.

        Examples
        --------
        >>> campaigns.dyno.nlargest(10, "open_rate", "delivered > 1000")  # doctest: +SKIP
        """
        return self._extreme(n, columns, expr, caller(1), ascending=False)

    def nsmallest(self, n: int, columns: str | Sequence[str], expr: Expression = None) -> pd.DataFrame:
        """Return the rows with the smallest values; the arguments are those of :meth:`nlargest`.

        Examples
        --------
        >>> campaigns.dyno.nsmallest(10, "click_rate", "delivered > 1000")  # doctest: +SKIP
        """
        return self._extreme(n, columns, expr, caller(1), ascending=True)

    def sample(
        self,
        n: int = 1,
        expr: Expression = None,
        *,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> pd.DataFrame:
        """Return random rows of a query: those that :meth:`pandas.DataFrame.sample` chooses.

        The ids of all rows of the query are fetched, then the chosen rows.

        Parameters
        ----------
        n
            Number of rows.
        expr
            As in :meth:`query` (default: every row).
        random_state
            A seed or a generator, as in pandas.

        Raises
        ------
        QueryError
            The query has fewer rows.

        Examples
        --------
        >>> campaigns.dyno.sample(5, random_state=1)  # doctest: +SKIP
        """
        ids = self._bind(expr, QueryOptions(columns=(ID_FIELD,)), caller(1)).to_frame()[ID_FIELD]
        try:
            chosen = ids.sample(n, random_state=random_state)
        except (TypeError, ValueError) as error:
            raise QueryError(f"sample({n!r}) of {len(ids):,} rows: {error}") from error
        wanted = Scope({"chosen": chosen.tolist()})
        rows = self._bind(f"{ID_FIELD} in @chosen", QueryOptions(), wanted).to_frame()
        places = pd.Index(rows[ID_FIELD]).get_indexer(pd.Index(chosen))
        return rebind(rows.iloc[places[places >= 0]].reset_index(drop=True), rows)

    def unique(self, column: str, expr: Expression = None) -> Any:
        """Return the values of a column, each once, as :meth:`pandas.Series.unique` does.

        Examples
        --------
        >>> campaigns.dyno.unique("list_name")  # doctest: +SKIP
        """
        return self._column(column, expr, caller(1)).unique()

    def nunique(self, column: str, expr: Expression = None, *, dropna: bool = True) -> int:
        """Return the number of different values of a column, as :meth:`pandas.Series.nunique` does.

        Examples
        --------
        >>> campaigns.dyno.nunique("from_email")  # doctest: +SKIP
        """
        return int(self._column(column, expr, caller(1)).nunique(dropna=dropna))

    def describe(self, expr: Expression = None) -> pd.DataFrame:
        """Return statistics of the columns of numbers and times, as :meth:`pandas.DataFrame.describe` does.

        Only columns of numbers and times are fetched.

        Examples
        --------
        >>> campaigns.dyno.describe("status == 'finished'")[["opens", "clicks"]]  # doctest: +SKIP
        """
        scope = caller(1)
        names = tuple(field.name for field in self._schema.fields if field.wire is Wire.NUMBER)
        return self._bind(expr, QueryOptions(columns=names), scope).to_frame().describe()

    def value_counts(
        self, column: str, expr: Expression = None, *, normalize: bool = False, dropna: bool = True
    ) -> pd.Series[Any]:
        """Return how often each value of a column occurs in the rows that match a query.

        Parameters
        ----------
        column
            The column. The server counts the values of ``status``; other columns are fetched.
        expr
            As in :meth:`query`.
        normalize, dropna
            As in :meth:`pandas.Series.value_counts`.

        Returns
        -------
        pandas.Series
            What pandas returns on all rows; ``attrs["dyno"]["source"]`` says ``"counts"`` or ``"rows"``.

        Examples
        --------
        >>> campaigns.dyno.value_counts("status")  # doctest: +SKIP
        """
        scope = caller(1)
        check_column(column, self._schema.columns)
        return distribution.value_counts(self, column, expr, scope=scope, normalize=normalize, dropna=dropna)

    def histogram(self, column: str, expr: Expression = None, *, freq: str = "ME") -> pd.Series[Any]:
        """Return how many rows that match a query fall into each period of a time column.

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
            What ``resample(freq).size()`` returns; ``attrs["dyno"]["source"]`` says ``"counts"`` or ``"rows"``.

        Examples
        --------
        >>> campaigns.dyno.histogram("created", freq="ME")  # doctest: +SKIP
        """
        scope = caller(1)
        check_column(column, self._schema.columns)
        return distribution.histogram(self, column, expr, freq=freq, scope=scope)

    def groupby(self, by: str | Sequence[str], expr: Expression = None) -> GroupBy:
        """Group the rows of a query, as :meth:`pandas.DataFrame.groupby` does, without keeping them.

        Parameters
        ----------
        by
            A column, or a period of a time column such as ``"created:month"``, or a list of them. The periods are
            ``year``, ``quarter``, ``month``, ``week`` (from Monday), ``day`` and ``hour``, in UTC.
        expr
            As in :meth:`query` (default: every row).

        Returns
        -------
        GroupBy
            ``.agg(…)`` and ``.size()`` fetch only the columns that they read.

        Examples
        --------
        >>> monthly = campaigns.dyno.groupby(["list_name", "created:month"])  # doctest: +SKIP
        >>> monthly.agg(open_rate=("open_rate", "mean"))  # doctest: +SKIP
        """
        scope = caller(1)

        def scan(columns: list[str]) -> Scan:
            return self._bind(expr, QueryOptions(columns=tuple(columns)), scope)

        return GroupBy(by, self._schema, scan)

    def _extreme(
        self, n: int, columns: str | Sequence[str], expr: Expression, scope: Scope, *, ascending: bool
    ) -> pd.DataFrame:
        options = QueryOptions.of(order_by=columns, ascending=ascending, limit=n)
        if not options.order_by:
            raise QueryError(f"columns={columns!r}; expected a column, such as 'opens', or a list of them")
        if CREATED not in options.order_by:  # pandas keeps the order of ties
            order = (*options.order_by, CREATED)
            options = QueryOptions.of(order_by=order, ascending=[*options.ascending, True], limit=n)
        known = self._schema.columns
        for name in options.order_by:
            check_column(name, known, "columns")
            if known[name].wire is not Wire.NUMBER:
                raise QueryError(f"columns: {name!r} holds {known[name].kind}; expected numbers or times")
        return self._bind(expr, options, scope).to_frame()

    def _column(self, column: str, expr: Expression, scope: Scope) -> pd.Series[Any]:
        known = self._schema.columns
        check_column(column, known)
        if known[column].kind is Kind.JSON:
            raise QueryError(
                f"column {column!r} holds values of several types; fetch it with columns=[{column!r}]"
            )
        return self._bind(expr, QueryOptions(columns=(column,)), scope).column(column)
