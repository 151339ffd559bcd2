"""What other threads exchange can be ended at once, and only what they do."""

from __future__ import annotations

import threading

import pytest

from dyno_frames.contract.operations import OPERATIONS
from dyno_frames.errors import ConnectError, TransportError
from dyno_frames.transport.retry import Policy
from dyno_frames.transport.wire import CancelToken

FIND = OPERATIONS["campaigns.find"]


def sent_elsewhere(session, cancel, name="campaigns.find"):
    """Send in another thread, with a token or none; returns the thread and what was raised there."""
    raised = []

    def send():
        try:
            session.send(OPERATIONS[name], body={}, cancel=cancel)
        except TransportError as error:
            raised.append(error)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return thread, raised


def test_an_exchange_is_ended_though_the_server_is_silent_and_not_sent_again(serve, connect, wire):
    server = serve(wire.Step(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "stall"))
    cancel = CancelToken()
    thread, raised = sent_elsewhere(connect(server.url, timeout_s=60), cancel)
    while not server.asked:
        thread.join(0.01)
    cancel()
    thread.join(20)
    assert not thread.is_alive()
    assert len(raised) == len(server.asked) == 1


def test_a_pause_between_attempts_is_ended(serve, connect, wire):
    server = serve(wire.Step(wire.http(b"busy", status=503)))
    cancel = CancelToken()
    patient = Policy(attempts=50, first_s=60, longest_s=60, deadline_s=600)
    session = connect(server.url, policy=patient, sleep=None, random=lambda: 1.0)
    thread, raised = sent_elsewhere(session, cancel)
    while not server.asked:
        thread.join(0.01)
    cancel()
    thread.join(20)
    assert not thread.is_alive()
    assert len(raised) == len(server.asked) == 1


@pytest.mark.parametrize("cancel", [None, CancelToken()], ids=["a plain call", "a call of a scan"])
def test_closing_the_session_ends_a_pause_between_attempts(serve, connect, wire, cancel):
    server = serve(wire.Step(wire.http(b"busy", status=503)))
    patient = Policy(attempts=50, first_s=600, longest_s=600, deadline_s=6000)
    session = connect(server.url, policy=patient, sleep=None, random=lambda: 1.0)
    threads = [sent_elsewhere(session, cancel) for _ in range(3)]
    while len(server.asked) < len(threads):
        threads[0][0].join(0.01)
    session.close()
    for thread, raised in threads:
        thread.join(20)
        assert not thread.is_alive()
        assert len(raised) == 1
    assert len(server.asked) == len(threads)


def test_closing_one_session_ends_no_pause_of_another(serve, connect, wire):
    server = serve(wire.Step(wire.http(b"busy", status=503)))
    patient = Policy(attempts=50, first_s=600, longest_s=600, deadline_s=6000)
    one, other = (connect(server.url, policy=patient, sleep=None, random=lambda: 1.0) for _ in range(2))
    cancel = CancelToken()
    thread, raised = sent_elsewhere(one, cancel)
    while not server.asked:
        thread.join(0.01)
    other.close()
    thread.join(0.2)
    assert thread.is_alive()
    cancel()
    thread.join(20)
    assert len(raised) == 1


def test_a_connection_that_was_given_back_is_not_shut(serve, connect, wire):
    server = serve(wire.ok(1))
    session, cancel = connect(server.url), CancelToken()
    session.send(FIND, body={}, cancel=cancel)
    cancel()
    assert session.send(FIND, body={}).attempts == 1
    assert len({asked.connection for asked in server.asked}) == 1


def test_what_begins_after_the_token_was_called_ends_at_once(serve, connect, wire):
    server = serve(wire.ok(1))
    cancel = CancelToken()
    cancel()
    thread, raised = sent_elsewhere(connect(server.url), cancel)
    thread.join(20)
    assert len(raised) == 1


@pytest.mark.parametrize("cancel", [None, CancelToken()])
def test_a_token_that_is_not_called_ends_nothing(serve, connect, wire, cancel):
    server = serve(wire.Step(b"", "reset"), wire.ok(1))
    assert connect(server.url).send(FIND, body={}, cancel=cancel).data == 1


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"])
@pytest.mark.parametrize("name", ["campaigns.find", "campaigns.start", "lists.create"])
@pytest.mark.parametrize("ended_by", ["the token", "closing"])
def test_a_call_is_ended_though_the_server_is_silent_whatever_connection_it_travels_on(  # noqa: PLR0917 - fixtures
    serve, connect, wire, answer, name, ended_by
):
    server = serve(wire.Step(answer, "stall"))
    session, cancel = connect(server.url, timeout_s=60), CancelToken()
    thread, raised = sent_elsewhere(session, cancel, name)
    while not server.asked:
        thread.join(0.01)
    (cancel if ended_by == "the token" else session.close)()
    thread.join(20)
    assert not thread.is_alive()
    assert len(raised) == len(server.asked) == 1
    assert "was canceled" in str(raised[0])
    assert not isinstance(raised[0], ConnectError)
