"""Load the caller's tables: convert every row to the contract, or name every row that cannot be converted."""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from dyno_frames.contract.fields import Kind
from dyno_frames.contract.resources import ID_FIELD, RESOURCES, Resource
from dyno_frames.contract.time_units import END_OF_SECONDS, UNCERTAIN, in_seconds, unit_of
from dyno_frames.errors import ConfigError, TableError
from dyno_frames.sandbox.campaigns.edits import check_emails
from dyno_frames.sandbox.http.api_errors import RequestError, short_repr
from dyno_frames.sandbox.loading import column_names
from dyno_frames.sandbox.loading.files import Rows, Source, read_rows
from dyno_frames.sandbox.loading.json_values import NUMBER_KINDS, to_field_value
from dyno_frames.sandbox.loading.refused_rows import Reasons, summarize
from dyno_frames.sandbox.store.columns import invalid_name_reason

_DUPLICATE: Final = (
    "another row before has the same id; remove one of them, or remove the column to get new ids"
)
_ADDRESS = re.compile(r"(?<![^\s'\"@])[^\s'\"@]++@[^\s'\"]+")


@dataclass(frozen=True, slots=True)
class LoadedTables:
    """Converted rows by resource, each with an id, and messages about columns that are not fields of the contract."""

    rows: Mapping[str, Rows]
    notices: tuple[str, ...] = ()


def read_all(load: Mapping[str, Source], *, rename: Mapping[str, str] | None = None) -> LoadedTables:
    """Return the rows of several tables.

    Parameters
    ----------
    load
        Frames or paths, by the name of the resource.
    rename
        The field of each column that has another name, for every table with this column.

    Raises
    ------
    ConfigError
        A resource, a file or ``rename`` is not valid.
    TableError
        Rows cannot be converted. The message names each of them, and why.

    Notes
    -----
    NaN, NaT and NA become null. In time fields, datetimes become epoch seconds (a naive datetime is UTC), and epoch
    milliseconds, microseconds and nanoseconds become seconds if the unit is certain. In other fields, datetimes
    become ISO 8601 text. Fields that the table does not have stay missing.
    """
    checked = column_names.checked_rename(rename)
    tables: dict[str, Rows] = {}
    notices: list[str] = []
    columns: list[str] = []
    refused: dict[str, Mapping[int, str]] = {}
    faults = [
        f"load has the key {name!r}; expected one of {', '.join(RESOURCES)}"
        for name in load
        if name not in RESOURCES
    ]
    for name, source in load.items():
        if name not in RESOURCES:
            continue
        try:
            table = _Table.read(RESOURCES[name], source, checked)
            columns += table.columns
            notices += [table.notice] if table.notice else []
            tables[name] = table.converted()
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
    return LoadedTables(tables, tuple(notices))


@dataclass(frozen=True, slots=True)
class _Table:
    """A table before its values are converted."""

    resource: Resource
    what: str
    where: str
    rows: Rows
    refused: Reasons
    columns: tuple[str, ...]
    notice: str

    @classmethod
    def read(cls, resource: Resource, source: Source, rename: Mapping[str, str]) -> _Table:
        what = f"load[{resource.name!r}]"
        rows, refused = read_rows(resource, source, what=what, rename=rename)
        columns = tuple(dict.fromkeys(name for row in rows for name in row))
        fields = column_names.renamed(columns, rename, what=what)
        if reason := invalid_name_reason(fields.values()):
            raise ConfigError(f"{what}: {reason}; rename the column")
        if rename:
            rows = [{fields[name]: value for name, value in row.items()} for row in rows]
        where = "" if isinstance(source, pd.DataFrame) else f" of {source}"
        notice = column_names.notice(resource, fields.values(), what=what)
        return cls(resource, what, where, rows, refused, columns, notice)

    def converted(self) -> Rows:
        """Return the rows with the values that the fields accept."""
        samples: dict[str, str] = {}
        for name in dict.fromkeys(name for row in self.rows for name in row):
            _convert_column(self.resource, name, self.rows, self.refused, samples)
        _check_ids(self.rows, self.refused, samples)
        if not self.refused:
            return self.rows
        count = f"{len(self.refused):,} of {len(self.rows):,} rows{self.where}"
        head = f"{self.what}: {count} are refused, and nothing was loaded"
        message = "\n  ".join([head, *summarize(self.refused, samples)])
        raise TableError(message, refused={self.resource.name: self.refused})


def _convert_column(
    resource: Resource, name: str, rows: Rows, refused: Reasons, samples: dict[str, str]
) -> None:
    """Convert the values of one column, and record the rows in which that is not possible."""
    field = resource.field(name)
    kind = field.kind if field is not None else None
    addresses = name in resource.write_only
    unchanged_text = kind not in NUMBER_KINDS and not addresses
    if kind is Kind.TIME:
        _convert_units(name, rows, refused, samples)
    for place, row in enumerate(rows):
        value = row.get(name)
        if value is None or (unchanged_text and type(value) is str and value.isascii()):
            continue
        try:
            row[name] = to_field_value(kind, value)
            if addresses:
                check_emails(row[name])
        except RequestError as error:
            refused.setdefault(place, error.reason)
        except (ValueError, TypeError, OverflowError) as error:
            reason = refused.setdefault(place, f"column {name!r}: {error}")
            samples.setdefault(reason, _ADDRESS.sub("<address>", short_repr(value)))


def _convert_units(name: str, rows: Rows, refused: Reasons, samples: dict[str, str]) -> None:
    """Convert epoch numbers to seconds, or refuse them if their unit is not certain."""
    numbers = {place: number for place, row in enumerate(rows) if (number := _epoch_number(row.get(name)))}
    unit = unit_of(numbers.values())
    for place, number in numbers.items():
        if unit is not None and unit > 1:
            rows[place][name] = in_seconds(number, unit)
        elif unit is None and abs(number) >= END_OF_SECONDS:
            reason = refused.setdefault(place, f"column {name!r}: {UNCERTAIN}")
            samples.setdefault(reason, short_repr(number))


def _epoch_number(value: Any) -> int | float | None:
    """Return a finite number as a Python number, and None for any other value."""
    if isinstance(value, np.number):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


def _check_ids(rows: Rows, refused: Reasons, samples: dict[str, str]) -> None:
    """Give every row without an id a new one, and refuse duplicates."""
    known: set[Any] = set()
    for place, row in enumerate(rows):
        key = row[ID_FIELD] = row.get(ID_FIELD) or str(uuid.uuid4())
        if place in refused:
            continue
        if key in known:
            refused[place] = _DUPLICATE
            samples.setdefault(_DUPLICATE, short_repr(key))
        known.add(key)
