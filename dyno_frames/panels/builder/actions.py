"""What can happen to a query builder, and the requests it asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import pandas as pd

from dyno_frames.panels.builder.language import Join
from dyno_frames.panels.builder.state import Condition, FetchOptions, PlannedCount


@dataclass(frozen=True, slots=True)
class ConditionAdded:
    """The user added a condition."""


@dataclass(frozen=True, slots=True)
class ConditionRemoved:
    """The user removed a condition."""

    index: int


@dataclass(frozen=True, slots=True)
class ConditionChanged:
    """The user changed a condition."""

    index: int
    condition: Condition


@dataclass(frozen=True, slots=True)
class JoinChanged:
    """The user chose whether all conditions or any of them must hold."""

    join: Join


@dataclass(frozen=True, slots=True)
class ExpressionTyped:
    """The user typed an expression."""

    text: str


@dataclass(frozen=True, slots=True)
class OptionsChanged:
    """The user chose another order or limit."""

    options: FetchOptions


@dataclass(frozen=True, slots=True)
class CountRequested:
    """The user wants the matching rows counted, even if that downloads rows."""


@dataclass(frozen=True, slots=True)
class FetchRequested:
    """The user wants the rows."""


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan and the count are known."""

    serial: int
    planned: PlannedCount


@dataclass(frozen=True, slots=True, eq=False)
class Fetched:
    """The rows were fetched; ``complete`` says whether they are the whole answer."""

    serial: int
    frame: pd.DataFrame
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """A request failed."""

    serial: int
    message: str


Action: TypeAlias = (
    ConditionAdded
    | ConditionRemoved
    | ConditionChanged
    | JoinChanged
    | ExpressionTyped
    | OptionsChanged
    | CountRequested
    | FetchRequested
    | Planned
    | Fetched
    | Failed
)
"""Anything that can happen to a query builder."""


@dataclass(frozen=True, slots=True)
class PlanQuery:
    """Plan the query, and count its rows without downloading any."""

    serial: int
    text: str


@dataclass(frozen=True, slots=True)
class CountRows:
    """Count the matching rows, downloading rows if that is necessary."""

    serial: int
    text: str


@dataclass(frozen=True, slots=True)
class FetchRows:
    """Fetch the rows."""

    serial: int
    text: str
    options: FetchOptions


Effect: TypeAlias = PlanQuery | CountRows | FetchRows
"""Anything that a query builder asks the server for."""
