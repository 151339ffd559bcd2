"""What a server can be examined with: rows that it returned, and values in them that tell semantics apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dyno_frames.contract.resources import CREATED, KEY

Row = Mapping[str, Any]

LONGEST = 200
"""The longest text, in characters, that filters are tried with."""

_CORE = re.compile(r"[A-Za-z0-9 ]{3,40}")


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


def subject_of(rows: Sequence[Row]) -> Subject | None:
    """Return the text that can tell the most, or None where no text can tell anything."""
    found = list(_subjects(rows))
    return max(found, key=_worth, default=None)


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


def _worth(subject: Subject) -> tuple[bool, bool, bool, int]:
    core = subject.core.lower()
    ends_plainly = subject.text[-1].isascii() and subject.text[-1].isalnum()
    return ("k" in core or "s" in core, "e" in core, ends_plainly, -abs(len(core) - 12))


def gap_of(rows: Sequence[Row], text_fields: Iterable[str]) -> Gap | None:
    """Return a row in which a text field is null, or None where there is none."""
    names = list(text_fields)
    holes = (Gap(str(row[KEY]), name) for row in rows for name in names if name in row and row[name] is None)
    return next(holes, None)


def instant_of(rows: Sequence[Row]) -> tuple[str, int] | None:
    """Return a row's id and its ``created``."""
    whole = (
        (str(row[KEY]), row[CREATED])
        for row in rows
        if isinstance(row.get(CREATED), int) and not isinstance(row[CREATED], bool)
    )
    return next(whole, None)
