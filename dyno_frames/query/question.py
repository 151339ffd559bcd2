"""A question in any of its forms, read once: its tree, and how pandas answers it on rows that are here."""

from __future__ import annotations

import ast
import difflib
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from tokenize import TokenError
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from dyno_frames.contract.texts import without_query_addresses
from dyno_frames.errors import LiteralTypeError, QueryError, QuerySyntaxError, UnknownFieldError
from dyno_frames.query import stored
from dyno_frames.query.names import Names
from dyno_frames.query.predicate import Binary, Column, Literal, Node, columns, walk
from dyno_frames.query.render import render
from dyno_frames.query.replay import replay
from dyno_frames.query.trace import Duck, Notes, UntraceableError, node_of, trace_callable, trace_query
from dyno_frames.query.trial import check_arguments, few_rows, refused

Expression: TypeAlias = "str | Callable[[Any], Any] | pd.api.typing.Expression | Mapping[str, Any] | None"
"""A query string, a function of the frame, a ``pd.col`` expression, a stored question, or None for every row."""

Keep: TypeAlias = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True, slots=True)
class Question:
    """A question.

    Parameters
    ----------
    text
        As a person would write it.
    keep
        Pandas' answer on rows that are here.
    node
        Its tree; None for every row and where it cannot be traced.
    untraceable
        Why there is no tree.
    warnings
        Known traps of pandas in it.
    """

    text: str
    keep: Keep
    node: Node | None = None
    untraceable: str = ""
    warnings: tuple[str, ...] = ()
    memory: Mapping[str, Any] | None = field(default=None, compare=False)

    @property
    def everything(self) -> bool:
        """Whether it asks for every row."""
        return self.node is None and not self.untraceable


@dataclass(frozen=True, slots=True)
class Scope:
    """Variables of the calling code, for the names in a query. The repr shows their number without the values.

    Parameters
    ----------
    local_names, global_names
        What ``@name`` may stand for.
    """

    local_names: Mapping[str, Any] = field(default_factory=Names)
    global_names: Mapping[str, Any] = field(default_factory=Names)

    def __post_init__(self) -> None:
        object.__setattr__(self, "local_names", Names(self.local_names))
        object.__setattr__(self, "global_names", Names(self.global_names))


def ask(expression: Expression, empty: pd.DataFrame, scope: Scope | None = None) -> Question:
    """Read a question against zero typed rows; what pandas refuses is refused here, before any request.

    Parameters
    ----------
    expression
        The question.
    empty
        Zero rows with the resource's columns and dtypes.
    scope
        Where ``@names`` are looked up.

    Raises
    ------
    QueryError
        pandas would refuse the expression, or it is not a condition on rows. The message shows no e-mail
        address.
    """
    try:
        return _ask(expression, empty, scope)
    except QueryError as error:
        shown = without_query_addresses(str(error))
        if shown == str(error):
            raise
        hidden = type(error)(shown)
    raise hidden  # without its cause, which shows the addresses too


def _ask(expression: Expression, empty: pd.DataFrame, scope: Scope | None) -> Question:
    if expression is None:
        return Question("every row", _all_rows, memory={"form": "all"})
    if isinstance(expression, str):
        return _ask_text(expression, empty, scope or Scope())
    if isinstance(expression, Mapping):
        return _ask_stored(expression, empty)
    if isinstance(expression, pd.api.typing.Expression) or callable(expression):
        return _ask_callable(expression, empty)
    raise QueryError(_no_question(expression))


def _all_rows(frame: pd.DataFrame) -> pd.DataFrame:
    return frame


def _no_question(expression: object) -> str:
    if isinstance(expression, pd.Series | pd.Index) or pd.api.types.is_list_like(expression):
        return (
            f"a {type(expression).__name__} of {len(expression)} values is a mask of some other frame; "  # type: ignore[arg-type]  # list-like has a length
            "the server's rows are not here yet. Write the condition itself: a query string, pd.col('opens') > 100, "
            "or lambda c: c.opens > 100. Columns are chosen with columns=[…]"
        )
    return (
        f"{expression!r} is no condition on rows; expected a query string such as \"status == 'finished'\", "
        "pd.col('opens') > 100, lambda c: c.opens > 100, or None for every row"
    )


def _ask_text(text: str, empty: pd.DataFrame, scope: Scope) -> Question:
    if not text.strip():
        raise QueryError(f"the query {text!r} is blank; expected a condition on rows, or None for every row")
    if "@" in text:
        return _read_text(text, empty, scope)
    try:
        return _read_again(text, tuple(zip(map(str, empty.columns), empty.dtypes, strict=True)))
    except _NotTracedError as failed:
        return failed.question


class _NotTracedError(Exception):
    """Carries a question without a tree past the cache, so that the next time it is traced again."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.text)
        self.question = question


@lru_cache(maxsize=256)
def _read_again(text: str, dtypes: tuple[tuple[str, Any], ...]) -> Question:
    """Read a query that names no variable of the caller's: it means the same every time."""
    empty = pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in dtypes})
    question = _read_text(text, empty, Scope())
    if question.untraceable:
        raise _NotTracedError(question)
    return question


def _read_text(text: str, empty: pd.DataFrame, scope: Scope) -> Question:
    names: dict[str, Any] = {
        "local_dict": scope.local_names,
        "global_dict": scope.global_names,
    }

    def keep(frame: pd.DataFrame) -> pd.DataFrame:
        kept: pd.DataFrame = frame.query(text, engine="python", **names)
        return kept

    notes = Notes()
    memory = None if "@" in text else {"form": "query", "text": text}
    try:
        result = trace_query(text, empty, notes, **names)
    except QueryError:
        raise
    except Exception as error:
        if notes.once:
            raise _read_once(text) from error
        _dry_run(keep, empty, text, error)  # tracing must never fail a query that pandas can answer
        return Question(text, keep, untraceable=_why(error), memory=memory)
    return _traced(result, notes, empty, keep=keep, text=text, memory=memory)


def _read_once(name: str) -> QueryError:
    return QueryError(
        f"{name} holds values that can be read only once, and it must be read again for every page; make them a list"
    )


def _ask_callable(expression: Any, empty: pd.DataFrame) -> Question:
    def keep(frame: pd.DataFrame) -> pd.DataFrame:
        kept: pd.DataFrame = frame[expression]
        return kept

    text = str(expression) if isinstance(expression, pd.api.typing.Expression) else ""
    notes = Notes()
    try:
        result = trace_callable(expression, empty, notes)
    except QueryError:
        raise
    except Exception as error:
        name = text or getattr(expression, "__qualname__", repr(expression))
        if notes.once:
            raise _read_once(name) from error
        _dry_run(keep, empty, name, error)
        return Question(name, keep, untraceable=_why(error))
    return _traced(result, notes, empty, keep=keep, text=text)


def _ask_stored(memory: Mapping[str, Any], empty: pd.DataFrame) -> Question:
    match memory:
        case {"form": "all"}:
            return ask(None, empty)
        case {"form": "query", "text": str(text)}:
            return ask(text, empty)
        case {"form": "tree", "tree": tree}:
            node = stored.load(tree)
            return Question(render(node), _replayed(node), node, memory=dict(memory))
        case _:
            raise QueryError(f"{dict(memory)!r} is no stored question")


def _traced(
    result: Any,
    notes: Notes,
    empty: pd.DataFrame,
    *,
    keep: Keep,
    text: str,
    memory: Mapping[str, Any] | None = None,
) -> Question:
    found = node_of(result)
    if isinstance(result, Duck):
        raise QueryError("the function gives the frame itself, not true or false for each row")
    if isinstance(result, pd.Series | pd.Index | pd.DataFrame | np.ndarray):
        raise QueryError(_no_question(result))
    if found is None:
        name = text or "a function of the frame"
        _choosing_rows(result, keep, empty, text)
        return Question(name, keep, untraceable="it gives no condition on columns", memory=memory)
    node, shadow = found
    text = text or render(node)
    _check_boolean(shadow, node, empty)
    _check_order(node, empty)
    check_arguments(node, empty)
    if notes.friendly or notes.once or notes.touched > columns(node):
        keep = _replayed(node)
    if memory is None or notes.friendly:
        tree = stored.dump(node)
        memory = memory if tree is None else {"form": "tree", "tree": tree}
    return Question(
        text, keep, node, warnings=tuple(map(without_query_addresses, notes.warnings or ())), memory=memory
    )


def _choosing_rows(result: Any, keep: Keep, empty: pd.DataFrame, text: str) -> None:
    """Refuse a result that is made of no column, unless pandas chooses rows by it, as by a slice."""
    try:
        _dry_run(keep, empty, text or repr(result), None)
    except QueryError as error:
        if error.__cause__ is None:
            raise
        asked = f"the query {text!r}" if text else "the function"
        plain = isinstance(result, str | int | float | list | tuple | None)
        given = repr(result) if plain else f"one {type(result).__name__}"
        raise QueryError(
            f"{asked} gives {given}, not true or false for each row; expected a condition on columns, such as "
            "lambda c: c.opens > 100"
        ) from error


def narrowed(question: Question, node: Node) -> Question:
    """Return a question with one more condition that must hold.

    Parameters
    ----------
    question
        Every row, or one that has a tree.
    node
        The condition.

    Raises
    ------
    QueryError
        The question has no tree, so nothing can be added to it.
    """
    if question.untraceable:
        raise QueryError(f"{question.text}: {question.untraceable}; no condition can be added to it")
    whole = node if question.node is None else Binary("and_", question.node, node)
    return Question(render(whole), _replayed(whole), whole, warnings=question.warnings)


def _replayed(node: Node) -> Keep:
    def keep(frame: pd.DataFrame) -> pd.DataFrame:
        kept: pd.DataFrame = frame[replay(node, frame)]
        return kept

    return keep


def _check_boolean(shadow: Any, node: Node, empty: pd.DataFrame) -> None:
    if _is_condition(shadow):
        return
    given = shadow
    if isinstance(shadow, pd.Series):
        try:
            given = replay(node, few_rows(empty))
        except Exception:  # noqa: BLE001 - it needs other rows than these to say what it gives
            return
        if _is_condition(given):
            return
    kind = f"values of dtype {given.dtype}" if isinstance(given, pd.Series) else f"one {type(given).__name__}"
    raise QueryError(
        f"{render(node)} gives {kind}, not true or false for each row; compare it with something"
    )


def _is_condition(given: Any) -> bool:
    dtype: Any = getattr(given, "dtype", None)
    return getattr(given, "ndim", 0) == 1 and (
        bool(pd.api.types.is_bool_dtype(dtype)) or dtype == np.dtype(object)
    )


_ORDERINGS = {"lt", "le", "gt", "ge"}


def _check_order(node: Node, empty: pd.DataFrame) -> None:
    """Refuse an ordering of texts with what is no text: pandas would, but only once a row is there."""
    for part in walk(node):
        match part:
            case Binary(name, Column(column), Literal(value)) | Binary(name, Literal(value), Column(column)):
                if name in _ORDERINGS and not isinstance(value, str) and _holds_text(empty[column]):
                    _try_order(part, column, empty[column].dtype)
            case _:
                continue


def _try_order(part: Node, column: str, dtype: Any) -> None:
    try:
        replay(part, {column: pd.Series(["a"], dtype=dtype)})
    except (TypeError, NotImplementedError) as error:
        raise LiteralTypeError(
            f"{render(part)} compares the text column {column!r} with what is no text"
        ) from error


def _holds_text(series: pd.Series[Any]) -> bool:
    return series.dtype != object and bool(pd.api.types.is_string_dtype(series.dtype))


def _why(error: Exception) -> str:
    if isinstance(error, UntraceableError):
        return str(error)
    return f"it does something that cannot be followed ({type(error).__name__}: {error})"


def _dry_run(keep: Keep, empty: pd.DataFrame, text: str, traced: Exception | None) -> None:
    """Let pandas itself try the question on zero rows, and say clearly what it refuses.

    What only zero rows make impossible, such as the first value of a column, is tried on a few plain rows.
    """
    try:
        answer = _quietly(keep, empty)
        chooses = _chooses_rows(answer, empty) or (traced is not None and _answers_few(keep, empty))
    except SyntaxError as error:
        raise QuerySyntaxError(_pointed(error, text)) from error
    except TokenError as error:
        unclosed = SyntaxError("a bracket is not closed", ("", 1, len(text) + 1, text))
        raise QuerySyntaxError(_pointed(unclosed, text)) from error
    except Exception as error:
        if traced is not None and _answers_few(keep, empty):
            return
        raise _refusal(error, traced, empty, text) from error
    if not chooses:
        raise QueryError(f"{text!r} does not choose rows; it gives {type(answer).__name__}")


def _refusal(error: Exception, traced: Exception | None, empty: pd.DataFrame, text: str) -> QueryError:
    if isinstance(error, NameError | KeyError | AttributeError | ValueError):
        unknown = _unknown_name(error, traced, empty, text)
        return UnknownFieldError(unknown) if unknown else QueryError(refused(text, error))
    return (LiteralTypeError if isinstance(error, TypeError) else QueryError)(refused(text, error))


def _quietly(keep: Keep, frame: pd.DataFrame) -> pd.DataFrame:
    # What pandas warns of here it says again when the rows are there.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return keep(frame)


def _chooses_rows(answer: object, frame: pd.DataFrame) -> bool:
    return isinstance(answer, pd.DataFrame) and list(answer.columns) == list(frame.columns)


def _answers_few(keep: Keep, empty: pd.DataFrame) -> bool:
    few = few_rows(empty)
    try:
        return _chooses_rows(_quietly(keep, few), few)
    except Exception:  # noqa: BLE001 - refused there too, so the first refusal stands
        return False


def _pointed(error: SyntaxError, text: str) -> str:
    typed = _as_typed(text)
    if typed is not None:  # pandas rewrites a query before it parses it; a reader knows only what was typed
        error, line = typed, text
    else:
        line = str(error.text or text).rstrip("\n")
    before = without_query_addresses(line[: max((error.offset or 1) - 1, 0)])
    line = without_query_addresses(line)
    where = f"\n    {line}\n    {' ' * len(before)}^" if error.offset else f"\n    {text}"
    return f"the query cannot be parsed: {error.msg}{where}"


def _as_typed(text: str) -> SyntaxError | None:
    """Return what Python finds wrong with the text as it was typed; None where that is not the same fault."""
    if "\n" in text:
        return None
    plain = re.sub(r"`[^`]*`", lambda quoted: "_" * len(quoted.group()), text).replace("@", " ")
    try:
        ast.parse(plain.lstrip(), mode="eval")
    except SyntaxError as error:
        at = error.offset or len(plain.lstrip()) + 1  # none, or nought, is the end
        error.offset = at + len(plain) - len(plain.lstrip())
        return error
    except ValueError:
        return None
    return None


def _unknown_name(error: Exception, traced: Exception | None, empty: pd.DataFrame, asked: str) -> str:
    """Return what to say of a name that is no column; empty where the error is about something else."""
    cause = traced if isinstance(traced, KeyError) else error
    text = str(cause.args[0]) if cause.args else ""
    if "boolean label can not be used" in text:
        return ""
    names = [part for part in text.split("'")[1::2] if part] if "'" in text else [text]
    name = names[-1 if isinstance(cause, AttributeError) else 0] if names else ""
    attribute = isinstance(cause, AttributeError) and "'DataFrame' object has no attribute" in text
    key = type(cause) is KeyError and text in cause.args  # not a zone that does not exist
    named = attribute or isinstance(cause, NameError) or key or "not found in given DataFrame" in text
    if not named or not name or name in empty.columns:
        return ""
    near = difflib.get_close_matches(name, [str(column) for column in empty.columns], n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    if isinstance(cause, NameError) and f"@{name}" in asked:
        return f"no variable is called {name!r} where the query {asked!r} is asked"
    local = ". A variable of yours is written @name" if isinstance(cause, NameError) and not near else ""
    return f"no column is called {name!r}{hint}{local} (columns: {', '.join(map(str, empty.columns))})"
