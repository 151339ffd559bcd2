"""What a server can be examined with: rows that it returned, and values in them that tell semantics apart."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dyno_frames.contract.resources import CREATED, KEY

Row = Mapping[str, Any]

LONGEST = 200
"""The longest text, in characters, that filters are tried with."""

_CORE = re.compile(r"[A-Za-z0-9 ]{3,40}")
_EXACT_IN_DOUBLE = 2**53


@dataclass(frozen=True, slots=True)
class Subject:
    """One text of one row.

    Parameters
    ----------
    key
        The row's id, by which every probe is held to this row.
    field
        The text's field.
    text
        The text: no comma, no blank at its edges.
    core
        A part from inside it, of plain ASCII letters, digits and blanks, shorter than the whole.
    """

    key: str
    field: str
    text: str
    core: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A field that is null in one row.

    Parameters
    ----------
    key
        The row's id.
    field
        The field.
    """

    key: str
    field: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of one row.

    Parameters
    ----------
    key
        The row's id.
    field
        The field.
    value
        The number.
    """

    key: str
    field: str
    value: int | float


def subject_of(rows: Sequence[Row], preferred: Collection[str] = ()) -> Subject | None:
    """Return the text that can tell the most, of the preferred fields if one can; None where no text can."""
    found = list(_subjects(rows))
    some = [subject for subject in found if subject.field in preferred]
    return max(some or found, key=_worth, default=None)


def _subjects(rows: Iterable[Row]) -> Iterator[Subject]:
    for row in rows:
        for name, value in row.items():
            if name == KEY or not isinstance(value, str) or len(value) > LONGEST:
                continue
            if "," in value or value != value.strip():
                continue
            core = max(_CORE.findall(value[1:-1]), key=len, default="").strip()
            if len(core) >= 3 and re.search("[A-Za-z]", core) and core.swapcase() not in value:
                yield Subject(str(row[KEY]), name, value, core)


def _worth(subject: Subject) -> tuple[bool, bool, bool, bool, int]:
    core = subject.core.lower()
    ends_plainly = subject.text[-1].isascii() and subject.text[-1].isalnum()
    return (
        "k" in core or "s" in core,
        "e" in core,
        " " in subject.text,
        ends_plainly,
        -abs(len(core) - 12),
    )


def gap_of(rows: Sequence[Row], names: Iterable[str]) -> Gap | None:
    """Return a row in which one of these fields is null, or None where there is none."""
    names = list(names)
    holes = (Gap(str(row[KEY]), name) for row in rows for name in names if name in row and row[name] is None)
    return next(holes, None)


def instant_of(rows: Sequence[Row]) -> Figure | None:
    """Return a row's ``created``."""
    return next((figure for figure in _figures(rows, (CREATED,)) if isinstance(figure.value, int)), None)


def fraction_of(rows: Sequence[Row], names: Iterable[str]) -> Figure | None:
    """Return a number between two integers, or None where no row has one."""
    found = _figures(rows, names)
    return next((figure for figure in found if figure.value != int(figure.value)), None)


def great_integer_of(rows: Sequence[Row], names: Iterable[str]) -> Figure | None:
    """Return an integer that a double holds no better than its neighbour, or None where no row has one."""
    found = _figures(rows, names)
    great = (
        figure for figure in found if isinstance(figure.value, int) and abs(figure.value) >= _EXACT_IN_DOUBLE
    )
    return next(great, None)


def _figures(rows: Iterable[Row], names: Iterable[str]) -> Iterator[Figure]:
    names = list(names)
    for row in rows:
        for name in names:
            value = row.get(name)
            if isinstance(value, int | float) and not isinstance(value, bool):
                yield Figure(str(row[KEY]), name, value)
