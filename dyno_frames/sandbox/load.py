"""Tables of the reader's own, as rows for the sandbox: a frame, or a Parquet, CSV or JSON Lines file."""

from __future__ import annotations

import datetime as dt
import json
import math
import uuid
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from dyno_frames.contract.fields import Kind
from dyno_frames.contract.resources import KEY, RESOURCES, Resource
from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.columns import fault_in_names
from dyno_frames.sandbox.edits import check_emails
from dyno_frames.sandbox.refusals import Refused, shown

Source: TypeAlias = pd.DataFrame | str | Path
Rows: TypeAlias = list[dict[str, Any]]

ENDINGS = (".parquet", ".csv", ".jsonl")

_NUMBERS = frozenset({Kind.TIME, Kind.COUNT, Kind.INTEGER})
_TEXTS = frozenset({Kind.KEY, Kind.STRING, Kind.STATUS})


def read_all(load: Mapping[str, Source]) -> dict[str, Rows]:
    """Return the rows of each resource that is named.

    Parameters
    ----------
    load
        Frames or paths by the name of their resource.

    Raises
    ------
    ConfigError
        No such resource or file, another ending, or a table that does not fit; nothing was loaded.
    """
    for name in load:
        if name not in RESOURCES:
            raise ConfigError(f"load names {name!r}; expected one of {', '.join(RESOURCES)}")
    return {name: read(RESOURCES[name], source) for name, source in load.items()}


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
        The table does not fit.

    Notes
    -----
    NaN, NaT and NA become null. Datetimes in time fields become epoch seconds, a naive one is UTC; elsewhere
    they become ISO 8601 text. A field that the table does not have is not invented.
    """
    rows = raw_rows(resource, source)
    if not rows:
        return []
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    if fault := fault_in_names(names):
        raise ConfigError(f"load[{resource.name!r}]: {fault}; rename the column")
    for name in names:
        _convert(resource, name, rows)
    for row in rows:
        row[KEY] = row.get(KEY) or str(uuid.uuid4())
    twice = [key for key, times in Counter(row[KEY] for row in rows).items() if times > 1]
    if twice:
        raise ConfigError(
            f"load[{resource.name!r}]: {len(twice)} ids stand in more than one row, {shown(twice[0])} among "
            "them; ids are unique: drop the duplicates, or the id column to get fresh ids"
        )
    return rows


def raw_rows(resource: Resource, source: Source, *, what: str = "", texts: bool = False) -> Rows:
    """Return the rows of a table as it has them.

    Parameters
    ----------
    resource, source
        As in :func:`read`.
    what
        What the table is called in errors.
    texts
        Whether every value of a CSV file is text.
    """
    what = what or f"load[{resource.name!r}]"
    if isinstance(source, pd.DataFrame):
        return _of_frame(source)
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
                return _of_parquet(path)
            case ".csv":
                return _of_csv(resource, path, texts=texts)
            case _:
                return _of_json_lines(path)
    except (ValueError, OSError) as error:
        if isinstance(error, ConfigError):
            raise
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
    named = {field.name: "string" for field in resource.fields if field.kind in _TEXTS}
    frame = pd.read_csv(
        path,
        dtype="string" if texts else named,
        keep_default_na=False,
        na_values=[""],
        dtype_backend="numpy_nullable",
    )
    return _of_frame(frame)


def _of_json_lines(path: Path) -> Rows:
    rows: Rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ConfigError(f"{path}, line {number}: no JSON") from error
        if not isinstance(row, dict):
            raise ConfigError(f"{path}, line {number}: expected a JSON object")
        rows.append(row)
    return rows


def _convert(resource: Resource, name: str, rows: Rows) -> None:
    field = resource.field(name)
    kind = field.kind if field is not None else None
    for place, row in enumerate(rows):
        value = row.get(name)
        if value is None or (type(value) is str and kind not in _NUMBERS and name not in resource.write_only):
            continue
        try:
            row[name] = _fitting(kind, value)
            if name in resource.write_only:
                check_emails(row[name])
        except Refused as error:
            raise ConfigError(f"load[{resource.name!r}]: row {place}, {error.reason}") from error
        except (ValueError, TypeError, OverflowError) as error:
            raise ConfigError(
                f"load[{resource.name!r}]: row {place} has {shown(value)} in column {name!r}: {error}"
            ) from error


def _fitting(kind: Kind | None, value: Any) -> Any:
    if kind in _NUMBERS:
        number = _instant_s(value) if isinstance(value, dt.datetime | np.datetime64) else plain(value)
        if isinstance(number, float) and number.is_integer():
            number = int(number)
        if number is not None and (isinstance(number, bool) or not isinstance(number, int | float)):
            raise ValueError("expected a number, or a datetime in a time field")
        return number
    fitted = plain(value)
    if kind in _TEXTS and fitted is not None and not isinstance(fitted, str):
        raise ValueError("expected a string; convert the column with .astype(str)")
    return fitted


def plain(value: Any) -> Any:
    """Return a pandas, numpy or Python value as JSON has it.

    Raises
    ------
    ValueError
        JSON has no such value.
    """
    match value:
        case None | bool():
            return value
        case str():
            return str(value)
        case int():
            return int(value)
        case float():
            return _finite(value)
        case dt.datetime():  # pd.Timestamp and NaT are datetimes
            return None if _is_null(value) else _utc(value).isoformat().replace("+00:00", "Z")
        case dt.date():
            return value.isoformat()
        case list() | tuple():
            return [plain(each) for each in value]
        case dict():
            return {str(name): plain(each) for name, each in value.items()}
        case _:
            return _plain_guest(value)


def _plain_guest(value: Any) -> Any:
    """Take a numpy or pandas value for the Python value it stands for."""
    if value is pd.NA:
        return None
    if isinstance(value, np.datetime64):
        return plain(pd.Timestamp(value))
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    raise ValueError(f"a {type(value).__name__} is no JSON value; convert the column first")


def _finite(number: float) -> float | None:
    if math.isinf(number):
        raise ValueError("JSON has no infinity")
    return None if math.isnan(number) else float(number)


def _is_null(value: Any) -> bool:
    return value is pd.NaT or bool(pd.isna(value))


def _utc(value: dt.datetime) -> pd.Timestamp:
    stamp = pd.Timestamp(value)
    return stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")


def _instant_s(value: dt.datetime | np.datetime64) -> int | None:
    return None if _is_null(value) else math.floor(_utc(pd.Timestamp(value)).timestamp())
