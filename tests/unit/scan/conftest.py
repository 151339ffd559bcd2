"""A practice server with something between it and the client: it listens, and may break a promise or write meanwhile."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import pytest

from dyno_frames.api import connect
from dyno_frames.contract.profile import Profile
from dyno_frames.sandbox.sandbox import Sandbox

Body = dict[str, Any]


class Between:
    """Passes every request on and remembers its body.

    ``asking`` may change a find's body before it is passed on and ``answering`` its rows before they come back;
    ``writing`` may change the bytes of any answer, and ``date`` is the server's clock. ``before`` is told of each find, and may write to the account by other ways.
    """

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self.bodies: dict[str, list[Body]] = {"find": [], "count": []}
        self.asking: Callable[[Body], Body] = lambda body: body
        self.answering: Callable[[list[Any]], list[Any]] = lambda rows: rows
        self.writing: Callable[[bytes], bytes] = lambda answer: answer
        self.before: Callable[[int], None] = lambda number: None
        self.date: Callable[[], float] = time.time
        between = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def setup(self) -> None:
                super().setup()
                self.behind = http.client.HTTPConnection(urlsplit(box.url).netloc, timeout=30)

            def finish(self) -> None:
                self.behind.close()
                super().finish()

            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = between.passed(self.behind, self.path, content, self.headers["User-Api-Key"])
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def date_time_string(self, timestamp: float | None = None) -> str:
                return super().date_time_string(between.date() if timestamp is None else timestamp)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def passed(
        self, behind: http.client.HTTPConnection, path: str, content: bytes, key: str
    ) -> tuple[int, bytes]:
        verb = path.rpartition("/")[2]
        if verb in self.bodies:
            self.bodies[verb].append(json.loads(content))
        if verb == "find":
            self.before(len(self.bodies["find"]))
            content = json.dumps(self.asking(json.loads(content))).encode()
        headers = {"User-Api-Key": key, "Content-Type": "application/json"}
        behind.request("POST", path, content, headers)
        response = behind.getresponse()
        answer = response.read()
        if verb == "find" and response.status == 200:
            envelope = json.loads(answer)
            answer = json.dumps(envelope | {"data": self.answering(envelope["data"])}).encode()
        return response.status, self.writing(answer)

    def forget(self) -> None:
        """Begin to remember anew."""
        for bodies in self.bodies.values():
            bodies.clear()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()


@pytest.fixture
def account() -> Iterator[Callable[..., tuple[Any, Between]]]:
    """Load campaigns into a practice server; returns a client and what stands between the two."""
    with ExitStack() as stack:

        def start(rows: Any, *, page_limit: int = 1000, **settings: Any) -> tuple[Any, Between]:
            frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows)
            box = stack.enter_context(
                Sandbox(load={"campaigns": frame}, speed=0, page_limit=page_limit, connect=connect)
            )
            between = Between(box)
            stack.callback(between.close)
            settings = {"profile": Profile(), "name": f"between-{between.url}", **settings}
            client = stack.enter_context(connect(between.url, box.api_key, **settings))
            client.campaigns.frame()
            between.forget()
            return client, between

        yield start


@pytest.fixture
def campaigns() -> Callable[..., pd.DataFrame]:
    """Campaigns with ties in created, nulls, and fields outside the contract."""

    def make(number: int, *, tied: int = 3) -> pd.DataFrame:
        at = pd.Series(range(number))
        return pd.DataFrame(
            {
                "id": [f"{(37 * place) % number:05d}" for place in range(number)],
                "name": "name " + (at % 7).astype(str),
                "subject": [None if place % 5 == 0 else f"subject {place % 11}" for place in range(number)],
                "status": at.map(lambda place: ["draft", "finished", "stopped"][place % 3]),
                "created": 1_400_000_000 + at // tied,
                "updated": 1_400_000_000 + at,
                "start_time": [None if place % 4 == 0 else 1_400_000_500 - place for place in range(number)],
                "opens": (at * 7) % 13,
                "clicks": at % 3,
                "rate": [None if place % 6 == 0 else (place % 9) / 4 for place in range(number)],
                "flag": [None if place % 7 == 0 else place % 2 == 0 for place in range(number)],
            }
        ).astype({"start_time": "Int64", "rate": "Float64", "flag": "boolean"})

    return make
