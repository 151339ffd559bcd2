"""Closing a client: what it waits for elsewhere ends at once."""

from __future__ import annotations

import http.client
import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pandas as pd
import pytest

from dyno_frames.api import connect
from dyno_frames.errors import DynoError, OutcomeUnknownError
from dyno_frames.sandbox.sandbox import Sandbox

FIRST, ROWS = 1_400_000_000, 5_000
FRAME = pd.DataFrame(
    {
        "id": [f"{at:05}" for at in range(ROWS)],
        "name": "a name",
        "status": "draft",
        "created": range(FIRST, FIRST + ROWS),
    }
)


@pytest.fixture
def busy_later(box_of_rows) -> Iterator[str]:
    """Pass requests on, and say that the server is busy to whoever asks for pages of the second half of the rows."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = self.passed(content)
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            if status == 503:
                self.send_header("Retry-After", "1000")
            self.end_headers()
            self.wfile.write(answer)

        def passed(self, content: bytes) -> tuple[int, bytes]:
            created = json.loads(content).get("created")
            low = created.get("gte", 0) if isinstance(created, dict) else 0
            if self.path.endswith("/find") and low > FIRST + ROWS // 2:
                return 503, b"busy"
            connection = http.client.HTTPConnection(urlsplit(box_of_rows.url).netloc, timeout=30)
            headers = {name: self.headers[name] for name in ("User-Api-Key", "Content-Type")}
            connection.request("POST", self.path, content, headers)
            response = connection.getresponse()
            answer = response.read()
            connection.close()
            return response.status, answer

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever, args=(0.01,))
    serving.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    serving.join(10)
    server.server_close()


@pytest.fixture(scope="module")
def box_of_rows() -> Iterator[Sandbox]:
    with Sandbox(load={"campaigns": FRAME}, speed=0, page_limit=50) as box:
        yield box


def test_closing_a_client_ends_the_pauses_of_every_thread_of_a_scan(box_of_rows, busy_later, caplog):
    caplog.set_level(logging.DEBUG, "dyno_frames.transport")
    raised: list[BaseException] = []

    with connect(busy_later, box_of_rows.api_key, timeout_s=600, page_size=50, name="closing") as client:

        def find() -> None:
            try:
                client.campaigns.find()
            except DynoError as error:
                raised.append(error)

        finding = threading.Thread(target=find, daemon=True)
        finding.start()
        while not _is_quiet(finding, caplog.records):
            assert finding.is_alive(), raised
        client.close()
        finding.join(30)
        assert not finding.is_alive()
    assert len(raised) == 1


def _is_quiet(finding: threading.Thread, records: list[logging.LogRecord]) -> bool:
    """Tell whether requests are waited with, and no other is under way: whatever was left has come."""
    before = len(records)
    finding.join(0.5)
    return before == len(records) and any("sent again in" in record.getMessage() for record in records)


class Silent:
    """Passes requests on, and keeps the answers to creates and actions to itself."""

    def __init__(self, netloc: str) -> None:
        silent, self.kept, self.release = self, threading.Event(), threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                connection = http.client.HTTPConnection(netloc, timeout=30)
                headers = {
                    name: self.headers[name]
                    for name in ("User-Api-Key", "Content-Type")
                    if name in self.headers
                }
                connection.request(self.command, self.path, content, headers)
                response = connection.getresponse()
                answer = response.read()
                connection.close()
                if self.path == "/lists" or "campaign_process" in self.path:
                    silent.kept.set()
                    silent.release.wait(60)
                    return
                self.send_response(response.status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST  # noqa: N815 - the name that http.server looks for

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,)).start()

    def close(self) -> None:
        self.release.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def silent(box) -> Iterator[Silent]:
    silent = Silent(urlsplit(box.url).netloc)
    yield silent
    silent.close()


def closed_during(client, silent: Silent, verb) -> BaseException:
    """Return what a verb raises in another thread when the client is closed while its answer is waited for."""
    raised: list[BaseException] = []

    def call() -> None:
        try:
            verb(client)
        except DynoError as error:
            raised.append(error)

    calling = threading.Thread(target=call, daemon=True)
    calling.start()
    assert silent.kept.wait(20)
    client.close()
    calling.join(10)
    assert not calling.is_alive()
    return raised[0]


def test_an_action_that_is_waited_for_when_the_client_is_closed_is_unknown_and_not_taken_for_unsent(
    client, silent
):
    key = client.campaigns.create(name="x")
    with connect(silent.url, client.connection.session.key.reveal(), name="silent") as losing:
        error = closed_during(losing, silent, lambda one: one.campaigns.start(key))
    assert isinstance(error, OutcomeUnknownError)
    assert "resolve" in str(error)
    assert error.outcome.status == "unknown"
    with connect(silent.url, client.connection.session.key.reveal(), name="again") as again:
        assert again.journal["blocks"].any()
        assert again.campaigns.resolve(key).status == "applied"


def test_a_create_that_is_waited_for_when_the_client_is_closed_is_unknown(client, silent):
    with connect(silent.url, client.connection.session.key.reveal(), name="silent") as losing:
        error = closed_during(losing, silent, lambda one: one.lists.create(name="closed during"))
    assert isinstance(error, OutcomeUnknownError)
    assert client.lists.look_for(error) is not None
