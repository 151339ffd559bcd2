"""A bound query: its expression tree, and its local evaluation with pandas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pandas as pd

from dyno_frames.errors import QueryError
from dyno_frames.query.names import Names
from dyno_frames.query.predicate import Binary, Node
from dyno_frames.query.render import render
from dyno_frames.query.replay import replay

Expression: TypeAlias = "str | Callable[[Any], Any] | pd.api.typing.Expression | Mapping[str, Any] | None"
"""A query string, a function of the frame, a ``pd.col`` expression, a stored query, or None for every row."""

RowSelector: TypeAlias = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True, slots=True)
class Query:
    """A query, bound to the columns of a resource.

    Parameters
    ----------
    text
        The expression as text.
    select
        Returns the matching rows of a frame, evaluated with pandas.
    node
        The expression tree; None for every row, and if it cannot be traced.
    untraceable
        Why the expression cannot be traced.
    warnings
        Known pitfalls of pandas in the expression.
    serialized
        The query as JSON values; None if it cannot be stored.
    """

    text: str
    select: RowSelector
    node: Node | None = None
    untraceable: str = ""
    warnings: tuple[str, ...] = ()
    serialized: Mapping[str, Any] | None = field(default=None, compare=False)

    @property
    def everything(self) -> bool:
        """Whether the query selects every row."""
        return self.node is None and not self.untraceable


@dataclass(frozen=True, slots=True)
class Scope:
    """Variables of the calling code, for names in a query. The repr shows only their number.

    Parameters
    ----------
    local_names, global_names
        The variables for ``@name``.
    """

    local_names: Mapping[str, Any] = field(default_factory=Names)
    global_names: Mapping[str, Any] = field(default_factory=Names)

    def __post_init__(self) -> None:
        object.__setattr__(self, "local_names", Names(self.local_names))
        object.__setattr__(self, "global_names", Names(self.global_names))


def narrowed(query: Query, node: Node) -> Query:
    """Return a query with an additional conjunct.

    Parameters
    ----------
    query
        A query that has a tree, or selects every row.
    node
        The condition.

    Raises
    ------
    QueryError
        The query has no tree.
    """
    if query.untraceable:
        raise QueryError(f"{query.text}: {query.untraceable}; no condition can be added to it")
    whole = node if query.node is None else Binary("and_", query.node, node)
    return Query(render(whole), row_selector(whole), whole, warnings=query.warnings)


def row_selector(node: Node) -> RowSelector:
    """Return a function that returns the rows of a frame for which a tree is true."""

    def select(frame: pd.DataFrame) -> pd.DataFrame:
        kept: pd.DataFrame = frame[replay(node, frame)]
        return kept

    return select
