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

from dyno_frames.client.connect import connect
from dyno_frames.errors import DynoError
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
