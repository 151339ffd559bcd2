"""The envelope of every response, written by the sandbox and read by the client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Code(StrEnum):
    """Error codes, as strings."""

    REJECTED = "400"
    UNAUTHORIZED = "401"
    NOT_FOUND = "404"
    ILLEGAL_TRANSITION = "409"
    TOO_LARGE = "413"
    SLOW_DOWN = "429"


REFUSALS = frozenset({*Code, "403"} - {Code.SLOW_DOWN})
"""The codes that prove that nothing was changed. 429 is not among them: a busy server may send it after a change."""


MESSAGES = {
    Code.REJECTED: "INVALID REQUEST",
    Code.UNAUTHORIZED: "UNAUTHORIZED",
    Code.NOT_FOUND: "RESOURCE NOT FOUND",
    Code.ILLEGAL_TRANSITION: "ILLEGAL TRANSITION",
    Code.TOO_LARGE: "TOO LARGE",
    Code.SLOW_DOWN: "SLOW DOWN",
}
"""The first words of each error message."""

_MESSAGE_KEYS = ("error message", "error_message", "message")


@dataclass(frozen=True, slots=True)
class Refusal:
    """The error in an envelope with ``has_error``."""

    code: str
    message: str


def accepted(payload: object) -> dict[str, Any]:
    """Return the envelope of a successful response."""
    return {"has_error": False, "error_code": "", "data": payload}


def refused(code: Code, reason: str = "") -> dict[str, Any]:
    """Return the envelope of an error."""
    text = f"{MESSAGES[code]}: {reason}" if reason else MESSAGES[code]
    return {"has_error": True, "error_code": str(code), "error message": text}


def is_envelope(body: object) -> bool:
    """Return whether a decoded body is the API's envelope, and not the response of a proxy."""
    return isinstance(body, Mapping) and isinstance(body.get("has_error"), bool)


def refusal(body: Mapping[str, Any]) -> Refusal | None:
    """Return the error in an envelope, or None if it reports success."""
    if not body.get("has_error"):
        return None
    text = next((str(body[key]) for key in _MESSAGE_KEYS if body.get(key)), "no reason given")
    return Refusal(code=str(body.get("error_code") or ""), message=text)


def rows(payload: object) -> list[Any] | None:
    """Return the rows in a find's payload: an array, or an object with exactly one array in it."""
    if isinstance(payload, list):
        return payload
    if isinstance(payload, Mapping):
        arrays = [value for value in payload.values() if isinstance(value, list)]
        if len(arrays) == 1:
            return arrays[0]
    return None


def count(payload: object) -> int | None:
    """Return the number in a count's payload: ``{"count": n}`` or a bare integer."""
    value = payload.get("count") if isinstance(payload, Mapping) else payload
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def created_id(payload: object, singular: str) -> str | None:
    """Return the id in a create's payload: under ``id`` or ``<singular>_id``."""
    if not isinstance(payload, Mapping):
        return None
    value = payload.get("id", payload.get(f"{singular}_id"))
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
