"""Query an account with polars: a lazy frame that sends what it needs through the same compiler."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from dyno_frames.client.binding import schema_of
from dyno_frames.client.queries import Queries
from dyno_frames.contract.resources import ID_FIELD
from dyno_frames.errors import MissingExtraError, QueryError
from dyno_frames.scan.scan import fixed

if TYPE_CHECKING:
    import polars as pl


def scan_polars(resource: Queries) -> pl.LazyFrame:
    """Return the rows of a resource as a lazy frame of polars.

    The columns that the query needs, its limit, and the predicates that the server can evaluate are sent to the server.
    polars applies the whole predicate again, so a result equals that of polars on all rows. Each collect queries
    the server again.

    Parameters
    ----------
    resource
        ``client.campaigns``, ``client.lists`` or ``client.templates``.

    Returns
    -------
    polars.LazyFrame
        The columns have the types of ``resource.scan().to_arrow()``.

    Raises
    ------
    QueryError
        The argument is not a resource of a client.
    MissingExtraError
        polars is not installed.

    Warns
    -----
    IncompleteResultWarning
        Rows may be missing.

    Examples
    --------
    >>> import polars as pl  # doctest: +SKIP
    >>> scan_polars(client.campaigns).filter(pl.col("opens") > 100).select("name", "opens").collect()  # doctest: +SKIP
    """
    if not isinstance(resource, Queries):
        raise QueryError(
            f"scan_polars() got an object of type {type(resource).__name__}; expected a resource of a client, such as "
            "client.campaigns"
        )
    try:
        import polars as pl
        from polars.io.plugins import register_io_source
    except ImportError:
        raise MissingExtraError.of("polars", "polars") from None

    from dyno_frames.integrations.polars_predicate import translated

    def rows(
        columns: list[str] | None, predicate: pl.Expr | None, limit: int | None, _batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        # polars limits the rows before it applies the predicate; a query does both the other way round
        test = None if predicate is None or limit is not None else translated(predicate)
        names = (
            arrow.names if columns is None else columns or [ID_FIELD]
        )  # a frame needs a column to have rows
        try:
            scan = source.scan(test, columns=names, limit=limit)
        except QueryError:  # pandas refuses what polars evaluates, such as the order of statuses
            scan = source.scan(None, columns=names, limit=limit)
        for batch in scan.to_batches():
            frame = pl.DataFrame(pa.Table.from_batches([fixed(batch, names)]))
            yield frame if predicate is None else frame.filter(predicate)

    source = Queries(resource.connection.with_default_dtypes(), resource.resource)
    arrow = schema_of(source.connection, source.resource).arrow
    return register_io_source(rows, schema=pl.DataFrame(arrow.empty_table()).schema)
