"""The pages that need no API key: the documentation, the health check, and unsubscribing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from typing import Any, Final, TypeAlias

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from dyno_frames.sandbox.http.bodies import drain
from dyno_frames.sandbox.http.openapi import openapi_document
from dyno_frames.sandbox.http.pages import documentation_page, unsubscribe_page
from dyno_frames.sandbox.http.routes import Account
from dyno_frames.sandbox.mail import deliveries

UNSUBSCRIBE: Final = "/unsubscribe/"
"""The path by which a contact unsubscribes, followed by the token of the message."""

_PAGES: Final = frozenset({"/", "/openapi.json", "/healthz"})
_HEADERS: Final = {
    # a page loads nothing and runs no script
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


def is_public(verb: str, path: str) -> bool:
    """Return whether a request needs no API key."""
    if path.startswith(UNSUBSCRIBE):
        return verb in {"GET", "HEAD", "POST"}
    return path in _PAGES and verb in {"GET", "HEAD"}


def public_routes(accounts: list[Account], executor: Executor, url: str) -> list[Route]:
    """Return the routes of the public pages. Rows are read in the threads of the executor."""

    async def page(request: Request) -> Response:
        del request
        return HTMLResponse(documentation_page(openapi_document(url), url=url), headers=_HEADERS)

    async def openapi(request: Request) -> Response:
        del request
        return JSONResponse(openapi_document(url))

    async def health(request: Request) -> Response:
        del request
        return await _run_in(executor, _health, accounts)

    return [
        Route("/", page),
        Route("/openapi.json", openapi),
        Route("/healthz", health),
        Route(f"{UNSUBSCRIBE}{{token}}", _unsubscribe_endpoint(accounts, executor), methods=["GET", "POST"]),
    ]


def _health(accounts: list[Account]) -> Response:
    try:
        counts = [account.store.ping() for account in accounts]
    except Exception as error:  # noqa: BLE001 - every error means that the server is failing
        return JSONResponse({"status": "failing", "reason": type(error).__name__}, 503)
    return JSONResponse({"status": "ok", "accounts": len(counts)})


def _unsubscribe_endpoint(accounts: list[Account], executor: Executor) -> Endpoint:
    def answer(token: str, *, confirmed: bool) -> Response:
        found = any(_unsubscribe(account, token, confirmed=confirmed) for account in accounts)
        page = unsubscribe_page(confirmed=confirmed, found=found)
        return HTMLResponse(page, 200 if found else 404, headers=_HEADERS)

    async def endpoint(request: Request) -> Response:
        await drain(request)
        # a GET changes nothing: mail scanners open every link
        confirmed = request.method == "POST"
        return await _run_in(executor, lambda: answer(request.path_params["token"], confirmed=confirmed))

    return endpoint


def _unsubscribe(account: Account, token: str, *, confirmed: bool) -> bool:
    with account.store.transaction() as connection:
        if confirmed:
            return deliveries.unsubscribe(connection, token, now=account.now)
        return bool(connection.execute("SELECT 1 FROM deliveries WHERE token = ?", (token,)).fetchall())


async def _run_in(executor: Executor, function: Callable[..., Response], *arguments: Any) -> Response:
    return await asyncio.get_running_loop().run_in_executor(executor, function, *arguments)
