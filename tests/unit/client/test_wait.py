"""Waiting for a campaign: to its end, not beyond the time, and not for what will never come."""

from __future__ import annotations

import io
import threading

import pandas as pd
import pytest

from dyno_frames.actions.wait import WaitPolicy, has_come, is_vain, wait
from dyno_frames.api import connect
from dyno_frames.contract.lifecycle import FINAL, Status
from dyno_frames.errors import (
    ApiError,
    AuthenticationError,
    ConfigError,
    NotFoundError,
    RateLimitError,
    TransportError,
    WaitError,
)
from dyno_frames.sandbox.sandbox import Sandbox

COURSE = (Status.SCHEDULED, Status.RUNNING, Status.FINISHED)


@pytest.fixture(scope="module")
def lively():
    """A practice server in which campaigns run, 200 messages a second."""
    lists = pd.DataFrame({"id": ["l40", "l1m"], "name": "Friends", "contacts": [40, 1_000_000]})
    lists["created"] = lists["updated"] = 1
    with (
        Sandbox(sample=False, load={"lists": lists}) as box,
        connect(box.url, box.api_key, name="lively") as client,
    ):
        yield client


def test_a_campaign_is_waited_for_until_it_has_finished(lively):
    key = lively.campaigns.create(name="x", list_id="l40")
    lively.campaigns.start(key, at=pd.Timestamp.now("UTC") + pd.Timedelta(seconds=1))
    row = lively.campaigns.wait(key, until="running", timeout_s=30)
    assert row["status"] in {"running", "finished"}
    row = lively.campaigns.wait(key, timeout_s=30)
    assert (row["status"], row["sent"], row["recipients"]) == ("finished", 40, 40)
    assert isinstance(row["created"], pd.Timestamp)
    assert row == lively.campaigns.get(key)


def test_the_time_being_over_tells_how_far_it_is_and_how_fast(lively):
    key = lively.campaigns.create(name="x", list_id="l1m")
    lively.campaigns.start(key)
    with pytest.raises(
        WaitError, match=r"it is running, [\d,]+ of 1,000,000 sent at [\d.,]+ a second"
    ) as caught:
        lively.campaigns.wait(key, timeout_s=1.5)
    error = caught.value
    assert (error.reason, error.status, error.recipients, error.retryable) == (
        "timeout",
        "running",
        10**6,
        True,
    )
    assert error.sent > 0
    assert 1.4 < error.waited_s < 10
    lively.campaigns.stop(key)
    with pytest.raises(WaitError, match="stopped is final") as caught:
        lively.campaigns.wait(key)
    assert caught.value.reason == "never"


def test_a_campaign_that_runs_and_does_not_move_is_stuck(client):
    of = client.lists.create(name="x", emails=["a@example.com"])
    key = client.campaigns.create(name="x", list_id=of)
    client.campaigns.start(key)
    with pytest.raises(WaitError, match=r"0 of 1 sent, and nothing has changed for \d+ s") as caught:
        client.campaigns.wait(key, stuck_s=0.5)
    assert caught.value.reason == "stuck"
    assert not caught.value.retryable


def test_without_a_limit_a_campaign_that_does_not_move_is_waited_for_until_the_time_is_over(client):
    of = client.lists.create(name="x", emails=["a@example.com"])
    key = client.campaigns.create(name="x", list_id=of)
    client.campaigns.start(key)
    with pytest.raises(WaitError) as caught:
        client.campaigns.wait(key, timeout_s=0.5, stuck_s=None)
    assert caught.value.reason == "timeout"
    years = iter(range(0, 10**11, 10**8))
    policy = WaitPolicy(stuck_s=None, first_s=0.01, clock=lambda: next(years, 10**11))
    stopping = threading.Thread(target=lambda: client.campaigns.stop(key))
    shown = []
    row = wait(
        client.connection.session,
        key,
        "stopped",
        policy=policy,
        show=lambda row: shown.append(row) or (len(shown) == 5 and stopping.start()),
    )
    stopping.join()
    assert row["status"] == "stopped"


def test_a_campaign_that_is_scheduled_is_stuck_when_its_time_is_over_and_not_before(client):
    key = client.campaigns.create(name="x")
    at = pd.Timestamp.now("UTC").floor("s") + pd.Timedelta(hours=1)
    client.campaigns.start(key, at=at)
    policy = WaitPolicy(stuck_s=0.2, first_s=0.05, timeout_s=0.6)
    with pytest.raises(WaitError) as caught:
        wait(client.connection.session, key, "finished", policy=policy, show=lambda row: None)
    assert caught.value.reason == "timeout"
    late = WaitPolicy(stuck_s=0.2, first_s=0.05, wall=lambda: at.timestamp() + 1)
    with pytest.raises(WaitError) as caught:
        wait(client.connection.session, key, "finished", policy=late, show=lambda row: None)
    assert caught.value.reason == "stuck"


@pytest.mark.parametrize(("status", "cure"), [("draft", "Start it first"), ("paused", "Resume it first")])
def test_what_a_person_has_to_do_is_said_at_once(client, status, cure):
    key = client.campaigns.create(name="x")
    if status == "paused":
        client.campaigns.start(key)
        client.campaigns.pause(key)
    with pytest.raises(WaitError, match=cure):
        client.campaigns.wait(key)


def test_what_another_person_does_is_waited_for(client):
    key = client.campaigns.create(name="x")
    client.campaigns.start(key)
    seen = threading.Event()
    pausing = threading.Thread(target=lambda: (seen.wait(10), client.campaigns.pause(key)))
    pausing.start()
    row = wait(
        client.connection.session, key, "paused", policy=WaitPolicy(timeout_s=20), show=lambda row: seen.set()
    )
    pausing.join()
    assert row["status"] == "paused"


def test_a_reading_that_fails_is_repeated(client, monkeypatch):
    key = client.campaigns.create(name="x")
    client.campaigns.start(key)
    client.campaigns.stop(key)
    real, failures = client.connection.session.send, [TransportError("gone"), TransportError("gone")]

    def send(operation, **kwargs):
        if failures:
            raise failures.pop()
        return real(operation, **kwargs)

    monkeypatch.setattr(client.connection.session, "send", send)
    assert client.campaigns.wait(key, "stopped")["status"] == "stopped"
    assert failures == []


def test_a_server_that_stays_away_is_said(client, monkeypatch):
    def send(operation, **kwargs):
        raise TransportError("127.0.0.1: no connection")

    key = client.campaigns.create(name="x")
    monkeypatch.setattr(client.connection.session, "send", send)
    with pytest.raises(
        WaitError, match=r"could not be read.*last reading failed: 127\.0\.0\.1: no connection"
    ):
        client.campaigns.wait(key, stuck_s=0.3)


def test_a_campaign_that_is_not_there_is_not_found(client):
    with pytest.raises(NotFoundError):
        client.campaigns.wait("nothing")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"until": "done"}, "until= is 'done'; expected one of draft, scheduled"),
        ({"timeout_s": 0}, "timeout_s= is 0"),
        ({"stuck_s": "3"}, "stuck_s= is '3'"),
        ({"timeout_s": True}, "timeout_s= is True; times are seconds, more than 0, or None for no limit"),
    ],
)
def test_what_cannot_be_waited_for_is_refused(client, given, said):
    with pytest.raises(ConfigError, match=said):
        client.campaigns.wait("1", **given)


def test_a_bar_shows_how_far_it_is(client, monkeypatch):
    key = client.campaigns.create(name="x")
    client.campaigns.start(key)
    client.campaigns.stop(key)
    shown = io.StringIO()
    monkeypatch.setattr("sys.stderr", shown)
    client.campaigns.wait(key, "stopped", progress=True)
    assert "until stopped" in shown.getvalue()
    before = shown.getvalue()
    client.campaigns.wait(key, "stopped", progress=False)
    client.campaigns.wait(key, "stopped")  # nobody watches
    assert shown.getvalue() == before


@pytest.mark.parametrize("target", Status)
@pytest.mark.parametrize("status", Status)
def test_every_pair_of_statuses_is_come_vain_or_worth_waiting(target, status):
    assert not (status == target and not has_come(target, status))
    if has_come(target, status):
        return
    if is_vain(target, status):
        assert status in FINAL or (target in COURSE and status in {"draft", "paused"})
    else:
        assert status not in FINAL


@pytest.mark.parametrize(
    "error",
    [
        RateLimitError("SLOW DOWN", code="429"),
        ApiError("INTERNAL ERROR", code="500"),
        ApiError("no reason given"),
    ],
    ids=["too many requests", "an error outside the contract", "no code"],
)
def test_a_server_that_asks_to_slow_down_does_not_end_the_waiting(client, monkeypatch, error):
    key = client.campaigns.create(name="x")
    client.campaigns.start(key)
    client.campaigns.stop(key)
    real, failures = client.connection.session.send, [error, error, error]

    def send(operation, **kwargs):
        if failures:
            raise failures.pop()
        return real(operation, **kwargs)

    monkeypatch.setattr(client.connection.session, "send", send)
    assert client.campaigns.wait(key, "stopped")["status"] == "stopped"
    assert failures == []


def test_a_server_that_goes_on_refusing_is_said(client, monkeypatch):
    def send(operation, **kwargs):
        raise RateLimitError("SLOW DOWN", code="429")

    monkeypatch.setattr(client.connection.session, "send", send)
    with pytest.raises(WaitError, match="last reading failed: SLOW DOWN") as caught:
        client.campaigns.wait("c1", timeout_s=0.3)
    assert caught.value.reason == "timeout"


def test_a_key_that_is_not_accepted_ends_the_waiting(client, monkeypatch):
    def send(operation, **kwargs):
        raise AuthenticationError("UNAUTHORIZED", code="401")

    monkeypatch.setattr(client.connection.session, "send", send)
    with pytest.raises(AuthenticationError):
        client.campaigns.wait("c1", timeout_s=5)
