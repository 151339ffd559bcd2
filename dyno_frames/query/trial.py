"""Evaluate parts of a query on a few sample rows, because pandas checks some arguments only if there are rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from dyno_frames.errors import LiteralTypeError, QueryError
from dyno_frames.query.predicate import Attribute, Binary, Call, Column, Item, Literal, Node, walk
from dyno_frames.query.regex import facts
from dyno_frames.query.render import render
from dyno_frames.query.replay import replay

_PATTERN_METHODS = frozenset({"contains", "match", "fullmatch", "count"})
_STR_METHODS = {
    "slice",
    "slice_replace",
    "replace",
    "split",
    "rsplit",
    "encode",
    "normalize",
    "translate",
    "wrap",
}
_TRIED_METHODS = frozenset({*_STR_METHODS, "round", "shift"})
"""Methods whose arguments pandas checks only if there are rows."""


def check_arguments(node: Node, empty: pd.DataFrame) -> None:
    """Raise an error for a pattern or argument that pandas would reject as soon as there are rows.

    Parameters
    ----------
    node
        The tree.
    empty
        Zero rows with the resource's columns and dtypes.

    Raises
    ------
    QueryError
        pandas rejects an argument.
    """
    for part in walk(node):
        owner = _owner(part)
        if owner is not None:
            _try_part(part, owner, few_rows(empty))


def _owner(part: Node) -> Node | None:
    """Return the owner of a part that must be checked, or None if it need not be checked."""
    match part:
        case Item(Attribute(owner, "str"), _):
            return owner
        case Call(Attribute(Attribute(owner, "str"), name), (Literal(str(text)), *_)) if (
            name in _PATTERN_METHODS
        ):
            return None if facts(text).row_local else owner
        case Call(Attribute(Attribute(owner, "str") | owner, name)) if name in _TRIED_METHODS:
            return owner
        case _:
            return None


def _try_part(part: Node, owner: Node, few: pd.DataFrame) -> None:
    try:
        replay(owner, few)
    except Exception:  # noqa: BLE001 - the part needs other rows
        return
    try:
        replay(part, few)
    except Exception as error:
        raise QueryError(refused(render(part), error)) from error


def check_boolean(probe: Any, node: Node, empty: pd.DataFrame) -> None:
    """Refuse a query whose result is not one boolean per row."""
    if _is_condition(probe):
        return
    given = probe
    if isinstance(probe, pd.Series):
        try:
            given = replay(node, few_rows(empty))
        except Exception:  # noqa: BLE001 - other rows are needed to find the type of the result
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


def check_order(node: Node, empty: pd.DataFrame) -> None:
    """Raise an error for an order comparison of texts with another type, which pandas raises only if there are rows."""
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
            f"{render(part)} compares the text column {column!r} with a value that is not a text"
        ) from error


def _holds_text(series: pd.Series[Any]) -> bool:
    return series.dtype != object and bool(pd.api.types.is_string_dtype(series.dtype))


def few_rows(empty: pd.DataFrame) -> pd.DataFrame:
    """Return three sample rows of the schema."""
    return pd.DataFrame(
        {name: pd.Series([_plain(dtype)] * 3, dtype=dtype) for name, dtype in empty.dtypes.items()}
    )


def _plain(dtype: Any) -> Any:
    if isinstance(dtype, pd.CategoricalDtype):
        return dtype.categories[0]
    if isinstance(dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_any_dtype(dtype):
        return pd.Timestamp(0, tz="UTC")
    if pd.api.types.is_bool_dtype(dtype):
        return True
    if pd.api.types.is_numeric_dtype(dtype):
        return 1
    return None if dtype == np.dtype(object) else "a"


def refused(text: str, error: Exception) -> str:
    """Return the message for a query that pandas rejects."""
    return f"pandas refuses {text!r}: {type(error).__name__}: {error}"
