"""Every action from every status, times, and races."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from dyno_frames.contract.lifecycle import DELETABLE, EDITABLE, RULES, Action, Status, allowed

NOW = 1_700_000_000
FUTURE, PAST = "2030-01-01T09:00:00", "2001-01-01T09:00:00"


def body(rule, key, **more):
    return {rule.id_key: key, **more}


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("action", list(Action))
def test_an_action_is_accepted_exactly_in_the_allowed_statuses(shared, action, status):
    rule, key = RULES[action], shared.campaign_in(status)
    path = f"/campaign_process/{rule.path}"
    if status in rule.sources:
        assert shared.data("POST", path, body(rule, key)) == {"id": key}
        assert shared.data("GET", f"/campaigns/{key}")["status"] == rule.now
        return
    code, words = shared.refused("POST", path, body(rule, key))
    assert code == "409"
    assert words.startswith(f"ILLEGAL TRANSITION: {action} is not allowed from {status}; allowed there: ")
    assert all(way in words for way in allowed(status) or ("no action",))
    assert shared.data("GET", f"/campaigns/{key}")["status"] == status


@pytest.mark.parametrize("status", list(Status))
def test_update_and_delete_are_accepted_exactly_in_the_allowed_statuses(shared, status):
    key = shared.campaign_in(status)
    for verb, sent, statuses in (("PUT", {"name": "new"}, EDITABLE), ("DELETE", None, DELETABLE)):
        if status in statuses:
            assert shared.data(verb, f"/campaigns/{key}", sent) == {"id": key}
        else:
            code, words = shared.refused(verb, f"/campaigns/{key}", sent)
            assert (code, f"from {status}" in words) == ("409", True)


@pytest.mark.parametrize(
    ("at", "status", "start_time"),
    [(FUTURE, "scheduled", 1893488400), (PAST, "running", NOW), (None, "running", NOW)],
)
@pytest.mark.parametrize("action", [Action.START, Action.RESCHEDULE])
def test_a_future_time_schedules_and_another_runs_now(shared, action, at, status, start_time):
    rule = RULES[action]
    key = shared.campaign_in(min(rule.sources))
    shared.data(
        "POST", f"/campaign_process/{rule.path}", body(rule, key, **({"iso_start_time": at} if at else {}))
    )
    row = shared.data("GET", f"/campaigns/{key}")
    assert (row["status"], row["start_time"]) == (status, start_time)


def test_a_time_is_read_in_its_zone_and_removed_by_cancel(shared):
    key = shared.create("campaigns")
    shared.data(
        "POST",
        "/campaign_process/init",
        {"campaign_id": key, "iso_start_time": "2030-07-01T09:00:00", "time_zone": "America/New_York"},
    )
    row = shared.data("GET", f"/campaigns/{key}")
    assert (row["start_time"], row["time_zone"]) == (1909141200, "America/New_York")
    shared.data("POST", "/campaign_process/cancel_schedule", {"id": key})
    row = shared.data("GET", f"/campaigns/{key}")
    assert (row["status"], row["start_time"]) == ("draft", None)


def test_a_time_that_happens_twice_is_taken_and_noted(shared):
    key = shared.create("campaigns")
    answer = shared.data(
        "POST",
        "/campaign_process/init",
        {"campaign_id": key, "iso_start_time": "2030-10-27T02:30:00", "time_zone": "Europe/Paris"},
    )
    assert answer["id"] == key
    assert "twice" in answer["note"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"iso_start_time": "2030-03-31T02:30:00", "time_zone": "Europe/Paris"}, "iso_start_time"),
        ({"iso_start_time": "tomorrow"}, "iso_start_time"),
        ({"iso_start_time": "2030-01-01T09:00:00Z"}, "iso_start_time"),
        ({"iso_start_time": 5}, "iso_start_time"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"iso_start_time": FUTURE, "time_zone": "../etc/passwd"}, "time_zone"),
        ({"subject": None}, "subject"),
        ({"subject": 5}, "subject"),
        ({"name": "x"}, "name"),
        ({"id": "x"}, "id"),
        ({"campaign_id": 5}, "campaign_id"),
        ({"campaign_id": None}, "campaign_id"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name_and_changes_nothing(shared, wrong, field):
    key = shared.create("campaigns", subject="before")
    code, words = shared.refused("POST", "/campaign_process/init", {"campaign_id": key, **wrong})
    assert (code, f"'{field}'" in words) == ("400", True)
    row = shared.data("GET", f"/campaigns/{key}")
    assert (row["status"], row["subject"]) == ("draft", "before")


@pytest.mark.parametrize("action", list(Action))
def test_an_action_needs_its_campaign(shared, action):
    path = f"/campaign_process/{RULES[action].path}"
    assert shared.refused("POST", path, {}) == ("400", f"INVALID REQUEST: '{RULES[action].id_key}': missing")
    assert shared.refused("POST", path, {RULES[action].id_key: "nope"})[0] == "404"


@pytest.mark.parametrize("action", [action for action in Action if "subject" in RULES[action].optional])
def test_an_action_changes_the_fields_that_it_may_change(shared, action):
    rule = RULES[action]
    key = shared.campaign_in(min(rule.sources))
    changes = {"subject": "S", "from_name": "N", "from_email": "e@x.org", "preview_message": "P"}
    shared.data("POST", f"/campaign_process/{rule.path}", body(rule, key, **changes))
    row = shared.data("GET", f"/campaigns/{key}")
    assert {name: row[name] for name in changes} == changes


def test_recipients_are_those_on_the_list_when_it_starts(shared):
    list_id = shared.create("lists", emails=["a@x.org", "b@x.org"])
    key = shared.create("campaigns", list_id=list_id)
    assert shared.data("GET", f"/campaigns/{key}")["recipients"] == 0
    shared.data("POST", "/campaign_process/init", {"campaign_id": key})
    assert shared.data("GET", f"/campaigns/{key}")["recipients"] == 2


def test_of_many_concurrent_starts_of_a_campaign_one_succeeds(serve):
    api = serve()
    key = api.create("campaigns")

    def start(_):
        with requests.Session() as session:
            session.headers["User-Api-Key"] = api.box.api_key
            url = f"{api.box.url}/campaign_process/init"
            return session.post(url, json={"campaign_id": key}, timeout=20).json()["error_code"]

    with ThreadPoolExecutor(8) as pool:
        codes = sorted(pool.map(start, range(16)))
    assert codes == [""] + ["409"] * 15
