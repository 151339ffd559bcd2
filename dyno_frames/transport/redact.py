"""Shorten requests and server texts for messages, and remove addresses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any

from dyno_frames.contract.operations import Operation
from dyno_frames.contract.texts import fit
from dyno_frames.errors import RequestSummary

_LONGEST_TEXT = 60
_LONGEST_BODY = 600
LONGEST_MESSAGE = 500
_MOST_ITEMS = 30
_DEEPEST = 3


def message(text: str) -> str:
    """Return a server's text for an exception: short, without addresses and control characters."""
    return fit(text, LONGEST_MESSAGE)


def summary(
    operation: Operation, *, key: str | None = None, body: Mapping[str, Any] | None = None
) -> RequestSummary:
    """Return a request for messages.

    Parameters
    ----------
    operation
        The operation.
    key
        The id in the path.
    body
        The JSON body. ``emails`` are counted; other texts are shortened and masked.
    """
    path = operation.path if key is None else operation.url_path(message(key))
    return RequestSummary(operation.verb, path, "" if body is None else _body(body))


class Body(dict[str, Any]):
    """A request's body whose repr is that of :func:`summary`, also in tracebacks with locals.

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
