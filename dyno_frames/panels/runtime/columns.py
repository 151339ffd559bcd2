"""The columns of a table that is sorted by a click on a heading."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

RowT = TypeVar("RowT")


def _nothing(_row: object) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Column(Generic[RowT]):
    """A column.

    Parameters
    ----------
    label
        The heading.
    text
        Returns a row's cell.
    rank
        Returns what the table is sorted by. A row without a value, None, comes last in either direction.
    number
        Whether the cells are numbers, which are aligned to the right. Their largest value comes first.
    warning
        Returns which limit the value exceeds. Empty if it does not.
    """

    label: str
    text: Callable[[RowT], str]
    rank: Callable[[RowT], Any]
    number: bool = False
    warning: Callable[[RowT], str] = _nothing


def arranged(rows: Iterable[RowT], column: Column[RowT], *, descending: bool) -> list[RowT]:
    """Return rows in the order of a column. Those that are equal in it keep their order."""
    ranked = [(column.rank(row), row) for row in rows]
    known = [pair for pair in ranked if pair[0] is not None]
    known.sort(key=lambda pair: pair[0], reverse=descending)
    return [row for _, row in known] + [row for rank, row in ranked if rank is None]
