"""Read the rows of a frame or a file. For other kinds of files, say how to read them with pandas."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import pandas as pd

from dyno_frames.contract.resources import Resource
from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.http.api_errors import short_repr
from dyno_frames.sandbox.loading.json_values import NUMBER_KINDS, TEXT_KINDS
from dyno_frames.sandbox.loading.refused_rows import Reasons
from dyno_frames.sandbox.store.paths import checked_path

Source: TypeAlias = pd.DataFrame | str | Path
Rows: TypeAlias = list[dict[str, Any]]

ENDINGS: Final = (".parquet", ".csv", ".jsonl")

_READERS: Final = {
    ".xlsx": "pandas.read_excel(path)",
    ".xls": "pandas.read_excel(path)",
    ".ods": "pandas.read_excel(path)",
    ".tsv": r"pandas.read_csv(path, sep='\t')",
    ".json": "pandas.read_json(path)",
    ".gz": "pandas.read_csv(path)",
    ".zip": "pandas.read_csv(path)",
}
"""How pandas reads files of other kinds."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def read_rows(
    resource: Resource,
    source: Source,
    *,
    what: str,
    all_text: bool = False,
    rename: Mapping[str, str] | None = None,
) -> tuple[Rows, Reasons]:
    """Return the rows of a table, and why single lines cannot be read; those rows are empty.

    Parameters
    ----------
    resource
        The resource. Its fields tell which columns of a CSV file are text and which are numbers.
    source
        A frame, or the path of a ``.parquet``, ``.csv`` or ``.jsonl`` file.
    what
        The name of the table in errors.
    all_text
        Whether every value of a CSV file is text.
    rename
        The field of each column that has another name.

    Raises
    ------
    ConfigError
        There is no such file, it cannot be read, or it is of another kind.
    """
    if isinstance(source, pd.DataFrame):
        return _of_frame(source), {}
    path = _file(source, what=what)
    try:
        match path.suffix.lower():
            case ".parquet":
                return _of_parquet(path), {}
            case ".csv":
                _check_separator(path, what=what)
                return _of_csv(resource, path, all_text=all_text, rename=rename or {}), {}
            case _:
                return _of_json_lines(path)
    except UnicodeDecodeError as error:
        raise ConfigError(_of_another_encoding(path, what=what)) from error
    except (ValueError, OSError) as error:
        raise ConfigError(f"{what}: {path} cannot be read: {error}") from error


def _file(source: Any, *, what: str) -> Path:
    if not isinstance(source, str | Path):
        raise ConfigError(f"{what} is a {type(source).__name__}; expected a DataFrame or a path")
    path = checked_path(what, source)
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        reader = _READERS.get(ending, "pandas")
        raise ConfigError(
            f"{what} is {path}; expected a file ending in {', '.join(ENDINGS)}. "
            f"Read this one with {reader} and pass the frame, or save it as CSV in UTF-8."
        )
    if not path.is_file():
        raise ConfigError(f"{what} is {path}; there is no such file")
    return path


def _of_another_encoding(path: Path, *, what: str) -> str:
    with path.open("rb") as file:
        head = file.read(2)
    encoding = "utf-16" if head in {b"\xff\xfe", b"\xfe\xff"} else "cp1252"
    more = "" if path.suffix.lower() == ".csv" else "lines=True, "
    reader = "read_csv" if path.suffix.lower() == ".csv" else "read_json"
    return (
        f"{what}: {path} is not UTF-8 text. "
        f"Read it with pandas.{reader}(path, {more}encoding='{encoding}'), or with the encoding it has, "
        "and pass the frame."
    )


def _check_separator(path: Path, *, what: str) -> None:
    with path.open(encoding="utf-8-sig") as file:
        header = file.readline()
    for separator in (";", "\t"):
        if separator in header and "," not in header:
            raise ConfigError(
                f"{what}: the columns of {path} are separated by {separator!r}. Expected commas. "
                f"Read it with pandas.read_csv(path, sep={separator!r}) and pass the frame."
            )


def _of_frame(frame: pd.DataFrame) -> Rows:
    if frame.index.name is not None and frame.index.name not in frame.columns:
        frame = frame.reset_index()
    if not frame.columns.is_unique:
        duplicate = frame.columns[frame.columns.duplicated()][0]
        raise ConfigError(f"the frame has two columns with the name {short_repr(duplicate)}; rename one")
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

    # Arrow's values: pandas would convert an integer column with nulls to float64 and lose digits
    table = pq.read_table(path)
    names = [name for name in table.column_names if not name.startswith("__index_level_")]
    columns = [table.column(name).to_pylist() for name in names]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _of_csv(resource: Resource, path: Path, *, all_text: bool, rename: Mapping[str, str]) -> Rows:
    # read numbers as text first: with one value that is not a number, pandas returns the column as text
    kinds = {field.name: field.kind for field in resource.fields if field.kind in NUMBER_KINDS | TEXT_KINDS}
    kinds |= {old: kinds[new] for old, new in rename.items() if new in kinds}
    frame = pd.read_csv(
        path,
        dtype="string" if all_text else dict.fromkeys(kinds, "string"),
        keep_default_na=False,
        na_values=[""],
        dtype_backend="numpy_nullable",
    )
    rows = _of_frame(frame)
    for name in () if all_text else [name for name in frame.columns if kinds.get(name) in NUMBER_KINDS]:
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
    for line in path.read_text(encoding="utf-8-sig").split("\n"):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            row, refused[len(rows)] = {}, "not JSON"
        if not isinstance(row, dict):
            row, refused[len(rows)] = {}, "not a JSON object"
        rows.append(row)
    return rows, refused
