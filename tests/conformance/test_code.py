"""Generated programs against the sandbox: every operation, difficult values, faults, and what others can see."""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dyno_frames.api import connect
from dyno_frames.contract.lifecycle import Action
from dyno_frames.contract.operations import OPERATIONS
from dyno_frames.sandbox.sandbox import Sandbox
from tests.property.law.programs import LANGUAGES, ids, need, run

HOSTILE = (
    "it's", 'a "b" c', "$HOME `id` $(id) ${x}", "a\\b\\", "\\u0041\\n", "two\nlines\r\n\tend", "?> <?php exit(3);", '"""', "'''",
    "*/ //", "JSON", "\nJSON\n", "%s %d {0}", "{{ x }} {% y %}", "\x00\x1b[31m\x7f", "\u2028\u202e\x85", "😀 é ﬁ", "',)", "-e", "",
    '"},{"id":"evil","created":1}', '","id":"evil', "#{x}", "!ls", "~", "*", "&& exit", "\\", "\\\\u000a",
)  # fmt: skip
QUESTION = "status == 'finished' or opens > 50"
SHUFFLE = {"kind": "shuffle"}
SCRIPTS = ("curl", "python", "php")
"""Languages whose programs start at once; Java compiles first."""

RESOURCE_VERBS = ("create", "get", "update", "find", "count", "delete")


@pytest.fixture(params=LANGUAGES)
def language(request) -> str:
    need(request.param)
    return request.param


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    rows = pd.DataFrame(
        {
            "id": [f"c{number:03d}" for number in range(60)],
            "name": [HOSTILE[number % len(HOSTILE)] or "none" for number in range(60)],
            "subject": [HOSTILE[number * 7 % len(HOSTILE)] for number in range(60)],
            "status": [("finished", "draft", "stopped")[number % 3] for number in range(60)],
            "opens": [number * 7 % 90 for number in range(60)],
            "created": [1_400_000_000 + number // 9 for number in range(60)],
        }
    )
    with Sandbox(load={"campaigns": rows}, speed=0, faults=[], connect=connect) as server:
        yield server


@pytest.fixture(scope="module")
def client(box) -> Iterator[Any]:
    with connect(box.url, box.api_key, page_size=5) as connected:
        yield connected


@pytest.fixture
def program(box, language, tmp_path) -> Iterator[Callable[..., Any]]:
    """Run a program against the sandbox; faults end with the test."""

    def run_program(code: str, **environment: str) -> Any:
        account = {"DYNO_API_KEY": box.api_key, "TMPDIR": str(tmp_path)}
        return run(language, code, tmp_path, **(account | environment))

    yield run_program
    box.set_faults([])


def test_a_program_prints_the_rows_of_the_clients_answer(client, language, program):
    scan = client.campaigns.scan(QUESTION, columns=["id", "name"])
    done = program(scan.to_code(language))
    assert (done.returncode, done.stderr) == (0, "")
    answer = scan.to_frame()
    assert sorted(ids(language, done.stdout)) == sorted(answer["id"])
    if language != "curl":
        names = {row["id"]: row["name"] for row in map(json.loads, done.stdout.split("\n")[:-1])}
        assert names == dict(zip(answer["id"], answer["name"], strict=True))


@pytest.mark.parametrize("language", SCRIPTS, indirect=True)
def test_difficult_values_in_a_query_arrive_unchanged(client, language, program):
    scan = client.campaigns.scan(lambda c: c.subject.isin(HOSTILE[1:]) & ~c.name.isin(HOSTILE[:4]))
    done = program(scan.to_code(language))
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(ids(language, done.stdout)) == sorted(scan.to_frame()["id"]) != []


def test_difficult_values_in_a_body_arrive_unchanged(client, language, program):
    text = "".join(HOSTILE) + "x" * 70_000 + "\\'\"$"
    done = program(client.templates.to_code("create", name="made", html=text, language=language))
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert client.templates.get(answer.get("data", answer)["id"])["html"] == text


def test_every_operation_is_one_request_of_its_own(box, language, program):
    verbs = RESOURCE_VERBS if language in {"curl", "php"} else ("create", "get")
    resources = ("templates", "lists", "campaigns") if language in {"curl", "php"} else ("lists",)
    actions = (*Action,) if language in {"curl", "php"} else (Action.START,)
    with box.client(name=f"operations-{language}") as client:
        for resource in resources:
            key = getattr(client, resource).create(name="an é, a % and a comma")
            for verb in verbs:
                arguments = {"create": {"name": "b"}, "update": {"id": key, "name": "c"}}.get(verb, {})
                arguments |= {"id": key} if verb in {"get", "delete"} else {}
                code = getattr(client, resource).to_code(verb, language=language, **arguments)
                before = len(box.requests)
                done = program(code)
                assert (done.returncode, done.stderr) == (0, ""), verb
                sent = box.requests[before:]
                asked = OPERATIONS[f"{resource}.{verb}"]
                counts = {("POST", f"/{resource}/count")} if verb == "find" else set()
                assert {(one.verb, one.path) for one in sent} == {(asked.verb, asked.url_path(key))} | counts
                assert verb == "find" or len(sent) == 1
        for action in actions:
            code = client.campaigns.to_code(action, "none", language=language)
            before = len(box.requests)
            done = program(code)
            assert done.returncode == 1
            assert "RESOURCE NOT FOUND" in done.stderr
            assert [one.path for one in box.requests[before:]] == [OPERATIONS[f"campaigns.{action}"].path]


@pytest.mark.parametrize("language", SCRIPTS, indirect=True)
def test_an_action_is_sent_once_and_takes_effect(box, client, language, program):
    key = client.campaigns.create(
        name="to send", list_id=box.ensure_list("Readers"), template_id=_template(client)
    )
    before = len(box.requests)
    at = {"at": "2099-07-01T09:30:00", "time_zone": "Europe/Paris"}
    code = client.campaigns.to_code("start", key, language=language, subject="it's $5", **at)
    done = program(code)
    assert (done.returncode, done.stderr) == (0, "")
    assert [one.path for one in box.requests[before:]] == ["/campaign_process/init"]
    row = client.campaigns.get(key)
    assert (row["status"], row["subject"], row["time_zone"]) == ("scheduled", "it's $5", "Europe/Paris")


def test_an_action_is_not_sent_after_its_start_time(box, language, program):
    with connect(box.url, box.api_key, name=f"past-{language}", clock=lambda: 1_400_000_000) as client:
        code = client.campaigns.to_code("start", id="x", language=language, at="2016-01-01T10:00:00Z")
    before = len(box.requests)
    done = program(code)
    assert (done.returncode, done.stdout) == (1, "")
    assert "the start time is over" in done.stderr
    assert len(box.requests) == before


def _template(client: Any) -> str:
    return client.templates.create(name="t", subject="s", html="<p>x</p>", text="x")


@pytest.mark.parametrize(
    ("language", "kind"),
    [
        ("java", "drop"),
        *((script, kind) for script in SCRIPTS for kind in ("drop", "cut", "error", "slow_down")),
    ],
    indirect=["language"],
)
def test_an_action_without_an_answer_is_not_sent_again(box, client, language, program, kind):
    key = client.campaigns.create(
        name="to send", list_id=box.ensure_list("Readers"), template_id=_template(client)
    )
    box.set_faults([{"kind": kind, "operations": ["campaigns.start"]}])
    before = len(box.requests)
    done = program(client.campaigns.to_code("start", key, language=language))
    assert done.returncode == 1
    assert done.stdout == ""
    assert "the request may have taken effect" in done.stderr
    assert [one.path for one in box.requests[before:]] == ["/campaign_process/init"]


def test_a_read_is_sent_again_after_a_fault(box, client, language, program):
    scan = client.campaigns.scan(QUESTION)
    expected = scan.to_frame()["id"].tolist()
    faults = [("drop", 1), ("cut", 3), ("error", 5), ("slow_down", 7), ("reset", 9)]
    box.set_faults(
        [
            {"kind": kind, "after": after, "times": 1, "operations": ["campaigns.find"]}
            for kind, after in faults
        ]
    )
    before = len(box.requests)
    done = program(scan.to_code(language))
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(ids(language, done.stdout)) == sorted(expected)
    assert sum(one.status != 200 for one in box.requests[before:]) >= 3


@pytest.mark.parametrize("language", SCRIPTS, indirect=True)
def test_an_error_of_the_application_ends_the_program_at_once(box, client, language, program):
    box.set_faults([{"kind": "refusal", "code": "418", "operations": ["campaigns.*"]}])
    before = len(box.requests)
    done = program(client.campaigns.scan(QUESTION).to_code(language))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: /campaigns/count: ")
    assert len(box.requests) == before + 1


def test_rows_that_stay_are_printed_while_others_move(box, language, tmp_path):
    rows = {"name": "x", "created": [number for number in range(60) for _ in range(2)]}
    rows = pd.DataFrame({"id": [f"r{number:03d}" for number in range(120)], **rows})
    with (
        Sandbox(load={"campaigns": rows}, speed=0, faults=[]) as other,
        connect(other.url, other.api_key, page_size=7) as moving,
    ):
        code = moving.campaigns.scan(None, columns=["id"]).to_code(language)
        other.set_faults([{"kind": "writers", "operations": ["campaigns.find"]}])
        done = run(language, code, tmp_path, DYNO_API_KEY=other.api_key, TMPDIR=str(tmp_path))
        other.set_faults([])
        assert (done.returncode, done.stderr) == (0, "")
        left = moving.campaigns.find(columns=["id"])["id"]
        assert set(left) <= set(ids(language, done.stdout))
        assert len(left) < 120


@pytest.mark.parametrize(
    ("language", "fault"),
    [
        ("java", SHUFFLE),
        *((script, fault) for script in SCRIPTS for fault in (SHUFFLE, {"kind": "page_cap", "rows": 1})),
    ],
    indirect=["language"],
)
def test_a_server_that_cannot_be_read_completely_ends_with_1(box, client, language, program, fault):
    box.set_faults([fault | {"operations": ["campaigns.find"]}])
    done = program(client.campaigns.scan(None).to_code(language))
    assert done.returncode == 1
    reasons = ("the server does not keep the order", "rows moved", "rows are missing")
    assert any(reason in done.stderr for reason in reasons)


def test_a_server_that_never_answers_ends_at_the_time_limit(box, language, program):
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with connect(box.url, box.api_key, timeout_s=0.5, name=f"short-{language}") as client:
            code = client.campaigns.to_code("pause", "x", language=language)
        done = program(code, DYNO_URL=url)
    assert done.returncode == 1
    assert "error: /campaign_process/pause: " in done.stderr


@pytest.mark.parametrize(
    ("language", "key"),
    [
        ("java", "two\nlines"),
        *((script, key) for script in SCRIPTS for key in ("", "wrong-key", "two\nlines")),
    ],
    indirect=["language"],
)
def test_a_wrong_key_ends_with_1_and_is_not_shown(client, language, program, key):
    done = program(client.campaigns.to_code("get", "x", language=language), DYNO_API_KEY=key)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert not key or key not in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("language", SCRIPTS, indirect=True)
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="no list of processes to read")
def test_the_key_is_on_no_command_line(box, client, language, program):
    code = client.campaigns.to_code("get", "x", language=language)
    box.set_faults([{"kind": "latency", "delay_s": 1.0}])
    seen, ended = set[str](), threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            for line in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(line.read_text(encoding="utf-8", errors="replace"))
                except OSError:
                    continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    program(code)
    ended.set()
    watcher.join()
    assert any("program" in line.lower() for line in seen)
    assert not any(box.api_key in line for line in seen)


def test_a_count_is_the_clients_count(client, language, program):
    for expression in (QUESTION,) if language == "java" else ("status != 'draft'", QUESTION):
        done = program(client.campaigns.to_code("count", expression, language=language))
        assert (done.returncode, done.stderr) == (0, "")
        assert int(done.stdout) == client.campaigns.count(expression)


@pytest.mark.parametrize("language", SCRIPTS, indirect=True)
def test_a_wider_program_warns_on_stderr(client, language, program):
    scan = client.campaigns.scan("opens > clicks and status == 'finished'", columns=["id"])
    done = program(scan.to_code(language, wider=True))
    assert done.returncode == 0
    assert done.stderr.startswith("warning: more rows than the query matches; not applied: ")
    assert set(ids(language, done.stdout)) >= set(scan.to_frame()["id"])


def test_python_orders_and_limits_with_pandas(client, tmp_path, box):
    options = {"order_by": ["status", "opens"], "ascending": [True, False], "limit": 9, "offset": 2}
    scan = client.campaigns.scan("opens > clicks", **options)
    done = run("python", scan.to_code("python"), tmp_path, DYNO_API_KEY=box.api_key)
    assert (done.returncode, done.stderr) == (0, "")
    assert ids("python", done.stdout) == scan.to_frame()["id"].tolist()


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck_accepts_the_script(client, tmp_path):
    (tmp_path / "program.sh").write_text(client.campaigns.scan(QUESTION).to_code("curl"), encoding="ascii")
    assert os.system(f"shellcheck {tmp_path}/program.sh") == 0  # noqa: S605 - a path of this test
