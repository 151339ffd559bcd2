"""A scan as plain data, without a key or a connection: what the tasks of a Dask graph hold."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from dyno_frames.client.binding import bound_query
from dyno_frames.client.wire_units import session_in_seconds
from dyno_frames.contract.profile import Profile, Several
from dyno_frames.contract.resources import CREATED
from dyno_frames.errors import ConfigError, QueryError
from dyno_frames.export.queries import is_a_set, lacks, unlimited, window
from dyno_frames.frames.provenance import Origin
from dyno_frames.frames.schema import Schema
from dyno_frames.integrations.dask.budget import Budget
from dyno_frames.query.options import QueryOptions
from dyno_frames.query.plan import Context
from dyno_frames.query.planner import make_plan
from dyno_frames.query.query import Scope
from dyno_frames.scan.scan import Scan
from dyno_frames.scan.windows import Window
from dyno_frames.transport.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenScan:
    """A scan without its connection, and with the schema and the semantics that it was planned with.

    Parameters
    ----------
    origin
        The query, the url, the account, and the name of the client.
    schema, profile, page_size, keeps_order
        What the client knows about the server, so that workers need not learn it again.
    timeout_s, header
        Settings of the connection: its timeout, and the name of the header with the key.
    budget
        The requests of the cluster.
    """

    origin: Origin
    schema: Schema
    profile: Profile
    page_size: int
    keeps_order: bool
    timeout_s: float
    header: str
    budget: Budget

    @classmethod
    def of(cls, scan: Scan, budget: Budget) -> FrozenScan:
        """Return a scan, which :func:`check_is_independent` has accepted, as plain data."""
        session = scan.session
        return cls(
            origin=scan.origin,
            schema=scan.schema,
            profile=scan.context.profile,
            page_size=scan.context.page_size,
            keeps_order=scan.keeps_order,
            timeout_s=session.timeout_s,
            header=session.header,
            budget=budget,
        )

    def __repr__(self) -> str:
        return f"FrozenScan({self.origin.resource} of {self.origin.url})"

    def on(self, session: Session) -> Scan:
        """Return the scan on a connection to the same account. It sends one request at a time."""
        origin, schema = self.origin, self.schema
        options = QueryOptions(columns=origin.columns, on_invalid=origin.on_invalid, progress=False)
        query, _ = bound_query(origin.query, replace(schema, computed=()).empty(), schema, Scope())
        context = Context(
            origin.resource,
            schema.columns,
            schema.dtypes,
            self.profile,
            schema.unseen,
            self.page_size,
            {column.name: column for column in schema.computed},
        )
        return Scan(
            session_in_seconds(session, schema),
            query,
            make_plan(query, context, options),
            schema,
            context,
            origin,
            workers=1,
            keeps_order=self.keeps_order,
        )


def check_is_independent(scan: Scan) -> None:
    """Check that partitions of a scan can be read independently of each other and of this process.

    Raises
    ------
    QueryError
        The rows of the query depend on other rows, or the query cannot be stored as plain data.
    ConfigError
        A value of the query contains the API key.
    """
    if not is_a_set(scan):
        raise QueryError(
            f"the workers of a cluster read partitions independently of each other, and the rows of "
            f"{scan.query.text!r} depend on other rows, or have an order, a limit or an offset. Leave these out, and "
            "use the methods of a Dask frame instead, such as nlargest() and head(), or export without a cluster"
        )
    if scan.origin.query is None:
        raise QueryError(
            f"the query {scan.query.text!r} cannot be sent to workers, because it has values that cannot be "
            "stored as JSON. Write it with numbers, texts, times and lists of these"
        )
    if lacks(scan, CREATED):
        raise ConfigError(
            "the server sends rows without 'created', by which a cluster divides the rows. Use to_frame(), or export "
            "without a cluster"
        )
    if scan.session.key.is_in(json.dumps(scan.origin.query)):
        raise ConfigError("a value of the query contains the API key, which a Dask graph must not contain")


def can_cut(scan: Scan) -> bool:
    """Tell whether the server can filter by both ends of a window."""
    return scan.context.profile.several is Several.AND


def within(scan: Scan, part: Window) -> Scan:
    """Return the scan of the rows in a window."""
    if not (part.has_earlier or can_cut(scan)):
        raise ConfigError("the server does not take two bounds on one field any more. Run it again")
    low = None if part.has_earlier else part.low
    return unlimited(window(scan, low, part.high))
