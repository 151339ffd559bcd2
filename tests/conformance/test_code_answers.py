"""Generated programs on servers that leave rows out, drip, or write JSON in other ways, and with a full disk."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dyno_frames.api import connect
from dyno_frames.sandbox.sandbox import Sandbox
from tests.property.law.programs import COMMANDS, LANGUAGES, ids, need, run
from tests.unit.scan.conftest import Between

ROWS = {
    "id": [f"c{number:02d}" for number in range(9)],
    "name": ["x"] * 9,
    "created": [1_400_000_000 + number // 2 for number in range(9)],
}
SCRIPTS = ("curl", "python", "php")


@pytest.fixture(params=LANGUAGES)
def language(request) -> str:
    need(request.param)
    return request.param


@pytest.fixture
def between(tmp_path) -> Iterator[Between]:
    table = tmp_path / "campaigns.jsonl"
    rows = [dict(zip(ROWS, values, strict=True)) for values in zip(*ROWS.values(), strict=True)]
    table.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    with (
        Sandbox(load={"campaigns": table}, sample=False, speed=0, connect=connect) as box,
        closing(Between(box)) as between,
    ):
        yield between


@pytest.fixture
def program(between, language, tmp_path) -> Callable[..., Any]:
    """Write a program for a query or a count of the campaigns, and run it."""

    def run_program(write: Callable[[Any], str], **environment: str) -> Any:
        with connect(between.url, between.box.api_key, name="answers") as client:
            code = write(client)
        account = {"DYNO_API_KEY": between.box.api_key, "TMPDIR": str(tmp_path)}
        return run(language, code, tmp_path, **(account | environment))

    return run_program


def always_ascending(between: Between) -> None:
    between.asking = lambda body: body | {"application_order_direction": "asc"}


def stale_from_the_end(between: Between) -> None:
    is_stale: list[bool] = []

    def asking(body: dict[str, Any]) -> dict[str, Any]:
        is_stale[:] = [body["application_order_direction"] == "desc"]
        return body | ({"created": {"lte": 1_400_000_001}} if is_stale[0] else {})

    between.asking = asking


def empty_after_the_first_page(between: Between) -> None:
    asked: list[Any] = []

    def asking(body: dict[str, Any]) -> dict[str, Any]:
        asked[:] = [isinstance(body.get("created"), dict)]
        return body

    between.asking = asking
    between.answering = lambda rows: [] if asked[0] else rows[:3]


def hidden_rows(between: Between) -> None:
    between.answering = lambda rows: [row for row in rows if row["id"] < "c05"]


@pytest.mark.parametrize(
    "lie", [always_ascending, stale_from_the_end, empty_after_the_first_page, hidden_rows]
)
@pytest.mark.parametrize("language", SCRIPTS, indirect=True)
def test_a_program_with_fewer_rows_than_the_server_counts_ends_with_1(between, language, program, lie):
    lie(between)
    done = program(lambda client: client.campaigns.scan().to_code(language))
    assert done.returncode == 1
    assert "the server counted 9 rows and sent" in done.stderr
    assert "rows are missing" in done.stderr


def test_a_java_program_with_fewer_rows_than_the_server_counts_ends_with_1(between, tmp_path):
    need("java")
    hidden_rows(between)
    with connect(between.url, between.box.api_key, name="answers") as client:
        code = client.campaigns.scan().to_code("java")
    done = run("java", code, tmp_path, DYNO_API_KEY=between.box.api_key)
    assert done.returncode == 1
    assert "the server counted 9 rows and sent" in done.stderr


@pytest.mark.parametrize("language", SCRIPTS, indirect=True)
def test_a_number_of_rows_is_checked_too(between, language, program):
    hidden_rows(between)

    def write(client: Any) -> str:
        return client.campaigns.to_code("find", "name.str.len() == 1", language=language, wider=True)

    done = program(write)
    assert done.returncode == 1
    assert "rows are missing" in done.stderr


def with_mark(answer: bytes) -> bytes:
    return b"\xef\xbb\xbf" + answer


def data_first(answer: bytes) -> bytes:
    envelope = json.loads(answer)
    return json.dumps({"data": envelope.pop("data", None)} | envelope).encode()


def error_text_first(answer: bytes) -> bytes:
    return json.dumps({"error message": 'a "quoted" \\ text'} | json.loads(answer)).encode()


@pytest.mark.parametrize("form", [with_mark, data_first, error_text_first])
def test_a_byte_order_mark_and_the_order_of_members_do_not_matter(between, language, program, form):
    between.writing = form
    done = program(lambda client: client.campaigns.scan(columns=["id"]).to_code(language))
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(ids(language, done.stdout)) == ROWS["id"]


def in_a_row(value: bytes) -> Callable[[bytes], bytes]:
    """Return a function that puts a value into the rows of an answer."""
    return lambda answer: re.sub(rb'"start_time": ?null', b'"start_time":' + value, answer)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"1e999", "the answer has a number that JSON cannot hold"),
        (b'"\xe9"', "/campaigns/find: HTTP status 200 with a body that is not JSON"),
    ],
)
@pytest.mark.parametrize("language", ["python", "java", "php"], indirect=True)
def test_a_value_that_json_cannot_hold_ends_with_1(between, language, program, value, reason):
    def write(client: Any) -> str:
        code = client.campaigns.scan().to_code(language)
        between.writing = in_a_row(value)
        return code

    done = program(write)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"error: {reason}\n")


@pytest.mark.parametrize(
    "form",
    [lambda answer: answer + b"junk", lambda answer: b"<html>", lambda answer: b'{"data":' + b"[" * 100_000],
)
@pytest.mark.parametrize("language", SCRIPTS, indirect=True)
def test_a_change_whose_answer_is_not_json_ends_with_1(between, language, program, form):
    def write(client: Any) -> str:
        code = client.lists.to_code("create", name="x", language=language)
        between.writing = lambda _: form(b'{"has_error":false,"data":null}')
        return code

    done = program(write)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: /lists: HTTP status 200")
    assert language == "curl" or " with a body that is not JSON; the request may have" in done.stderr


def test_the_key_is_masked_in_what_the_server_says(between, language, program):
    key = 'KEY/"1\\2$&*'
    escaped = json.dumps(key)[1:-1]
    forms = (escaped, escaped.replace("/", "\\/"), "".join(f"\\u{ord(one):04x}" for one in key), "é")
    refusal = f'{{"has_error": true, "error message": "bad: {" ".join(forms)}"}}'

    def write(client: Any) -> str:
        code = client.campaigns.to_code("count", language=language)
        between.writing = lambda _: refusal.encode()
        return code

    done = program(write, DYNO_API_KEY=key)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.search(r'^error: /campaigns/count: .*"bad: \*\*\* \*\*\* \*\*\* .*"\n$', done.stderr)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
@pytest.mark.parametrize("target", [">/dev/full", ">&-", "| true"])
@pytest.mark.parametrize("kind", ["find", "count"])
def test_an_output_that_cannot_be_written_ends_with_1_and_one_line(between, language, tmp_path, kind, target):
    done = _redirected(between, language, tmp_path, kind, target)
    assert done.returncode == 1
    assert done.stderr == "error: the output cannot be written\n"


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit of a file's size")
def test_an_output_that_is_written_in_part_ends_with_1(between, tmp_path):
    done = _redirected(between, "python", tmp_path, "find", ">out", before="ulimit -f 1; ")
    assert (done.returncode, done.stderr) == (1, "error: the output cannot be written\n")
    assert (tmp_path / "out").stat().st_size == 1024


def _redirected(
    between: Between, language: str, folder: Path, verb: str, target: str, *, before: str = ""
) -> subprocess.CompletedProcess[str]:
    with connect(between.url, between.box.api_key, name="answers") as client:
        code = client.campaigns.to_code(verb, language=language)
    command = COMMANDS[language]
    (folder / command[-1]).write_text(code, encoding="ascii")
    account = {"DYNO_API_KEY": between.box.api_key, "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"}
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{before}{shlex.join(command)} {target}"],
        cwd=folder,
        env={**os.environ, **account},
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )


def _drip(listener: socket.socket, ended: threading.Event) -> None:
    """Answer every connection with a byte each 0.2 seconds, without end."""
    listener.settimeout(0.1)
    open_ones: list[socket.socket] = []
    while not ended.wait(0.1):
        try:
            connected, _ = listener.accept()
            connected.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            open_ones.append(connected)
        except TimeoutError:
            pass
        for one in list(open_ones):
            try:
                one.sendall(b" ")
            except OSError:
                one.close()
                open_ones.remove(one)
    for one in open_ones:
        one.close()


@pytest.mark.parametrize("language", SCRIPTS, indirect=True)
def test_a_server_that_never_ends_its_answer_meets_the_time_limit(between, language, tmp_path):
    ended = threading.Event()
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as listener,
        connect(between.url, between.box.api_key, timeout_s=0.5, name="drip") as client,
    ):
        code = client.campaigns.to_code("pause", "x", language=language)
        thread = threading.Thread(target=_drip, args=(listener, ended))
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        done = run(language, code, tmp_path, DYNO_API_KEY="k", DYNO_URL=url, TMPDIR=str(tmp_path))
        ended.set()
        thread.join()
    assert done.returncode == 1
    assert "error: /campaign_process/pause: " in done.stderr


@pytest.mark.parametrize("language", SCRIPTS, indirect=True)
def test_requests_to_this_machine_use_no_proxy(between, language, program):
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        proxy = f"http://127.0.0.1:{listener.getsockname()[1]}"
        names = dict.fromkeys(("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"), proxy)
        done = program(
            lambda client: client.campaigns.scan(columns=["id"]).to_code(language),
            **names,
            NO_PROXY="",
            no_proxy="",
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(ids(language, done.stdout)) == ROWS["id"]
