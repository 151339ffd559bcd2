"""Try parts of a query on a few plain rows: pandas refuses some arguments only once a row is there."""

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
"""Methods whose arguments pandas checks on rows alone, whatever the rows hold."""


def check_arguments(node: Node, empty: pd.DataFrame) -> None:
    """Refuse a pattern or another argument of a method that pandas would refuse once a row is there.

    Parameters
    ----------
    node
        The tree.
    empty
        Zero rows with the resource's columns and dtypes.

    Raises
    ------
    QueryError
        pandas refuses one.
    """
    for part in walk(node):
        owner = _owner(part)
        if owner is not None:
            _try_part(part, owner, few_rows(empty))


def _owner(part: Node) -> Node | None:
    """Return what a part that must be tried is a part of; None if it need not be tried."""
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
    except Exception:  # noqa: BLE001 - it needs other rows than these
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


def check_order(node: Node, empty: pd.DataFrame) -> None:
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


def few_rows(empty: pd.DataFrame) -> pd.DataFrame:
    """Return three plain rows of the schema."""
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
    """Return what to say of a query that pandas refuses."""
    return f"pandas refuses {text!r}: {type(error).__name__}: {error}"
