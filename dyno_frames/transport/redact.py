"""What a request or an answer may look like where people read it: no address, no key, no long text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from dyno_frames.contract.operations import Operation
from dyno_frames.errors import RequestSummary

_ADDRESS = re.compile(r"\S+@\S+")
_LONGEST_TEXT = 60
_LONGEST_BODY = 600
_LONGEST_MESSAGE = 500


def without_addresses(text: str) -> str:
    """Return a text in which everything that looks like an e-mail address says so instead.

    Examples
    --------
    >>> without_addresses("no list holds ann@example.com")
    'no list holds <address>'
    """
    return _ADDRESS.sub("<address>", text)


def shortened(text: str, length: int) -> str:
    """Return a text of at most so many characters, and how many there were."""
    return text if len(text) <= length else f"{text[:length]}… ({len(text)} characters)"


def message(text: str) -> str:
    """Return a server's words, fit for an exception: no addresses, no control characters, not endless."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * _LONGEST_MESSAGE])
    return shortened(without_addresses(printable), _LONGEST_MESSAGE)


def summary(
    operation: Operation, *, key: str | None = None, body: Mapping[str, Any] | None = None
) -> RequestSummary:
    """Return what was asked, fit to be shown.

    Parameters
    ----------
    operation
        Which operation.
    key
        The id in its path.
    body
        Its JSON body; ``emails`` are counted, other texts lose their addresses and their length.
    """
    path = operation.path if key is None else operation.url_path(message(key) if "@" in key else key)
    return RequestSummary(operation.verb, path, "" if body is None else _body(body))


def _body(body: Mapping[str, Any]) -> str:
    shown = {
        name: f"<{len(value)} addresses>" if name == "emails" and isinstance(value, list) else _value(value)
        for name, value in body.items()
    }
    return shortened(orjson.dumps(shown, default=str).decode(), _LONGEST_BODY)


def _value(value: Any) -> Any:
    match value:
        case str():
            return shortened(without_addresses(value), _LONGEST_TEXT)
        case Mapping():
            return {str(name): _value(part) for name, part in value.items()}
        case list() | tuple():
            return [_value(part) for part in value[:50]]
        case bool() | float() | None:
            return value
        case int():
            return value if abs(value) < 2**63 else str(value)
        case _:
            return f"<{type(value).__name__}>"
