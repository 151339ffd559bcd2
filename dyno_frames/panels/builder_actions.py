"""Whatever can happen to a query builder, and what it asks of the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import pandas as pd

from dyno_frames.panels.builder_language import Join
from dyno_frames.panels.builder_state import Looked, Row, Wanted


@dataclass(frozen=True, slots=True)
class RowAdded:
    """Another line is wanted."""


@dataclass(frozen=True, slots=True)
class RowRemoved:
    """A line is wanted no more."""

    place: int


@dataclass(frozen=True, slots=True)
class RowChanged:
    """A line has other contents."""

    place: int
    row: Row


@dataclass(frozen=True, slots=True)
class JoinChanged:
    """All must hold, or any."""

    join: Join


@dataclass(frozen=True, slots=True)
class Typed:
    """The expression was typed."""

    text: str


@dataclass(frozen=True, slots=True)
class WantedChanged:
    """Another order or limit."""

    wanted: Wanted


@dataclass(frozen=True, slots=True)
class CountAsked:
    """The rows shall be counted, even if that means to fetch them."""


@dataclass(frozen=True, slots=True)
class FetchAsked:
    """The rows shall come."""


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan and the count are known."""

    serial: int
    looked: Looked


@dataclass(frozen=True, slots=True, eq=False)
class Fetched:
    """The rows are here; they are the whole answer, or as many as were wanted."""

    serial: int
    frame: pd.DataFrame
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """A request failed."""

    serial: int
    message: str


Action: TypeAlias = (
    RowAdded
    | RowRemoved
    | RowChanged
    | JoinChanged
    | Typed
    | WantedChanged
    | CountAsked
    | FetchAsked
    | Planned
    | Fetched
    | Failed
)
"""Whatever happens to a builder."""


@dataclass(frozen=True, slots=True)
class Look:
    """Plan the question and count it, where counting moves no row."""

    serial: int
    text: str


@dataclass(frozen=True, slots=True)
class Count:
    """Count the question, whatever it takes."""

    serial: int
    text: str


@dataclass(frozen=True, slots=True)
class Fetch:
    """Fetch the answer."""

    serial: int
    text: str
    wanted: Wanted


Effect: TypeAlias = Look | Count | Fetch
"""What a builder asks of the server."""
