"""The commands for one object, and for the journal, against a server with an empty account."""

from __future__ import annotations

import io
import json
import re
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dyno_frames.actions.context import PollPolicy
from dyno_frames.api import connect
from dyno_frames.errors import OutcomeUnknownError
from dyno_frames.sandbox.sandbox import Sandbox


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(sample=False, speed=0, faults=[]) as served:
        yield served


@pytest.fixture
def account(box: Sandbox) -> Iterator[Any]:
    with connect(box.url, box.api_key) as client:
        yield client


@pytest.fixture
def dyno(
    box: Sandbox, own_state: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Any]]:
    """Run a command with the account of the server."""
    monkeypatch.setenv("DYNO_URL", box.url)
    monkeypatch.setenv("DYNO_API_KEY", box.api_key)
    yield run
    box.set_faults([])


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8"))


def test_create_prints_the_id_and_get_prints_the_object(dyno, account):
    created = dyno("create", "templates", "--set", "name=Plain", "--set", "html=<p>a = b</p>")
    assert (created.code, created.err) == (0, "")
    key = created.out.strip()
    assert account.templates.get(key)["html"] == "<p>a = b</p>"
    shown = dyno("get", "templates", "Plain")
    assert re.search(rf"^id +{key}$", shown.out, re.MULTILINE)
    read = json.loads(dyno("get", "templates", key, "--format", "json").out)
    assert read["name"] == "Plain"
    assert read["created"].endswith("Z")


def test_update_sets_texts_and_json_values(dyno, account):
    key = account.lists.create(name="Before", description="old", from_name="Shop")
    ended = dyno("update", "lists", "Before", "--set", "name=After", "--set-json", "description=null")
    assert (ended.code, ended.out) == (0, f"updated list {key}: name, description\n")
    assert (account.lists.get(key)["name"], account.lists.get(key)["description"]) == ("After", None)


def test_fields_come_from_a_file_or_stdin_and_options_take_precedence(dyno, account, tmp_path, monkeypatch):
    fields = json.dumps({"name": "From file", "emails": ["ann@example.com"]})
    (tmp_path / "list.json").write_text(fields, encoding="utf-8")
    key = dyno("create", "lists", "--from", tmp_path / "list.json", "--set", "name=Mine").out.strip()
    assert (account.lists.get(key)["name"], account.lists.get(key)["contacts"]) == ("Mine", 1)
    typed(monkeypatch, fields)
    key = dyno("create", "lists", "--from", "-").out.strip()
    assert account.lists.get(key)["name"] == "From file"


def test_a_dry_run_prints_the_request_without_key_and_addresses_and_sends_nothing(dyno, account, box):
    before = account.lists.count()
    emails = 'emails=["ann@example.com","bob@example.com"]'
    ended = dyno("create", "lists", "--set", "name=Späte", "--set-json", emails, "--dry-run")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == 'POST /lists\n{"name": "Späte", "emails": "<2 addresses>"}\n'
    key = account.lists.create(name="Kept")
    changed = dyno("update", "lists", key, "--set", "name=Other", "--dry-run")
    assert changed.out == f'PUT /lists/{key}\n{{"name": "Other"}}\n'
    assert dyno("delete", "lists", key, "--dry-run").out == f"DELETE /lists/{key}\n"
    assert account.lists.count() == before + 1
    campaign = account.campaigns.create(name="Dry", subject="x", list_id=key)
    started = dyno("start", campaign, "--at", "2100-01-01T09:00", "--time-zone", "Europe/Paris", "--dry-run")
    method, body = started.out.splitlines()
    assert method == "POST /campaign_process/init"
    assert json.loads(body) == {
        "campaign_id": campaign, "iso_start_time": "2100-01-01T09:00:00", "time_zone": "Europe/Paris"
    }  # fmt: skip
    assert account.campaigns.get(campaign)["status"] == "draft"
    assert box.api_key not in started.out + ended.out + changed.out


def test_a_dry_run_refuses_a_value_that_contains_the_key(dyno, account, box, tmp_path):
    (tmp_path / "list.json").write_text(json.dumps({"name": f"key {box.api_key}"}), encoding="utf-8")
    key = account.campaigns.create(name="Keyless", subject="x")
    for arguments in (
        ("create", "lists", "--from", tmp_path / "list.json"),
        ("update", "campaigns", key, "--set", f"subject={box.api_key}"),
        ("start", key, "--subject", f"a {box.api_key}"),
    ):
        ended = dyno(*arguments, "--dry-run")
        assert (ended.code, ended.out) == (2, "")
        assert "a value contains the API key" in ended.err
        assert box.api_key not in ended.err


def test_delete_deletes_with_yes(dyno, account):
    key = account.lists.create(name="Gone")
    ended = dyno("delete", "lists", "Gone", "--yes")
    assert (ended.code, ended.out) == (0, f"deleted list {key}\n")
    assert dyno("get", "lists", key).code == 2


def test_an_ambiguous_name_lists_the_candidates_with_ids_and_times(dyno, account):
    keys = [account.campaigns.create(name="Twice", subject="x") for _ in range(2)]
    ended = dyno("pause", "Twice")
    assert (ended.code, ended.out) == (2, "")
    for key in keys:
        assert re.search(rf"{key} \(created \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC, draft\)", ended.err)
    assert "Use an id instead of the name" in ended.err
    assert dyno("get", "campaigns", keys[0]).code == 0


def test_an_unknown_name_is_said_with_the_command_that_lists_all(dyno):
    ended = dyno("update", "lists", "Nobody <ann@example.com>", "--set", "name=x")
    assert ended.code == 2
    assert "no list has the id or the name" in ended.err
    assert "dyno-frames find lists --columns id,name" in ended.err
    assert "ann@example.com" not in ended.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--set", "name"], "--set: 'name'; expected FIELD=VALUE, such as 'name=New list'"),
        (["--set-json", "description=soon"], "--set-json: the value of description is 'soon', which is not JSON"),
        (["--set", "emails=ann@example.com"], "--set: emails is a list, and --set takes a text. Use --set-json"),
        (["--set", "name=a", "--set-json", 'name="b"'], "name is set twice"),
        (["--set", "contacts=5"], "contacts is set by the server alone"),
        (["--set-json", "name=5"], "name is of type int; expected a text"),
        (["--set-json", 'emails=["nobody"]'], "1 values that are not valid e-mail addresses, at index 0"),
        (["--set", "nam=x"], "did you mean name?"),
        (["--from", "absent.json"], "'absent.json': No such file"),
        ([], "There is no field to set. Use --set, --set-json or --from"),
    ],
)  # fmt: skip
def test_a_wrong_field_names_the_option_and_the_value_before_any_request(run, options, said):
    ended = run("create", "lists", *options, "--url", "http://127.0.0.1:9", "--api-key", "unused")
    assert (ended.code, ended.out) == (2, "")
    assert said in " ".join(ended.err.split())
    assert "ann@example.com" not in ended.err


@pytest.mark.parametrize("text", ["[1]", "{", ""])
def test_stdin_that_is_not_an_object_is_refused(run, monkeypatch, text):
    typed(monkeypatch, text)
    ended = run("create", "lists", "--from", "-", "--url", "http://127.0.0.1:9", "--api-key", "unused")
    assert ended.code == 2
    assert "--from: '<stdin>' is not" in " ".join(ended.err.split())


UNREADABLE = {
    "duplicate": (b'{"name": "a", "name": "b"}', "contains the key 'name' twice"),
    "duplicate inside": (b'{"name": {"x": 1, "x": 2}}', "contains the key 'x' twice"),
    "deep": (b"[" * 100_000, "is nested too deeply"),
    "digits": (b'{"name": ' + b"1" * 5000 + b"}", "contains a number with more than 4,300 digits"),
    "encoding": (b"\xf6", "is not UTF-8"),
}


@pytest.mark.parametrize(("content", "said"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_of_fields_that_cannot_be_read_is_refused(run, tmp_path, content, said):
    (tmp_path / "fields.json").write_bytes(content)
    account = ("--url", "http://127.0.0.1:9", "--api-key", "unused")
    ended = run("create", "lists", "--from", tmp_path / "fields.json", *account)
    assert ended.code == 2
    assert said in " ".join(ended.err.split())


@pytest.mark.skipif(sys.platform == "win32", reason="needs /dev/zero")
def test_a_file_of_fields_without_an_end_is_refused(run):
    ended = run(
        "create", "lists", "--from", "/dev/zero", "--url", "http://127.0.0.1:9", "--api-key", "unused"
    )
    assert ended.code == 2
    assert "'/dev/zero' is larger than 64 MiB" in " ".join(ended.err.split())


def test_the_value_of_an_option_is_read_as_strictly_as_a_file(run):
    account = ("--url", "http://127.0.0.1:9", "--api-key", "unused")
    ended = run("create", "lists", "--set-json", 'name={"x": 1, "x": 2}', *account)
    assert ended.code == 2
    assert "contains the key 'x' twice" in " ".join(ended.err.split())


def test_a_byte_order_mark_before_the_fields_is_accepted(dyno, account, tmp_path, monkeypatch):
    (tmp_path / "fields.json").write_bytes(b'\xef\xbb\xbf{"name": "Marked"}')
    key = dyno("create", "lists", "--from", tmp_path / "fields.json").out.strip()
    assert account.lists.get(key)["name"] == "Marked"
    typed(monkeypatch, '\ufeff{"name": "Piped"}')
    assert account.lists.get(dyno("create", "lists", "--from", "-").out.strip())["name"] == "Piped"


def test_a_create_whose_answer_is_lost_finds_its_object(dyno, account, box):
    box.set_faults([{"kind": "drop", "operations": ["lists.create"], "times": 1}])
    ended = dyno("create", "lists", "--set", "name=Lost and found")
    assert ended.code == 0
    assert account.lists.get(ended.out.strip())["name"] == "Lost and found"
    assert ended.err == "No answer arrived, but the server has the new object.\n"


def test_a_create_whose_outcome_is_unknown_ends_with_3(dyno, box):
    box.set_faults([{"kind": "error", "operations": ["lists.create"]}])
    ended = dyno("create", "lists", "--set", "name=Never")
    assert (ended.code, ended.out) == (3, "")
    [line] = ended.err.splitlines()
    assert "It was not sent again" in line
    assert "dyno-frames find lists --where \"name == 'Never' and created >= '" in line


def test_ctrl_c_while_an_action_is_in_flight_says_that_it_may_have_been_sent(dyno, account, box, started):
    key = account.campaigns.create(name="In flight", subject="x", list_id=account.lists.create(name="L"))
    box.set_faults([{"kind": "latency", "operations": ["campaigns.start"], "delay_s": 3}])
    with started("start", key, "--yes") as program:
        while not dyno("journal", "--format", "jsonl").out and program.process.poll() is None:
            pass
        code = program.end(signal.SIGINT)
        line = program.line_with("dyno-frames: ")
    assert line == (
        f"dyno-frames: start of campaign {key} was interrupted, and may have been sent. Look: dyno-frames resolve {key}"
    )
    assert code == 3


def test_a_delete_without_an_answer_ends_with_3_and_says_how_to_check(dyno, account, box):
    key = account.lists.create(name="Perhaps deleted")
    box.set_faults([{"kind": "drop", "operations": ["lists.delete"]}])
    ended = dyno("delete", "lists", key, "--yes")
    assert ended.code == 3
    line = ended.err.splitlines()[-1]
    assert "the list may have been deleted" in line
    assert line.endswith(f"Look: dyno-frames get lists {key}")


def test_a_delete_whose_first_answer_is_lost_is_done(dyno, account, box):
    key = account.lists.create(name="Deleted once")
    box.set_faults([{"kind": "drop", "operations": ["lists.delete"], "times": 1}])
    ended = dyno("delete", "lists", key, "--yes")
    assert (ended.code, ended.out) == (0, f"deleted list {key}\n")


@pytest.mark.parametrize("reference", ["", " ", "\udcff"])
@pytest.mark.parametrize("command", [["pause"], ["get", "campaigns"]])
def test_a_text_that_can_be_no_id_and_no_name_is_refused(run, command, reference):
    ended = run(*command, reference, "--url", "http://127.0.0.1:9", "--api-key", "unused")
    assert ended.code == 2
    assert "expected the id or the name of a campaign" in ended.err
    assert "iloc" not in ended.err


def test_dots_are_looked_up_as_a_name(dyno, account):
    key = account.lists.create(name="..")
    assert key in dyno("get", "lists", "..").out
    assert "no list has the id or the name '.'" in dyno("get", "lists", ".").err


def test_an_update_that_is_sent_too_often_says_to_wait(dyno, account, box):
    key = account.lists.create(name="Too often")
    box.set_faults([{"kind": "slow_down", "operations": ["lists.update"], "retry_after_s": 0}])
    ended = dyno("update", "lists", key, "--set", "description=new")
    assert ended.code == 1
    assert "workers" not in ended.err


def test_a_request_that_is_refused_ends_with_1(dyno, account):
    key = account.campaigns.create(name="Only a draft", subject="x")
    ended = dyno("pause", key)
    assert (ended.code, ended.out) == (1, "")
    assert "pause needs running" in ended.err


def test_wait_ends_when_the_status_is_reached_and_fails_when_it_cannot_be(dyno, account):
    key = account.campaigns.create(name="Waiting", subject="x")
    ended = dyno("wait", "Waiting", "--until", "draft")
    assert (ended.code, ended.out) == (0, f"{key}: draft, 0 of 0 sent\n")
    assert dyno("wait", key, "--until", "running", "--timeout", 1).code == 1
    assert dyno("wait", key, "--until", "sent").code == 2


def test_the_json_outcome_is_one_line(dyno, account):
    key = account.campaigns.create(name="As JSON", subject="x", list_id=account.lists.create(name="L"))
    ended = dyno("start", key, "--yes", "--json")
    assert ended.out.count("\n") == 1
    outcome = json.loads(ended.out)
    assert (outcome["action"], outcome["campaign_id"], outcome["status"]) == ("start", key, "applied")


@pytest.fixture
def unknown_start(dyno: Any, account: Any, box: Sandbox) -> str:
    """Start a campaign whose outcome is unknown; returns its id."""
    key = account.campaigns.create(name="Unknown", subject="x", list_id=account.lists.create(name="L"))
    box.set_faults([{"kind": "error", "operations": ["campaigns.start"]}])
    with connect(box.url, box.api_key, name="unknown") as client:
        client.campaigns.poll_policy = PollPolicy(settle_s=0.0)
        with pytest.raises(OutcomeUnknownError):
            client.campaigns.start(key)
    box.set_faults([])
    return key


def test_the_journal_shows_every_action_and_its_outcome(dyno, account, unknown_start):
    shown = [json.loads(line) for line in dyno("journal", "--format", "jsonl").out.splitlines()]
    assert [(row["campaign_id"], row["action"], row["outcome"]) for row in shown] == [
        (unknown_start, "start", "unknown")
    ]
    assert "1 row" in dyno("journal", "--limit", 5).out


def test_an_unknown_outcome_blocks_sends_until_it_is_resolved(dyno, account, unknown_start):
    blocked = dyno("start", unknown_start, "--yes")
    assert blocked.code == 3
    assert blocked.err == (
        "dyno-frames: start was not sent: the outcome of an earlier action is unknown. "
        f"See: dyno-frames resolve {unknown_start}\n"
    )
    unresolved = dyno("resolve")
    assert unresolved.code == 3
    assert "client." not in unresolved.err
    decided = dyno("resolve", unknown_start, "--decision", "not_applied")
    assert (decided.code, decided.out) == (0, f"start {unknown_start}: not_applied, draft → draft\n")
    assert dyno("resolve").out == "The outcome of every action is known.\n"
    assert dyno("start", unknown_start, "--yes").code == 0


def test_resolve_reads_the_outcome_of_all_campaigns(dyno, account, unknown_start):
    assert account.campaigns.get(unknown_start)["status"] == "draft"
    account.campaigns.delete(unknown_start)
    ended = dyno("resolve", unknown_start, "--decision", "not_applied")
    assert (ended.code, ended.out) == (0, f"start {unknown_start}: not_applied, draft → ?\n")


def test_the_name_of_a_field_may_be_any_word(dyno, account):
    key = dyno("create", "lists", "--set", "name=Words", "--set", "self=x").out.strip()
    assert account.lists.get(key)["self"] == "x"
    assert dyno("update", "lists", key, "--set", "self=y").code == 0


def test_a_damaged_journal_blocks_sends_until_the_damage_is_accepted(dyno, account, own_state):
    key = account.campaigns.create(name="Damage", subject="x", list_id=account.lists.create(name="L"))
    assert dyno("start", key, "--yes").code == 0
    assert dyno("pause", key).code == 0
    (file,) = [path for path in (own_state / "state").rglob("*.jsonl") if path.stat().st_size]
    file.write_bytes(file.read_bytes().replace(b"start", b"stare", 1))
    blocked = dyno("resume", key, "--yes")
    assert (blocked.code, blocked.out) == (3, "")
    assert "resume was not sent: the journal is damaged. See: dyno-frames journal --help" in blocked.err
    assert "damaged" in dyno("journal").out
    accepted = dyno("journal", "--accept-damage")
    assert accepted.code == 0
    assert "accepted: " in accepted.err
    assert dyno("resume", key, "--yes").code == 0


def test_a_decision_needs_a_campaign(dyno):
    ended = dyno("resolve", "--decision", "applied")
    assert ended.code == 2
    assert "--decision needs CAMPAIGN" in ended.err
