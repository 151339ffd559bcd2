"""An HTTP server in its own thread. It answers when ``start`` returns and is gone when ``stop`` returns."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from dyno_frames.errors import ConfigError, InsecureTransportWarning

DEFAULT_HOST: Final = "127.0.0.1"
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_WORKERS: Final = 4
_START_S: Final = 10.0
_STOP_S: Final = 5
_POLL_S: Final = 0.005
_DATE_S: Final = 1.0


def bind_socket(port: int, host: str = DEFAULT_HOST) -> socket.socket:
    """Return a listening socket.

    Parameters
    ----------
    port
        The port; 0 for a free one.
    host
        The address. A warning is issued if other machines can reach it.

    Raises
    ------
    ConfigError
        The port or the host is not valid, or the port is taken.
    """
    if not _is_port(port):
        raise ConfigError(f"port is {port!r}; expected a number up to 65535, or 0 for a free port")
    if host not in _LOOPBACK:
        warnings.warn(
            f"the sandbox listens on {host!r}: other machines can reach it, and keys are sent unencrypted",
            InsecureTransportWarning,
            stacklevel=3,
        )
    family = socket.AF_INET6 if ":" in str(host) else socket.AF_INET
    # asyncio sets TCP_NODELAY only if the protocol is given; without it each answer takes 40 ms longer
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # On Windows, SO_REUSEADDR would let a second sandbox listen on the same port.
        option = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
        listener.setsockopt(socket.SOL_SOCKET, option, 1)
        listener.bind((host, port))
        listener.listen(128)
    except (TypeError, ValueError) as error:
        listener.close()
        raise ConfigError(f"host is {host!r}; expected a name or an address of this machine") from error
    except OSError as error:
        listener.close()
        taken = error.errno in {errno.EADDRINUSE, errno.EACCES}
        cure = "leave port out to get a free one" if taken else "host must be an address of this machine"
        raise ConfigError(f"port {port} on {host} cannot be used ({error.strerror}); {cure}") from error
    return listener


def _is_port(port: Any) -> bool:
    return isinstance(port, int) and not isinstance(port, bool) and 0 <= port <= 65535


def url_of(host: str, port: int) -> str:
    """Return the URL at which this machine reaches a server on this address."""
    reachable = DEFAULT_HOST if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not bound
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


class HttpServer:
    """A server in its own thread. Stopping it closes the listening socket and ends the threads of the executor."""

    def __init__(self, app: ASGIApp, listener: socket.socket, executor: ThreadPoolExecutor) -> None:
        self._executor = executor
        self._listener = listener
        self._ready = threading.Event()
        self._server = _NotifyingServer(_config(app), self._ready)
        port = listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name=f"dyno-sandbox-{port}", daemon=True)

    def start(self) -> None:
        """Start the server and return when it answers requests."""
        self._thread.start()
        if not self._ready.wait(_START_S) or not self._server.started:
            self.stop()
            raise ConfigError(f"the sandbox's server did not start within {_START_S:.0f} s")

    def stop(self) -> None:
        """Finish the current requests, close every connection, and join every thread."""
        self._server.stop()
        if self._thread.ident is not None:
            self._thread.join()
        self._listener.close()
        self._executor.shutdown(wait=True)

    def connection_of(self, client: tuple[str, int]) -> asyncio.Transport | None:
        """Return the connection of a client, or None if it is closed."""
        for each in self._server.server_state.connections:
            if isinstance(each, H11Protocol) and each.client == client:
                return each.transport
        return None

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._listener])
        finally:
            self._ready.set()


class _NotifyingServer(uvicorn.Server):
    """A server that starts and stops at once. uvicorn looks every 0.1 s whether it is to stop."""

    def __init__(self, config: uvicorn.Config, ready: threading.Event) -> None:
        super().__init__(config)
        self._ready = ready
        self._stopping = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def stop(self) -> None:
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._stopping.set)

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready.set()
        while not await self.on_tick(0):  # sets the date of answers, too
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _DATE_S)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's own
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        deadline = time.monotonic() + _STOP_S
        state = self.server_state  # uvicorn tells nobody when these are empty
        while (state.connections or state.tasks) and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(_POLL_S)
        for task in state.tasks:
            task.cancel()


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
        # longer than the usual pause in a notebook, so that a client rarely finds its connection closed
        timeout_keep_alive=75,
    )


def create_executor() -> ThreadPoolExecutor:
    """Return the threads in which operations run."""
    return ThreadPoolExecutor(_WORKERS, thread_name_prefix="dyno-sandbox-work")
