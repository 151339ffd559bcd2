"""Hive partitions: the folder of a row, from a field or from the year, month or day of a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.fields import Kind
from dyno_frames.errors import ConfigError
from dyno_frames.frames.schema import Schema
from dyno_frames.query.unknown import unknown_column

_FORMATS = {"year": "%Y", "month": "%Y-%m", "day": "%Y-%m-%d"}
_WHOLE = frozenset({Kind.ID, Kind.STRING, Kind.STATUS, Kind.COUNT, Kind.INTEGER, Kind.FLAG})
_LONGEST_NAME_BYTES = 255
"""Maximum length of a folder name in common file systems and object stores."""

_SHOWN_LETTERS = 40

_NULL = "__HIVE_DEFAULT_PARTITION__"
"""The name that readers of Hive partitions read as null."""

Values: TypeAlias = tuple[str, ...]
"""The partition of a row: the value at each level, as text."""


@dataclass(frozen=True, slots=True)
class Partition:
    """One level of folders.

    Parameters
    ----------
    field
        The field with the value.
    period
        ``"year"``, ``"month"`` or ``"day"`` of a time, in UTC; empty for the value itself.
    """

    field: str
    period: str = ""

    @property
    def name(self) -> str:
        """The column that plain readers see."""
        return f"{self.field}_{self.period}" if self.period else self.field

    def __str__(self) -> str:
        return f"{self.field}:{self.period}" if self.period else self.field


def parse(given: Any, schema: Schema) -> tuple[tuple[Partition, ...], list[str]]:
    """Return the levels in ``partition_by=``, such as ``"status"`` or ``"created:month"``, and its faults."""
    texts = [given] if isinstance(given, str) else given or ()
    if not isinstance(texts, Sequence) or not all(isinstance(text, str) for text in texts):
        return (), [
            f"partition_by={given!r}; expected names of columns, for example ['status', 'created:month']"
        ]
    texts = list(texts)
    found = [Partition(*text.partition(":")[::2]) for text in texts]
    faults = [fault for part in found if (fault := _fault(part, schema))]
    names = [part.name for part in found]
    if len(set(names)) < len(names):
        faults.append(f"partition_by={texts} names a folder twice. Name each level once")
    if not faults and {part.name for part in found if not part.period} >= set(schema.names):
        faults.append(
            f"partition_by={texts} leaves no column for the files. Name fewer fields, or add columns"
        )
    return tuple(found), faults


def _fault(part: Partition, schema: Schema) -> str:
    field = schema.by_name.get(part.field)
    if field is None:
        return f"partition_by: {unknown_column(part.field, schema.names)}"
    if part.period and part.period not in _FORMATS:
        return f"partition_by={str(part)!r}; expected {', '.join(f'{part.field}:{one}' for one in _FORMATS)}"
    if part.period and field.kind is not Kind.TIME:
        return f"partition_by={str(part)!r}: {part.field} is not a time. Use the field itself, or a time"
    if part.period and part.name in schema.names:
        return (
            f"partition_by={str(part)!r}: the answer already has a column {part.name}. Choose another field"
        )
    if not part.period and field.kind not in _WHOLE:
        cure = f"use '{part.field}:month'" if field.kind is Kind.TIME else "choose another"
        return f"partition_by={part.field!r}: it has too many values, or values that cannot name a folder; {cure}"
    return ""


def folder(partitions: Sequence[Partition], values: Values) -> str:
    """Return the folder of a partition, such as ``"status=draft/created_month=2016-01/"``; empty without partitions."""
    return "".join(f"{_level(part, value)}/" for part, value in zip(partitions, values, strict=True))


def _level(part: Partition, value: str) -> str:
    return f"{part.name}={quote(value, safe='')}"


def split(table: pa.Table, partitions: Sequence[Partition]) -> list[tuple[Values, pa.Table]]:
    """Return the rows of each partition, in their order; partitions are sorted by their values as text.

    Raise ConfigError if a row has no value, or a value that cannot name a folder.
    """
    if not partitions or not table.num_rows:
        return [((), table)] if table.num_rows else []
    for part in partitions:
        if table[part.field].null_count:
            raise ConfigError(
                f"partition_by={str(part)!r}: {table[part.field].null_count:,} rows have no {part.field}. Readers of "
                "partitions need a value in every row; choose a field that every row has"
            )
    texts = pa.table([_texts(table[part.field], part) for part in partitions], names=_names(partitions))
    numbered = texts.append_column("row", pa.array(range(table.num_rows), pa.int64()))
    keys = [(name, "ascending") for name in _names(partitions)]
    order = pc.sort_indices(numbered, sort_keys=[*keys, ("row", "ascending")])
    counts = texts.group_by(_names(partitions), use_threads=False).aggregate([([], "count_all")])
    counts = counts.take(pc.sort_indices(counts, sort_keys=keys))
    sorted_rows, start, found = table.take(order), 0, []
    for row in counts.to_pylist():
        values = tuple(row[name] for name in _names(partitions))
        _check_values(partitions, values)
        found.append((values, sorted_rows.slice(start, row["count_all"])))
        start += row["count_all"]
    return found


def _check_values(partitions: Sequence[Partition], values: Values) -> None:
    """Raise if a value cannot name a folder: readers would not find its rows, or would read another value."""
    for part, value in zip(partitions, values, strict=True):
        shown = value if len(value) <= _SHOWN_LETTERS else f"{value[:_SHOWN_LETTERS]}…"
        size = len(_level(part, value).encode())
        if value == _NULL:
            why = "means null to pandas and other readers of partitions"
        elif size > _LONGEST_NAME_BYTES:
            why = f"makes the name of a folder {size} bytes long; expected at most {_LONGEST_NAME_BYTES}"
        else:
            continue
        raise ConfigError(
            f"partition_by={str(part)!r}: the value {shown!r} {why}. Nothing was written; choose another field, or "
            "leave out partition_by="
        )


def _names(partitions: Sequence[Partition]) -> list[str]:
    return [f"level {at}" for at in range(len(partitions))]


def _texts(column: pa.ChunkedArray, part: Partition) -> pa.ChunkedArray:
    if part.period:
        return pc.strftime(column, format=_FORMATS[part.period]).cast(pa.large_string())
    return column.cast(pa.large_string())


def restored(values: Values, partitions: Sequence[Partition], name: str, kind: pa.DataType) -> Any:
    """Return the value of a column that is stored in the name of the folder only."""
    text = next(
        value for part, value in zip(partitions, values, strict=True) if part.name == name and not part.period
    )
    return pa.scalar(text, pa.large_string()).cast(kind)
