"""A practice server, and a wire before it that loses answers or requests on demand."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from dyno_frames.actions.context import PollPolicy
from dyno_frames.actions.journal import Journal
from dyno_frames.api import connect
from dyno_frames.sandbox.sandbox import Sandbox


def refusal(code: str, status: int = 500) -> bytes:
    """Return an answer of the application with an error code."""
    body = b'{"has_error": true, "error_code": "%s", "error message": "INTERNAL"}' % code.encode()
    return b"HTTP/1.1 %d No\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body


ERROR = refusal("77")
"""An answer of the application with a code outside the contract."""


class FaultyWire:
    """A TCP relay that meets one request by its path with a fault; the others pass.

    ``lose_answer``: the server answers, the client gets a reset. ``lose_request``: the server gets nothing.
    ``page``: the server answers, the client gets a gateway's page. ``error``: the server answers, the client gets
    an error outside the contract; ``error_instead``: that without asking the server. ``hold``: the request waits for release,
    and the client gets a reset at once.

    ``error`` is the answer of the latter two. ``lag``: how many readings after the action show a campaign as it was
    read before it.
    """

    refusal = staticmethod(refusal)

    def __init__(self, port: int) -> None:
        self.fault: str | None = None
        self.path = ""
        self.error = ERROR
        self.lag = 0
        self._old: dict[str, bytes] = {}
        self.passed: list[str] = []
        self.release = threading.Event()
        self.delivered = threading.Event()
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def break_(self, fault: str, path: str) -> None:
        self.fault, self.path = fault, path

    def sent(self, path: str) -> int:
        return sum(path in line for line in self.passed)

    def close(self) -> None:
        self.release.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in list(self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(client)
            thread = threading.Thread(target=self._relay, args=(client,))
            self._threads.append(thread)
            thread.start()

    def _relay(self, client: socket.socket) -> None:
        with client, client.makefile("rb") as reader, suppress(OSError, ValueError):
            while request := _message(reader):
                line = request.split(b"\r\n", 1)[0].decode()
                self.passed.append(line)
                fault = self.fault if self.path and self.path in line else None
                if fault == "lose_request":
                    return _reset(client)
                if fault == "hold":
                    client.shutdown(socket.SHUT_RDWR)
                    self.release.wait(30)
                    self._ask(request)
                    self.delivered.set()
                    return None
                if fault == "error_instead":
                    client.sendall(self.error)
                    continue
                answer = self._read(line, request) if line.startswith("GET") else self._ask(request)
                if fault == "error":
                    answer = self.error
                if fault == "lose_answer":
                    return _reset(client)
                if fault == "page":
                    answer = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>"
                client.sendall(answer)
        return None

    def _read(self, line: str, request: bytes) -> bytes:
        """Ask for a campaign, or answer as a replica that has not yet heard of the action."""
        if self.lag and line in self._old and self.sent("campaign_process"):
            self.lag -= 1
            return self._old[line]
        answer = self._old[line] = self._ask(request)
        return answer

    def _ask(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self._port)) as server, server.makefile("rb") as reader:
            server.sendall(request)
            return _message(reader)


def _message(reader) -> bytes:
    head = b""
    while (line := reader.readline()) not in {b"\r\n", b""}:
        head += line
    if not head:
        return b""
    lengths = [int(x.split(b":")[1]) for x in head.split(b"\r\n") if x.lower().startswith(b"content-length:")]
    return head + b"\r\n" + reader.read(lengths[0] if lengths else 0)


def _reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


class MovedClock:
    """A clock that only pauses move: readings follow at once, and their number is the same on every machine."""

    def __init__(self) -> None:
        self._now_s = 0.0

    def clock(self) -> float:
        return self._now_s

    def sleep(self, seconds: float) -> None:
        self._now_s += seconds


def without_waiting(**pauses: float) -> PollPolicy:
    """Return a policy whose pauses take no time."""
    moved = MovedClock()
    return PollPolicy(clock=moved.clock, sleep=moved.sleep, **pauses)


@pytest.fixture(scope="session", name="without_waiting")
def _without_waiting() -> Callable[..., PollPolicy]:
    return without_waiting


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(sample=False, speed=0, accounts=["another"]) as box:
        yield box


@pytest.fixture(scope="session")
def faulty_wire() -> type[FaultyWire]:
    return FaultyWire


@pytest.fixture
def wire(box) -> Iterator[FaultyWire]:
    wire = FaultyWire(box.port)
    yield wire
    wire.close()


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("DYNO_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def client(wire, box, state):
    """A client that speaks to the server through the wire."""
    with connect(wire.url, box.api_key) as client:
        client.campaigns.poll_policy = without_waiting(settle_s=0.6, first_s=0.05, longest_s=0.2)
        yield client


@pytest.fixture
def campaign(client):
    """The id of a draft with a list of two."""
    of = client.lists.create(name="Friends", emails=["ann@example.com", "bob@example.com"])
    by = client.templates.create(name="Plain", html="<p>hello</p>", subject="hello")
    return client.campaigns.create(name="Hello", list_id=of, template_id=by, subject="hello")


@pytest.fixture
def journal(tmp_path):
    return Journal("server:1", folder=tmp_path / "journal")
