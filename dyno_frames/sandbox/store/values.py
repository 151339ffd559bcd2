"""Convert JSON values to what SQLite stores and back, without loss.

Null, strings and numbers of up to 64 bits are stored as they are. SQLite has no type for booleans, arrays, objects
and larger integers; these are stored as a BLOB with their JSON text, so ``true`` does not become 1 and no integer
loses a digit.
"""

from __future__ import annotations

import json
import math
from enum import IntFlag
from typing import Any, Final, TypeAlias

SqlValue: TypeAlias = int | float | str | bytes | None

INT64_MIN: Final = -(2**63)
INT64_MAX: Final = 2**63 - 1

_SURROGATE: Final = "contains a lone surrogate, which is not text"


class ValueTypes(IntFlag):
    """The types of the values in a column; NONE if all are null."""

    NONE = 0
    STRING = 1
    NUMBER = 2
    BOOLEAN = 4
    OTHER = 8
    LARGE = 16


STORED_AS_JSON: Final = ValueTypes.BOOLEAN | ValueTypes.OTHER | ValueTypes.LARGE
"""The types that are stored as a BLOB with JSON text."""


def encode(value: Any) -> tuple[SqlValue, ValueTypes]:
    """Return what SQLite stores for a JSON value, and the type of the value.

    Raise ValueError if the value is not JSON: NaN, an infinity, a lone surrogate, or another Python type.
    """
    kind = type(value)
    if value is None:
        return None, ValueTypes.NONE
    if kind is str:
        if reason := invalid_text_reason(value):
            raise ValueError(reason)
        return value, ValueTypes.STRING
    if kind is bool:
        return (b"true" if value else b"false"), ValueTypes.BOOLEAN
    if kind is int:
        if INT64_MIN <= value <= INT64_MAX:
            return value, ValueTypes.NUMBER
        return str(value).encode(), ValueTypes.NUMBER | ValueTypes.LARGE
    if kind is float:
        if not math.isfinite(value):
            raise ValueError(f"{value} is not a JSON number")
        return value, ValueTypes.NUMBER
    if kind is list or kind is dict:
        return _json(value), ValueTypes.OTHER
    raise ValueError(f"a {kind.__name__} is not a JSON value")


def invalid_text_reason(text: str) -> str:
    r"""Return why a string is not Unicode text, or an empty string if it is.

    Examples
    --------
    >>> invalid_text_reason("Huế")
    ''
    >>> invalid_text_reason("\ud800")
    'contains a lone surrogate, which is not text'
    """
    if text.isascii():
        return ""
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATE
    return ""


def _json(value: list[Any] | dict[Any, Any]) -> bytes:
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        raise ValueError(_SURROGATE) from error
    except (TypeError, RecursionError) as error:
        raise ValueError(f"is not a JSON value: {error}") from error
