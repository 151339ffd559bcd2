"""Connections that know whether a byte of a request has left, and that no slow server can hold beyond a call's end."""

from __future__ import annotations

import http.client
import io
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection


@dataclass(slots=True)
class Watch:
    """One exchange as its connection sees it.

    Parameters
    ----------
    silence_s
        The longest silence, in seconds.
    remaining_s
        Returns what is left of the call's time, in seconds.
    has_left
        Whether a byte of the request was handed to the system.
    """

    silence_s: float
    remaining_s: Callable[[], float]
    has_left: bool = False


_WATCH: ContextVar[Watch | None] = ContextVar("dyno_frames_watch", default=None)


@contextmanager
def watched(watch: Watch) -> Iterator[Watch]:
    """Let the connections that this thread uses in a with-block report to a watch and obey it."""
    token = _WATCH.set(watch)
    try:
        yield watch
    finally:
        _WATCH.reset(token)


class _Timed(io.RawIOBase):
    """A socket's bytes, each read bounded by what is left of the call."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._raw = connection.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def readinto(self, buffer: Any, /) -> int | None:
        watch = _WATCH.get()
        if watch is not None:
            left_s = watch.remaining_s()
            if left_s <= 0:
                raise TimeoutError("the call's time is over")
            self._connection.settimeout(min(watch.silence_s, left_s))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """An answer whose head, too, cannot drip beyond the call's end."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_Timed(sock))


class _Reporting:
    """What both kinds of connection add: the first byte that leaves is reported, and nothing is ever printed."""

    response_class = _Response
    debuglevel = 0  # http.client's own switch prints every header, hence the key
    _connecting = False
    sock: Any

    def set_debuglevel(self, level: int) -> None:
        """Print nothing, whatever is asked for."""

    def connect(self) -> None:
        """Connect; what a proxy or TLS is told on the way is not the request."""
        self._connecting = True
        try:
            super().connect()  # type: ignore[misc]  # urllib3's, in the classes below
        finally:
            self._connecting = False

    def send(self, data: Any) -> None:
        """Send, connecting first, and report that something has left."""
        if self.sock is None:
            self.connect()
        watch = _WATCH.get()
        if watch is not None and not self._connecting:
            watch.has_left = True
        super().send(data)  # type: ignore[misc]  # urllib3's, in the classes below


class _Plain(_Reporting, HTTPConnection):  # type: ignore[misc]  # the mixin's attributes are looser
    pass


class _Secure(_Reporting, HTTPSConnection):  # type: ignore[misc]  # the mixin's attributes are looser
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


_POOLS = {"http": _PlainPool, "https": _SecurePool}


class Adapter(HTTPAdapter):
    """The adapter of requests, over connections that report and obey."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager: PoolManager
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> ProxyManager:
        """Make the pools of connections through a proxy."""
        found: ProxyManager = super().proxy_manager_for(proxy, **kwargs)
        found.pool_classes_by_scheme = _POOLS
        return found
