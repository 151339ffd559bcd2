"""Record the latest requests and log a line for each, without keys and bodies."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_ENTRIES: Final = 1000
"""How many requests are kept."""

ACCOUNT: Final = "dyno.account"
"""The key of a request's scope that holds the account's name, once the API key was accepted."""

RECORD: Final = "dyno.record_request"
"""The key of a request's scope that holds the function that records it; what ends a connection calls it before."""

_log = logging.getLogger("dyno_frames.sandbox.requests")


@dataclass(frozen=True, slots=True)
class AccessLogEntry:
    """One request.

    Parameters
    ----------
    at
        When the request came, in epoch seconds.
    account
        The account's name; empty if no API key was accepted.
    verb, path
        The request line, without the query.
    status
        The status code of the answer, or 0 if the connection ended before it.
    duration_s
        The time until the answer was sent.
    """

    at: float
    account: str
    verb: str
    path: str
    status: int
    duration_s: float

    def __str__(self) -> str:
        return (
            f"{self.verb} {self.path} {self.status or 'cut'} {self.duration_s * 1000:.1f} ms {self.account}"
        )


class AccessLog:
    """Middleware that records requests."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float]) -> None:
        self._app = app
        self._clock = clock
        self.entries: deque[AccessLogEntry] = deque(maxlen=MAX_ENTRIES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        status, recorded = 0, False
        at, began_s = self._clock(), time.perf_counter()

        def record() -> None:
            nonlocal recorded
            if recorded:
                return
            recorded = True
            # percent-encoded as it was sent, so that the log has one line per request
            path = scope.get("raw_path", b"").partition(b"?")[0].decode("ascii", "replace")[:300]
            duration_s = time.perf_counter() - began_s
            entry = AccessLogEntry(at, scope.get(ACCOUNT, ""), scope["method"], path, status, duration_s)
            self.entries.append(entry)
            _log.info("%s", entry)

        async def recording_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif not message.get("more_body"):
                # record before the last byte is sent: a client that has the answer finds the entry
                record()
            await send(message)

        scope[RECORD] = record
        try:
            await self._app(scope, receive, recording_send)
        finally:
            record()
