"""What a query builder knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from dyno_frames.panels.builder_language import Join
from dyno_frames.panels.builder_terms import BARE, Operator
from dyno_frames.query.plan import Plan

MOST_ROWS = 100
"""How many rows are fetched, if nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of widgets.

    Parameters
    ----------
    column, operator
        What was chosen.
    raw
        What stands in the box.
    """

    column: str
    operator: Operator
    raw: str = ""

    @property
    def begun(self) -> bool:
        """Whether there is something to ask; an empty box asks for nothing yet."""
        return self.operator in BARE or bool(self.raw)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much of the answer, and in which order.

    Parameters
    ----------
    order_by
        A column, or nothing: then by ``created``.
    ascending
        Whether the smallest comes first.
    limit
        How many rows are fetched at the most.
    """

    order_by: str = ""
    ascending: bool = False
    limit: int = MOST_ROWS


@dataclass(frozen=True, slots=True)
class Looked:
    """What was learnt of a question before a row moved.

    Parameters
    ----------
    plan
        What is sent for it, and what is decided here.
    rows
        How many rows answer it, or how many have to be judged here.
    exact
        Which of the two.
    """

    plan: Plan
    rows: int
    exact: bool


@dataclass(frozen=True, slots=True)
class State:
    """What a builder knows.

    Parameters
    ----------
    text
        The question as a query string; empty is every row.
    rows, join
        The same as widgets, where they can say it.
    kept
        Why they cannot; then only the text counts.
    faults
        Why nothing can be asked, by row; under -1 what is wrong with the text.
    wanted
        Order and limit.
    serial
        Counts the questions, so that a late answer to an earlier one is known as such.
    looked
        The plan and the count of the question; None while they are on their way.
    waiting
        What the server is being asked, in words.
    frame
        The rows that were fetched, and which question they answer.
    failure
        What went wrong with the last request.
    """

    text: str = ""
    rows: tuple[Row, ...] = ()
    join: Join = Join.ALL
    kept: str = ""
    faults: Mapping[int, str] = field(default_factory=dict)
    wanted: Wanted = Wanted()
    serial: int = 0
    looked: Looked | None = None
    waiting: str = ""
    frame: pd.DataFrame | None = field(default=None, compare=False)
    failure: str = ""
