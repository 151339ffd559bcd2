"""A JSON value as SQLite stores it and back, without loss: booleans, arrays and great integers included.

Null, text, numbers up to 64 bits stand for themselves. What SQLite has no type for is a BLOB that holds the
value's JSON text, so that ``true`` never becomes 1 and no integer loses a digit.
"""

from __future__ import annotations

import json
import math
from enum import IntFlag
from typing import Any, TypeAlias

Stored: TypeAlias = int | float | str | bytes | None

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1


class Held(IntFlag):
    """What the values of a column were seen to be; none of them where all are null."""

    NOTHING = 0
    STRING = 1
    NUMBER = 2
    BOOLEAN = 4
    OTHER = 8
    LARGE = 16


_SURROGATE = "holds a lone surrogate, which is not text"

IN_BLOBS = Held.BOOLEAN | Held.OTHER | Held.LARGE
"""What is stored as JSON text in a BLOB."""


def encode(value: Any) -> tuple[Stored, Held]:
    """Return the stored form of a JSON value, and what it is.

    Raises
    ------
    ValueError
        The value is not JSON: NaN, an infinity, a lone surrogate, another Python type.
    """
    kind = type(value)
    if value is None:
        return None, Held.NOTHING
    if kind is str:
        if fault := fault_in_text(value):
            raise ValueError(fault)
        return value, Held.STRING
    if kind is bool:
        return (b"true" if value else b"false"), Held.BOOLEAN
    if kind is int:
        if INT64_MIN <= value <= INT64_MAX:
            return value, Held.NUMBER
        return str(value).encode(), Held.NUMBER | Held.LARGE
    if kind is float:
        if not math.isfinite(value):
            raise ValueError(f"{value} is no JSON number")
        return value, Held.NUMBER
    if kind is list or kind is dict:
        return _nested(value), Held.OTHER
    raise ValueError(f"a {kind.__name__} is no JSON value")


def decode(stored: bytes) -> Any:
    """Return the JSON value that a BLOB holds."""
    return json.loads(stored)


def _nested(value: list[Any] | dict[Any, Any]) -> bytes:
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        raise ValueError(_SURROGATE) from error
    except (TypeError, RecursionError) as error:
        raise ValueError(f"is no JSON value: {error}") from error


def fault_in_text(text: str) -> str:
    r"""Return why a string is not Unicode text, or an empty string if it is.

    Examples
    --------
    >>> fault_in_text("Huế")
    ''
    >>> fault_in_text("\ud800")
    'holds a lone surrogate, which is not text'
    """
    if text.isascii():
        return ""
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATE
    return ""
