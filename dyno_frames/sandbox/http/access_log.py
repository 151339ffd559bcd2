"""What was asked and how it was answered: the last requests, and one line of log for each; no key, no body."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST: Final = 1000
"""How many requests are remembered."""

ACCOUNT: Final = "dyno.account"
"""Where the name of the account stands in a request's scope, once its key was accepted."""

_log = logging.getLogger("dyno_frames.sandbox.requests")


@dataclass(frozen=True, slots=True)
class Entry:
    """One request.

    Parameters
    ----------
    at
        Epoch seconds when it came.
    account
        Whose key it carried; empty where none was accepted.
    verb, path
        The request line, without a query.
    status
        The answer's, or 0 where the connection ended before.
    duration_s
        Until the answer was written.
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


class Logbook:
    """An application that writes down what another one answers.

    Parameters
    ----------
    app
        The other one.
    clock
        Epoch seconds, now.
    """

    def __init__(self, app: ASGIApp, clock: Callable[[], float]) -> None:
        self._app = app
        self._clock = clock
        self.entries: deque[Entry] = deque(maxlen=MOST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        status, noted = 0, False
        at, began_s = self._clock(), time.perf_counter()

        def note() -> None:
            nonlocal noted
            if noted:
                return
            noted = True
            # percent-encoded, as it came: a line of log is one line
            path = scope.get("raw_path", b"").partition(b"?")[0].decode("ascii", "replace")[:300]
            took_s = time.perf_counter() - began_s
            entry = Entry(at, scope.get(ACCOUNT, ""), scope["method"], path, status, took_s)
            self.entries.append(entry)
            _log.info("%s", entry)

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif not message.get("more_body"):
                # before its last byte leaves: who has the answer finds it written down
                note()
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            note()
