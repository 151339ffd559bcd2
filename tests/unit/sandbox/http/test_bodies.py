"""Bodies of every kind and size."""

from __future__ import annotations

import json
import select
import socket
from contextlib import suppress

import pytest

from dyno_frames.contract.filters import FilterKey
from dyno_frames.contract.operations import OPERATIONS
from dyno_frames.sandbox.http.bodies import MAX_BODY_BYTES, MAX_DRAINED_BYTES

LONE = "a\ud800b"


HOSTILE_VALUES = [
    *(10**400, -(10**400), 2**70, 1e308, True, None, [], {}, LONE, [LONE], {LONE: LONE}),
    *({"gt": 10**400}, {"gt": LONE}, {"in": LONE}, {"eq": []}, {"like": {}}, {LONE: {"a": []}}, [[]]),
]


def flood(box, verb, path, *, key="", most=64 * 2**20):
    """Send a body without an end; return the answer and how many bytes the server let in before it came."""
    head = f"{verb} {path} HTTP/1.1\r\nHost: x\r\nUser-Api-Key: {key}\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", box.port), timeout=20) as line:
        line.sendall(f"{head}Content-Length: {2**40}\r\n\r\n".encode())
        sent, chunk = 0, b"x" * 2**16
        answer = b""
        with suppress(ConnectionError):  # the server hangs up behind its answer
            while sent < most and not select.select([line], [], [], 0)[0]:
                sent += line.send(chunk)
        with suppress(ConnectionError):
            while received := line.recv(2**16):
                answer += received
        return answer.decode(), sent


MISSING = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    "header", [None, "text/plain", "application/jsonp", "application/x-www-form-urlencoded"]
)
def test_a_body_needs_the_content_type_json(shared, header):
    code, words = shared.refused("POST", "/lists/find", data=b"{}", headers={"Content-Type": header})
    assert (code, "Content-Type" in words) == ("400", True)


def test_a_content_type_may_have_a_charset(shared):
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert shared.ask("POST", "/lists/count", data=b"{}", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": Infinity}',
        b'{"a": 1, "a": 2}',
        b"[" * 100_000,
        b'{"created": {"gt": ' + b"9" * 5000 + b"}}",
        b'{"name": "\\ud800"}',
        b'{"\\ud800": "a"}',
    ],
)
def test_a_body_that_is_not_a_json_object_is_refused(shared, body):
    headers = {"Content-Type": "application/json"}
    for verb, path in (("POST", "/lists/find"), ("POST", "/lists"), ("PUT", "/lists/x")):
        assert shared.refused(verb, path, data=body, headers=headers)[0] == "400"


def test_a_body_over_the_limit_is_refused_and_the_connection_stays_open(shared):
    headers = {"Content-Type": "application/json"}
    body = b'{"name": "' + b"x" * MAX_BODY_BYTES + b'"}'
    assert shared.refused("POST", "/lists", data=body, headers=headers)[0] == "413"
    assert shared.data("POST", "/lists/count", {})["count"] >= 0


@pytest.mark.parametrize(
    ("verb", "path"),
    [("POST", "/lists/find"), ("PUT", "/lists/x"), ("GET", "/lists/x"), ("POST", "/nowhere")],
)
def test_a_body_without_a_key_is_read_up_to_a_limit(shared, verb, path):
    answer, sent = flood(shared.box, verb, path)
    assert '"error_code":"401"' in answer
    assert "connection: close" in answer.lower()
    # what the sockets hold counts as sent, too
    assert sent < MAX_DRAINED_BYTES + 16 * 2**20


@pytest.mark.parametrize("verb", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/", "/unsubscribe/x", "/healthz"])
def test_a_public_page_reads_a_body_up_to_a_limit(shared, verb, path):
    answer, sent = flood(shared.box, verb, path)
    assert answer.startswith("HTTP/1.1 ")
    assert "connection: close" in answer.lower()
    assert sent < MAX_DRAINED_BYTES + 16 * 2**20


@pytest.mark.parametrize(("verb", "path"), [("POST", "/lists"), ("DELETE", "/lists/x"), ("POST", "/nowhere")])
def test_a_body_far_over_the_limit_closes_the_connection(shared, verb, path):
    answer, sent = flood(shared.box, verb, path, key=shared.box.api_key)
    assert '"error_code":"4' in answer
    assert "connection: close" in answer.lower()
    assert sent < MAX_BODY_BYTES + MAX_DRAINED_BYTES + 16 * 2**20


def test_a_short_body_without_a_key_keeps_the_connection(shared):
    for body in (b"{}", b"x" * 500_000):
        response = shared.ask("POST", "/lists/find", data=body, headers={"User-Api-Key": "wrong"})
        assert response.json()["error_code"] == "401"
        assert "connection" not in {name.lower() for name in response.headers}


@pytest.mark.parametrize(
    "name", [name for name, operation in OPERATIONS.items() if operation.verb in {"POST", "PUT"}]
)
def test_every_body_is_answered_with_an_envelope(shared, name):
    operation = OPERATIONS[name]
    keys = ["id", "name", "created", "emails", "time_zone", "iso_start_time", "campaign_id", "x", LONE]
    keys += [*FilterKey]
    for key in keys:
        for value in HOSTILE_VALUES:
            body = json.dumps({key: value, "name": "n"} if key != "name" else {key: value}).encode()
            response = shared.ask(
                operation.verb,
                operation.url_path(MISSING),
                data=body,
                headers={"Content-Type": "application/json"},
            )
            assert response.headers["content-type"] == "application/json", (key, value)
            assert isinstance(response.json()["has_error"], bool)
