"""What anybody may ask without a key: the documentation, whether the server lives, and to leave a list."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from functools import lru_cache
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from dyno_frames.sandbox.http.bodies import ignore
from dyno_frames.sandbox.http.openapi import document
from dyno_frames.sandbox.http.pages import documentation, leaving
from dyno_frames.sandbox.http.routes import Account
from dyno_frames.sandbox.mail import deliveries

UNSUBSCRIBE: Final = "/unsubscribe/"
"""Where a recipient leaves; the token of the message stands behind it."""

_PAGES: Final = frozenset({"/", "/openapi.json", "/healthz"})
_SAFE: Final = {
    # nothing is loaded from anywhere, and no page runs a script
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

Endpoint = Callable[[Request], Awaitable[Response]]


def is_public(verb: str, path: str) -> bool:
    """Tell whether a request needs no key."""
    if path.startswith(UNSUBSCRIBE):
        return verb in {"GET", "HEAD", "POST"}
    return path in _PAGES and verb in {"GET", "HEAD"}


def public_routes(accounts: list[Account], *, executor: Executor, url: str) -> list[Route]:
    """Return the routes.

    Parameters
    ----------
    accounts
        Whose messages there are.
    executor
        Where rows are read.
    url
        Where the server answers.
    """

    @lru_cache(maxsize=1)
    def written() -> tuple[bytes, str]:
        told = document(url or "/")
        return orjson.dumps(told), documentation(told, url=url)

    async def page(request: Request) -> Response:
        del request
        return HTMLResponse(written()[1], headers=_SAFE)

    async def openapi(request: Request) -> Response:
        del request
        return Response(written()[0], media_type="application/json")

    async def health(request: Request) -> Response:
        del request
        return await _on(executor, _health, accounts)

    return [
        Route("/", page),
        Route("/openapi.json", openapi),
        Route("/healthz", health),
        Route(f"{UNSUBSCRIBE}{{token}}", _leaving(accounts, executor), methods=["GET", "POST"]),
    ]


def _health(accounts: list[Account]) -> Response:
    try:
        counts = [account.store.alive() for account in accounts]
    except Exception as error:  # noqa: BLE001 - whatever it is, it is not well
        return _told({"status": "failing", "reason": type(error).__name__}, status=503)
    return _told({"status": "ok", "accounts": len(counts)}, status=200)


def _leaving(accounts: list[Account], executor: Executor) -> Endpoint:
    def answer(token: str, *, asked: bool) -> Response:
        found = any(_leave(account, token, asked=asked) for account in accounts)
        return HTMLResponse(leaving(asked=asked, found=found), 200 if found else 404, headers=_SAFE)

    async def endpoint(request: Request) -> Response:
        await ignore(request)
        # a look at the page is not a wish: mail scanners follow every link
        asked = request.method == "POST"
        return await _on(executor, lambda: answer(request.path_params["token"], asked=asked))

    return endpoint


def _leave(account: Account, token: str, *, asked: bool) -> bool:
    with account.store.transaction() as connection:
        if asked:
            return deliveries.unsubscribe(connection, token, now=account.now)
        return bool(connection.execute("SELECT 1 FROM deliveries WHERE token = ?", (token,)).fetchall())


async def _on(executor: Executor, work: Callable[..., Response], *given: Any) -> Response:
    return await asyncio.get_running_loop().run_in_executor(executor, work, *given)


def _told(value: dict[str, Any], *, status: int) -> Response:
    return Response(orjson.dumps(value), status_code=status, media_type="application/json")
