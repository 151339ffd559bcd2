"""The session against a real server that misbehaves over real sockets."""

from __future__ import annotations

import json
import logging
import math
import pickle
import socket
import ssl
import threading
import time
import traceback
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from dyno_frames.contract.operations import OPERATIONS, operation
from dyno_frames.errors import (
    ApiError,
    AuthenticationError,
    ConfigError,
    ConnectError,
    ContractError,
    DynoError,
    IllegalTransitionError,
    InsecureTransportWarning,
    NotFoundError,
    RateLimitError,
    ReadTimeoutError,
    RejectedError,
    RetriesExhaustedError,
    TransportError,
)
from dyno_frames.transport.auth import ApiKeyAuth
from dyno_frames.transport.retry import Policy
from dyno_frames.transport.session import Session

FIND, GET = operation("campaigns", "find"), operation("campaigns", "get")
CREATE, START = operation("lists", "create"), operation("campaigns", "start")
UPDATE, DELETE = operation("lists", "update"), operation("lists", "delete")
HARMFUL = [CREATE, START]


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_an_answer_comes_back_with_its_payload_and_its_bytes(serve, connect, wire):
    server = serve(wire.ok([{"id": "1"}]))
    reply = connect(server.url).send(FIND, body={"application_limit": 3})
    assert reply.data == [{"id": "1"}]
    assert json.loads(reply.content)["data"] == reply.data
    assert reply.attempts == 1
    assert reply.elapsed_s > 0
    assert str(reply.request) == 'POST /campaigns/find {"application_limit":3}'


def test_the_request_carries_key_type_and_body(serve, connect, wire):
    server = serve(wire.ok())
    session = connect(server.url + "/base/")
    session.send(GET, key="a b/ü")
    session.send(UPDATE, key="1", body={"n": 2**70})
    get, put = server.asked
    assert (get.verb, get.path) == ("GET", "/base/campaigns/a%20b%2F%C3%BC")
    assert get.headers["user-api-key"] == put.headers["user-api-key"] == wire.key
    assert "content-type" not in get.headers
    assert put.headers["content-type"] == "application/json"
    assert json.loads(put.body) == {"n": 2**70}


def test_integers_of_any_width_survive(serve, connect, wire):
    wide = [2**53 + 1, 2**63, 2**64 - 1, 2**64, 10**30, -(2**63), -(2**63) - 1, 0]
    session = connect(serve(wire.ok(wide)).url)
    data = session.send(FIND, body={}).data
    assert data == wide
    assert all(isinstance(value, int) for value in data)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("404", NotFoundError),
        ("401", AuthenticationError),
        ("403", AuthenticationError),
        ("409", IllegalTransitionError),
        ("400", RejectedError),
        ("413", RejectedError),
        ("123", ApiError),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 500, 503])
def test_a_refusal_is_raised_by_its_code_whatever_the_status_and_never_sent_again(  # noqa: PLR0917 - fixtures
    serve, connect, wire, code, kind, status
):
    server = serve(wire.no(code, "RESOURCE NOT FOUND", status=status))
    for asked in (FIND, START):
        with pytest.raises(ApiError) as caught:
            connect(server.url).send(asked, body={})
        assert type(caught.value) is kind
        assert caught.value.code == code
        assert caught.value.message == "RESOURCE NOT FOUND"
        assert not caught.value.retryable
    assert len(server.asked) == 2


def test_a_refused_key_says_where_a_key_comes_from(serve, connect, wire):
    with pytest.raises(AuthenticationError, match=r"api_key=.*DYNO_API_KEY"):
        connect(serve(wire.no("401", "UNAUTHORIZED")).url).send(FIND, body={})


def failing(wire) -> dict[str, object]:
    page = b"<html>502 Bad Gateway</html>"
    whole = wire.http({"has_error": False, "error_code": "", "data": list(range(500))})
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n" + b"x" * 20
    squeezed = {"Content-Encoding": "gzip"}
    return {
        "closed before an answer": wire.Step(b"", "close"),
        "reset before an answer": wire.Step(b"", "reset"),
        "half a head": wire.Step(whole[:20], "close"),
        "half a body": wire.Step(whole[:200], "close"),
        "a reset in the body": wire.Step(whole[:200], "reset"),
        "half a chunk": wire.Step(chunked, "close"),
        "half a gzip": wire.Step(wire.http(wire.zipped(list(range(900)), keep=0.5), headers=squeezed)),
        "no gzip at all": wire.Step(wire.http(b"not gzip, and long enough to be read", headers=squeezed)),
        "a page": wire.Step(wire.http(page)),
        "nothing": wire.Step(wire.http(b"")),
        "half JSON": wire.Step(wire.http(b'{"has_error": false, "data": [')),
        "NaN": wire.Step(wire.http(b'{"has_error": false, "data": [NaN, 12345678901234567890123]}')),
        "a page of a gateway": wire.Step(wire.http(page, status=502)),
        "503": wire.Step(wire.http(page, status=503)),
        "504 in JSON": wire.Step(wire.http({"message": "upstream"}, status=504)),
        "500 without an envelope": wire.Step(wire.http({"oops": 1}, status=500)),
        "429 without an envelope": wire.Step(wire.http(page, status=429)),
        "no HTTP": wire.Step(b"220 smtp.example ESMTP\r\n", "close"),
    }


CASES = (
    "closed before an answer",
    "reset before an answer",
    "half a head",
    "half a body",
    "a reset in the body",
    "half a chunk",
    "half a gzip",
    "no gzip at all",
    "a page",
    "nothing",
    "half JSON",
    "NaN",
    "a page of a gateway",
    "503",
    "504 in JSON",
    "500 without an envelope",
    "429 without an envelope",
    "no HTTP",
)


def test_every_failing_answer_is_tried(wire):
    assert tuple(failing(wire)) == CASES


@pytest.mark.parametrize("case", CASES)
def test_a_read_outlives_what_passes(serve, connect, wire, case):
    server = serve(failing(wire)[case], failing(wire)[case], wire.ok({"count": 3}))
    session = connect(server.url)
    reply = session.send(FIND, body={})
    assert reply.data == {"count": 3}
    assert reply.attempts == 3 == len(server.asked)
    assert len(session.waits) == 2


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("asked", HARMFUL, ids=str)
def test_a_create_or_an_act_leaves_once_whatever_comes_back(serve, connect, wire, case, asked):
    server = serve(failing(wire)[case], wire.ok({"id": "1"}))
    session = connect(server.url)
    with pytest.raises(TransportError) as caught:
        session.send(asked, body={"campaign_id": "c"})
    assert not isinstance(caught.value, ConnectError)
    assert not caught.value.retryable
    assert len(server.asked) == 1
    assert session.waits == []


@pytest.mark.parametrize("asked", [FIND, *HARMFUL], ids=str)
def test_silence_is_a_timeout_and_only_a_read_is_sent_again(serve, connect, wire, asked):
    server = serve(wire.Step(b"", "stall"))
    session = connect(server.url, timeout_s=0.2, policy=Policy(attempts=2, outlast_s=0))
    with pytest.raises(TransportError) as caught:
        session.send(asked, body={})
    assert isinstance(caught.value, RetriesExhaustedError if asked is FIND else ReadTimeoutError)
    assert len(server.asked) == (2 if asked is FIND else 1)
    assert "timeout_s" in str(caught.value)


@pytest.mark.parametrize("asked", [FIND, UPDATE, *HARMFUL], ids=str)
def test_without_a_connection_everything_may_be_sent_again(connect, asked):
    port = unused_port()
    session = connect(f"http://127.0.0.1:{port}", policy=Policy(unreached_s=math.inf))
    with pytest.raises(ConnectError) as caught:
        session.send(asked, key="1" if asked is UPDATE else None, body={})
    assert caught.value.attempts >= 5
    assert round(sum(session.waits), 6) >= session.policy.outlast_s > 5
    assert caught.value.retryable
    assert f"127.0.0.1:{port}" in str(caught.value)
    assert "dyno_frames.sandbox()" in str(caught.value)


def test_attempts_that_never_reached_the_server_cost_no_budget(connect, serve, wire):
    session = connect(f"http://127.0.0.1:{unused_port()}", policy=Policy(budget=1))
    for _ in range(3):
        with pytest.raises(ConnectError):
            session.send(FIND, body={})
    session.endpoint.url = serve(wire.Step(wire.http(b"no", status=503)), wire.ok(1)).url
    assert session.send(FIND, body={}).data == 1


def test_an_act_reaches_a_server_that_comes_up_late(connect, serve, wire):
    server = serve(wire.ok({"id": "c"}))
    port = unused_port()
    url = f"http://127.0.0.1:{port}"

    def come_up(_: float) -> None:
        session.endpoint.url = server.url

    session = connect(url, sleep=come_up)
    assert session.send(START, body={"campaign_id": "c"}).attempts == 2
    assert len(server.asked) == 1


def test_acts_and_creates_never_use_a_connection_that_was_used_before(serve, connect, wire):
    server = serve(wire.ok())
    session = connect(server.url)
    for asked in (FIND, FIND, START, FIND, CREATE, FIND):
        session.send(asked, body={})
    numbers = [asked.connection for asked in server.asked]
    assert numbers == [1, 1, 2, 1, 3, 1]


def test_a_kept_connection_the_server_closed_is_no_failure_of_a_read(serve, connect, wire):
    closing = wire.Step(wire.ok(1).content, "close")
    server = serve(wire.ok(0), closing, wire.ok(2))
    session = connect(server.url)
    assert [session.send(FIND, body={}).data for _ in range(3)] == [0, 1, 2]


def test_retry_after_is_honoured_in_seconds_and_as_a_date(serve, connect, wire):
    server = serve(
        wire.no("429", "SLOW DOWN", status=429, headers={"Retry-After": "3"}),
        wire.Step(wire.http(b"busy", status=503, headers={"Retry-After": "Thu, 01 Jan 1970 00:01:47 GMT"})),
        wire.ok(1),
    )
    session = connect(server.url, timeout_s=30, wall=lambda: 100.0, random=lambda: 0.0)
    assert session.send(FIND, body={}).data == 1
    assert session.waits == [3.0, 7.0]


def test_a_wait_beyond_the_deadline_is_not_begun(serve, connect, wire):
    server = serve(wire.no("429", "SLOW DOWN", headers={"Retry-After": "3600"}))
    session = connect(server.url)
    with pytest.raises(RateLimitError) as caught:
        session.send(FIND, body={})
    assert caught.value.retryable
    assert session.waits == []
    assert len(server.asked) == 1


def test_an_act_that_is_told_to_slow_down_is_not_sent_again(serve, connect, wire):
    server = serve(wire.no("429", "SLOW DOWN", status=429, headers={"Retry-After": "0"}), wire.ok())
    with pytest.raises(RateLimitError):
        connect(server.url).send(START, body={})
    assert len(server.asked) == 1


def test_a_status_of_429_with_another_code_is_still_a_rate_limit(serve, connect, wire):
    server = serve(wire.no("77", "too fast", status=429))
    with pytest.raises(RateLimitError):
        connect(server.url).send(START, body={})


def test_a_call_ends_at_its_deadline_however_the_answer_drips(connect):
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not ended.wait(0.02):
                try:
                    connection.sendall(b" ")
                except OSError:
                    return

    thread = threading.Thread(target=drip)
    thread.start()
    session = connect(
        f"http://127.0.0.1:{listener.getsockname()[1]}", timeout_s=5, policy=Policy(deadline_s=0.5)
    )
    started = time.monotonic()
    with pytest.raises(ReadTimeoutError, match="still arriving"):
        session.send(FIND, body={})
    assert time.monotonic() - started < 3
    ended.set()
    thread.join()
    listener.close()


def test_the_budget_bounds_retries_over_all_calls(serve, connect, wire):
    server = serve(wire.Step(wire.http(b"no", status=503)))
    session = connect(server.url, policy=Policy(budget=6))
    for _ in range(10):
        with pytest.raises(TransportError):
            session.send(FIND, body={})
    assert len(server.asked) == 10 + 6


def test_a_read_that_never_succeeds_says_how_often_it_was_tried(serve, connect, wire):
    server = serve(wire.Step(wire.http(b"no", status=503)))
    with pytest.raises(RetriesExhaustedError, match="after 5 attempts") as caught:
        connect(server.url, policy=Policy(outlast_s=0)).send(FIND, body={})
    assert caught.value.retryable
    assert "503" in str(caught.value)


def test_a_read_that_is_still_told_to_slow_down_raises_a_rate_limit(serve, connect, wire):
    server = serve(wire.Step(wire.http(b"busy", status=429)))
    with pytest.raises(RateLimitError) as caught:
        connect(server.url, policy=Policy(outlast_s=0)).send(FIND, body={})
    assert len(server.asked) == 5 == caught.value.attempts


BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize("charset", ["", "utf-8", "iso-8859-1", "utf-16", "none such"])
@pytest.mark.parametrize("mark", [b"", BYTE_ORDER_MARK])
@pytest.mark.parametrize("wide", [1, 10**30])
def test_an_answer_is_utf_8_whatever_its_header_says_and_may_begin_with_a_byte_order_mark(  # noqa: PLR0917 - fixtures
    serve, connect, wire, charset, mark, wide
):
    payload = ["Grüße 🎉", wide]
    content = json.dumps({"has_error": False, "data": payload}, ensure_ascii=False).encode()
    kind = {"Content-Type": f"application/json; charset={charset}"} if charset else {}
    server = serve(wire.Step(wire.http(mark + content, headers=kind)))
    taken = []
    reply = connect(server.url).send(FIND, body={}, reader=taken.append)
    assert reply.data == payload
    assert taken == [content], "a reader of pages is given the JSON alone"


def test_a_refusal_may_begin_with_a_byte_order_mark(serve, connect, wire):
    refusal = json.dumps({"has_error": True, "error_code": "404", "error message": "GONE"}).encode()
    server = serve(wire.Step(wire.http(BYTE_ORDER_MARK + refusal, status=500)))
    with pytest.raises(NotFoundError, match="GONE"):
        connect(server.url).send(GET, key="1")
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "content",
    [BYTE_ORDER_MARK * 2 + b"{}", BYTE_ORDER_MARK, '{"has_error": false}'.encode("utf-16"), b'{"a": "\xff"}'],
)
def test_other_encodings_are_not_json(serve, connect, wire, content):
    server = serve(
        wire.Step(wire.http(content, headers={"Content-Type": "application/json; charset=latin-1"}))
    )
    with pytest.raises(TransportError, match="not JSON"):
        connect(server.url, policy=Policy(attempts=1, outlast_s=0)).send(FIND, body={})


@pytest.mark.parametrize("wide", [1, 10**30])
def test_half_of_a_surrogate_pair_in_a_value_is_read_as_it_came(serve, connect, wire, wide):
    content = json.dumps({"has_error": False, "data": ["\ud83d", wide]}).encode()
    server = serve(wire.Step(wire.http(content)))
    assert connect(server.url).send(FIND, body={}).data == ["\ud83d", wide]


@pytest.mark.parametrize("wide", [1, 10**30])
def test_half_of_a_surrogate_pair_in_a_name_is_not_json(serve, connect, wire, wide):
    content = json.dumps({"has_error": False, "data": [{"\ud83d": wide}]}).encode()
    server = serve(wire.Step(wire.http(content)))
    with pytest.raises(TransportError, match="not JSON"):
        connect(server.url, policy=Policy(attempts=1, outlast_s=0)).send(FIND, body={})


@pytest.mark.parametrize(
    "body",
    [{"name": "half \ud83d"}, {"half \ud83d": 1}, {"tags": ["\ud83d"]}, {"n": 10**30, "name": "\ud83d"}],
)
def test_a_body_with_half_of_a_surrogate_pair_is_refused_before_it_is_sent(serve, connect, wire, body):
    server = serve(wire.ok())
    with pytest.raises(ConfigError, match="surrogate"):
        connect(server.url).send(UPDATE, key="1", body=body)
    with pytest.raises(ConfigError, match="surrogate"):
        connect(server.url).send(GET, key="half \ud83d")
    assert server.asked == []


def test_a_body_that_is_nested_without_an_end_is_refused_before_it_is_sent(serve, connect, wire):
    server = serve(wire.ok())
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    again: dict[str, object] = {}
    again["again"] = again
    for body in ({"deep": deep}, again):
        with pytest.raises(ConfigError, match="JSON"):
            connect(server.url).send(UPDATE, key="1", body=body)
    assert server.asked == []


@pytest.mark.parametrize("status", [200, 201, 400, 404])
def test_json_that_is_no_envelope_is_outside_the_contract(serve, connect, wire, status):
    server = serve(wire.Step(wire.http({"hello": "world"}, status=status)))
    with pytest.raises(ContractError, match="Dyno server"):
        connect(server.url).send(FIND, body={})
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 404, 413])
def test_success_with_a_status_that_says_otherwise_is_outside_the_contract(serve, connect, wire, status):
    server = serve(wire.Step(wire.http({"has_error": False, "error_code": "", "data": []}, status=status)))
    with pytest.raises(ContractError, match=f"{status} with an envelope that reports success"):
        connect(server.url).send(FIND, body={})
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [500, 502, 503])
def test_success_with_the_status_of_a_failure_is_read_again(serve, connect, wire, status):
    server = serve(
        wire.Step(wire.http({"has_error": False, "error_code": "", "data": []}, status=status)), wire.ok([1])
    )
    assert connect(server.url).send(FIND, body={}).data == [1]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("asked", [FIND, START], ids=str)
def test_a_redirect_is_not_followed_and_names_the_host_alone(serve, connect, wire, status, asked):
    target = serve(wire.ok())
    elsewhere = {"Location": f"http://localhost:{target.port}/path?token=t0ken"}
    server = serve(wire.Step(wire.http(b"", status=status, headers=elsewhere)))
    with pytest.raises(TransportError, match="points to localhost") as caught:
        connect(server.url).send(asked, body={})
    assert "t0ken" not in str(caught.value)
    assert not caught.value.retryable
    assert target.asked == []
    assert len(server.asked) == 1


def test_a_page_with_status_404_is_not_asked_for_again(serve, connect, wire):
    server = serve(wire.Step(wire.http(b"<html>", status=404)))
    with pytest.raises(TransportError, match="path in url="):
        connect(server.url).send(FIND, body={})
    assert len(server.asked) == 1


@pytest.mark.parametrize("squeezed", [False, True])
def test_a_body_beyond_the_limit_is_not_read(serve, connect, wire, squeezed):
    payload = ["x" * 1000] * 500
    body = wire.http(wire.zipped(payload), headers={"Content-Encoding": "gzip"})
    server = serve(wire.Step(body) if squeezed else wire.ok(payload))
    with pytest.raises(TransportError, match="larger than 100,000 bytes"):
        connect(server.url, policy=Policy(body_limit_bytes=100_000)).send(FIND, body={})
    assert len(server.asked) == 1


def test_gzip_is_read(serve, connect, wire):
    payload = list(range(5000))
    server = serve(wire.Step(wire.http(wire.zipped(payload), headers={"Content-Encoding": "gzip"})))
    assert connect(server.url).send(FIND, body={}).data == payload
    assert "gzip" in server.asked[0].headers["accept-encoding"]


def test_a_delete_sent_again_finds_nothing_and_has_done_its_work(serve, connect, wire):
    gone = wire.no("404", "RESOURCE NOT FOUND")
    server = serve(wire.Step(b"", "close"), gone)
    assert connect(server.url).send(DELETE, key="7").data == {"id": "7"}
    with pytest.raises(NotFoundError):
        connect(serve(gone).url).send(DELETE, key="7")
    with pytest.raises(NotFoundError):
        connect(serve(wire.Step(b"", "close"), gone).url).send(UPDATE, key="7", body={"name": "x"})


def test_threads_share_a_session(serve, connect, wire):
    server = serve(wire.ok("same"))
    session = connect(server.url)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda n: session.send(FIND, body={"n": n}).data, range(200)))
    assert answers == ["same"] * 200
    assert sorted(json.loads(asked.body)["n"] for asked in server.asked) == list(range(200))
    assert len({asked.connection for asked in server.asked}) <= 16


def test_a_closed_session_sends_nothing(serve, connect, wire):
    server = serve(wire.ok())
    session = connect(server.url)
    session.send(FIND, body={})
    session.close()
    session.close()
    with pytest.raises(ConfigError, match="connect again"):
        session.send(FIND, body={})
    assert len(server.asked) == 1


def test_what_breaks_while_tls_is_agreed_on_is_no_connection(connect):
    listener = socket.create_server(("127.0.0.1", 0))
    hellos = []

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            hellos.append(connection.recv(65536))
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    thread = threading.Thread(target=answer)
    thread.start()
    session = connect(
        f"https://127.0.0.1:{listener.getsockname()[1]}", policy=Policy(attempts=1, outlast_s=0)
    )
    with pytest.raises(ConnectError) as caught:
        session.send(START, body={})
    thread.join()
    listener.close()
    assert len(hellos) == 1
    assert b"campaign_process" not in hellos[0]
    assert ssl.SSLCertVerificationError.__name__ not in str(caught.value)


def test_a_name_that_does_not_resolve_is_no_connection(connect):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InsecureTransportWarning)
        session = connect("http://no-such-host.invalid:81", policy=Policy(attempts=1, outlast_s=0))
    with pytest.raises(ConnectError, match=r"cannot resolve no-such-host\.invalid"):
        session.send(START, body={})


def test_plain_http_to_another_machine_warns_once_for_a_session():
    with pytest.warns(InsecureTransportWarning, match="plain HTTP") as caught:
        session = Session("http://api.mail.dyno.me:19000", ApiKeyAuth("k"))
    assert len(caught) == 1
    session.close()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for url in ("https://api.mail.dyno.me", "http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1"):
            Session(url, ApiKeyAuth("k")).close()


def test_what_goes_to_this_machine_passes_no_proxy(serve, connect, wire, monkeypatch):
    proxy, server = serve(wire.ok("proxy")), serve(wire.ok("server"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert connect(server.url).send(FIND, body={}).data == "server"
    assert proxy.asked == []


def test_a_proxy_of_the_environment_is_used_for_other_machines(serve, connect, wire, monkeypatch):
    proxy = serve(wire.ok("proxy"), wire.Step(b"", "close"))
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, proxy.url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with pytest.warns(InsecureTransportWarning):
        session = connect("http://dyno.invalid:81")
    assert session.send(FIND, body={}).data == "proxy"
    assert proxy.asked[0].path == "http://dyno.invalid:81/campaigns/find"
    # The proxy took the request and closed: it may have passed it on.
    with pytest.raises(TransportError) as caught:
        session.send(START, body={})
    assert not isinstance(caught.value, ConnectError)
    assert len(proxy.asked) == 2


def test_a_proxy_that_is_not_there_is_no_connection(connect, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with pytest.warns(InsecureTransportWarning):
        session = connect("http://dyno.invalid:81", policy=Policy(attempts=1, outlast_s=0))
    with pytest.raises(ConnectError, match="through a proxy"):
        session.send(START, body={})


def test_the_key_shows_in_no_log_error_or_traceback(serve, connect, wire, caplog):
    caplog.set_level(logging.DEBUG)
    echo = wire.no("400", f"INVALID REQUEST: {wire.key} and ann@example.com")
    server = serve(echo, wire.Step(b"", "reset"), wire.Step(wire.http(b"<html>", status=502)), wire.ok())
    session = connect(server.url)
    body = {"name": "x", "emails": ["ann@example.com", "bob@example.com"]}
    errors = [failure(session, CREATE, body), failure(session, CREATE, body)]
    texts = [repr(session), repr(vars(session)), repr(session.send(FIND, body=body))]
    for error in errors:
        assert error.__context__ is None
        assert error.__cause__ is None
        assert "ann@example.com" not in str(error) + repr(vars(error))
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
        texts += [str(error), repr(error), repr(vars(error)), "".join(shown.format())]
    logged = caplog.text + "".join(repr(vars(record)) for record in caplog.records)
    assert "dyno_frames.transport" in logged
    assert "urllib3" in logged
    assert "ann@example.com" not in logged
    for text in [*texts, logged]:
        assert wire.key not in text


@pytest.mark.parametrize("before", range(490, 501))
def test_no_part_of_a_key_shows_where_a_refusal_is_cut(serve, connect, wire, before):
    echo = "x" * before + wire.key + " is not a key"
    server = serve(wire.no("400", echo), wire.no(echo, "no"))
    for _ in range(2):
        error = failure(connect(server.url), FIND, {})
        assert "k3y" not in str(error) + str(error.facts()) + repr(vars(error))


def test_a_redirect_to_a_host_that_is_named_after_the_key_does_not_show_it(serve, connect, wire):
    server = serve(wire.Step(wire.http(b"", status=302, headers={"Location": f"http://{wire.key}.example/"})))
    error = failure(connect(server.url), FIND, {})
    assert "points to ***.example" in str(error)


@pytest.mark.parametrize("location", ["http://[x", "//[", "http://[::1", "http://ann@[example.com/"])
def test_a_redirect_to_what_cannot_be_read_is_a_transport_error(serve, connect, wire, location):
    server = serve(wire.Step(wire.http(b"", status=302, headers={"Location": location})))
    error = failure(connect(server.url), FIND, {})
    assert isinstance(error, TransportError)
    assert "points to an address that cannot be read" in str(error)


def failure(session, asked, body) -> DynoError:
    with pytest.raises(DynoError) as caught:
        session.send(asked, body=body)
    return caught.value


def test_each_request_is_one_line_of_the_log_and_each_retry_another(serve, connect, wire, caplog):
    caplog.set_level(logging.DEBUG, "dyno_frames.transport")
    server = serve(wire.Step(wire.http(b"no", status=503)), wire.ok())
    connect(server.url).send(FIND, body={"email": {"like": "ann@example.com"}})
    ours = [r for r in caplog.records if r.name == "dyno_frames.transport"]
    assert [r.levelname for r in ours] == ["DEBUG", "INFO", "DEBUG"]
    assert "ann" not in caplog.text


def test_errors_of_the_session_pickle(serve, connect, wire):
    server = serve(wire.Step(b"", "reset"))
    with pytest.raises(TransportError) as caught:
        connect(server.url).send(START, body={"campaign_id": "c"})
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert str(again) == str(caught.value)
    assert again.retryable is False


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_operation_asks_for_its_own_line(serve, connect, wire, name):
    asked = OPERATIONS[name]
    server = serve(wire.ok())
    connect(server.url).send(
        asked, key="x" if "{id}" in asked.path else None, body=None if asked.verb == "GET" else {}
    )
    assert (server.asked[0].verb, server.asked[0].path) == (asked.verb, asked.path.replace("{id}", "x"))
