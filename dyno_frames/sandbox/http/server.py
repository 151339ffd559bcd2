"""An HTTP server in a thread of its own, that is there when start returns and gone when stop does."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from dyno_frames.errors import ConfigError, InsecureTransportWarning

HOST = "127.0.0.1"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_WORKERS = 4
_START_S, _STOP_S = 10.0, 5


def bind(port: int, host: str = HOST) -> socket.socket:
    """Return a socket; port 0 takes a free one.

    Parameters
    ----------
    port, host
        Where. Any other host than loopback lets other machines in, and warns.

    Raises
    ------
    ConfigError
        The port is no port, or is taken.
    """
    if not _is_port(port):
        raise ConfigError(f"port is {port!r}; expected 0 for a free one, or a number up to 65535")
    if host not in _LOOPBACK:
        warnings.warn(
            f"the sandbox listens on {host!r}: other machines reach it, and keys travel unencrypted",
            InsecureTransportWarning,
            stacklevel=3,
        )
    family = socket.AF_INET6 if ":" in str(host) else socket.AF_INET
    # with its protocol named, asyncio sets TCP_NODELAY on what it accepts; else each answer waits 40 ms
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except (TypeError, ValueError) as error:
        listener.close()
        raise ConfigError(f"host is {host!r}; expected a name or an address of this machine") from error
    except OSError as error:
        listener.close()
        taken = error.errno in {errno.EADDRINUSE, errno.EACCES}
        cure = "leave port out to get a free one" if taken else "host is an address of this machine"
        raise ConfigError(f"port {port} on {host} cannot be used ({error.strerror}); {cure}") from error
    return listener


def _is_port(port: Any) -> bool:
    return isinstance(port, int) and not isinstance(port, bool) and 0 <= port <= 65535


class Serving:
    """A running server.

    Parameters
    ----------
    app
        What answers.
    listener
        The bound socket; it is closed with the server.
    executor
        What the application runs its work on; it ends with the server.
    """

    def __init__(self, app: ASGIApp, listener: socket.socket, executor: ThreadPoolExecutor) -> None:
        self._executor = executor
        self._listener = listener
        self._ready = threading.Event()
        self._server = _Announcing(_config(app), self._ready)
        port = listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name=f"dyno-sandbox-{port}", daemon=True)

    def start(self) -> None:
        """Start, and return when requests are answered."""
        self._thread.start()
        if not self._ready.wait(_START_S) or not self._server.started:
            self.stop()
            raise ConfigError(f"the sandbox's server did not start within {_START_S:.0f} s")

    def stop(self) -> None:
        """Finish the requests that are under way, close every connection, and join every thread."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join()
        self._listener.close()
        self._executor.shutdown(wait=True)

    def transport_of(self, client: tuple[str, int]) -> asyncio.Transport | None:
        """Return the connection that a client has, or None where it is gone."""
        for each in self._server.server_state.connections:
            if isinstance(each, H11Protocol) and each.client == client:
                return each.transport
        return None

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._listener])
        finally:
            self._ready.set()


class _Announcing(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: threading.Event) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        # longer than a notebook's pauses, so that a kept connection is seldom closed under a client
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_STOP_S,
    )


def workers() -> ThreadPoolExecutor:
    """Return the threads that answer requests."""
    return ThreadPoolExecutor(_WORKERS, thread_name_prefix="dyno-sandbox-work")
