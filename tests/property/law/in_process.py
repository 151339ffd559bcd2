"""A server in this process: what a session sends is answered by a function."""

from __future__ import annotations

from collections.abc import Callable

from dyno_frames.transport.auth import ApiKeyAuth
from dyno_frames.transport.call import Call
from dyno_frames.transport.endpoint import Endpoint
from dyno_frames.transport.exchange import Failure, Limits, Received
from dyno_frames.transport.wire import CancelToken

URL = "http://127.0.0.1:9"
AUTH = ApiKeyAuth("no-key-at-all")


class InProcess(Endpoint):
    """An endpoint without a wire.

    Parameters
    ----------
    answer
        Returns the response to a call, or how it failed.
    """

    def __init__(self, answer: Callable[[Call], Received | Failure]) -> None:
        super().__init__(URL, AUTH, connections=1, transport=None)
        self._answer = answer

    def attempt(self, call: Call, limits: Limits, *, cancels: tuple[CancelToken, ...]) -> Received | Failure:
        """Answer a call."""
        del limits, cancels
        return self._answer(call)
