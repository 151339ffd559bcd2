"""Campaigns that move: counters, times, pauses."""

from __future__ import annotations

import threading

import pandas as pd
import pytest

from dyno_frames.contract.resources import CAMPAIGNS, LISTS
from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.campaigns.lifecycle import ACTIVE
from dyno_frames.sandbox.campaigns.sending import Sender
from dyno_frames.sandbox.sandbox import Sandbox
from dyno_frames.sandbox.store.storage import Store

NOW = 1_700_000_000


@pytest.fixture
def store():
    with Store() as store:
        yield store


def campaign(store, **fields):
    store.load(CAMPAIGNS, [{"id": "c", "status": "running", "sent": 0, "delivered": 0, **fields}])
    return lambda: store.get(CAMPAIGNS, "c")


def test_a_tick_sends_at_the_rate_until_all_are_reached(store):
    row = campaign(store, recipients=450)
    sender = Sender(store, clock=lambda: NOW, speed=2.0)
    assert sender.tick(0.5) == 0
    assert (row()["sent"], row()["delivered"], row()["status"]) == (200, 200, "running")
    assert row()["updated"] == NOW
    sender.tick(100.0)
    assert (row()["sent"], row()["delivered"], row()["status"]) == (450, 450, "finished")


def test_a_fraction_of_a_message_is_carried_over(store):
    row = campaign(store, recipients=10)
    sender = Sender(store, clock=lambda: NOW, speed=0.005)
    carried = 0.0
    for _ in range(10):
        carried = sender.tick(0.25, carried)
    assert row()["sent"] == 2


def test_a_scheduled_campaign_begins_when_its_time_has_come(store):
    store.load(LISTS, [{"id": "l", "contacts": 5}])
    row = campaign(store, status="scheduled", start_time=NOW, recipients=0, list_id="l")
    Sender(store, clock=lambda: NOW - 1).tick(0.0)
    assert row()["status"] == "scheduled"
    Sender(store, clock=lambda: NOW).tick(0.0)
    assert (row()["status"], row()["recipients"]) == ("running", 5)


def test_a_campaign_to_nobody_finishes_at_once(store):
    row = campaign(store, recipients=0)
    Sender(store, clock=lambda: NOW).tick(0.0)
    assert row()["status"] == "finished"


@pytest.mark.parametrize("status", ["draft", "paused", "stopped", "finished"])
def test_campaigns_in_other_statuses_do_not_change(store, status):
    row = campaign(store, status=status, recipients=10, updated=5)
    before = row()
    Sender(store, clock=lambda: NOW).tick(100.0)
    assert row() == before


def test_a_campaign_without_counters_does_not_change(store):
    store.load(CAMPAIGNS, [{"id": "c", "status": "running"}])
    before = store.get(CAMPAIGNS, "c")
    Sender(store, clock=lambda: NOW).tick(100.0)
    assert store.get(CAMPAIGNS, "c") == before
    assert "sent" not in before


def test_a_pause_stops_the_counters_and_a_resume_moves_them(serve, until):
    table = pd.DataFrame(
        {
            "id": ["c"],
            "name": ["n"],
            "status": ["running"],
            "recipients": [10**9],
            "sent": [0],
            "delivered": [0],
        }
    )
    api = serve(load={"campaigns": table}, speed=1.0)

    def sent():
        return api.data("GET", "/campaigns/c")["sent"]

    until(lambda: sent() > 0)
    api.data("POST", "/campaign_process/pause", {"id": "c"})
    halted = sent()
    before = api.box._sender.ticks
    until(lambda: api.box._sender.ticks > before + 2)
    assert sent() == halted
    api.data("POST", "/campaign_process/resume", {"id": "c"})
    until(lambda: sent() > halted)


def test_a_tick_reads_active_campaigns_only(store):
    with store.transaction() as connection:
        plan = connection.execute(
            f"EXPLAIN QUERY PLAN UPDATE campaigns SET sent = 1 WHERE {ACTIVE} AND status = 'running'"  # noqa: S608 - SQL from constants
        ).fetchall()
    assert "campaigns_in_motion" in plan[0][3]


def test_a_sandbox_at_speed_zero_has_no_sender_thread(serve):
    before = {thread.name for thread in threading.enumerate()}
    serve(speed=0)
    new = {thread.name for thread in threading.enumerate()} - before
    assert not any("sending" in name for name in new)


@pytest.mark.parametrize("speed", [-1, float("nan"), float("inf"), "fast", True, None])
def test_a_speed_that_is_not_a_number_is_refused(speed):
    with pytest.raises(ConfigError, match="speed"):
        Sandbox(speed=speed)
