"""Write an expression tree as Python source, complete and exact, for the last step of a Python program."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from dyno_frames.errors import NotPushableError
from dyno_frames.query.predicate import Attribute, Binary, Call, Column, Item, Literal, Node, Ufunc, Unary
from dyno_frames.query.render import PREFIXES, SYMBOLS, render


def source(node: Node) -> str:
    """Return the tree as Python source on a frame called ``frame``.

    Raises
    ------
    NotPushableError
        A value cannot be written as source text.

    Examples
    --------
    >>> source(Binary("gt", Column("opens"), Literal(100)))
    "(frame['opens'] > 100)"
    """
    match node:
        case Column():
            return f"frame[{node.name!a}]"
        case Literal():
            return value_source(node.value)
        case Unary("abs"):
            return f"abs({source(node.operand)})"
        case Unary():
            return f"({PREFIXES[node.operator]}{source(node.operand)})"
        case Binary() if node.operator in SYMBOLS:
            return f"({source(node.left)} {SYMBOLS[node.operator]} {source(node.right)})"
        case Attribute() if node.name.isidentifier():
            return f"{source(node.owner)}.{node.name}"
        case Item():
            return f"{source(node.owner)}[{source(node.key)}]"
        case Ufunc():
            return f"np.{node.name}({', '.join(map(source, node.arguments))})"
        case Call():
            parts = [source(argument) for argument in node.arguments]
            parts += [f"{name}={source(value)}" for name, value in node.keywords]
            return f"{source(node.function)}({', '.join(parts)})"
        case _:
            raise NotPushableError(f"{render(node)} cannot be written as source text")


def value_source(value: Any) -> str:
    """Return a value as Python source."""
    match value:
        case None | bool():
            return str(value)
        case _ if value is pd.NA or value is pd.NaT:
            return "pd.NA" if value is pd.NA else "pd.NaT"
        case str():
            return ascii(str(value))
        case np.generic() if not isinstance(value, float) and isinstance(value.item(), bool | int | float):
            return value_source(value.item())
        case int():
            return f"({value})" if value < 0 else str(int(value))
        case float():
            plain = float(value)
            return f"({plain!r})" if np.isfinite(plain) else f"float({str(plain)!r})"
        case dt.datetime():  # a Timestamp is one
            time = pd.Timestamp(value)
            return f"pd.Timestamp({time.isoformat()!r}).as_unit({time.unit!r})"
        case _:
            return _several(value)


def _several(value: Any) -> str:
    match value:
        case list():
            return f"[{', '.join(map(value_source, value))}]"
        case tuple():
            return f"tuple([{', '.join(map(value_source, value))}])"
        case set() | frozenset():
            return f"set([{', '.join(sorted(map(value_source, value)))}])"
        case slice():
            return f"slice({', '.join(map(value_source, (value.start, value.stop, value.step)))})"
        case _:
            raise NotPushableError(
                f"the query holds a value of type {type(value).__name__}, which cannot be written as source text; "
                "expected text, numbers, times, or lists of them"
            )
