"""A plan tells what an action would do, sends nothing, and is carried out to the letter or not at all."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from dyno_frames.actions.action_request import checked_request
from dyno_frames.actions.context import PollPolicy
from dyno_frames.actions.times import start_time
from dyno_frames.contract.lifecycle import RULES, Action, Status
from dyno_frames.errors import ConfigError, IllegalTransitionError, NotFoundError, RejectedError

LATER = pd.Timestamp.now("UTC").floor("s") + pd.Timedelta(days=30)
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def campaign(client):
    """The id of a draft with a list of three."""
    emails = [f"{name}@example.com" for name in ("ann", "bob", "cid")]
    of = client.lists.create(name="Friends", emails=emails)
    return client.campaigns.create(name="Weekly", list_id=of, subject="old words")


@pytest.fixture
def sent(client, monkeypatch):
    """The operations that left, in order."""
    names, real = [], client.connection.session.send

    def send(operation, **kwargs):
        names.append(operation.name)
        return real(operation, **kwargs)

    monkeypatch.setattr(client.connection.session, "send", send)
    return names


def test_a_plan_tells_everything_and_sends_nothing(client, campaign, sent):
    plan = client.campaigns.plan(
        "start", campaign, at="2099-07-01T09:30:00", time_zone="Europe/Paris", subject="new words"
    )
    assert sent == ["campaigns.get", "lists.get"]
    assert (plan.action, plan.before, plan.after, plan.recipients) == ("start", "draft", "scheduled", 3)
    assert plan.changes == (("subject", "old words", "new words"),)
    assert (plan.verb, plan.path) == ("POST", "/campaign_process/init")
    assert plan.body == {
        "campaign_id": campaign,
        "subject": "new words",
        "iso_start_time": "2099-07-01T09:30:00",
        "time_zone": "Europe/Paris",
    }
    text = str(plan)
    for part in (
        "Weekly",
        "draft → scheduled",
        "3: contacts on its list",
        "2099-07-01 09:30:00+0200 Europe/Paris = 2099-07-01 07:30:00 UTC",
        "'old words' → 'new words'",
        "until it starts; it cannot be deleted",
        plan.body_json,
        "nothing was sent",
    ):
        assert part in text
    assert client.campaigns.get(campaign)["status"] == "draft"
    assert client.journal.empty


def test_a_plan_is_a_frozen_value_that_pickles(client, campaign):
    plan = client.campaigns.plan("start", campaign)
    with pytest.raises(FrozenInstanceError):
        plan.after = "draft"
    assert pickle.loads(pickle.dumps(plan)) == plan  # noqa: S301 - our own bytes
    assert hash(plan) == hash(plan)


def test_a_plan_shows_escaped_in_a_notebook(client, campaign):
    client.campaigns.update(campaign, name=HOSTILE)
    plan = client.campaigns.plan("start", campaign, subject=HOSTILE, preview_message="\x1b[31m")
    html = plan._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "\x1b" not in html + str(plan)
    assert plan.body["subject"] == HOSTILE


PLANS = {
    Status.DRAFT: {"start": ("running", 3)},
    Status.SCHEDULED: {"reschedule": ("running", 3), "cancel_schedule": ("draft", 0), "stop": ("stopped", 0)},
    Status.RUNNING: {"pause": ("paused", 0), "stop": ("stopped", 0)},
    Status.PAUSED: {"resume": ("running", 3), "update_and_resume": ("running", 3), "stop": ("stopped", 0)},
    Status.STOPPED: {},
}


def bring(campaigns, key: str, status: Status) -> None:
    steps = {
        Status.SCHEDULED: [lambda: campaigns.start(key, at=LATER)],
        Status.RUNNING: [lambda: campaigns.start(key)],
        Status.PAUSED: [lambda: campaigns.start(key), lambda: campaigns.pause(key)],
        Status.STOPPED: [lambda: campaigns.start(key), lambda: campaigns.stop(key)],
    }
    for step in steps.get(status, []):
        step()


@pytest.mark.parametrize("status", PLANS)
@pytest.mark.parametrize("action", Action)
def test_what_is_planned_is_what_happens(client, campaign, status, action):
    bring(client.campaigns, campaign, status)
    if action not in PLANS[status]:
        assert status not in RULES[action].sources
        with pytest.raises(IllegalTransitionError, match=f"it is {status}, and {action} needs") as caught:
            client.campaigns.plan(action, campaign)
        assert caught.value.attempts == 0
        return
    plan = client.campaigns.plan(action, campaign)
    assert (plan.after, plan.recipients) == PLANS[status][action]
    outcome = client.campaigns.apply(plan)
    assert (outcome.status, outcome.before, outcome.after) == ("applied", plan.before, plan.after)
    assert client.campaigns.get(campaign)["status"] == plan.after


def test_a_plan_is_not_carried_out_where_the_campaign_is_another_now(client, campaign, sent):
    plan = client.campaigns.plan("start", campaign)
    client.campaigns.update(campaign, subject="other words")
    sent.clear()
    with pytest.raises(
        RejectedError, match=r"subject was 'old words', is 'other words'.*Plan it again"
    ) as caught:
        client.campaigns.apply(plan)
    assert not [name for name in sent if name == "campaigns.start"]
    assert caught.value.outcome.status == "not_applied"
    assert client.campaigns.get(campaign)["status"] == "draft"


def test_a_plan_is_not_carried_out_where_it_reaches_others_now(client, campaign):
    plan = client.campaigns.plan("start", campaign)
    client.lists.update(client.campaigns.get(campaign)["list_id"], emails=["a@example.com"] * 1)
    with pytest.raises(RejectedError, match="recipients were 3, are 1"):
        client.campaigns.apply(plan)
    assert client.campaigns.get(campaign)["status"] == "draft"


def test_a_plan_is_carried_out_once(client, campaign, sent):
    plan = client.campaigns.plan("start", campaign)
    client.campaigns.apply(plan)
    with pytest.raises(RejectedError, match="status was 'draft', is 'running'"):
        client.campaigns.apply(plan)
    assert sent.count("campaigns.start") == 1


def test_a_plan_says_when_an_earlier_action_stands_in_its_way(client, campaign, monkeypatch):
    real = client.connection.session.send

    def send(operation, **kwargs):
        if operation.name == "campaigns.start":
            raise KeyboardInterrupt
        return real(operation, **kwargs)

    monkeypatch.setattr(client.connection.session, "send", send)
    with pytest.raises(KeyboardInterrupt):
        client.campaigns.start(campaign)
    (note,) = client.campaigns.plan("start", campaign).notes
    assert "the outcome of start is not known" in note
    assert f"client.campaigns.resolve({campaign!r})" in note


def test_a_plan_without_a_list_says_so(client):
    key = client.campaigns.create(name="x")
    plan = client.campaigns.plan("start", key)
    assert plan.recipients is None
    assert "recipients  ?" in str(plan)
    assert plan.notes == ("the campaign names no list",)


def test_a_plan_of_what_is_not_there_is_not_found(client):
    with pytest.raises(NotFoundError):
        client.campaigns.plan("start", "nothing")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("begin", "1"), "action is 'begin'; expected one of start, "),
        ((None, "1"), "action is None"),
        (("start", ""), "the id is ''"),
    ],
)
def test_a_plan_s_arguments_are_checked_before_any_request(client, sent, arguments, said):
    with pytest.raises(ConfigError, match=said):
        client.campaigns.plan(*arguments)
    assert sent == []


@pytest.mark.parametrize(
    ("action", "given", "said"),
    [
        ("pause", {"at": LATER}, "pause takes no at; it takes the id alone"),
        ("update_and_resume", {"at": LATER, "subject": "x"}, "takes no at; it takes subject, from_name"),
        ("start", {"subjekt": "x"}, "start takes no subjekt"),
        ("start", {"subject": 3}, "subject must be text or None"),
        ("start", {"time_zone": "UTC"}, "there is no at="),
        ("start", {"at": "2016-01-01T00:00:00Z"}, "which is over"),
    ],
)
def test_an_action_takes_its_own_arguments_alone(client, campaign, action, given, said):
    with pytest.raises(ConfigError, match=said):
        client.campaigns.plan(action, campaign, **given)


PARIS = ZoneInfo("Europe/Paris")


def test_a_plan_notes_a_wall_time_that_happens_twice_and_clocks_that_change(client, campaign):
    earlier = client.campaigns.plan("start", campaign, at="2037-10-25T02:30:00", time_zone="Europe/Paris")
    assert any(
        "happens twice in Europe/Paris; taken as 2037-10-25T00:30:00 UTC" in note for note in earlier.notes
    )
    later = client.campaigns.plan("start", campaign, at=datetime(2037, 10, 25, 2, 30, tzinfo=PARIS, fold=1))
    assert any("the later one is meant, so the time is sent in UTC" in note for note in later.notes)
    assert later.body["time_zone"] == "UTC"
    assert later.at.epoch_s - earlier.at.epoch_s == 3600
    with pytest.raises(ConfigError, match="does not exist in Europe/Paris"):
        client.campaigns.plan("start", campaign, at="2037-03-29T02:30:00", time_zone="Europe/Paris")
    plans = [
        client.campaigns.plan("start", campaign, at=f"2037-{month}-01T12:00:00", time_zone="Europe/Paris")
        for month in ("01", "07")
    ]
    assert sum("clocks in Europe/Paris change" in " ".join(plan.notes) for plan in plans) == 1


def test_an_action_request_is_the_body_that_the_verb_sends():
    at = start_time(datetime(2099, 1, 1, tzinfo=UTC))
    request = checked_request(Action.START, at=datetime(2099, 1, 1, tzinfo=UTC), subject="x", from_name=None)
    assert request.body() == {"subject": "x", **at.body()}


@pytest.mark.parametrize("verb", ["start", "plan", "apply"])
def test_whether_a_time_is_over_is_told_by_the_clock_that_the_client_was_given(client, verb):
    key = client.campaigns.create(name="x")
    soon = datetime.now(UTC) + timedelta(hours=1)
    plan = client.campaigns.plan("start", key, at=soon)
    client.campaigns.poll_policy = PollPolicy(wall=lambda: soon.timestamp() + 61)
    calls = {
        "start": lambda: client.campaigns.start(key, at=soon),
        "plan": lambda: client.campaigns.plan("start", key, at=soon),
        "apply": lambda: client.campaigns.apply(plan),
    }
    with pytest.raises(ConfigError, match="which is over"):
        calls[verb]()
    assert client.journal.empty
