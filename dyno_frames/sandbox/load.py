"""Tables of the reader's own, as rows for the sandbox: a frame, or a Parquet, CSV or JSON Lines file."""

from __future__ import annotations

import json
import re
import uuid
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from dyno_frames.contract.resources import KEY, RESOURCES, Resource
from dyno_frames.errors import ConfigError, TableError
from dyno_frames.sandbox.columns import fault_in_names
from dyno_frames.sandbox.edits import check_emails
from dyno_frames.sandbox.guests import NUMBERS, TEXTS, fitting
from dyno_frames.sandbox.refusals import Refused, shown

Source: TypeAlias = pd.DataFrame | str | Path
Rows: TypeAlias = list[dict[str, Any]]
Reasons: TypeAlias = dict[int, str]
"""Why rows are refused, by their numbers from 0."""

ENDINGS = (".parquet", ".csv", ".jsonl")

_MOST_SHOWN = 10
_TWICE = "the id stands in an earlier row; drop one of them, or the column to get fresh ids"
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_ADDRESS = re.compile(r"[^\s'\"]+@[^\s'\"]+")


def read_all(load: Mapping[str, Source]) -> dict[str, Rows]:
    """Return the rows of each resource that is named.

    Parameters
    ----------
    load
        Frames or paths by the name of their resource.

    Raises
    ------
    ConfigError
        No such resource or file, or another ending; nothing was loaded.
    TableError
        Tables do not fit; it names every row that is refused, and why.
    """
    tables: dict[str, Rows] = {}
    refused: dict[str, Mapping[int, str]] = {}
    faults = [
        f"load names {name!r}; expected one of {', '.join(RESOURCES)}"
        for name in load
        if name not in RESOURCES
    ]
    for name, source in load.items():
        try:
            if name in RESOURCES:
                tables[name] = read(RESOURCES[name], source)
        except ConfigError as error:
            faults.append(str(error))
            refused |= error.refused if isinstance(error, TableError) else {}
    if refused:
        raise TableError("\n".join(faults), refused=refused)
    if faults:
        raise ConfigError("; ".join(faults))
    return tables


def read(resource: Resource, source: Source) -> Rows:
    """Return the rows of one table: JSON values by field, each row with an id of its own.

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
    NaN, NaT and NA become null. Datetimes in time fields become epoch seconds, a naive one is UTC; elsewhere
    they become ISO 8601 text. A field that the table does not have is not invented.
    """
    what = f"load[{resource.name!r}]"
    rows, refused = raw_rows(resource, source, what=what)
    samples: dict[str, str] = {}
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    if fault := fault_in_names(names):
        raise ConfigError(f"{what}: {fault}; rename the column")
    for name in names:
        _convert(resource, name, rows, refused, samples)
    _name_rows(rows, refused, samples)
    if refused:
        of = "" if isinstance(source, pd.DataFrame) else f" of {source}"
        few = f"{len(refused):,} of {len(rows):,} rows{of} are refused, and nothing was loaded"
        message = "\n  ".join([f"{what}: {few}", *told(refused, samples)])
        raise TableError(message, refused={resource.name: refused})
    return rows


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


def raw_rows(resource: Resource, source: Source, *, what: str, texts: bool = False) -> tuple[Rows, Reasons]:
    """Return the rows of a table as it has them; one that cannot be read is empty, and its reason told.

    Parameters
    ----------
    resource, source
        As in :func:`read`.
    what
        What the table is called in errors.
    texts
        Whether every value of a CSV file is text.
    """
    if isinstance(source, pd.DataFrame):
        return _of_frame(source), {}
    if not isinstance(source, str | Path):
        raise ConfigError(f"{what} is a {type(source).__name__}; expected a DataFrame or a path")
    path = Path(source)
    if path.suffix not in ENDINGS:
        raise ConfigError(f"{what} is {path}; expected a file ending in {', '.join(ENDINGS)}")
    if not path.is_file():
        raise ConfigError(f"{what} is {path}; there is no such file")
    try:
        match path.suffix:
            case ".parquet":
                return _of_parquet(path), {}
            case ".csv":
                return _of_csv(resource, path, texts=texts), {}
            case _:
                return _of_json_lines(path)
    except (ValueError, OSError) as error:
        raise ConfigError(f"{what}: {path} cannot be read: {error}") from error


def _of_frame(frame: pd.DataFrame) -> Rows:
    if frame.index.name is not None and frame.index.name not in frame.columns:
        frame = frame.reset_index()
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise ConfigError(f"the frame has two columns called {shown(twice)}; rename one")
    names = list(frame.columns)
    lists = [_column_values(frame[name]) for name in names]
    return [dict(zip(names, values, strict=True)) for values in zip(*lists, strict=True)]


def _column_values(series: pd.Series[Any]) -> list[Any]:
    values: list[Any] = series.astype(object).tolist()
    if series.hasnans:
        return [None if null else value for value, null in zip(values, series.isna().tolist(), strict=True)]
    return values


def _of_parquet(path: Path) -> Rows:
    import pyarrow.parquet as pq

    # Arrow's own values: an integer column with nulls loses no digit, as it would by way of float64
    table = pq.read_table(path)
    names = [name for name in table.column_names if not name.startswith("__index_level_")]
    columns = [table.column(name).to_pylist() for name in names]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _of_csv(resource: Resource, path: Path, *, texts: bool) -> Rows:
    # numbers too are read as text first: one that is none would make texts of all others in its column
    kinds = {field.name: field.kind for field in resource.fields if field.kind in NUMBERS | TEXTS}
    frame = pd.read_csv(
        path,
        dtype="string" if texts else dict.fromkeys(kinds, "string"),
        keep_default_na=False,
        na_values=[""],
        dtype_backend="numpy_nullable",
    )
    rows = _of_frame(frame)
    for name in () if texts else [name for name in frame.columns if kinds.get(name) in NUMBERS]:
        for row in rows:
            row[name] = _number_in(row[name])
    return rows


def _number_in(text: str | None) -> int | float | str | None:
    if text is None or not _NUMBER.fullmatch(text):
        return text
    return int(text) if text.lstrip("+-").isdigit() else float(text)


def _of_json_lines(path: Path) -> tuple[Rows, Reasons]:
    rows: Rows = []
    refused: Reasons = {}
    for line in path.read_text(encoding="utf-8").split("\n"):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            row, refused[len(rows)] = {}, "no JSON"
        if not isinstance(row, dict):
            row, refused[len(rows)] = {}, "no JSON object"
        rows.append(row)
    return rows, refused


def _convert(resource: Resource, name: str, rows: Rows, refused: Reasons, samples: dict[str, str]) -> None:
    """Put the values of one column as its field has them, and note the rows where that cannot be."""
    field = resource.field(name)
    kind = field.kind if field is not None else None
    addresses = name in resource.write_only
    taken_as_is = kind not in NUMBERS and not addresses
    for place, row in enumerate(rows):
        value = row.get(name)
        if value is None or (taken_as_is and type(value) is str and value.isascii()):
            continue
        try:
            row[name] = fitting(kind, value)
            if addresses:
                check_emails(row[name])
        except Refused as error:
            refused.setdefault(place, error.reason)
        except (ValueError, TypeError, OverflowError) as error:
            reason = refused.setdefault(place, f"column {name!r}: {error}")
            samples.setdefault(reason, _ADDRESS.sub("<address>", shown(value)))


def _name_rows(rows: Rows, refused: Reasons, samples: dict[str, str]) -> None:
    """Give every row without an id one of its own, and refuse an id that an earlier row has."""
    known: set[Any] = set()
    for place, row in enumerate(rows):
        key = row[KEY] = row.get(KEY) or str(uuid.uuid4())
        if place in refused:
            continue
        if key in known:
            refused[place] = _TWICE
            samples.setdefault(_TWICE, shown(key))
        known.add(key)
