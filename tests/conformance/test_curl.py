"""Run every operation of ``dyno-frames sandbox`` with curl, a client that is independent of this package."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from dyno_frames.contract.envelope import Code
from dyno_frames.contract.lifecycle import OVERRIDES
from dyno_frames.contract.operations import API_KEY_HEADER, OPERATIONS

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed on this machine")

LATER = {"iso_start_time": "2099-07-01T09:30:00", "time_zone": "Europe/Paris"}
LATER_S = 4086574200
"""The same instant in epoch seconds, UTC."""

WORDS = {name: f"new {name}" for name in OVERRIDES}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    envelope: Any

    @property
    def payload(self) -> Any:
        """Return the payload of an accepted request. The whole envelope is checked."""
        assert self.status == 200, self
        assert self.envelope.keys() == {"has_error", "error_code", "data"}
        assert self.envelope["has_error"] is False
        assert self.envelope["error_code"] == ""
        return self.envelope["data"]

    @property
    def code(self) -> str:
        """Return the code of a refused request. The whole envelope is checked."""
        assert self.status == 500, self
        assert self.envelope.keys() == {"has_error", "error_code", "error message"}
        assert self.envelope["has_error"] is True
        assert self.envelope["error message"]
        return self.envelope["error_code"]


@dataclass(frozen=True, slots=True)
class Account:
    """An account, over curl."""

    url: str
    api_key: str

    def curl(self, verb: str, path: str, body: object = None) -> Answer:
        line = ["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "30", "--request", verb]
        line += ["--header", f"{API_KEY_HEADER}: {self.api_key}", "--write-out", "\n%{http_code}"]
        if body is not None:
            line += ["--header", "Content-Type: application/json", "--data-binary", json.dumps(body)]
        asked = subprocess.run([*line, f"{self.url}{path}"], capture_output=True, text=True, check=True)
        text, _, status = asked.stdout.rpartition("\n")
        return Answer(int(status), json.loads(text))

    def new(self, resource: str, **fields: Any) -> str:
        return self.curl("POST", f"/{resource}", {"name": "one", **fields}).payload["id"]

    def row(self, resource: str, key: str) -> dict[str, Any]:
        return self.curl("GET", f"/{resource}/{key}").payload

    def campaign(self, *steps: str) -> str:
        """Create a campaign to three recipients and run some actions."""
        list_id = self.new("lists", emails=[f"{name}@example.org" for name in "abc"])
        key = self.new("campaigns", subject="old", list_id=list_id)
        for step in steps:
            when = LATER if step == "schedule" else {}
            id_key = "campaign_id" if step in {"init", "schedule"} else "id"
            path = "init" if step == "schedule" else step
            assert self.curl("POST", f"/campaign_process/{path}", {id_key: key, **when}).payload["id"] == key
        return key

    def act(self, action: str, body: dict[str, Any]) -> dict[str, Any]:
        """Run one process action and return the campaign."""
        operation = OPERATIONS[f"campaigns.{action}"]
        key = body.get("campaign_id", body.get("id"))
        assert self.curl(operation.verb, operation.path, body).payload == {"id": key}
        return self.row("campaigns", key)


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    line = [sys.executable, "-m", "dyno_frames.cli", "sandbox", "--port", "0", "--speed", "0"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as server:
        try:
            shown = [server.stdout.readline() for _ in range(2)]
            url, api_key = re.search(
                r"(http://127\.0\.0\.1:\d+)\nUser-Api-Key: (\S+)\n", "".join(shown)
            ).groups()
            yield Account(url, api_key)
        finally:
            server.send_signal(signal.SIGTERM)
            assert server.wait(30) == 0


def get(account: Account, resource: str) -> None:
    key = account.new(resource, name="a comma, a % and an é")
    row = account.row(resource, key)
    assert (row["id"], row["name"]) == (key, "a comma, a % and an é")
    assert isinstance(row["created"], int)
    assert account.curl("GET", f"/{resource}/none").code == Code.NOT_FOUND


def create(account: Account, resource: str) -> None:
    before = account.curl("POST", f"/{resource}/count", {}).payload["count"]
    created = account.curl("POST", f"/{resource}", {"name": "made"}).payload
    assert created.keys() == {"id"}
    assert account.row(resource, created["id"])["name"] == "made"
    assert account.curl("POST", f"/{resource}/count", {}).payload["count"] == before + 1
    assert account.curl("POST", f"/{resource}", {"name": "x", "created": 1}).code == Code.REJECTED


def update(account: Account, resource: str) -> None:
    key = account.new(resource)
    before = account.row(resource, key)
    assert account.curl("PUT", f"/{resource}/{key}", {"name": "another"}).payload == {"id": key}
    after = account.row(resource, key)
    assert after["name"] == "another"
    assert {name for name in after if after[name] != before.get(name)} <= {"name", "updated"}


def delete(account: Account, resource: str) -> None:
    key = account.new(resource)
    assert account.curl("DELETE", f"/{resource}/{key}").payload == {"id": key}
    assert account.curl("GET", f"/{resource}/{key}").code == Code.NOT_FOUND


def find(account: Account, resource: str) -> None:
    keys = {account.new(resource, name=f"find me {number}") for number in range(3)}
    question = {
        "name": {"like": "find me"},
        "created": {"gte": 1439054168},
        "application_fields": ["id", "name"],
        "application_order_by": "name",
        "application_order_direction": "desc",
        "application_limit": 2,
        "application_offset": 1,
    }
    rows = account.curl("POST", f"/{resource}/find", question).payload
    assert [row["name"] for row in rows] == ["find me 1", "find me 0"]
    assert all(row.keys() == {"id", "name"} and row["id"] in keys for row in rows)
    assert account.curl("POST", f"/{resource}/find", {"name": {"lkie": "x"}}).code == Code.REJECTED


def count(account: Account, resource: str) -> None:
    keys = [account.new(resource, name="count me") for _ in range(2)]
    asked = {"id": {"in": ",".join(keys)}, "name": "count me"}
    assert account.curl("POST", f"/{resource}/count", asked).payload == {"count": 2}


def start(account: Account) -> None:
    row = account.act("start", {"campaign_id": account.campaign(), **WORDS})
    assert (row["status"], row["recipients"]) == ("running", 3)
    assert {name: row[name] for name in WORDS} == WORDS
    row = account.act("start", {"campaign_id": account.campaign(), **LATER})
    assert (row["status"], row["start_time"], row["time_zone"]) == ("scheduled", LATER_S, "Europe/Paris")


def update_and_resume(account: Account) -> None:
    row = account.act(
        "update_and_resume", {"campaign_id": account.campaign("init", "pause"), "subject": "new"}
    )
    assert (row["status"], row["subject"]) == ("running", "new")


def reschedule(account: Account) -> None:
    key = account.campaign("schedule")
    row = account.act("reschedule", {"campaign_id": key, "iso_start_time": "2099-07-01T09:30:00"})
    assert (row["status"], row["start_time"]) == ("scheduled", LATER_S + 2 * 3600)
    assert account.act("reschedule", {"campaign_id": key})["status"] == "running"


def cancel_schedule(account: Account) -> None:
    row = account.act("cancel_schedule", {"id": account.campaign("schedule")})
    assert (row["status"], row["start_time"]) == ("draft", None)


def stop(account: Account) -> None:
    key = account.campaign("init")
    assert account.act("stop", {"id": key})["status"] == "stopped"
    assert account.curl("POST", "/campaign_process/resume", {"id": key}).code == Code.ILLEGAL_TRANSITION


def pause(account: Account) -> None:
    assert account.act("pause", {"id": account.campaign("init")})["status"] == "paused"


def resume(account: Account) -> None:
    assert account.act("resume", {"id": account.campaign("init", "pause")})["status"] == "running"


RESOURCE_STORIES = {
    "get": get,
    "create": create,
    "update": update,
    "delete": delete,
    "find": find,
    "count": count,
}
STORIES: dict[str, Callable[[Account], None]] = {
    f"campaigns.{story.__name__}": story
    for story in (start, update_and_resume, reschedule, cancel_schedule, stop, pause, resume)
}
CASES = [
    *(
        (f"{resource}.{verb}", resource)
        for resource in ("templates", "lists", "campaigns")
        for verb in RESOURCE_STORIES
    ),
    *((name, None) for name in STORIES),
]


def test_there_is_a_case_for_each_of_the_25_operations():
    assert {name for name, _ in CASES} == OPERATIONS.keys()
    assert len(CASES) == 25


@pytest.mark.parametrize(("operation", "resource"), CASES)
def test_curl_runs_the_operation_and_reads_its_effect(account, operation, resource):
    if resource is None:
        STORIES[operation](account)
    else:
        RESOURCE_STORIES[operation.rpartition(".")[2]](account, resource)


def test_curl_without_the_right_key_is_refused(account):
    stranger = Account(account.url, "wrong")
    assert stranger.curl("POST", "/campaigns/find", {}).code == Code.UNAUTHORIZED


def test_curl_gets_an_envelope_for_a_body_that_is_not_json(account):
    line = ["curl", "--silent", "--noproxy", "*", "--header", f"{API_KEY_HEADER}: {account.api_key}"]
    line += [
        "--header",
        "Content-Type: application/json",
        "--data-binary",
        "{not json",
        f"{account.url}/lists/find",
    ]
    asked = subprocess.run(line, capture_output=True, text=True, check=True)
    assert Answer(500, json.loads(asked.stdout)).code == Code.REJECTED
