"""Read the body of a request up to a limit, and parse it as JSON without losing digits."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, Final, NoReturn

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dyno_frames.contract.envelope import Code
from dyno_frames.sandbox.http.api_errors import RequestError, short_repr

MAX_BODY_BYTES: Final = 16 * 1024 * 1024
"""The largest body that is accepted."""

MAX_DRAINED_BYTES: Final = 1024 * 1024
"""How much of an unneeded body is received, so that a client that is still sending sees the answer."""

MAX_DEPTH: Final = 64
"""How deeply arrays and objects may be nested."""

_JSON: Final = "application/json"


async def read_body(request: Request) -> bytes:
    """Return the whole body.

    Raise RequestError if the body is larger than :data:`MAX_BODY_BYTES`. A little more of it is still received; see
    :func:`drain`.
    """
    chunks: list[bytes] = []
    size_bytes = 0
    async for chunk in request.stream():
        size_bytes += len(chunk)
        if size_bytes <= MAX_BODY_BYTES:
            chunks.append(chunk)
        elif size_bytes > MAX_BODY_BYTES + MAX_DRAINED_BYTES:
            break
        else:
            chunks.clear()
    if size_bytes > MAX_BODY_BYTES:
        raise RequestError(
            Code.TOO_LARGE, f"the body has more than {MAX_BODY_BYTES} bytes; send a smaller one"
        )
    return b"".join(chunks)


async def drain(request: Request) -> None:
    """Receive and discard the body of a request, up to :data:`MAX_DRAINED_BYTES`.

    A client that is still sending sees the answer only if its body is received. If the body is longer,
    :class:`UnreadBodyMiddleware` closes the connection.
    """
    size_bytes = 0
    async for chunk in request.stream():
        size_bytes += len(chunk)
        if size_bytes > MAX_DRAINED_BYTES:
            return


class UnreadBodyMiddleware:
    """Close the connection after the answer to a request whose body was not read completely.

    Otherwise the server would receive the rest of the body, whatever its length, to reach the next request.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        unread = _has_body(scope["headers"])

        async def tracking_receive() -> Message:
            nonlocal unread
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body"):
                unread = False
            return message

        async def closing_send(message: Message) -> None:
            if unread and message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            await send(message)

        await self._app(scope, tracking_receive, closing_send)


def _has_body(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip() != b"0")
        for name, value in headers
    )


def check_content_type(header: str | None) -> None:
    """Refuse a POST or PUT whose content type is not JSON."""
    if header is None or header.partition(";")[0].strip().lower() != _JSON:
        raise RequestError(Code.REJECTED, f"Content-Type: {short_repr(header)}; expected {_JSON}")


def parse_json(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body. Integers of any size are exact.

    Raise RequestError if the body is not a JSON object, has a duplicate key, or contains NaN or an infinity.
    """
    try:
        value = json.loads(
            body.decode(),
            object_pairs_hook=_without_duplicates,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except RecursionError as error:
        raise RequestError(Code.REJECTED, "the body is nested too deeply") from error
    except ValueError as error:
        raise RequestError(Code.REJECTED, f"the body is not JSON: {_reason(error)}") from error
    if not isinstance(value, dict):
        raise RequestError(Code.REJECTED, f"the body is {_kind(value)}; expected a JSON object")
    if not _is_shallow(value):
        raise RequestError(Code.REJECTED, f"the body is nested more than {MAX_DEPTH} levels deep")
    return value


def _is_shallow(value: dict[str, Any]) -> bool:
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return True
    return False


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        duplicate = next(name for name in names if names.count(name) > 1)
        raise RequestError(Code.REJECTED, f"{short_repr(duplicate)}: duplicate key")
    return value


def _refuse_constant(word: str) -> NoReturn:
    raise RequestError(Code.REJECTED, f"{word} is not a JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise RequestError(Code.REJECTED, f"{short_repr(digits)} is too large for a number")
    return number


def _reason(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        # without the text, which may contain addresses
        return f"{error.msg} at character {error.pos}"
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else "a number has too many digits"


def _kind(value: object) -> str:
    names: dict[type, str] = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
