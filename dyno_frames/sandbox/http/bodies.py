"""The body of a request: read up to a bound, and taken as JSON without losing a digit."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, NoReturn

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dyno_frames.contract.envelope import Code
from dyno_frames.sandbox.http.api_errors import Refused, shown

MOST_BYTES = 16 * 1024 * 1024
"""The largest body that is read."""

MOST_IGNORED_BYTES = 1024 * 1024
"""How much of a body that nobody needs is still received, so that the sender sees the answer."""

MOST_DEPTH = 64
"""How deeply arrays and objects may stand in each other."""

_JSON = "application/json"


async def read(request: Request, most_bytes: int = MOST_BYTES) -> bytes:
    """Return the whole body.

    Raises
    ------
    Refused
        The body is larger than ``most_bytes``. A little more of it is still received; see :func:`ignore`.
    """
    chunks: list[bytes] = []
    size_bytes = 0
    async for chunk in request.stream():
        size_bytes += len(chunk)
        if size_bytes <= most_bytes:
            chunks.append(chunk)
        elif size_bytes > most_bytes + MOST_IGNORED_BYTES:
            break
        else:
            chunks.clear()
    if size_bytes > most_bytes:
        raise Refused(Code.TOO_LARGE, f"the body has more than {most_bytes} bytes; send a smaller one")
    return b"".join(chunks)


async def ignore(request: Request) -> None:
    """Receive and drop what is left of a body, up to a bound.

    A client that is still sending sees the answer only when its body is received. :class:`CloseUnread` closes
    the connection of a client that sends more.
    """
    size_bytes = 0
    async for chunk in request.stream():
        size_bytes += len(chunk)
        if size_bytes > MOST_IGNORED_BYTES:
            return


class CloseUnread:
    """Close the connection after an answer to a request whose body was not read to its end.

    Otherwise the server would go on receiving that body, however long it is, to reach the next request.

    Parameters
    ----------
    app
        The application that answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        unread = _has_body(scope["headers"])

        async def received() -> Message:
            nonlocal unread
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body"):
                unread = False
            return message

        async def sent(message: Message) -> None:
            if unread and message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            await send(message)

        await self._app(scope, received, sent)


def _has_body(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip() != b"0")
        for name, value in headers
    )


def check_content_type(header: str | None) -> None:
    """Refuse a POST or PUT that does not say it is JSON."""
    if header is None or header.partition(";")[0].strip().lower() != _JSON:
        raise Refused(Code.REJECTED, f"Content-Type: {shown(header)}; expected {_JSON}")


def parse(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a body holds; integers of any size are exact.

    Raises
    ------
    Refused
        The body is no JSON object, names a key twice, or holds a number that JSON does not have.
    """
    try:
        value = json.loads(
            body.decode(), object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite
        )
    except RecursionError as error:
        raise Refused(Code.REJECTED, "the body is nested too deeply") from error
    except ValueError as error:
        raise Refused(Code.REJECTED, f"the body is no JSON: {_reason(error)}") from error
    if not isinstance(value, dict):
        raise Refused(Code.REJECTED, f"the body is {_kind(value)}; expected a JSON object")
    if not _is_shallow(value):
        raise Refused(Code.REJECTED, f"the body is nested more than {MOST_DEPTH} deep")
    return value


def _is_shallow(value: dict[str, Any]) -> bool:
    level: list[Any] = [value]
    for _ in range(MOST_DEPTH):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return True
    return False


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Refused(Code.REJECTED, f"{shown(twice)}: stands twice in one object")
    return value


def _no_constant(word: str) -> NoReturn:
    raise Refused(Code.REJECTED, f"{word} is no JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise Refused(Code.REJECTED, f"{shown(digits)} is too great for a number")
    return number


def _reason(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        # never the text itself: it may hold addresses
        return f"{error.msg} at character {error.pos}"
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else "a number has too many digits"


def _kind(value: object) -> str:
    names: dict[type, str] = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
