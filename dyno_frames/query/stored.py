"""Serialize an expression tree as JSON, to store the query in frames and files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dyno_frames.errors import QueryError
from dyno_frames.query.predicate import Attribute, Binary, Call, Column, Item, Literal, Node, Ufunc, Unary
from dyno_frames.query.render import SYMBOLS


class _UnstorableError(Exception):
    """A value that cannot be stored as JSON."""


def dump(node: Node) -> list[Any] | None:
    """Return the tree as lists and strings, or None if a value cannot be stored as JSON.

    Examples
    --------
    >>> dump(Binary("gt", Column("opens"), Literal(100)))
    ['binary', 'gt', ['column', 'opens'], ['value', 100]]
    """
    try:
        return _dump(node)
    except _UnstorableError:
        return None


def _dump(node: Node) -> list[Any]:
    match node:
        case Column():
            return ["column", node.name]
        case Literal():
            return ["value", _plain(node.value)]
        case Unary():
            return ["unary", node.operator, _dump(node.operand)]
        case Binary():
            return ["binary", node.operator, _dump(node.left), _dump(node.right)]
        case Attribute():
            if not _is_harmless(node.name):
                raise _UnstorableError
            return ["attribute", _dump(node.owner), node.name]
        case Item():
            return ["item", _dump(node.owner), _dump(node.key)]
        case Ufunc():
            return ["ufunc", node.name, *map(_dump, node.arguments)]
        case Call():
            keywords = {name: _dump(value) for name, value in node.keywords}
            return ["call", _dump(node.function), [_dump(argument) for argument in node.arguments], keywords]


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return {"tuple": [_plain(item) for item in value]}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else {"float": repr(value)}  # noqa: PLR0124 - NaN
    if value is pd.NA or value is pd.NaT:
        return {"null": str(value)}
    if isinstance(value, dt.datetime):
        value = pd.Timestamp(value)
        return {"time": value.isoformat(), "unit": value.unit} | _zone(value)
    if isinstance(value, slice):
        return {"slice": [_plain(value.start), _plain(value.stop), _plain(value.step)]}
    raise _UnstorableError


def _zone(value: pd.Timestamp) -> dict[str, str]:
    """Return the zone of a time in the repeated hour of a clock change, which pandas does not match in every list."""
    if not value.fold:
        return {}
    name = getattr(value.tz, "key", None)
    if name is None:
        raise _UnstorableError
    return {"zone": name}


_REACHING_OUT = frozenset(
    {"pipe", "apply", "map", "transform", "agg", "aggregate", "plot", "hist", "eval", "query"}
)


def _is_harmless(name: str) -> bool:
    """Return whether an attribute only reads values, because a stored query may come from an untrusted file."""
    return not name.startswith(("_", "to_")) and name not in _REACHING_OUT


def load(tree: list[Any]) -> Node:
    """Return the tree that :func:`dump` wrote.

    Raises
    ------
    QueryError
        The value is not a stored tree.
    """
    match tree:
        case ["column", str(name)]:
            return Column(name)
        case ["value", value]:
            return Literal(_value(value))
        case ["unary", str(operator), operand] if operator in {"invert", "neg", "pos", "abs"}:
            return Unary(operator, load(operand))
        case ["binary", str(operator), left, right] if operator in SYMBOLS:
            return Binary(operator, load(left), load(right))
        case ["attribute", owner, str(name)] if _is_harmless(name):
            return Attribute(load(owner), name)
        case ["item", owner, key]:
            return Item(load(owner), load(key))
        case ["ufunc", str(name), *arguments] if isinstance(getattr(np, name, None), np.ufunc):
            return Ufunc(name, tuple(map(load, arguments)))
        case ["call", function, list(arguments), dict(keywords)]:
            named = tuple((name, load(value)) for name, value in keywords.items())
            return Call(load(function), tuple(map(load, arguments)), named)
        case _:
            raise QueryError(f"{tree!r} is not a stored query")


def _value(stored: Any) -> Any:
    if isinstance(stored, list):
        return [_value(item) for item in stored]
    if not isinstance(stored, Mapping):
        return stored
    match stored:
        case {"tuple": list(items)}:
            return tuple(map(_value, items))
        case {"float": str(text)}:
            return float(text)
        case {"null": str(text)}:
            return pd.NA if text == str(pd.NA) else pd.NaT
        case {"time": str(text), "unit": str(unit), **zone}:
            time = pd.Timestamp(text).as_unit(unit)  # type: ignore[arg-type]  # pandas checks the unit
            return time.tz_convert(zone["zone"]) if zone else time
        case {"slice": list(bounds)}:
            return slice(*map(_value, bounds))
        case _:
            raise QueryError(f"{stored!r} is not a stored value")
