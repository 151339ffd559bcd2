"""The API as an ASGI application: API keys, routes, envelopes, faults."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from dyno_frames.contract.envelope import Code, accepted, refused
from dyno_frames.contract.operations import API_KEY_HEADER, OPERATIONS, Operation
from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.faults.fault import Fault, Kind
from dyno_frames.sandbox.faults.faults import Faults
from dyno_frames.sandbox.faults.injection import FindConnection, inject, with_row_faults
from dyno_frames.sandbox.http import bodies
from dyno_frames.sandbox.http.access_log import ACCOUNT
from dyno_frames.sandbox.http.api_errors import RequestError
from dyno_frames.sandbox.http.public import is_public, public_routes
from dyno_frames.sandbox.http.routes import Account, Handler, handlers

ACCEPTED: Final = 200
REFUSED: Final = 500
TOO_MANY: Final = 429

FAULTS_PATH: Final = "/sandbox/faults"
"""The path at which faults are read and changed. It exists only if faults were given."""

_HAVE_BODY: Final = frozenset({"POST", "PUT"})
_ACCOUNT: Final = "dyno.open_account"
_HANDLERS: Final = "dyno.handlers"
"""The keys of a request's scope that hold the account and the handlers of its operations."""


@dataclass(frozen=True, slots=True)
class AppOptions:
    """Options of the application.

    Parameters
    ----------
    executor
        The threads in which operations run, so that a slow one does not delay the others.
    url
        The server's URL, for the documentation.
    faults
        The faults to inject. None injects none and removes the path that changes them.
    find_connection
        A function that returns a client's connection, for faults.
    """

    executor: Executor
    url: str
    faults: Faults | None
    find_connection: FindConnection


def create_app(accounts: Mapping[str, Account], options: AppOptions) -> ASGIApp:
    """Return the application for accounts, by their API keys."""
    routes = [
        Route(
            operation.path.replace("{id}", "{id:path}"),
            _endpoint(operation, options),
            methods=[operation.verb],
        )
        for operation in OPERATIONS.values()
    ]
    if options.faults is not None:
        routes.insert(
            0, Route(FAULTS_PATH, _faults_endpoint(options.faults), methods=["GET", "PUT", "DELETE"])
        )
    app = Starlette(
        routes=[*public_routes(list(accounts.values()), options.executor, options.url), *routes],
        exception_handlers={
            RequestError: _on_request_error,
            HTTPException: _on_unknown_route,
            ClientDisconnect: _on_disconnect,
        },
    )
    app.router.redirect_slashes = False
    return bodies.UnreadBodyMiddleware(_ApiKeyMiddleware(app, accounts))


def error_response(code: Code, reason: str = "") -> Response:
    """Return the response with an error envelope."""
    return _json(refused(code, reason), status=REFUSED)


class _ApiKeyMiddleware:
    """Answer 401 to every request without a valid API key, except for public pages."""

    def __init__(self, app: ASGIApp, accounts: Mapping[str, Account]) -> None:
        self._app = app
        self._accounts = [(key.encode(), account, handlers(account)) for key, account in accounts.items()]
        self._header = API_KEY_HEADER.lower().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if is_public(scope["method"], scope["path"]):
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == self._header), b"")
        # compare with every key, in constant time
        found = [entry for key, *entry in self._accounts if hmac.compare_digest(given, key)]
        if found:
            scope[_ACCOUNT], scope[_HANDLERS] = found[0]
            scope[ACCOUNT] = scope[_ACCOUNT].name
            await self._app(scope, receive, send)
            return
        await bodies.drain(Request(scope, receive))
        await error_response(Code.UNAUTHORIZED)(scope, receive, send)


def _endpoint(operation: Operation, options: AppOptions) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        raw = await bodies.read_body(request)
        handler: Handler = request.scope[_HANDLERS][operation.name]
        faults = options.faults
        triggered = faults.trigger(operation.name) if faults is not None else ()
        if faults is None or not triggered:
            return await _run(request, raw, handler, operation, options)
        account: Account = request.scope[_ACCOUNT]
        handler = with_row_faults(handler, triggered, faults=faults, account=account, operation=operation)

        async def run() -> Response:
            try:
                return await _run(request, raw, handler, operation, options)
            except RequestError as error:
                return await _on_request_error(request, error)

        return await inject(
            triggered, error_response=_fault_response, run=run, find_connection=options.find_connection
        )

    return endpoint


async def _run(
    request: Request, raw: bytes, handler: Handler, operation: Operation, options: AppOptions
) -> Response:
    body: Mapping[str, Any] = {}
    if operation.verb in _HAVE_BODY:
        bodies.check_content_type(request.headers.get("content-type"))
        body = bodies.parse_json(raw)
    call = partial(handler, request.path_params.get("id", ""), body)
    payload = await asyncio.get_running_loop().run_in_executor(options.executor, call)
    return _json(accepted(payload), status=ACCEPTED)


def _fault_response(fault: Fault) -> Response:
    if fault.kind is Kind.SLOW_DOWN:
        headers = {"Retry-After": str(fault.retry_after_s)}
        return _json(refused(Code.SLOW_DOWN, "injected fault"), status=TOO_MANY, headers=headers)
    envelope = {"has_error": True, "error_code": fault.code, "error message": "INJECTED FAULT"}
    return _json(envelope, status=REFUSED)


def _faults_endpoint(faults: Faults) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        raw = await bodies.read_body(request)
        if request.method != "GET":
            given: Any = []
            if request.method == "PUT":
                bodies.check_content_type(request.headers.get("content-type"))
                given = bodies.parse_json(raw).get("faults")
            try:
                faults.replace(given)
            except ConfigError as error:
                raise RequestError(Code.REJECTED, str(error)) from error
        return _json(accepted({"faults": faults.to_json()}), status=ACCEPTED)

    return endpoint


async def _on_request_error(request: Request, error: Exception) -> Response:
    del request
    if not isinstance(error, RequestError):  # pragma: no cover - registered for RequestError only
        raise error
    return error_response(error.code, error.reason)


async def _on_unknown_route(request: Request, error: Exception) -> Response:
    del error
    await bodies.drain(request)
    return error_response(Code.NOT_FOUND, f"there is no operation {request.method} {request.url.path}")


async def _on_disconnect(request: Request, error: Exception) -> Response:
    """Return an answer that nobody receives: the client disconnected while it sent its body."""
    del request, error
    return error_response(Code.REJECTED, "the body is incomplete")


def _json(value: Mapping[str, Any], *, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(value), status_code=status, headers=headers, media_type="application/json")
