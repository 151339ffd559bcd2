"""The operations as an HTTP application: key, routes, envelopes."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from functools import partial
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from dyno_frames.contract.envelope import Code, accepted, refused
from dyno_frames.contract.operations import API_KEY_HEADER, Operation
from dyno_frames.sandbox import bodies
from dyno_frames.sandbox.refusals import Refused
from dyno_frames.sandbox.routes import Account, Answer, answers

_WITH_BODY = frozenset({"POST", "PUT"})

ACCEPTED, REFUSED, TOO_MANY = 200, 500, 429


def application(
    account: Account, api_key: str, *, executor: Executor, most_bytes: int = bodies.MOST_BYTES
) -> ASGIApp:
    """Return the API of one account.

    Parameters
    ----------
    account
        What the operations work on.
    api_key
        What every request must carry in ``User-Api-Key``.
    executor
        Where they run, so that a slow question does not hold up the others.
    most_bytes
        The largest body that is read.
    """
    routes = [
        Route(
            operation.path.replace("{id}", "{id:path}"),
            _endpoint(operation, answer, executor=executor, most_bytes=most_bytes),
            methods=[operation.verb],
        )
        for operation, answer in answers(account).values()
    ]
    app = Starlette(
        routes=routes,
        exception_handlers={Refused: _on_refusal, HTTPException: _on_no_route},
    )
    app.router.redirect_slashes = False
    return _KeyCheck(app, api_key)


def envelope(code: Code, reason: str = "", *, retry_after_s: int = 1) -> Response:
    """Return the response of a refusal."""
    slow = code is Code.SLOW_DOWN
    return _json(
        refused(code, reason),
        status=TOO_MANY if slow else REFUSED,
        headers={"Retry-After": str(retry_after_s)} if slow else None,
    )


class _KeyCheck:
    """Let no request in without the key, whatever it asks for."""

    def __init__(self, app: ASGIApp, api_key: str) -> None:
        self._app = app
        self._expected = api_key.encode()
        self._header = API_KEY_HEADER.lower().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        given = next((value for name, value in scope["headers"] if name == self._header), b"")
        if hmac.compare_digest(given, self._expected):
            await self._app(scope, receive, send)
            return
        # the body is received first, so that the sender hears why and the connection stays usable
        async for _ in Request(scope, receive).stream():
            pass
        await envelope(Code.UNAUTHORIZED)(scope, receive, send)


def _endpoint(
    operation: Operation, answer: Answer, *, executor: Executor, most_bytes: int
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        raw = await bodies.read(request, most_bytes)
        body: Mapping[str, Any] = {}
        if operation.verb in _WITH_BODY:
            bodies.check_content_type(request.headers.get("content-type"))
            body = bodies.parse(raw)
        work = partial(answer, request.path_params.get("id", ""), body)
        payload = await asyncio.get_running_loop().run_in_executor(executor, work)
        return _json(accepted(payload), status=ACCEPTED)

    return endpoint


async def _on_refusal(request: Request, error: Exception) -> Response:
    del request
    if not isinstance(error, Refused):  # pragma: no cover - registered for refusals only
        raise error
    return envelope(error.code, error.reason, retry_after_s=error.retry_after_s)


async def _on_no_route(request: Request, error: Exception) -> Response:
    del error
    return envelope(Code.NOT_FOUND, f"no operation is {request.method} {request.url.path}")


def _json(value: Mapping[str, Any], *, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(value), status_code=status, headers=headers, media_type="application/json")
