"""One row as Python values, for ``get``: times are aware Timestamps, other values are unchanged."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from dyno_frames.contract.fields import Kind
from dyno_frames.contract.resources import ID_FIELD, Resource
from dyno_frames.contract.texts import fit
from dyno_frames.contract.time_units import unit_of
from dyno_frames.errors import ContractError, RequestSummary


def python_values(resource: Resource, row: object, *, key: str, request: RequestSummary) -> dict[str, Any]:
    """Return a row of an answer as Python values.

    Parameters
    ----------
    resource
        The resource of the row.
    row
        The payload of a get.
    key
        The id in the request.
    request
        The request, for the error.

    Raises
    ------
    ContractError
        The row is not an object, is another object, or a time in it is not a number of seconds.
    """
    if not isinstance(row, Mapping):
        raise ContractError(f"expected one {resource.singular}, got {type(row).__name__}", request=request)
    if ID_FIELD in row and row[ID_FIELD] != key:
        raise ContractError(
            f"the server returned another {resource.singular} than the requested {key!r}", request=request
        )
    times = {field.name for field in resource.fields if field.kind is Kind.TIME}
    numbers = [row[name] for name in times if type(row.get(name)) in {int, float}]
    unit = unit_of(number for number in numbers if math.isfinite(number)) or 1
    return {
        name: _instant(name, value, unit, key=key, request=request) if name in times else value
        for name, value in row.items()
    }


def _instant(name: str, value: Any, unit: int, *, key: str, request: RequestSummary) -> pd.Timestamp | None:
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        try:
            return pd.Timestamp(int(value) // unit, unit="s", tz="UTC").as_unit("s")
        except (ValueError, OverflowError):
            pass  # outside what a Timestamp holds: said below
    raise ContractError(
        "expected epoch seconds", field=name, row=key, value=fit(repr(value), 40), request=request
    )
