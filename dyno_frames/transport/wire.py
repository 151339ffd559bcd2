"""Connections that record whether a byte of a request was sent, and that enforce the deadline of a call."""

from __future__ import annotations

import http.client
import io
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from requests import Request
from requests.adapters import HTTPAdapter
from urllib3 import (
    BaseHTTPResponse,
    HTTPConnectionPool,
    HTTPSConnectionPool,
    PoolManager,
    ProxyManager,
    Timeout,
)
from urllib3.connection import HTTPConnection, HTTPSConnection


@dataclass(slots=True)
class Watch:
    """The state of one request that its connection reads and updates.

    Parameters
    ----------
    silence_s
        Maximum time without data, in seconds.
    remaining_s
        Returns the remaining time of the call, in seconds.
    cancels
        Tokens that end the request when another thread calls them.
    has_left
        Whether a byte of the request was passed to the operating system.
    """

    silence_s: float
    remaining_s: Callable[[], float]
    cancels: tuple[CancelToken, ...] = ()
    has_left: bool = False

    @property
    def is_cancelled(self) -> bool:
        """Whether one of the tokens was called."""
        return any(token.called for token in self.cancels)


_WATCH: ContextVar[Watch | None] = ContextVar("dyno_frames_watch", default=None)


@contextmanager
def watched(watch: Watch) -> Iterator[Watch]:
    """Use a watch for the connections of this thread in a with-block."""
    token = _WATCH.set(watch)
    try:
        yield watch
    finally:
        _WATCH.reset(token)
        for cancel in watch.cancels:
            cancel.leave()  # the connection returns to the pool, where any thread can take it


def mark_left() -> None:
    """Report to this thread's watch that a byte of the request may have left."""
    watch = _WATCH.get()
    if watch is not None:
        watch.has_left = True


class CancelToken:
    """Cancels the requests of the threads that use it, by shutting down their connections."""

    __slots__ = ("_called", "_connections", "_lock", "_pauses")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._called = False
        self._connections: dict[int, socket.socket] = {}
        self._pauses: set[threading.Event] = set()

    @property
    def called(self) -> bool:
        """Whether the token was called. Then nothing more is sent."""
        return self._called

    def __call__(self) -> None:
        """Shut down the connections in use, and end all pauses."""
        with self._lock:
            self._called = True
            for connection in self._connections.values():
                _shut(connection)
            for pause in self._pauses:
                pause.set()

    @contextmanager
    def ending(self, pause: threading.Event) -> Iterator[None]:
        """In a with-block, set an event when the token is called, or at once if it was called."""
        with self._lock:
            self._pauses.add(pause)
            if self._called:
                pause.set()
        try:
            yield
        finally:
            with self._lock:
                self._pauses.discard(pause)

    def use(self, connection: socket.socket) -> None:
        """Register the connection that this thread uses, instead of an earlier one."""
        with self._lock:
            self._connections[threading.get_ident()] = connection
        if self.called:
            _shut(connection)

    def leave(self) -> None:
        """Unregister the connection of this thread."""
        with self._lock:
            self._connections.pop(threading.get_ident(), None)


def rest(seconds: float, *tokens: CancelToken) -> None:
    """Wait for some seconds, or until one of the tokens is called."""
    over = threading.Event()
    with ExitStack() as stack:
        for token in tokens:
            stack.enter_context(token.ending(over))
        over.wait(seconds)


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Timed(io.RawIOBase):
    """Reads from a socket, with the remaining time of the call as the timeout."""

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
                raise TimeoutError("the deadline of the call is over")
            self._connection.settimeout(min(watch.silence_s, left_s))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """A response whose headers are also read within the deadline."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_Timed(sock))


class _Reporting:
    """The common part of both connection classes: record the first byte sent, and never print debug output."""

    response_class = _Response
    debuglevel = 0  # http.client's debug output prints every header, and so the key
    _connecting = False
    sock: Any

    def set_debuglevel(self, level: int) -> None:
        """Do nothing: debug output would print the key."""

    def connect(self) -> None:
        """Connect. Bytes for a proxy or TLS do not count as bytes of the request."""
        self._connecting = True
        try:
            super().connect()  # type: ignore[misc]  # urllib3's, in the classes below
        finally:
            self._connecting = False

    def send(self, data: Any) -> None:
        """Connect if needed, record that bytes are sent, and send."""
        if self.sock is None:
            self.connect()
        watch = _WATCH.get()
        if watch is not None and not self._connecting:
            watch.has_left = True
        for cancel in () if watch is None else watch.cancels:
            cancel.use(self.sock)
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


@dataclass(frozen=True, slots=True)
class Message:
    """An encoded request.

    Parameters
    ----------
    verb, path
        The method, and the percent-encoded path below the server's URL.
    headers
        The headers.
    content
        The body, or None.
    """

    verb: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(repr=False)


class Adapter(HTTPAdapter):
    """The adapter of requests, with the connections of this module.

    requests looks up proxies and certificates, once per server.
    """

    _way: tuple[str, HTTPConnectionPool, str] | None = None

    def open(
        self, message: Message, *, url: str, timeout: Timeout, settings: Mapping[str, Any]
    ) -> BaseHTTPResponse:
        """Send a request and return the response, whose body is not read yet.

        Parameters
        ----------
        message
            The request.
        url
            The server's address.
        timeout
            The timeouts of connecting and of each read.
        settings
            ``verify``, ``cert`` and ``proxies`` as requests takes them.
        """
        way = self._way
        if way is None or way[0] != url:
            way = self._way = self._found(url, settings)
        _, pool, prefix = way
        return pool.urlopen(
            message.verb,
            prefix + message.path,
            message.content,
            message.headers,
            retries=self.max_retries,
            redirect=False,
            assert_same_host=False,
            timeout=timeout,
            preload_content=False,
            decode_content=False,
        )

    def _found(self, url: str, settings: Mapping[str, Any]) -> tuple[str, HTTPConnectionPool, str]:
        """Return a server's URL, its connection pool, and the prefix of paths: the whole URL for a proxy."""
        verify, cert, proxies = settings["verify"], settings["cert"], settings["proxies"]
        prepared = Request("POST", url).prepare()
        pool: Any = self.get_connection_with_tls_context(prepared, verify, proxies=proxies, cert=cert)
        self.cert_verify(pool, prepared.url, verify, cert)  # type: ignore[no-untyped-call]  # requests' own
        return url, pool, self.request_url(prepared, proxies).rstrip("/")

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Create the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager: PoolManager
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> ProxyManager:
        """Create the pools of connections through a proxy."""
        found: ProxyManager = super().proxy_manager_for(proxy, **kwargs)
        found.pool_classes_by_scheme = _POOLS
        return found
