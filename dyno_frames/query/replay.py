"""Evaluate an expression tree with pandas, operation by operation."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dyno_frames.query.predicate import Attribute, Binary, Call, Column, Item, Literal, Node, Ufunc, Unary


def replay(node: Node, columns: Mapping[str, Any] | pd.DataFrame) -> Any:
    """Return the result of the tree on these columns.

    Parameters
    ----------
    node
        The tree.
    columns
        A frame, or Series by name.
    """
    match node:
        case Column():
            return columns[node.name]
        case Literal():
            return node.value
        case Unary():
            operand = replay(node.operand, columns)
            return abs(operand) if node.operator == "abs" else getattr(operator, node.operator)(operand)
        case Binary():
            return getattr(operator, node.operator)(replay(node.left, columns), replay(node.right, columns))
        case Attribute():
            return getattr(replay(node.owner, columns), node.name)
        case Item():
            return replay(node.owner, columns)[replay(node.key, columns)]
        case Ufunc():
            return getattr(np, node.name)(*(replay(argument, columns) for argument in node.arguments))
        case Call():
            function = replay(node.function, columns)
            arguments = [replay(argument, columns) for argument in node.arguments]
            return function(*arguments, **{name: replay(value, columns) for name, value in node.keywords})


def on_null(node: Node, dtypes: Mapping[str, Any]) -> Any:
    """Return the result of the tree on a row of nulls: True, False or ``pd.NA``; None if pandas raises an error.

    Parameters
    ----------
    node
        The tree.
    dtypes
        The dtype of each column that it reads.
    """
    nulls = {name: pd.Series([None], dtype=dtype) for name, dtype in dtypes.items()}
    try:
        value = replay(node, nulls).iloc[0]
        return pd.NA if value is pd.NA else bool(value)
    except Exception:  # noqa: BLE001 - after any error the result for null is unknown
        return None
