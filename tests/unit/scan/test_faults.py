"""What befalls single pages on the way, over real sockets: it is asked for again or raised, and never swallowed."""

from __future__ import annotations

import gzip
import json
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import wait
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from dyno_frames.api import connect
from dyno_frames.contract.profile import Profile
from dyno_frames.errors import ApiError, TransportError
from dyno_frames.scan.prefetch import WindowPrefetcher

ROWS = [
    {"id": f"{at:03}", "name": f"name {at}", "status": "draft", "created": 1_400_000_000 + at, "opens": at}
    for at in range(47)
]


def http(content: bytes, *, status: int = 200, length: int | None = None, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(content) if length is None else length}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def html(answer: bytes) -> bytes:
    return http(b"<html><h1>Be right back</h1></html>", Content_Type="text/html")


Fault = Callable[[bytes], bytes]
FAULTS: dict[str, Fault] = {
    "a reset": lambda answer: b"",
    "a body cut": lambda answer: http(answer)[: -len(answer) // 2],
    "JSON cut, its length right": lambda answer: http(answer[: len(answer) // 2]),
    "a length too long": lambda answer: http(answer, length=len(answer) + 10),
    "a length too short": lambda answer: http(answer, length=len(answer) - 10),
    "503": lambda answer: http(b"busy", status=503),
    "429": lambda answer: http(b"slow down", status=429, Retry_After="1"),
    "429 in an envelope": lambda answer: http(
        b'{"has_error": true, "error_code": "429", "error message": "SLOW DOWN"}', status=429, Retry_After="1"
    ),
    "an HTML page": html,
    "an HTML page with 502": lambda answer: http(b"<html>bad gateway</html>", status=502),
    "a body of silence": lambda answer: http(answer)[:200],
    "no gzip": lambda answer: http(b"\x1f\x8b\x08 not gzip, and long enough", Content_Encoding="gzip"),
    "half a gzip": lambda answer: http(
        gzip.compress(answer)[: len(gzip.compress(answer)) // 2], Content_Encoding="gzip"
    ),
    "nothing at all": lambda answer: http(b""),
}
KEEPS_SILENT = {"a body of silence", "a length too long"}


@dataclass
class Faulty:
    """Answers finds of ``ROWS`` and counts; what befalls an answer is told by its number."""

    befalls: Callable[[int], Fault | None] = lambda number: None
    silent: bool = False
    asked: int = 0
    finds: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self.ended.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(20)

    def _accept(self) -> None:
        while not self.ended.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(0.2)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            buffer = b""
            while not self.ended.is_set():
                try:
                    received = connection.recv(1 << 16)
                except TimeoutError:
                    continue
                except OSError:
                    return
                if not received:
                    return
                buffer += received
                head, found, body = buffer.partition(b"\r\n\r\n")
                size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
                if found and len(body) >= size:
                    buffer = b""
                    if not self._answered(connection, head, body):
                        return

    def _answered(self, connection: socket.socket, head: bytes, body: bytes) -> bool:
        """Answer one request; False where the connection is over."""
        with self._lock:
            self.asked += 1
            self.finds += b"/find " in head
            fault = self.befalls(self.asked)
        rows = matching(json.loads(body))
        payload = rows if b"/find " in head else {"count": len(rows)}
        answer = json.dumps({"has_error": False, "error_code": "", "data": payload}).encode()
        content = http(answer) if fault is None else fault(answer)
        if not content:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        with suppress(OSError):
            connection.sendall(content)
        if fault is not None and self.silent:
            self.ended.wait(10)
        return fault is None


def matching(body: dict) -> list[dict]:
    """Answer as the reference says."""
    bounds = body.get("created", {})
    found = [
        row
        for row in ROWS
        if bounds.get("gte", 0) <= row["created"] < bounds.get("lt", 2**60)
        and row["created"] > bounds.get("gt", 0)
        and row["created"] == bounds.get("eq", row["created"])
    ]
    if body.get("application_order_direction") == "desc":
        found.reverse()
    offset = body.get("application_offset", 0)
    return found[offset : offset + body.get("application_limit", 100)]


@pytest.fixture
def faulty():
    servers = []

    def start(**settings):
        server = Faulty(silent=settings.pop("silent", False))
        servers.append(server)
        client = connect(
            server.url,
            "k3y",
            name=server.url,
            profile=Profile(),
            page_size=5,
            timeout_s=settings.pop("timeout_s", 30.0),
            **settings,
        )
        servers.append(client)
        client.connection.session._sleep = lambda _: None
        client.campaigns.frame()
        server.asked = server.finds = 0
        return client, server

    yield start
    for one in servers[::-1]:
        one.close()


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("name", FAULTS)
def test_what_befalls_some_pages_is_asked_for_again_and_told(faulty, name, workers):
    silent = name in KEEPS_SILENT
    client, server = faulty(workers=workers, silent=silent, timeout_s=2.0 if silent else 30.0)
    server.befalls = lambda number: FAULTS[name] if number % 5 == 3 else None
    found = client.campaigns.find()
    assert found["id"].tolist() == [row["id"] for row in ROWS]
    certificate = found.dyno.certificate
    assert certificate.verdict == "exact"
    assert certificate.retries >= certificate.requests // 5
    # An attempt on a connection that the server has just closed is one that it never saw.
    assert certificate.requests + certificate.retries >= server.asked


@pytest.mark.parametrize("form", ["frame", "batches"])
@pytest.mark.parametrize("name", sorted(FAULTS.keys() - KEEPS_SILENT))
def test_what_befalls_every_page_from_one_on_is_raised(faulty, name, form):
    client, server = faulty(workers=2)
    server.befalls = lambda number: FAULTS[name] if number > 4 else None
    stream = client.campaigns.scan().to_batches()
    with pytest.raises((TransportError, ApiError)) as caught:
        client.campaigns.find() if form == "frame" else list(stream)
    assert "k3y" not in str(caught.value)
    assert stream.certificate is None


INTERRUPTED = """
import sys, threading, time
from dyno_frames.api import connect
from dyno_frames.contract.profile import Profile
client = connect({url!r}, "k3y", profile=Profile(), page_size=5, workers=4)
try:
    for batch in client.campaigns.scan().to_batches():
        print("batch", flush=True)
    print("all", flush=True)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    client.close()
    began = time.monotonic()
    while any(thread.name.startswith("dyno-scan") for thread in threading.enumerate()):
        time.sleep(0.01)
    print("threads ended", flush=True)
"""


def test_an_interrupted_scan_ends_at_once_though_the_server_is_silent(faulty):
    _, server = faulty(silent=True)
    server.befalls = lambda number: (lambda answer: http(answer)[:150]) if number > 12 else None
    child = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED.format(url=server.url)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout.readline() == "batch\n"
        while server.asked < 14:
            server.ended.wait(0.01)
        child.send_signal(signal.SIGINT)
        said = child.communicate(timeout=8)[0].splitlines()  # the server keeps silent for ten seconds
        assert [line for line in said if line != "batch"] == ["interrupted", "threads ended"]
        assert child.returncode == 0
    finally:
        child.kill()
        child.wait()


def test_a_scan_that_is_interrupted_as_its_threads_begin_leaves_none_behind(faulty, monkeypatch):
    client, server = faulty(workers=4, silent=True)

    def interrupted(ahead):
        server.befalls = lambda _: lambda answer: http(answer)[:150]
        ahead._pool.submit(ahead._fetch, ahead._windows.popleft())
        asked = server.asked
        while server.asked == asked:
            server.ended.wait(0.01)
        raise KeyboardInterrupt

    poll = WindowPrefetcher.poll

    def poll_when_cut(ahead):  # else the walk may end before there are windows
        if ahead._cut is not None:
            wait([ahead._cut])
        poll(ahead)

    monkeypatch.setattr(WindowPrefetcher, "poll", poll_when_cut)
    monkeypatch.setattr(WindowPrefetcher, "_submit", interrupted)
    with pytest.raises(KeyboardInterrupt) as kept:  # and with it all frames that the scan went through
        client.campaigns.find()
    for thread in threading.enumerate():
        if thread.name.startswith("dyno-scan"):
            thread.join(5)  # the server keeps silent for ten seconds
            assert not thread.is_alive()
    assert kept.traceback
