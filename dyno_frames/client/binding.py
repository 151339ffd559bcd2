"""Bind an expression and its options to one resource of one connection, and return the scan."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from types import CodeType, FrameType, FunctionType
from typing import Any, TypeVar, cast

import pandas as pd

from dyno_frames.calibrate.prober import Prober
from dyno_frames.client.connection import Connection
from dyno_frames.client.wire_units import session_in_seconds
from dyno_frames.contract.computed import COMPUTED, Computed, Lookup
from dyno_frames.contract.resources import CREATED, ID_FIELD, RESOURCES, Resource
from dyno_frames.errors import QueryError, UnknownFieldError, warn_user
from dyno_frames.frames.provenance import Origin
from dyno_frames.frames.schema import Schema
from dyno_frames.query.bind import bind_query
from dyno_frames.query.options import QueryOptions
from dyno_frames.query.plan import Context
from dyno_frames.query.planner import make_plan
from dyno_frames.query.predicate import Binary, Column, Literal, columns
from dyno_frames.query.query import Expression, Query, Scope, narrowed
from dyno_frames.scan.progress import waiting_bar
from dyno_frames.scan.scan import Scan

Function = TypeVar("Function", bound=Callable[..., Any])


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
    with waiting_bar(options.progress, what=resource.name):
        return connection.session.key.kept_out(lambda: _scan(connection, resource, expr, options, scope))


def _scan(
    connection: Connection, resource: Resource, expr: Expression, options: QueryOptions, scope: Scope
) -> Scan:
    sampled = connection.schemas.sampled(resource, options.on_invalid)
    schema = sampled.schema.with_computed(COMPUTED)
    query, is_narrow = bound_query(expr, sampled.empty, schema, scope)
    for warning in query.warnings:
        warn_user(warning)
    options.check_fields(schema.columns)
    read = columns(query.node) if query.node is not None else () if is_narrow else schema.columns
    wanted = {*read, *(options.columns or ()), *options.order_by}
    schema = schema.with_computed(
        _known(connection, column) for column in schema.computed if column.name in wanted
    )
    context = _context(connection, resource, schema, query, options)
    return Scan(
        session_in_seconds(connection.session, schema),
        query,
        make_plan(query, context, options),
        schema,
        context,
        origin(connection, resource, query, options),
        workers=connection.settings.workers,
        keeps_order=sampled.is_in_order,
        distrust=partial(connection.semantics.distrust, resource.name),
        outputs=connection.extensions.outputs(partial(_knowing_windows, connection, resource)),
    )


def _knowing_windows(connection: Connection, resource: Resource, scan: Scan) -> Scan:
    """Return the scan, planned with the knowledge whether the server takes two bounds on one field."""
    start, end = (Literal(pd.Timestamp(instant, unit="s", tz="UTC")) for instant in (1, 2**32))
    bounded = narrowed(scan.query, Binary("ge", Column(CREATED), start))
    bounded = narrowed(bounded, Binary("lt", Column(CREATED), end))
    semantics = connection.semantics
    context = semantics.context_for(bounded, scan.context, scan.options, lambda: prober(connection, resource))
    return replace(scan, context=context).refine()


def schema_of(connection: Connection, resource: Resource) -> Schema:
    """Return the schema of a resource with the computed columns that its fields allow."""
    return connection.schemas.sampled(resource).schema.with_computed(COMPUTED)


def bound_query(expr: Expression, empty: pd.DataFrame, schema: Schema, scope: Scope) -> tuple[Query, bool]:
    """Return the query bound to the fields, or also to computed columns if it names one; and whether to fields only."""
    if not any(column.name in _names_in(expr) for column in schema.computed):
        with suppress(UnknownFieldError):  # a function may get the name of a column from elsewhere
            return bind_query(expr, empty, scope), True
    return bind_query(expr, schema.select(schema.columns).empty(), scope), False


def _names_in(expr: object) -> str:
    """Return a text that contains the column names in an expression."""
    return _written(expr.__code__) if isinstance(expr, FunctionType) else str(expr)


def _written(code: CodeType) -> str:
    """Return the names and constants in the code of a function, and of the functions inside it."""
    inner = (_written(one) if isinstance(one, CodeType) else str(one) for one in code.co_consts)
    return " ".join((*code.co_names, *inner))


def _known(connection: Connection, column: Computed) -> Computed:
    """Return a computed column with the names that it looks up, as they are now."""
    if not isinstance(column, Lookup):
        return column
    options = QueryOptions(columns=(ID_FIELD, "name"), progress=False)  # the query shows its own bar
    table = bind(connection, RESOURCES[column.resource], None, options, Scope()).to_arrow()
    names = zip(table[ID_FIELD].to_pylist(), table["name"].to_pylist(), strict=True)
    return replace(column, names={row_id: name for row_id, name in names if name is not None})


def _context(
    connection: Connection, resource: Resource, schema: Schema, query: Query, options: QueryOptions
) -> Context:
    semantics, page_size = connection.semantics, connection.settings.page_size
    context = Context(
        resource.name,
        schema.columns,
        schema.dtypes,
        semantics.profile,
        schema.unseen,
        page_size,
        {column.name: column for column in schema.computed},
    )
    return semantics.context_for(query, context, options, lambda: prober(connection, resource))


def prober(connection: Connection, resource: Resource) -> Prober:
    """Return the prober of a server with rows of a resource."""
    sampled = connection.schemas.sampled(resource)
    return connection.semantics.prober(sampled.schema, sampled.rows)


def origin(connection: Connection, resource: Resource, query: Query | None, options: QueryOptions) -> Origin:
    """Return the origin of a frame; without a query, that of every row."""
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
        expression="every row" if query is None else query.text,
        query={"form": "all"} if query is None else query.serialized,
    )


def caller(depth: int) -> Scope:
    """Return the variables of the code that called the function ``depth`` calls above this one's caller.

    Functions that only pass on their call are not counted.
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - what pandas itself uses for @names
    while frame is not None and depth:
        frame = frame.f_back
        depth -= frame is not None and frame.f_code not in _PASSING_ON
    if frame is None:
        raise ValueError("the call stack is not so deep")
    return Scope(frame.f_locals, frame.f_globals)


def passes_on(function: Function) -> Function:
    """Mark a function that calls another one in the place of its caller, so that :func:`caller` does not count it."""
    _PASSING_ON.add(cast("FunctionType", function).__code__)
    return function


_PASSING_ON: set[CodeType] = set()


def names_of(
    scope: Scope | None,
    level: int,
    *,
    local_dict: Mapping[str, Any] | None,
    global_dict: Mapping[str, Any] | None,
) -> Scope:
    """Return the variables for ``@names`` in the query of the function that calls this one.

    Parameters
    ----------
    scope
        The variables; None to use the other arguments.
    level
        How many more calls up to look for those of the calling code.
    local_dict, global_dict
        The variables instead of those of the calling code.

    Raises
    ------
    QueryError
        An argument is not valid.
    """
    if scope is not None:
        return scope
    _check_names(level, local_dict=local_dict, global_dict=global_dict)
    try:
        around = caller(2 + level)
    except ValueError:
        raise QueryError(f"level={level!r}; the call stack is not so deep") from None
    return Scope(
        around.local_names if local_dict is None else local_dict,
        around.global_names if global_dict is None else global_dict,
    )


def _check_names(level: object, **given: object) -> None:
    if isinstance(level, bool) or not isinstance(level, int) or level < 0:
        raise QueryError(f"level={level!r}; expected a whole number from 0")
    for argument, names in given.items():
        if names is not None and not isinstance(names, Mapping):
            raise QueryError(
                f"{argument} is of type {type(names).__name__}; expected a dict of names, or None to use the variables "
                "of the calling code"
            )
