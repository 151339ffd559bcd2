"""Evaluate a query that could not be traced with pandas on zero rows, and explain its errors."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable
from tokenize import TokenError
from typing import TypeVar

import pandas as pd
from pandas.core.computation.parsing import clean_column_name  # type: ignore[import-not-found]  # has no stubs

from dyno_frames.contract.texts import without_query_addresses
from dyno_frames.errors import LiteralTypeError, QueryError, QuerySyntaxError, UnknownFieldError
from dyno_frames.query.hints import hint
from dyno_frames.query.query import Query, RowSelector
from dyno_frames.query.trial import few_rows, refused
from dyno_frames.query.unknown import unknown_column

T = TypeVar("T")


def dry_run(
    select: RowSelector, empty: pd.DataFrame, text: str, traced: Exception | None, *, in_query: bool = False
) -> None:
    """Evaluate the query with pandas on zero rows, and explain its errors.

    If it fails only because there are no rows, as for the first value of a column, it is evaluated on a few sample
    rows.

    Parameters
    ----------
    select
        Returns the matching rows of a frame.
    empty
        Zero rows with the columns and dtypes of the resource.
    text
        The query, for messages.
    traced
        The error that stopped the tracing, or None.
    in_query
        Whether the text is a query string, for which hints are known.

    Raises
    ------
    QueryError
        pandas refuses the query, or its result is not rows of the frame.
    """
    try:
        answer = _without_warnings(select, empty)
        chooses = _chooses_rows(answer, empty)
        if traced is not None:
            chooses = _chooses_sample_rows(select, empty, otherwise=chooses)
    except SyntaxError as error:
        raise QuerySyntaxError(_pointed(error, text, in_query=in_query)) from error
    except TokenError as error:
        unclosed = SyntaxError("a bracket is not closed", ("", 1, len(text) + 1, text))
        raise QuerySyntaxError(_pointed(unclosed, text)) from error
    except Exception as error:
        if traced is not None and _chooses_sample_rows(select, empty, otherwise=False):
            return
        advice = hint(text) if in_query else ""
        if advice:
            raise QueryError(f"the query {text!r} cannot be evaluated: {advice}") from error
        raise _refusal(error, traced, empty, text) from error
    if not chooses:
        raise QueryError(_not_a_choice(text, answer))


def _refusal(error: Exception, traced: Exception | None, empty: pd.DataFrame, text: str) -> QueryError:
    if isinstance(error, NameError | KeyError | AttributeError | ValueError):
        unknown = _unknown_name(error, traced, empty, text)
        return UnknownFieldError(unknown) if unknown else QueryError(refused(text, error))
    return (LiteralTypeError if isinstance(error, TypeError) else QueryError)(refused(text, error))


def _without_warnings(select: RowSelector, frame: pd.DataFrame) -> pd.DataFrame:
    # pandas warns again when it evaluates the fetched rows
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return select(frame)


def without_addresses(call: Callable[[], T]) -> T:
    """Return what a function returns. If its QueryError shows e-mail addresses, raise it without them.

    Raises
    ------
    QueryError
        The function raised it. If addresses were removed, it has no cause, because the cause shows them, too.
    """
    try:
        return call()
    except QueryError as error:
        shown = without_query_addresses(str(error))
        if shown == str(error):
            raise
        hidden = type(error)(shown)
    raise hidden


def chosen_rows(query: Query, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a frame that pandas keeps.

    Raises
    ------
    QueryError
        pandas refuses the expression on these rows, or it does not choose rows.
    """
    return without_addresses(lambda: _chosen_rows(query, frame))


def _chosen_rows(query: Query, frame: pd.DataFrame) -> pd.DataFrame:
    try:
        answer = query.select(frame)
    except Exception as error:
        raise QueryError(refused(query.text, error)) from error
    if query.node is None and not _chooses_rows(answer, frame):
        raise QueryError(_not_a_choice(query.text, answer))
    return answer


def _chooses_rows(answer: object, frame: pd.DataFrame) -> bool:
    """Tell whether an answer is unchanged rows of a frame. A mask of several columns would blank values instead."""
    return (
        isinstance(answer, pd.DataFrame)
        and answer.columns.equals(frame.columns)
        and bool(answer.index.isin(frame.index).all())
        and answer.equals(frame.loc[answer.index])
    )


def _not_a_choice(text: str, answer: object) -> str:
    """Return the message for an expression that does not choose rows."""
    given = "a frame with other values" if isinstance(answer, pd.DataFrame) else type(answer).__name__
    return (
        f"{text!r} does not choose rows; it gives {given}. Expected true or false for each row, such as the query "
        "'opens > 100'"
    )


def _chooses_sample_rows(select: RowSelector, empty: pd.DataFrame, *, otherwise: bool) -> bool:
    """Tell whether an expression chooses rows of a few sample rows; ``otherwise`` if pandas raises an error."""
    few = few_rows(empty)
    try:
        return _chooses_rows(_without_warnings(select, few), few)
    except Exception:  # noqa: BLE001 - it may need other rows
        return otherwise


def _pointed(error: SyntaxError, text: str, *, in_query: bool = False) -> str:
    typed = _syntax_error_in(text)
    # pandas rewrites a query before it parses it, so the position in its error does not fit the original text
    if typed is not None:
        error, line = typed, text
    else:
        line = str(error.text or text).rstrip("\n")
    before = without_query_addresses(line[: max((error.offset or 1) - 1, 0)])
    line = without_query_addresses(line)
    where = f"\n    {line}\n    {' ' * len(before)}^" if error.offset else f"\n    {text}"
    advice = hint(text) if in_query and "unterminated" not in error.msg else ""
    return f"the query cannot be parsed: {advice or error.msg}{where}"


def _syntax_error_in(text: str) -> SyntaxError | None:
    """Return Python's syntax error for the original text, or None if it is another error."""
    if "\n" in text:
        return None
    plain = re.sub(r"`[^`]*`", lambda quoted: "_" * len(quoted.group()), text).replace("@", " ")
    try:
        ast.parse(plain.lstrip(), mode="eval")
    except SyntaxError as error:
        at = error.offset or len(plain.lstrip()) + 1  # no offset, or 0, is the end of the text
        error.offset = at + len(plain) - len(plain.lstrip())
        return error
    except ValueError:
        return None
    return None


def _unknown_name(error: Exception, traced: Exception | None, empty: pd.DataFrame, query: str) -> str:
    """Return the message for a name that is not a column, or an empty string for other errors."""
    cause = traced if isinstance(traced, KeyError) else error
    text = str(cause.args[0]) if cause.args else ""
    if "boolean label can not be used" in text:
        return ""
    names = [part for part in text.split("'")[1::2] if part] if "'" in text else [text]
    name = names[-1 if isinstance(cause, AttributeError) else 0] if names else ""
    attribute = isinstance(cause, AttributeError) and "'DataFrame' object has no attribute" in text
    key = type(cause) is KeyError and text in cause.args  # not an unknown time zone
    named = attribute or isinstance(cause, NameError) or key or "not found in given DataFrame" in text
    columns = list(map(str, empty.columns))
    if not named or not name or name in columns:
        return ""
    if not isinstance(cause, NameError):
        return unknown_column(name, columns)
    if f"@{name}" in query:
        return f"no variable is called {name!r} in the code that calls the query {query!r}"
    backticked = {clean_column_name(quoted): quoted for quoted in re.findall(r"`([^`]*)`", query)}
    if name in backticked:
        return unknown_column(backticked[name], columns)
    quoted = f". Write a text in quotes, {name!r}, and a variable as @{name}"
    return unknown_column(name, columns, otherwise=quoted)
