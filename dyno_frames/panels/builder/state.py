"""Everything a query builder knows, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from dyno_frames.panels.builder.language import Join
from dyno_frames.panels.builder.terms import NO_VALUE, Operator
from dyno_frames.query.plan import Plan

DEFAULT_LIMIT = 100
"""The default maximum number of rows to fetch."""

EXPRESSION = -1
"""The key of an error in the expression itself, among errors by condition."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition as the widgets show it.

    Parameters
    ----------
    column, operator
        What was chosen.
    raw
        What is in the value's box: one value, or one on each line.
    """

    column: str
    operator: Operator
    raw: str = ""

    @property
    def complete(self) -> bool:
        """Whether the condition is part of the query. One with an empty box is not."""
        return self.operator in NO_VALUE or bool(self.raw)


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """Order and limit of the rows to fetch.

    Parameters
    ----------
    order_by
        A column. Empty for the default, ``created``.
    ascending
        Whether the smallest value comes first.
    limit
        Maximum number of rows to fetch.
    """

    order_by: str = ""
    ascending: bool = False
    limit: int = DEFAULT_LIMIT


@dataclass(frozen=True, slots=True)
class PlannedCount:
    """The plan of a query, and a count that moved no row.

    Parameters
    ----------
    plan
        What is sent to the server, and what is evaluated locally.
    rows
        How many rows match, or how many have to be downloaded to find those that do.
    exact
        Whether ``rows`` is how many match.
    """

    plan: Plan
    rows: int
    exact: bool


@dataclass(frozen=True, slots=True)
class State:
    """The state of a query builder.

    Parameters
    ----------
    text
        The query as a string. Empty for every row.
    conditions, join
        The same as conditions, if it can be edited as such.
    text_only
        Why it cannot be edited as conditions. Empty if it can.
    errors
        What is wrong with a condition, by its index; under :data:`EXPRESSION` what is wrong with the text.
    options
        Order and limit.
    serial
        The number of the query, so that a late answer to an earlier one is recognized.
    planned
        The plan and the count. None while they are on their way.
    waiting
        What the server is asked now, as a word. Empty if nothing is.
    frame
        The rows fetched last.
    failure
        What went wrong with the last request.
    """

    text: str = ""
    conditions: tuple[Condition, ...] = ()
    join: Join = Join.ALL
    text_only: str = ""
    errors: Mapping[int, str] = field(default_factory=dict)
    options: FetchOptions = FetchOptions()
    serial: int = 0
    planned: PlannedCount | None = None
    waiting: str = ""
    frame: pd.DataFrame | None = field(default=None, compare=False)
    failure: str = ""
