"""The operations as an HTTP application: keys, routes, envelopes."""

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
from dyno_frames.contract.operations import API_KEY_HEADER, Operation
from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.faults.faults import Fault, Faults, Kind
from dyno_frames.sandbox.faults.injection import Wire, spoilt, suffer
from dyno_frames.sandbox.http import bodies
from dyno_frames.sandbox.http.access_log import ACCOUNT
from dyno_frames.sandbox.http.api_errors import Refused
from dyno_frames.sandbox.http.public import is_public, public_routes
from dyno_frames.sandbox.http.routes import Account, Answer, answers

_WITH_BODY = frozenset({"POST", "PUT"})

ACCEPTED, REFUSED, TOO_MANY = 200, 500, 429

FAULTS_PATH: Final = "/sandbox/faults"
"""Where faults are put in force while the server runs; it exists only when it was asked for."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What answers the operations of one account.

    Parameters
    ----------
    account
        What they work on.
    answers
        What answers, by the operation's name.
    """

    account: Account
    answers: Mapping[str, tuple[Operation, Answer]]


@dataclass(frozen=True, slots=True)
class Setting:
    """What all requests have in common.

    Parameters
    ----------
    executor
        Where operations run, so that a slow question does not hold up the others.
    faults
        What befalls requests, or None for nothing, and no endpoint that changes it.
    wire
        Finds the connection of a client, for faults.
    most_bytes
        The largest body that is read.
    """

    executor: Executor
    faults: Faults | None = None
    wire: Wire = lambda _: None
    most_bytes: int = bodies.MOST_BYTES


def application(accounts: Mapping[str, Account], *, setting: Setting, url: str = "") -> ASGIApp:
    """Return the API.

    Parameters
    ----------
    accounts
        What the operations work on, by the key that requests carry in ``User-Api-Key``.
    setting
        What all requests have in common.
    url
        Where it answers, for its documentation.
    """
    desks = {key: Desk(account, answers(account)) for key, account in accounts.items()}
    operations = [operation for operation, _ in next(iter(desks.values())).answers.values()]
    routes = [
        Route(
            operation.path.replace("{id}", "{id:path}"),
            _endpoint(operation, setting),
            methods=[operation.verb],
        )
        for operation in operations
    ]
    if setting.faults is not None:
        routes.insert(
            0, Route(FAULTS_PATH, _faults_endpoint(setting.faults), methods=["GET", "PUT", "DELETE"])
        )
    app = Starlette(
        routes=[*public_routes(list(accounts.values()), executor=setting.executor, url=url), *routes],
        exception_handlers={
            Refused: _on_refusal,
            HTTPException: _on_no_route,
            ClientDisconnect: _on_nobody,
        },
    )
    app.router.redirect_slashes = False
    return bodies.CloseUnread(_KeyCheck(app, desks))


def envelope(code: Code, reason: str = "", *, retry_after_s: int = 1) -> Response:
    """Return the response of a refusal."""
    slow = code is Code.SLOW_DOWN
    return _json(
        refused(code, reason),
        status=TOO_MANY if slow else REFUSED,
        headers={"Retry-After": str(retry_after_s)} if slow else None,
    )


class _KeyCheck:
    """Let no request in without a key, whatever it asks for, but for the public pages."""

    def __init__(self, app: ASGIApp, desks: Mapping[str, Desk]) -> None:
        self._app = app
        self._desks = [(key.encode(), desk) for key, desk in desks.items()]
        self._header = API_KEY_HEADER.lower().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if is_public(scope["method"], scope["path"]):
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == self._header), b"")
        desk = self._desk(given)
        if desk is not None:
            scope[ACCOUNT] = desk.account.name
            scope["dyno.desk"] = desk
            await self._app(scope, receive, send)
            return
        await bodies.ignore(Request(scope, receive))
        await envelope(Code.UNAUTHORIZED)(scope, receive, send)

    def _desk(self, given: bytes) -> Desk | None:
        """Return whose key it is; every key is compared to its end, so that time tells nothing."""
        found: Desk | None = None
        for key, desk in self._desks:
            if hmac.compare_digest(given, key):
                found = desk
        return found


def _endpoint(operation: Operation, setting: Setting) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        raw = await bodies.read(request, setting.most_bytes)
        desk: Desk = request.scope["dyno.desk"]
        _, answer = desk.answers[operation.name]
        faults = setting.faults
        struck = faults.draw(operation.name) if faults is not None else ()
        if faults is None or not struck:
            return await _carried_out(request, raw, answer, operation, setting)
        answer = spoilt(answer, struck, faults=faults, account=desk.account, operation=operation)

        async def carry_out() -> Response:
            try:
                return await _carried_out(request, raw, answer, operation, setting)
            except Refused as error:
                return await _on_refusal(request, error)

        return await suffer(struck, refuse=_of_fault, carry_out=carry_out, wire=setting.wire)

    return endpoint


async def _carried_out(
    request: Request, raw: bytes, answer: Answer, operation: Operation, setting: Setting
) -> Response:
    body: Mapping[str, Any] = {}
    if operation.verb in _WITH_BODY:
        bodies.check_content_type(request.headers.get("content-type"))
        body = bodies.parse(raw)
    work = partial(answer, request.path_params.get("id", ""), body)
    payload = await asyncio.get_running_loop().run_in_executor(setting.executor, work)
    return _json(accepted(payload), status=ACCEPTED)


def _of_fault(fault: Fault) -> Response:
    if fault.kind is Kind.SLOW_DOWN:
        return envelope(Code.SLOW_DOWN, "on request", retry_after_s=fault.retry_after_s)
    told = {"has_error": True, "error_code": fault.code, "error message": "REFUSED ON REQUEST"}
    return _json(told, status=REFUSED)


def _faults_endpoint(faults: Faults) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        raw = await bodies.read(request)
        if request.method != "GET":
            given: Any = []
            if request.method == "PUT":
                bodies.check_content_type(request.headers.get("content-type"))
                given = bodies.parse(raw).get("faults")
            try:
                faults.replace(given)
            except ConfigError as error:
                raise Refused(Code.REJECTED, str(error)) from error
        return _json(accepted({"faults": faults.to_json()}), status=ACCEPTED)

    return endpoint


async def _on_refusal(request: Request, error: Exception) -> Response:
    del request
    if not isinstance(error, Refused):  # pragma: no cover - registered for refusals only
        raise error
    return envelope(error.code, error.reason, retry_after_s=error.retry_after_s)


async def _on_no_route(request: Request, error: Exception) -> Response:
    del error
    await bodies.ignore(request)
    return envelope(Code.NOT_FOUND, f"no operation is {request.method} {request.url.path}")


async def _on_nobody(request: Request, error: Exception) -> Response:
    """Answer a client that left in the middle of its body: nobody hears it, and nothing was done."""
    del request, error
    return envelope(Code.REJECTED, "the body ended before it was whole")


def _json(value: Mapping[str, Any], *, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(value), status_code=status, headers=headers, media_type="application/json")
