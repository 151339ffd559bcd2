"""A server on loopback that answers, cuts, stalls and resets by script, over real sockets."""

from __future__ import annotations

import gzip
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from dyno_frames.transport.auth import ApiKeyAuth
from dyno_frames.transport.retry import Policy
from dyno_frames.transport.session import Session

KEY = "k3y-that-must-not-show"


@dataclass
class Step:
    """What one request is met with: bytes, and then the connection's fate."""

    content: bytes = b""
    then: str = "keep"  # keep, close, reset, stall


@dataclass
class Asked:
    verb: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass
class Scripted:
    """A server that meets request n with step n, and the last step from then on."""

    steps: list[Step]
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._ended.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.append(connection)
                thread = threading.Thread(target=self._serve, args=(connection, len(self._open)))
                self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with connection, connection.makefile("rb") as reader, suppress(OSError, ValueError):
            while asked := _request(reader, number):
                with self._lock:
                    self.asked.append(asked)
                    step = self.steps[min(len(self.asked), len(self.steps)) - 1]
                connection.sendall(step.content)
                if step.then == "stall":
                    self._ended.wait(30)
                if step.then == "reset":
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if step.then != "keep":
                    return


def _request(reader, number: int) -> Asked | None:
    line = reader.readline().decode()
    if not line.strip():
        return None
    verb, path, _ = line.split()
    headers = {}
    while (text := reader.readline().decode().strip()) != "":
        name, _, value = text.partition(":")
        headers[name.lower()] = value.strip()
    return Asked(verb, path, headers, reader.read(int(headers.get("content-length", 0))), number)


def http(
    body: bytes | object, *, status: int = 200, headers: dict[str, str] | None = None, length=None
) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = {"Content-Length": str(len(content) if length is None else length), **(headers or {})}
    head = f"HTTP/1.1 {status} Whatever\r\n" + "".join(f"{n}: {v}\r\n" for n, v in lines.items()) + "\r\n"
    return head.encode() + content


def ok(payload: object = None) -> Step:
    return Step(http({"has_error": False, "error_code": "", "data": payload}))


def no(code: str, text: str, *, status: int = 500, headers: dict[str, str] | None = None) -> Step:
    return Step(
        http({"has_error": True, "error_code": code, "error message": text}, status=status, headers=headers)
    )


def zipped(payload: object, *, keep: float = 1.0) -> bytes:
    whole = gzip.compress(json.dumps({"has_error": False, "error_code": "", "data": payload}).encode())
    return whole[: int(len(whole) * keep)]


@pytest.fixture
def serve() -> Iterator[Callable[..., Scripted]]:
    servers: list[Scripted] = []

    def start(*steps: Step) -> Scripted:
        servers.append(Scripted(list(steps)))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def connect() -> Iterator[Callable[..., Session]]:
    """Sessions that do not wait between attempts, and remember how long they would have."""
    sessions: list[Session] = []

    def start(url: str, *, timeout_s: float = 5.0, policy: Policy | None = None, **kwargs) -> Session:
        waits: list[float] = []
        kwargs.setdefault("sleep", waits.append)
        session = Session(url, ApiKeyAuth(KEY), timeout_s=timeout_s, policy=policy, **kwargs)
        session.waits = waits
        sessions.append(session)
        return session

    yield start
    for session in sessions:
        session.close()


@pytest.fixture
def wire():
    """The forms of answers, for tests to build steps from."""

    class Wire:
        pass

    wire = Wire()
    wire.Step, wire.http, wire.ok, wire.no, wire.zipped, wire.key = Step, http, ok, no, zipped, KEY
    return wire
