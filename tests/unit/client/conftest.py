"""A practice server and a client of it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from dyno_frames.api import connect
from dyno_frames.sandbox.sandbox import Sandbox


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(sample=False, speed=0) as box:
        yield box


@pytest.fixture(autouse=True)
def _surroundings(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("DYNO_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("DYNO_URL", raising=False)
    monkeypatch.delenv("DYNO_API_KEY", raising=False)


@pytest.fixture
def client(box):
    with connect(box.url, box.api_key) as client:
        yield client


@pytest.fixture
def answer():
    """Start a server that meets every request with the same bytes, and counts them."""
    servers = []

    def start(content: bytes):
        listener = socket.create_server(("127.0.0.1", 0))
        seen: list[bytes] = []

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(10)
                    asked = connection.recv(1 << 20)
                    if b"HTTP/" not in asked:
                        continue  # from a program that used the port before, such as a kernel's client
                    seen.append(asked)
                    connection.sendall(content)

        thread = threading.Thread(target=serve)
        thread.start()
        servers.append((listener, thread))
        return f"http://127.0.0.1:{listener.getsockname()[1]}", seen

    yield start
    for listener, thread in servers:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


@pytest.fixture
def http():
    def whole(body: str, status: int = 200) -> bytes:
        content = body.encode()
        head = f"HTTP/1.1 {status} Whatever\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
        return head.encode() + content

    return whole
