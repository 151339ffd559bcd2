"""Load the caller's own tables into the sandbox: every row fits the contract, or every misfit is named."""

from __future__ import annotations

import math
import re
import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dyno_frames.contract.fields import Kind
from dyno_frames.contract.resources import KEY, RESOURCES, Resource
from dyno_frames.contract.time_units import END_OF_SECONDS, UNCERTAIN, in_seconds, unit_of
from dyno_frames.errors import ConfigError, TableError
from dyno_frames.sandbox.campaigns.edits import check_emails
from dyno_frames.sandbox.http.api_errors import RequestError, short_repr
from dyno_frames.sandbox.loading import column_names
from dyno_frames.sandbox.loading.files import Reasons, Rows, Source, raw_rows
from dyno_frames.sandbox.loading.json_values import NUMBERS, fitting
from dyno_frames.sandbox.store.columns import fault_in_names

_MOST_SHOWN = 10
_TWICE = "the id stands in an earlier row; drop one of them, or the column to get fresh ids"
_ADDRESS = re.compile(r"[^\s'\"]+@[^\s'\"]+")


@dataclass(frozen=True, slots=True)
class Loaded:
    """Tables that fit.

    Parameters
    ----------
    rows
        JSON values by field, by resource; each row has an id.
    notices
        What to tell about columns that are not fields of the contract.
    """

    rows: Mapping[str, Rows]
    notices: tuple[str, ...] = ()


def read_all(load: Mapping[str, Source], *, rename: Mapping[str, str] | None = None) -> Loaded:
    """Return the rows of each resource that is named.

    Parameters
    ----------
    load
        Frames or paths by the name of their resource.
    rename
        The fields of columns that have other names, for every table that has the column.

    Raises
    ------
    ConfigError
        No such resource or file, another kind of file, or a ``rename`` that does not fit; nothing was loaded.
    TableError
        Tables do not fit; it names every row that is refused, and why.
    """
    checked = column_names.checked_rename(rename)
    tables: dict[str, Rows] = {}
    notices: list[str] = []
    columns: list[str] = []
    refused: dict[str, Mapping[int, str]] = {}
    faults = [
        f"load names {name!r}; expected one of {', '.join(RESOURCES)}"
        for name in load
        if name not in RESOURCES
    ]
    for name, source in load.items():
        if name not in RESOURCES:
            continue
        try:
            table = _Table.of(RESOURCES[name], source, checked)
            columns += table.columns
            notices += [table.notice] if table.notice else []
            tables[name] = table.fitted()
        except ConfigError as error:
            faults.append(str(error))
            refused |= error.refused if isinstance(error, TableError) else {}
    # the columns of a table without rows are not known here
    if not faults and all(tables.values()) and (fault := column_names.unused(checked, columns)):
        faults.append(fault)
    if refused:
        raise TableError("\n".join([*faults, *notices]), refused=refused)
    if faults:
        raise ConfigError("; ".join([*faults, *notices]))
    return Loaded(tables, tuple(notices))


def read(resource: Resource, source: Source) -> Rows:
    """Return the rows of one table: JSON values by field, each row with an id.

    Parameters
    ----------
    resource
        Whose rows they are.
    source
        A frame, or the path of a ``.parquet``, ``.csv`` or ``.jsonl`` file, with the contract's names; other
        columns are kept.

    Raises
    ------
    ConfigError
        There is no such table, or it cannot be read.
    TableError
        It does not fit; the message names every row that is refused, and why.

    Notes
    -----
    NaN, NaT and NA become null. In time fields datetimes become epoch seconds, a naive one is UTC, and epoch
    milliseconds, microseconds and nanoseconds become seconds where the unit is certain; elsewhere datetimes
    become ISO 8601 text. A field that the table does not have is not invented.
    """
    return _Table.of(resource, source, {}).fitted()


@dataclass(frozen=True, slots=True)
class _Table:
    """A table that was read and not yet checked."""

    resource: Resource
    what: str
    where: str
    rows: Rows
    refused: Reasons
    columns: tuple[str, ...]
    notice: str

    @classmethod
    def of(cls, resource: Resource, source: Source, rename: Mapping[str, str]) -> _Table:
        what = f"load[{resource.name!r}]"
        rows, refused = raw_rows(resource, source, what=what, rename=rename)
        columns = tuple(dict.fromkeys(name for row in rows for name in row))
        fields = column_names.renamed(columns, rename, what=what)
        if fault := fault_in_names(fields.values()):
            raise ConfigError(f"{what}: {fault}; rename the column")
        if rename:
            rows = [{fields[name]: value for name, value in row.items()} for row in rows]
        where = "" if isinstance(source, pd.DataFrame) else f" of {source}"
        notice = column_names.notice(resource, fields.values(), what=what)
        return cls(resource, what, where, rows, refused, columns, notice)

    def fitted(self) -> Rows:
        """Return the rows as the contract has them."""
        samples: dict[str, str] = {}
        for name in dict.fromkeys(name for row in self.rows for name in row):
            _convert(self.resource, name, self.rows, self.refused, samples)
        _name_rows(self.rows, self.refused, samples)
        if not self.refused:
            return self.rows
        few = f"{len(self.refused):,} of {len(self.rows):,} rows{self.where}"
        head = f"{self.what}: {few} are refused, and nothing was loaded"
        message = "\n  ".join([head, *told(self.refused, samples)])
        raise TableError(message, refused={self.resource.name: self.refused})


def told(refused: Mapping[int, str], samples: Mapping[str, str] | None = None) -> list[str]:
    """Return why rows were refused: a line for each reason, the most frequent first.

    Parameters
    ----------
    refused
        The reasons, by the numbers of rows from 0.
    samples
        By reason, what the first of its rows holds.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for place in sorted(refused):
        places[refused[place]].append(place)
    ordered = sorted(places.items(), key=lambda item: -len(item[1]))
    held = {reason: f", the first holds {sample}" for reason, sample in (samples or {}).items()}
    lines = [
        f"{reason}: {len(rows):,} (rows {_some(rows)}){held.get(reason, '')}"
        for reason, rows in ordered[:_MOST_SHOWN]
    ]
    left = sum(len(rows) for _, rows in ordered[_MOST_SHOWN:])
    return [*lines, f"for other reasons: {left:,}"] if left else lines


def _some(rows: list[int]) -> str:
    return ", ".join(map(str, rows[:_MOST_SHOWN])) + (", …" if len(rows) > _MOST_SHOWN else "")


def _convert(resource: Resource, name: str, rows: Rows, refused: Reasons, samples: dict[str, str]) -> None:
    """Put the values of one column as its field has them, and note the rows where that cannot be."""
    field = resource.field(name)
    kind = field.kind if field is not None else None
    addresses = name in resource.write_only
    taken_as_is = kind not in NUMBERS and not addresses
    if kind is Kind.TIME:
        _convert_units(name, rows, refused, samples)
    for place, row in enumerate(rows):
        value = row.get(name)
        if value is None or (taken_as_is and type(value) is str and value.isascii()):
            continue
        try:
            row[name] = fitting(kind, value)
            if addresses:
                check_emails(row[name])
        except RequestError as error:
            refused.setdefault(place, error.reason)
        except (ValueError, TypeError, OverflowError) as error:
            reason = refused.setdefault(place, f"column {name!r}: {error}")
            samples.setdefault(reason, _ADDRESS.sub("<address>", short_repr(value)))


def _convert_units(name: str, rows: Rows, refused: Reasons, samples: dict[str, str]) -> None:
    """Put epoch numbers of another unit into seconds, or refuse those whose unit is not certain."""
    numbers = {place: number for place, row in enumerate(rows) if (number := _epoch_number(row.get(name)))}
    unit = unit_of(numbers.values())
    for place, number in numbers.items():
        if unit is not None and unit > 1:
            rows[place][name] = in_seconds(number, unit)
        elif unit is None and abs(number) >= END_OF_SECONDS:
            reason = refused.setdefault(place, f"column {name!r}: {UNCERTAIN}")
            samples.setdefault(reason, short_repr(number))


def _epoch_number(value: Any) -> int | float | None:
    """Return a finite number as Python has it, and None for everything else."""
    if isinstance(value, np.number):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


def _name_rows(rows: Rows, refused: Reasons, samples: dict[str, str]) -> None:
    """Give every row without an id one of its own, and refuse an id that an earlier row has."""
    known: set[Any] = set()
    for place, row in enumerate(rows):
        key = row[KEY] = row.get(KEY) or str(uuid.uuid4())
        if place in refused:
            continue
        if key in known:
            refused[place] = _TWICE
            samples.setdefault(_TWICE, short_repr(key))
        known.add(key)
