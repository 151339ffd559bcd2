"""Bind an expression to the columns of a resource, and raise pandas' errors before any request."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from dyno_frames.contract.texts import without_query_addresses
from dyno_frames.errors import QueryError
from dyno_frames.query import stored
from dyno_frames.query.predicate import columns
from dyno_frames.query.query import Expression, Query, RowSelector, Scope, row_selector
from dyno_frames.query.refusals import dry_run, without_addresses
from dyno_frames.query.render import render
from dyno_frames.query.trace import FrameTracer, trace_callable, trace_query
from dyno_frames.query.trace_notes import TraceNotes, UntraceableError
from dyno_frames.query.tracer import node_of
from dyno_frames.query.trial import check_arguments, check_boolean, check_order


def bind_query(expression: Expression, empty: pd.DataFrame, scope: Scope | None = None) -> Query:
    """Bind a query to an empty typed frame. Errors of pandas are raised before any request.

    Parameters
    ----------
    expression
        The expression.
    empty
        Zero rows with the resource's columns and dtypes.
    scope
        The variables for ``@names``.

    Raises
    ------
    QueryError
        pandas would refuse the expression, or it is not a condition on rows. E-mail addresses are removed from the
        message.
    """
    return without_addresses(lambda: _bind(expression, empty, scope))


def _bind(expression: Expression, empty: pd.DataFrame, scope: Scope | None) -> Query:
    if expression is None:
        return Query("every row", _all_rows, serialized={"form": "all"})
    if isinstance(expression, str):
        return _bind_text(expression, empty, scope or Scope())
    if isinstance(expression, Mapping):
        return _bind_stored(expression, empty)
    is_function = callable(expression) and not isinstance(expression, type)
    if is_function or isinstance(expression, pd.api.typing.Expression):
        return _bind_callable(expression, empty)
    raise QueryError(_not_a_condition(expression))


def _all_rows(frame: pd.DataFrame) -> pd.DataFrame:
    return frame


def _not_a_condition(expression: object) -> str:
    if isinstance(expression, pd.Series | pd.Index) or pd.api.types.is_list_like(expression):
        values = f" of {len(expression)} values" if isinstance(expression, Sized) else ""
        return (
            f"a {type(expression).__name__}{values} is a mask of some other frame; "
            "the server's rows have not been fetched yet. Write the condition itself: a query string, "
            "pd.col('opens') > 100, or lambda c: c.opens > 100. Columns are chosen with columns=[…]"
        )
    return (
        f"{expression!r} is not a condition on rows; expected a query string such as \"status == 'finished'\", "
        "pd.col('opens') > 100, lambda c: c.opens > 100, or None for every row"
    )


def _bind_text(text: str, empty: pd.DataFrame, scope: Scope) -> Query:
    if not text.strip():
        raise QueryError(f"the query {text!r} is blank; expected a condition on rows, or None for every row")
    if "@" in text:
        return _read_text(text, empty, scope)
    try:
        return _read_cached(text, tuple(zip(map(str, empty.columns), empty.dtypes, strict=True)))
    except _NotTracedError as failed:
        return failed.query


class _NotTracedError(Exception):
    """Carries a query without a tree past the cache, so that it is traced again the next time."""

    def __init__(self, query: Query) -> None:
        super().__init__(query.text)
        self.query = query


@lru_cache(maxsize=256)
def _read_cached(text: str, dtypes: tuple[tuple[str, Any], ...]) -> Query:
    """Read a query without variables, cached because its meaning is always the same."""
    query = _read_text(text, _empty(dtypes), Scope())
    if query.untraceable:
        raise _NotTracedError(query)
    return query


@lru_cache(maxsize=16)
def _empty(dtypes: tuple[tuple[str, Any], ...]) -> pd.DataFrame:
    """Return zero rows of these columns; tracing only reads them."""
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in dtypes})


def _read_text(text: str, empty: pd.DataFrame, scope: Scope) -> Query:
    names: dict[str, Any] = {
        "local_dict": scope.local_names,
        "global_dict": scope.global_names,
    }

    def select(frame: pd.DataFrame) -> pd.DataFrame:
        kept: pd.DataFrame = frame.query(text, engine="python", **names)
        return kept

    notes = TraceNotes()
    serialized = None if "@" in text else {"form": "query", "text": text}
    try:
        result = trace_query(text, empty, notes, **names)
    except QueryError:
        raise
    except Exception as error:
        if notes.once:
            raise _read_once_error(text) from error
        # an error while tracing must not fail a query that pandas can evaluate
        dry_run(select, empty, text, error, in_query=True)
        return Query(text, select, untraceable=_why(error), serialized=serialized)
    return _traced(result, notes, empty, select=select, text=text, serialized=serialized)


def _read_once_error(name: str) -> QueryError:
    return QueryError(
        f"{name} holds values that can be read only once, but the query reads them for every page; "
        "convert them to a list"
    )


def _bind_callable(expression: Any, empty: pd.DataFrame) -> Query:
    def select(frame: pd.DataFrame) -> pd.DataFrame:
        kept: pd.DataFrame = frame[expression]
        return kept

    text = str(expression) if isinstance(expression, pd.api.typing.Expression) else ""
    notes = TraceNotes()
    try:
        result = trace_callable(expression, empty, notes)
    except QueryError:
        raise
    except Exception as error:
        name = text or getattr(expression, "__qualname__", repr(expression))
        if notes.once:
            raise _read_once_error(name) from error
        dry_run(select, empty, name, error)
        return Query(name, select, untraceable=_why(error))
    return _traced(result, notes, empty, select=select, text=text)


def _bind_stored(serialized: Mapping[str, Any], empty: pd.DataFrame) -> Query:
    match serialized:
        case {"form": "all"}:
            return bind_query(None, empty)
        case {"form": "query", "text": str(text)}:
            return bind_query(text, empty)
        case {"form": "tree", "tree": tree}:
            node = stored.load(tree)
            return Query(render(node), row_selector(node), node, serialized=dict(serialized))
        case _:
            raise QueryError(f"{dict(serialized)!r} is not a stored query")


def _traced(
    result: Any,
    notes: TraceNotes,
    empty: pd.DataFrame,
    *,
    select: RowSelector,
    text: str,
    serialized: Mapping[str, Any] | None = None,
) -> Query:
    """Return the query of a traced result, or raise an error if it is not a condition on rows."""
    found = node_of(result)
    if isinstance(result, FrameTracer):
        raise QueryError("the function gives the frame itself, not true or false for each row")
    if isinstance(result, pd.Series | pd.Index | pd.DataFrame | np.ndarray):
        raise QueryError(_not_a_condition(result))
    if found is None:
        name = text or "a function of the frame"
        _check_chooses_rows(result, select, empty, text)
        return Query(name, select, untraceable="it gives no condition on columns", serialized=serialized)
    node, probe = found
    text = text or render(node)
    check_boolean(probe, node, empty)
    check_order(node, empty)
    check_arguments(node, empty)
    if notes.coerced or notes.once or notes.touched > columns(node):
        select = row_selector(node)
    if serialized is None or notes.coerced:
        tree = stored.dump(node)
        serialized = serialized if tree is None else {"form": "tree", "tree": tree}
    return Query(
        text,
        select,
        node,
        warnings=tuple(map(without_query_addresses, notes.warnings or ())),
        serialized=serialized,
    )


def _check_chooses_rows(result: Any, select: RowSelector, empty: pd.DataFrame, text: str) -> None:
    """Raise an error for a result without columns, unless pandas selects rows by it, as by a slice."""
    try:
        dry_run(select, empty, text or repr(result), None)
    except QueryError as error:
        if error.__cause__ is None:
            raise
        source = f"the query {text!r}" if text else "the function"
        plain = isinstance(result, str | int | float | list | tuple | None)
        given = repr(result) if plain else f"one {type(result).__name__}"
        raise QueryError(
            f"{source} gives {given}, not true or false for each row; expected a condition on columns, such as "
            f"{'opens > 100' if text else 'lambda c: c.opens > 100'}"
        ) from error


def _why(error: Exception) -> str:
    if isinstance(error, UntraceableError):
        return str(error)
    return f"it cannot be translated to conditions on columns ({type(error).__name__}: {error})"
