"""The envelope every answer comes in, written by the sandbox and read by the client."""

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
"""The codes that say that nothing was changed. A server that is too busy may say so after it changed something."""


MESSAGES = {
    Code.REJECTED: "INVALID REQUEST",
    Code.UNAUTHORIZED: "UNAUTHORIZED",
    Code.NOT_FOUND: "RESOURCE NOT FOUND",
    Code.ILLEGAL_TRANSITION: "ILLEGAL TRANSITION",
    Code.TOO_LARGE: "TOO LARGE",
    Code.SLOW_DOWN: "SLOW DOWN",
}
"""The words that an error's text begins with."""

_MESSAGE_KEYS = ("error message", "error_message", "message")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What an envelope with ``has_error`` says."""

    code: str
    message: str


def accepted(payload: object) -> dict[str, Any]:
    """Return the envelope of an answer."""
    return {"has_error": False, "error_code": "", "data": payload}


def refused(code: Code, reason: str = "") -> dict[str, Any]:
    """Return the envelope of a refusal."""
    text = f"{MESSAGES[code]}: {reason}" if reason else MESSAGES[code]
    return {"has_error": True, "error_code": str(code), "error message": text}


def is_envelope(body: object) -> bool:
    """Tell whether a decoded body is the application's own answer, and not a proxy's."""
    return isinstance(body, Mapping) and isinstance(body.get("has_error"), bool)


def refusal(body: Mapping[str, Any]) -> Refusal | None:
    """Return what the application refused, or None where it did not."""
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
