"""Record the operations on a column as an expression tree.

A tracer has a node of the tree and a *probe*: the same operation evaluated by pandas on zero rows of the schema. So
pandas raises its errors before any request, and dtypes are those of pandas.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from dyno_frames.errors import QueryError
from dyno_frames.query import probes
from dyno_frames.query.literals import normalise, time_literal
from dyno_frames.query.predicate import (
    MIRRORED,
    Attribute,
    Binary,
    Call,
    Column,
    Item,
    Literal,
    Node,
    Ufunc,
    Unary,
)
from dyno_frames.query.render import render
from dyno_frames.query.trace_notes import TraceNotes, UntraceableError
from dyno_frames.query.traps import SIGNS, members_of_times, null_comparison, unseen_value

_COMPARISONS = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})

_PLAIN_ATTRIBUTES = frozenset({"name", "ndim"})

_ROW_BY_ROW = frozenset(
    {
        "add", "sub", "mul", "div", "truediv", "floordiv", "mod", "pow", "radd", "rsub", "rmul", "rdiv", "rtruediv",
        "rfloordiv", "rmod", "rpow", "between",
    }
)  # fmt: skip
"""Methods that take one value per row, by position or, for a Series, by label. Comparisons are operators here."""


class Tracer:
    """Represents a column, or an expression of columns.

    Parameters
    ----------
    node
        The expression tree so far.
    probe
        The result on zero rows.
    notes
        Where to note what was met.
    """

    __slots__ = ("_node", "_notes", "_probe")
    __hash__ = None  # type: ignore[assignment]  # a Series has none either
    __pandas_priority__ = 5000

    def __init__(self, node: Node, probe: Any, notes: TraceNotes) -> None:
        self._node = node
        self._probe = probe
        self._notes = notes

    def __repr__(self) -> str:
        return f"<{render(self._node)}>"

    @property
    def dtype(self) -> Any:
        """The dtype for pandas; in a query string a time column hides its dtype.

        The parser would otherwise turn ``created >= 1439054168`` into a year before a tracer sees it.
        """
        dtype = self._probe.dtype
        hidden = self._notes.in_query and _is_time(dtype)
        return np.dtype(object) if hidden else dtype

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        value = getattr(self._probe, name)
        if name in _PLAIN_ATTRIBUTES:
            return value
        return Tracer(Attribute(self._node, name), value, self._notes)

    def __call__(self, *args: Any, **kwargs: Any) -> Tracer:
        """Trace a call of a method."""
        if (
            isinstance(self._node, Attribute)
            and self._node.name in _COMPARISONS
            and len(args) == 1
            and not kwargs
        ):
            return self._on_owner(self._node.name, args[0])
        self._notes.once |= any(isinstance(value, Iterator) for value in (*args, *kwargs.values()))
        members = isinstance(self._node, Attribute) and self._node.name == "isin"
        arguments = tuple(_literal([*arg] if members and isinstance(arg, dict) else arg) for arg in args)
        keywords = {name: _literal(value) for name, value in kwargs.items()}
        node = Call(
            self._node,
            tuple(_node(value) for value in arguments),
            tuple((name, _node(value)) for name, value in keywords.items()),
        )
        self._look_for_rows(arguments)
        self._look_for_traps(arguments)
        probe = self._probe(*map(_probe, arguments), **{k: _probe(v) for k, v in keywords.items()})
        return Tracer(node, probe, self._notes)

    def __getitem__(self, key: Any) -> Tracer:
        return Tracer(Item(self._node, _node(_literal(key))), self._probe[_probe(key)], self._notes)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs:
            raise UntraceableError(f"numpy.{ufunc.__name__}.{method} with options")
        known = _UFUNC_OPERATORS.get(ufunc.__name__)
        if known is not None and len(inputs) == 2:
            left, right = inputs
            if isinstance(left, Tracer):
                return left.combine(known, right)
            return right.combine(MIRRORED.get(known, known), _scalar(left), reflected=known not in MIRRORED)
        inputs = tuple(_literal(_scalar(value)) for value in inputs)
        for value in inputs:
            if not isinstance(value, Tracer) and pd.api.types.is_list_like(value):
                raise _row_by_row(self._node, value)
        probe = ufunc(*map(_probe, inputs))
        return Tracer(Ufunc(ufunc.__name__, tuple(map(_node, inputs))), probe, self._notes)

    def __bool__(self) -> bool:  # noqa: PLE0304 - it always raises
        if isinstance(self._probe, pd.Series | pd.Index):
            text = render(self._node)
            raise QueryError(
                f"the truth of a whole column is ambiguous: {text}. Python's 'and', 'or', 'not' and chained "
                f"comparisons work on single values; for columns write ({text}) & (…), ({text}) | (…), "
                f"~({text}), each comparison in its own parentheses"
            )
        self._stray("bool()")

    def __len__(self) -> int:  # noqa: PLE0303 - it always raises
        self._stray("len()")

    def __iter__(self) -> Any:
        self._stray("a loop")

    def __float__(self) -> float:
        self._stray("float()")

    def __int__(self) -> int:
        self._stray("int()")

    def __index__(self) -> int:  # noqa: PLE0305 - it always raises
        self._stray("an index")

    def __array__(self, *_args: Any, **_kwargs: Any) -> Any:
        self._stray("a NumPy function")

    def __contains__(self, _item: object) -> bool:
        self._stray("'in' as Python reads it")

    def _stray(self, what: str) -> NoReturn:
        raise UntraceableError(f"{what} needs the values of {render(self._node)}")

    def combine(self, name: str, other: Any, *, reflected: bool = False) -> Tracer:
        """Return a binary operator on this and another operand."""
        other = given = _literal(other)
        if not isinstance(other, Tracer) and pd.api.types.is_list_like(other):
            if name in _COMPARISONS or not isinstance(other, pd.Series):
                raise _row_by_row(self._node, other)
            raise UntraceableError(f"{render(self._node)} is combined with a Series by its labels")
        if name in _COMPARISONS and _is_time(getattr(self._probe, "dtype", None)):
            other = self._as_time(name, other)
        if name in {"eq", "ne"} and not isinstance(other, Tracer):
            column, dtype = render(self._node), getattr(self._probe, "dtype", None)
            self._warn(unseen_value(column, dtype, [other]), null_comparison(column, name, given))
        mine, theirs = (self._node, self._probe), (_node(other), _probe(other))
        left, right = (theirs, mine) if reflected else (mine, theirs)
        probe = probes.apply(name, left[1], right[1])
        return Tracer(Binary(name, left[0], right[0]), probe, self._notes)

    def _as_time(self, name: str, other: Any) -> Any:
        if isinstance(other, Tracer):
            return other
        in_arrow = isinstance(self._probe.dtype, pd.ArrowDtype)
        in_query = self._notes.reads_as_date(other)
        reading = time_literal(other, comparison=name, in_query=in_query, in_arrow=in_arrow)
        if reading.warning:
            self._notes.warn(f"{render(self._node)} {SIGNS[name]} {other!r}: {reading.warning}")
        self._notes.coerced |= reading.coerced
        return reading.value

    def _on_owner(self, name: str, other: Any) -> Tracer:
        owner: Node = self._node.owner  # type: ignore[union-attr]  # only called for an Attribute
        series = getattr(self._probe, "__self__", None)
        return Tracer(owner, series, self._notes).combine(name, other)

    def _look_for_rows(self, arguments: tuple[Any, ...]) -> None:
        node = self._node
        if not (isinstance(node, Attribute) and node.name in _ROW_BY_ROW):
            return
        for value in arguments:
            by_label = isinstance(value, pd.Series) and node.name != "between"
            if not isinstance(value, Tracer) and pd.api.types.is_list_like(value) and not by_label:
                raise _row_by_row(node.owner, value)

    def _look_for_traps(self, arguments: tuple[Any, ...]) -> None:
        node = self._node
        if not (isinstance(node, Attribute) and node.name == "isin" and arguments):
            return
        column, values = render(node.owner), _items(arguments[0])
        dtype = getattr(getattr(self._probe, "__self__", None), "dtype", None)
        self._warn(unseen_value(column, dtype, values), members_of_times(column, dtype, values))

    def _warn(self, *warnings: str) -> None:
        for warning in filter(None, warnings):
            self._notes.warn(warning)


_UFUNC_OPERATORS = {
    "equal": "eq",
    "not_equal": "ne",
    "less": "lt",
    "less_equal": "le",
    "greater": "gt",
    "greater_equal": "ge",
    "logical_and": "and_",
    "logical_or": "or_",
    "bitwise_and": "and_",
    "bitwise_or": "or_",
    "bitwise_xor": "xor",
    "add": "add",
    "subtract": "sub",
    "multiply": "mul",
    "true_divide": "truediv",
    "divide": "truediv",
    "floor_divide": "floordiv",
    "remainder": "mod",
    "power": "pow",
}


def _forward(name: str) -> Callable[[Tracer, Any], Tracer]:
    def method(self: Tracer, other: Any) -> Tracer:
        return self.combine(name, other)

    return method


def _reflected(name: str) -> Callable[[Tracer, Any], Tracer]:
    def method(self: Tracer, other: Any) -> Tracer:
        return self.combine(name, other, reflected=True)

    return method


def _unary(name: str) -> Callable[[Tracer], Tracer]:
    apply: Callable[[Any], Any] = abs if name == "abs" else getattr(operator, name)

    def method(self: Tracer) -> Tracer:
        return Tracer(Unary(name, self._node), apply(self._probe), self._notes)

    return method


for _name in _COMPARISONS:
    setattr(Tracer, f"__{_name}__", _forward(_name))

for _name in ("and_", "or_", "xor", "add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
    setattr(Tracer, f"__{_name.rstrip('_')}__", _forward(_name))
    setattr(Tracer, f"__r{_name.rstrip('_')}__", _reflected(_name))

for _name in ("invert", "neg", "pos", "abs"):
    setattr(Tracer, f"__{_name}__", _unary(_name))


def node_of(result: Any) -> tuple[Node, Any] | None:
    """Return the tree and the probe of a traced result, or None for other results."""
    return (result._node, result._probe) if isinstance(result, Tracer) else None  # noqa: SLF001 - of this module


def _literal(value: Any) -> Any:
    if isinstance(value, Tracer):
        return value
    value = normalise(value)
    if isinstance(value, list | tuple) and any(isinstance(item, Tracer) for item in value):
        raise UntraceableError("a list that holds columns")
    return value


def _node(value: Any) -> Node:
    return value._node if isinstance(value, Tracer) else Literal(value)  # noqa: SLF001 - of this module


def _probe(value: Any) -> Any:
    return value._probe if isinstance(value, Tracer) else value  # noqa: SLF001 - of this module


def _is_time(dtype: Any) -> bool:
    """Tell whether a dtype is one of times; pandas before 3.1 reads it from the values, which have no time zone."""
    return isinstance(dtype, np.dtype | pd.DatetimeTZDtype | pd.ArrowDtype) and dtype.kind == "M"


def _scalar(value: Any) -> Any:
    return value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value


def _row_by_row(node: Node, values: Any) -> QueryError:
    shown = render(node)
    column = shown if isinstance(node, Column) else "column"
    return QueryError(
        f"{shown} is combined with a {type(values).__name__} of {len(values)} values, one for each row, and the rows "
        f"are on the server. Expected one value, or a list of members: {column}.isin(values). To go row by row, "
        "fetch the rows first, rows = frame.dyno.query(…), and combine the answer's columns with your values"
    )


def _items(value: Any) -> list[Any]:
    return list(value) if pd.api.types.is_list_like(value) else []
