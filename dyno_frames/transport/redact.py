"""Requests and server texts as people may read them: short, printable, without addresses."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

from dyno_frames.contract.operations import Operation
from dyno_frames.contract.texts import without_addresses
from dyno_frames.errors import RequestSummary

_SPACE = re.compile(r"\s")
_LONGEST_ADDRESS = 320
_LONGEST_TEXT = 60
_LONGEST_BODY = 600
_LONGEST_MESSAGE = 500
_MOST_ITEMS = 30
_DEEPEST = 3


def fit(text: str, length: int) -> str:
    """Return at most so many characters of a text, printable and without addresses, and how long the text is.

    Only the beginning is read, so the cost does not grow with the text. No part of an address is left: a word
    is shown only if it is complete, or if more of it is hidden than an address can be long.

    Examples
    --------
    >>> fit("no list holds ann@example.com", 500)
    'no list holds <address>'
    >>> fit("abcdefgh", 3)
    'abc… (8 characters)'
    """
    beginning = _beginning(text, length)
    if not beginning.isprintable():
        beginning = "".join(letter if letter.isprintable() else " " for letter in beginning)
    shown = without_addresses(beginning)
    if len(text) <= length and len(shown) <= length:
        return shown
    return f"{shown[:length]}… ({len(text)} characters)"


def _beginning(text: str, length: int) -> str:
    """Return the words of a text that begin in its first characters, each complete or longer than an address."""
    head = text[: 2 * length + _LONGEST_ADDRESS]
    space = _SPACE.search(head, length)
    return head if space is None else head[: space.start()]


def message(text: str) -> str:
    """Return a server's words, fit for an exception: no addresses, no control characters, not endless."""
    return fit(text, _LONGEST_MESSAGE)


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
    path = operation.path if key is None else operation.url_path(message(key))
    return RequestSummary(operation.verb, path, "" if body is None else _body(body))


class Body(dict[str, Any]):
    """A request's body that shows as in :func:`summary`, in a traceback's locals too.

    Examples
    --------
    >>> Body(name="Friends", emails=["ann@example.com"])
    {"name":"Friends","emails":"<1 addresses>"}
    """

    def __repr__(self) -> str:
        return _body(self)


def _body(body: Mapping[str, Any]) -> str:
    counted = {
        name: f"<{len(value)} addresses>" if name == "emails" and isinstance(value, list) else value
        for name, value in body.items()
    }
    text = json.dumps(_value(counted, _DEEPEST), ensure_ascii=False, separators=(",", ":"))
    return text if len(text) <= _LONGEST_BODY else f"{text[:_LONGEST_BODY]}… ({len(body)} fields)"


def _value(value: Any, depth: int) -> Any:
    match value:
        case str():
            return fit(value, _LONGEST_TEXT)
        case Mapping() if depth:
            shown = {
                fit(str(name), _LONGEST_TEXT): _value(part, depth - 1)
                for name, part in islice(value.items(), _MOST_ITEMS)
            }
            return shown | ({"…": f"{len(value) - _MOST_ITEMS} more"} if len(value) > _MOST_ITEMS else {})
        case list() | tuple() if depth:
            shown_items = [_value(part, depth - 1) for part in value[:_MOST_ITEMS]]
            return [*shown_items, "…"] if len(value) > _MOST_ITEMS else shown_items
        case int() if abs(value) >= 2**63:
            return f"<integer of {value.bit_length()} bits>"
        case bool() | int() | float() | None:
            return value
        case _:
            return f"<{type(value).__name__}>"
