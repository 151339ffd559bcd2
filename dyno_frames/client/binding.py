"""From an expression and its options to a scan: the query bound to one resource of one connection."""

from __future__ import annotations

import sys
from functools import partial

from dyno_frames.calibrate.examine import Examination
from dyno_frames.client.connection import Connection
from dyno_frames.client.wire_units import session_in_seconds
from dyno_frames.contract.resources import Resource
from dyno_frames.errors import QueryError, warn_user
from dyno_frames.frames.provenance import Origin
from dyno_frames.frames.schema import Schema
from dyno_frames.query.bind import ask
from dyno_frames.query.options import QueryOptions
from dyno_frames.query.plan import Context
from dyno_frames.query.planner import make_plan
from dyno_frames.query.question import Expression, Question, Scope
from dyno_frames.scan.scan import Scan


def bind(
    connection: Connection, resource: Resource, expr: Expression, options: QueryOptions, scope: Scope
) -> Scan:
    """Return the scan of a query. The first query of a resource reads a few rows to learn their columns.

    Parameters
    ----------
    connection, resource
        Where the query is sent.
    expr
        A query string, a ``pd.col`` expression, a function of the frame, or None for every row.
    options
        The other arguments of the query.
    scope
        Where ``@names`` are looked up.

    Raises
    ------
    QueryError
        The query is not valid, or cannot be sent with ``strict=True``.
    """
    if not isinstance(scope, Scope):
        raise QueryError(
            f"scope={scope!r}; expected a Scope of names, or None to use the variables of the calling code"
        )
    sampled = connection.schemas.sampled(resource, options.on_invalid)
    schema = sampled.schema
    question = ask(expr, sampled.empty, scope)
    for warning in question.warnings:
        warn_user(warning)
    options.check_fields(schema.by_name)
    context = _context(connection, resource, schema, question, options)
    return Scan(
        session_in_seconds(connection.session, schema),
        question,
        make_plan(question, context, options),
        schema,
        context,
        origin(connection, resource, question, options),
        connection.extensions.write_parquet,
        workers=connection.settings.workers,
        keeps_order=sampled.is_in_order,
        distrust=partial(connection.semantics.distrust, resource.name),
    )


def _context(
    connection: Connection, resource: Resource, schema: Schema, question: Question, options: QueryOptions
) -> Context:
    semantics, page_size = connection.semantics, connection.settings.page_size
    context = Context(
        resource.name, schema.by_name, schema.dtypes, semantics.profile, schema.unseen, page_size
    )
    return semantics.context_for(question, context, options, lambda: examination(connection, resource))


def examination(connection: Connection, resource: Resource) -> Examination:
    """Return the examination of a server with rows of a resource."""
    sampled = connection.schemas.sampled(resource)
    return connection.semantics.examination(sampled.schema, sampled.rows)


def origin(
    connection: Connection, resource: Resource, question: Question | None, options: QueryOptions
) -> Origin:
    """Return what a frame keeps of the query that returned it; None is a frame without a query."""
    return Origin(
        client=connection.name,
        url=connection.url,
        account=connection.account,
        resource=resource.name,
        columns=options.columns,
        order_by=options.order_by,
        ascending=options.ascending,
        limit=options.limit,
        offset=options.offset,
        on_invalid=options.on_invalid,
        expression="every row" if question is None else question.text,
        question={"form": "all"} if question is None else question.memory,
    )


def caller(depth: int) -> Scope:
    """Return the variables of the code that called the function ``depth`` calls above this one's caller."""
    frame = sys._getframe(depth + 1)  # noqa: SLF001 - what pandas itself uses for @names
    return Scope(frame.f_locals, frame.f_globals)
