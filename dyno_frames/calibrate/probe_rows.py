"""The rows and values that probes use: texts and numbers in which different semantics give different answers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dyno_frames.contract.resources import CREATED, ID_FIELD

Row = Mapping[str, Any]

LONGEST = 200
"""The longest text, in characters, that filters are tried with."""

_CORE = re.compile(r"[A-Za-z0-9 ]{3,40}")
_EXACT_IN_DOUBLE = 2**53


@dataclass(frozen=True, slots=True)
class ProbeRow:
    """One text of one row.

    Parameters
    ----------
    key
        The row's id. Every probe is limited to this row.
    field, text
        The field and its text, which has no comma and no blanks at its ends.
    core
        A part inside the text: ASCII letters, digits and blanks, shorter than the text.
    """

    key: str
    field: str
    text: str
    core: str


@dataclass(frozen=True, slots=True)
class NullProbe:
    """A field that is null in the row with this id."""

    key: str
    field: str


@dataclass(frozen=True, slots=True)
class NumberProbe:
    """A number in the row with this id."""

    key: str
    field: str
    value: int | float


def probe_row(rows: Sequence[Row], preferred: Collection[str] = ()) -> ProbeRow | None:
    """Return the text that tells most about a server, of a preferred field if possible; None if no text is usable."""
    found = list(_usable_texts(rows))
    some = [each for each in found if each.field in preferred]
    return max(some or found, key=_worth, default=None)


def _usable_texts(rows: Iterable[Row]) -> Iterator[ProbeRow]:
    for row in rows:
        for name, value in row.items():
            if name == ID_FIELD or not isinstance(value, str) or len(value) > LONGEST:
                continue
            if "," in value or value != value.strip():
                continue
            core = max(_CORE.findall(value[1:-1]), key=len, default="").strip()
            if len(core) >= 3 and re.search("[A-Za-z]", core) and core.swapcase() not in value:
                yield ProbeRow(str(row[ID_FIELD]), name, value, core)


def _worth(found: ProbeRow) -> tuple[bool, bool, bool, bool, int]:
    core = found.core.lower()
    ends_plainly = found.text[-1].isascii() and found.text[-1].isalnum()
    return "k" in core or "s" in core, "e" in core, " " in found.text, ends_plainly, -abs(len(core) - 12)


def null_probe(rows: Sequence[Row], names: Iterable[str]) -> NullProbe | None:
    """Return a row in which one of these fields is null, or None."""
    names = list(names)
    found = (
        NullProbe(str(row[ID_FIELD]), name)
        for row in rows
        for name in names
        if name in row and row[name] is None
    )
    return next(found, None)


def created_probe(rows: Sequence[Row]) -> NumberProbe | None:
    """Return the ``created`` of a row, or None."""
    return next((found for found in _numbers(rows, (CREATED,)) if isinstance(found.value, int)), None)


def fraction_probe(rows: Sequence[Row], names: Iterable[str]) -> NumberProbe | None:
    """Return a number that is not whole, or None."""
    return next((found for found in _numbers(rows, names) if found.value != int(found.value)), None)


def large_integer_probe(rows: Sequence[Row], names: Iterable[str]) -> NumberProbe | None:
    """Return an integer that a double may not represent exactly, or None."""
    found = _numbers(rows, names)
    return next(
        (each for each in found if isinstance(each.value, int) and abs(each.value) >= _EXACT_IN_DOUBLE), None
    )


def _numbers(rows: Iterable[Row], names: Iterable[str]) -> Iterator[NumberProbe]:
    names = list(names)
    for row in rows:
        for name in names:
            value = row.get(name)
            if isinstance(value, int | float) and not isinstance(value, bool):
                yield NumberProbe(str(row[ID_FIELD]), name, value)
