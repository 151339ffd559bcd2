"""A bound query: its tree, and pandas' own answer on rows that are here."""

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
    return Question(render(whole), replayed(whole), whole, warnings=question.warnings)


def replayed(node: Node) -> Keep:
    """Return the function that evaluates a tree on a frame and returns the rows it is true for."""

    def keep(frame: pd.DataFrame) -> pd.DataFrame:
        kept: pd.DataFrame = frame[replay(node, frame)]
        return kept

    return keep
