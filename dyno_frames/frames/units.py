"""Find the unit in which a server sends each time, declared or recognized, and convert times to seconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.contract.resources import CREATED
from dyno_frames.contract.time_units import (
    EARLIEST_S,
    END_OF_SECONDS,
    LATEST_S,
    PER_SECOND,
    is_plausible,
    unit_of,
)
from dyno_frames.errors import SchemaError

DECLARED_UNITS = {"epoch_s": 1, "epoch_ms": 10**3, "epoch_us": 10**6, "epoch_ns": 10**9}
"""The types in ``schema=`` for times in a unit, with the units per second."""

UNIT_NAMES = {1: "seconds"} | {factor: name for name, factor in PER_SECOND.items()}


def with_units(
    fields: Iterable[Field], rows: Sequence[Mapping[str, Any]], declared: Mapping[str, int]
) -> tuple[Field, ...]:
    """Return the fields with the unit of each time.

    Parameters
    ----------
    fields
        Fields, of any kind.
    rows
        Some rows, as the server sent them. A time without values in these rows has the unit of ``created``.
    declared
        Units that the caller declared, by field.

    Raises
    ------
    SchemaError
        The unit of a time is not certain.
    """
    fields = tuple(fields)
    numbers = {field.name: _numbers(field.name, rows) for field in fields if field.kind is Kind.TIME}
    told = {name: declared.get(name) or unit_of(found) for name, found in numbers.items() if found}
    units = {name: unit for name, unit in told.items() if unit is not None}
    if len(units) < len(told):
        raise _uncertain({name: numbers[name] for name in told if name not in units})
    usual = declared.get(CREATED) or units.get(CREATED, 1)
    return tuple(
        replace(field, per_second=units.get(field.name) or declared.get(field.name) or usual)
        if field.kind is Kind.TIME
        else field
        for field in fields
    )


def _numbers(name: str, rows: Sequence[Mapping[str, Any]]) -> list[int | float]:
    """Return the numbers of a field that show its unit, without 0, which is the same instant in every unit."""
    values = (row.get(name) for row in rows)
    return [value for value in values if isinstance(value, int | float) and value and value is not True]


def _uncertain(numbers: Mapping[str, Sequence[int | float]]) -> SchemaError:
    held = "; ".join(f"{name!r} holds {min(found)} and {max(found)}" for name, found in numbers.items())
    declared = ", ".join(f"{name!r}: 'epoch_ms'" for name in numbers)
    return SchemaError(
        f"{held}, which are not times in one unit from 1990 to 2100. Expected epoch seconds. If the server keeps "
        f"milliseconds, declare it: connect(…, schema={{{declared}}})"
    )


def is_time(field: Field, number: int) -> bool:
    """Return whether a number in JSON can be a time of the field. It cannot if it is certain to have another unit."""
    return is_plausible(number, field.per_second)


def in_seconds(numbers: pa.Array, per_second: int) -> pa.Array | None:
    """Return times in seconds, rounded down, or None if one may have another unit.

    Parameters
    ----------
    numbers
        Integers, which may be null.
    per_second
        Units per second.
    """
    values = numbers.fill_null(0).to_numpy(zero_copy_only=False)
    if not _are_plausible(values, per_second):
        return None
    if per_second == 1:
        return numbers
    nulls = numbers.is_null().to_numpy(zero_copy_only=False) if numbers.null_count else None
    return pa.array(values // per_second, pa.int64(), mask=nulls)


def _are_plausible(values: np.ndarray[Any, np.dtype[np.int64]], per_second: int) -> bool:
    if per_second == 1 and values.max(initial=0) < END_OF_SECONDS:  # the usual case, checked fast
        return True
    others = (factor for factor in UNIT_NAMES if factor != per_second)
    return not any(
        ((values >= EARLIEST_S * factor) & (values <= LATEST_S * factor)).any() for factor in others
    )


def cure(field: Field) -> str:
    """Return the advice for a time that seems to have another unit than its field."""
    return (
        f"; if the server keeps another unit, declare it with connect(…, schema={{{field.name!r}: 'epoch_ms'}}), "
        "or 'epoch_s', 'epoch_us', 'epoch_ns'"
    )
