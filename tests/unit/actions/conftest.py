"""A practice server, and a wire before it that loses answers or requests on demand."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from dyno_frames.actions.case import Patience
from dyno_frames.actions.journal import Journal
from dyno_frames.client.connect import connect
from dyno_frames.sandbox.sandbox import Sandbox

_REFUSAL = b'{"has_error": true, "error_code": "77", "error message": "INTERNAL"}'
ERROR = b"HTTP/1.1 500 No\r\nContent-Length: %d\r\n\r\n" % len(_REFUSAL) + _REFUSAL
"""An answer of the application with a code outside the contract."""


class FaultyWire:
    """A TCP relay that meets one request by its path with a fault; the others pass.

    ``lose_answer``: the server answers, the client gets a reset. ``lose_request``: the server gets nothing.
    ``page``: the server answers, the client gets a gateway's page. ``error``: the server answers, the client gets
    an error outside the contract; ``error_instead``: that without asking the server. ``hold``: the request waits for release,
    and the client gets a reset at once.
    """

    def __init__(self, port: int) -> None:
        self.fault: str | None = None
        self.path = ""
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
                    client.sendall(ERROR)
                    continue
                answer = self._ask(request)
                if fault == "error":
                    answer = ERROR
                if fault == "lose_answer":
                    return _reset(client)
                if fault == "page":
                    answer = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>"
                client.sendall(answer)
        return None

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


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(sample=False, speed=0) as box:
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
        client.campaigns.patience = Patience(settle_s=0.6, first_s=0.05, longest_s=0.2)
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
