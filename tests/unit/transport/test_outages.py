"""Servers that are away, drip or never end, and people who do not want to wait."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from dyno_frames.contract.operations import OPERATIONS, Effect, operation
from dyno_frames.errors import ConnectError, ReadTimeoutError, TransportError
from dyno_frames.transport.retry import Policy

FIND, START = operation("campaigns", "find"), operation("campaigns", "start")
ROOT = str(Path(__file__).parents[3])


@pytest.fixture
def dripping():
    """Start a server that sends bytes one by one, for as long as anyone listens."""
    ended, threads = threading.Event(), []
    listener = socket.create_server(("127.0.0.1", 0))

    def start(head: bytes, drop: bytes) -> str:
        def drip() -> None:
            with suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(head)
                    while not ended.wait(0.01):
                        connection.sendall(drop)

        threads.append(threading.Thread(target=drip))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    ended.set()
    with suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    for thread in threads:
        thread.join(10)


DRIPS = {
    "a status line": (b"HTTP/1.1 200 ", b"O"),
    "one header": (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
    "many headers": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "answers to come": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body": (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" "),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "a chunk's size": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
}


@pytest.mark.parametrize("part", DRIPS)
@pytest.mark.parametrize("asked", [FIND, START], ids=["read", "act"])
def test_a_call_ends_at_its_deadline_whatever_drips(connect, dripping, part, asked):
    session = connect(dripping(*DRIPS[part]), timeout_s=5, policy=Policy(deadline_s=0.4))
    started = time.monotonic()
    with pytest.raises(TransportError) as caught:
        session.send(asked, body={})
    assert time.monotonic() - started < 1.5
    assert not isinstance(caught.value, ConnectError)
    if part != "many headers":  # more than a hundred headers are no HTTP before the time is over
        assert isinstance(caught.value, ReadTimeoutError)


def test_the_deadline_of_one_call_is_not_that_of_the_next(serve, connect, wire):
    server = serve(wire.ok(1))
    session = connect(server.url, timeout_s=5)
    assert session.send(FIND, body={}, deadline_s=0.5).data == 1
    assert session.send(FIND, body={}).data == 1
    assert len({asked.connection for asked in server.asked}) == 1


READS = sorted(name for name, one in OPERATIONS.items() if one.effect is Effect.READ)


class Away:
    """A server that answers once, refuses for five seconds, and answers again."""

    def __init__(self, step) -> None:
        self._step = step
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.left = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self._answer()
        self._listener.close()
        self.left.set()
        if self._ended.wait(5.0):
            return
        self._listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
        with suppress(OSError):
            while True:
                self._answer()

    def _answer(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            connection.settimeout(10)
            with suppress(OSError):
                connection.recv(65536)
                connection.sendall(self._step.content)

    def close(self) -> None:
        self._ended.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)


def test_every_read_survives_a_server_that_is_down_for_five_seconds(connect, wire):
    """All of them at once, on one budget, with a deadline of seven seconds."""
    away = Away(wire.ok({"count": 3}))
    session = connect(f"http://127.0.0.1:{away.port}", timeout_s=1.75, sleep=time.sleep)
    session.send(FIND, body={}, fresh=True)
    assert away.left.wait(10)
    replies, started = {}, time.monotonic()

    def ask(name: str) -> None:
        asked = OPERATIONS[name]
        key, body = ("x", None) if asked.verb == "GET" else (None, {})
        replies[name] = session.send(asked, key=key, body=body, fresh=True).data

    threads = [threading.Thread(target=ask, args=(name,)) for name in READS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    away.close()
    assert replies == {name: {"count": 3} for name in READS}
    assert 4.0 < time.monotonic() - started < 4 * 1.75


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:{port}", "nothing listens at 127.0.0.1:{port}. Is the server running?"),
        ("https://api.example.invalid", "cannot resolve api.example.invalid. Are you online"),
    ],
)
def test_a_server_that_cannot_be_reached_is_reported_within_two_seconds(connect, url, said):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    session, started = connect(url.format(port=port), sleep=None), time.monotonic()
    with pytest.raises(ConnectError) as caught:
        session.send(FIND, body={})
    assert time.monotonic() - started < 2
    assert str(caught.value).startswith(said.format(port=port))
    assert caught.value.attempts > 1


def test_a_server_that_was_reached_long_ago_is_not_waited_for(serve, connect, wire):
    server, now = serve(wire.ok(1)), [0.0]
    session = connect(server.url, clock=lambda: now[0], policy=Policy(recent_s=10))
    session.send(FIND, body={}, fresh=True)
    server.close()
    now[0] = 11.0
    with pytest.raises(ConnectError):
        session.send(FIND, body={}, fresh=True)
    assert sum(session.waits) == pytest.approx(session.policy.unreached_s)


def test_a_session_that_is_closed_wakes_those_who_wait(connect):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    policy = Policy(first_s=60, longest_unconnected_s=60, outlast_s=600, unreached_s=600, deadline_s=1000)
    session = connect(f"http://127.0.0.1:{port}", policy=policy, sleep=None, random=lambda: 1.0)
    errors = []

    def ask() -> None:
        try:
            session.send(FIND, body={})
        except ConnectError as error:
            errors.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    session.close()
    thread.join(10)
    assert len(errors) == 1


INTERRUPTED = """
    import logging, signal, sys, traceback
    from dyno_frames.contract.operations import operation
    from dyno_frames.transport.retry import Policy
    from dyno_frames.transport.auth import ApiKeyAuth
    from dyno_frames.transport.session import Session
    policy = Policy(first_s=60, longest_unconnected_s=60, outlast_s=60, unreached_s=60, deadline_s=1000)
    session = Session(sys.argv[1], ApiKeyAuth("k3y-that-must-not-show"), policy=policy, random=lambda: 1.0)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore Ctrl-C
    print("asking", flush=True)
    try:
        logging.basicConfig(level="INFO", stream=sys.stdout, format="%(message)s")
        session.send(operation("campaigns", "find"), body={})
    except KeyboardInterrupt as error:
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
        print("interrupted", "".join(shown.format()), flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.parametrize("place", ["back-off", "silence"])
def test_ctrl_c_works_at_once_and_shows_no_key(serve, wire, place):
    silent = serve(wire.Step(b"", "stall"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = f"http://127.0.0.1:{listener.getsockname()[1]}"
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(INTERRUPTED), silent.url if place == "silence" else free],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": ROOT},
    )
    with child:
        assert child.stdout.readline() == "asking\n"
        deadline = time.monotonic() + 20
        if place == "back-off":
            assert "sent again in 60" in child.stdout.readline()
        while place == "silence" and not silent.asked:
            assert time.monotonic() < deadline
        started = time.monotonic()
        child.send_signal(signal.SIGINT)
        said = child.stdout.read()
    assert said.startswith("interrupted"), said
    assert "k3y" not in said
    assert "http/client.py" not in said
    assert time.monotonic() - started < 5


def test_http_client_s_own_switch_prints_no_key(serve, connect, wire, monkeypatch, capsys):
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 9)
    connect(serve(wire.ok(1)).url).send(FIND, body={})
    assert wire.key not in capsys.readouterr().out


def test_a_fresh_read_takes_no_answer_that_was_left_over(serve, connect, wire):
    """A server that answers twice leaves an answer in the kept connection; a fresh one has none."""
    twice = wire.Step(wire.ok("old").content + wire.ok("old").content)
    server = serve(twice, wire.ok("new"))
    session = connect(server.url)
    session.send(FIND, body={}, fresh=True)
    assert session.send(FIND, body={}, fresh=True).data == "new"
    assert len({asked.connection for asked in server.asked}) == 2
