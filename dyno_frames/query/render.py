"""Write an expression tree as text, for plans and messages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from dyno_frames.query.predicate import Attribute, Binary, Call, Column, Item, Literal, Node, Ufunc, Unary

SYMBOLS = {
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "and_": "&",
    "or_": "|",
    "xor": "^",
    "add": "+",
    "sub": "-",
    "mul": "*",
    "truediv": "/",
    "floordiv": "//",
    "mod": "%",
    "pow": "**",
}
"""How each binary operator is written."""

PREFIXES = {"invert": "~", "neg": "-", "pos": "+"}
_CHAINED = {"and_", "or_", "add", "mul"}
_LONGEST = 60


def render(node: Node) -> str:
    """Return the tree as an expression."""
    match node:
        case Column():
            return node.name if node.name.isidentifier() else f"`{node.name}`"
        case Literal():
            return _value(node.value)
        case Unary():
            return _unary(node)
        case Binary():
            return _binary(node)
        case Attribute():
            return f"{_tight(node.owner)}.{node.name}"
        case Item():
            return f"{_tight(node.owner)}[{render(node.key)}]"
        case Ufunc():
            return f"{node.name}({', '.join(render(argument) for argument in node.arguments)})"
        case Call():
            return _call(node)


def _unary(node: Unary) -> str:
    match node:
        case Unary("invert", Call(Attribute(owner, "isin"), (Literal([str(one)]),), ())):
            return f"{_tight(owner)} != {_value(one)}"
        case Unary(operator, operand) if operator in PREFIXES:
            return f"{PREFIXES[operator]}{_grouped(operand)}"
        case Unary(operator, operand):
            return f"{operator}({render(operand)})"


def _binary(node: Binary) -> str:
    symbol = SYMBOLS.get(node.operator, node.operator)
    if node.operator == "pow":
        left = _tight(node.left)
    elif isinstance(node.left, Binary) and node.left.operator == node.operator in _CHAINED:
        left = render(node.left)
    else:
        left = _grouped(node.left)
    return f"{left} {symbol} {_grouped(node.right)}"


def _call(node: Call) -> str:
    match node:
        case Call(Attribute(owner, "isin"), (Literal([str(one)]),), ()):
            return f"{_tight(owner)} == {_value(one)}"
        case _:
            parts = [render(argument) for argument in node.arguments]
            parts += [f"{name}={render(value)}" for name, value in node.keywords]
            return f"{render(node.function)}({', '.join(parts)})"


def _grouped(node: Node) -> str:
    return f"({render(node)})" if isinstance(node, Binary) or _is_equality(node) else render(node)


def _is_equality(node: Node) -> bool:
    match node:
        case Unary("invert", operand):
            return _is_equality(operand)
        case Call(Attribute(_, "isin"), (Literal([str()]),), ()):
            return True
        case _:
            return False


def _tight(node: Node) -> str:
    """Return the text of an operand, in parentheses if needed before a dot or bracket."""
    text = _grouped(node)
    return f"({text})" if text.startswith(("-", "+", "~")) else text


def _value(value: Any) -> str:
    if isinstance(value, dt.datetime) and not pd.isna(value):
        return repr(str(pd.Timestamp(value)))
    if isinstance(value, slice):
        bounds = (value.start, value.stop) if value.step is None else (value.start, value.stop, value.step)
        return ":".join("" if bound is None else str(bound) for bound in bounds)
    if isinstance(value, np.ndarray | pd.Series | pd.Index):
        return _value(value.tolist())
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        shown = ", ".join(_value(item) for item in value[:4])
        return f"[{shown}{f', … {len(value)} in all' if len(value) > 4 else ''}]"
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
