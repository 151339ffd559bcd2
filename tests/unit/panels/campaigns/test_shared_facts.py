"""Several panels of one connection know the same and never act on one campaign at once."""

import gc
import weakref

import pandas as pd
import pytest

from dyno_frames.contract.lifecycle import Action
from dyno_frames.panels.campaigns import actions as on
from dyno_frames.panels.campaigns.control import CampaignControl, shared_facts
from dyno_frames.panels.campaigns.phases import Idle, Review
from dyno_frames.panels.campaigns.watch import watched
from dyno_frames.panels.runtime.shared_state import Subscriber, Watched


def test_what_one_panel_reads_another_shows(kit):
    client = kit.scripted(kit.row("c1"), kit.row("c2"))
    one = kit.control(client, "c1")
    table = kit.control(client, pd.DataFrame([kit.row("c1"), kit.row("c2")]))
    client.campaigns.rows["c1"]["subject"] = "Summer"
    one.dispatch(on.RefreshRequested())
    assert table.state.campaign("c1").subject == "Summer"
    assert table.state.campaign("c2").read_at is None


def test_what_one_panel_sends_the_other_cannot(kit):
    client = kit.scripted(kit.row())
    held = []
    one = kit.control(client)
    two = CampaignControl(client, "c1", watch=False, clock=one.clock, spawn=held.append)
    kit.ask(one, "start")
    two.dispatch(on.ActionChosen(Action.START))
    two.dispatch(on.FormSubmitted(two.state.phase.serial, two.clock()))
    held.pop()()
    assert isinstance(two.state.phase, Review)
    kit.confirm(two)
    assert isinstance(one.state.phase, Idle)
    assert "Another panel began" in one.state.notice.text
    one.dispatch(on.ActionChosen(Action.START))
    assert "under way" in one.state.notice.text or "Another panel" in one.state.notice.text
    assert client.campaigns.sent == []
    held.pop()()
    assert client.campaigns.sent == [("start", "c1", {})]
    assert one.state.open_campaign.status == "running"
    assert one.journal["outcome"].tolist() == two.journal["outcome"].tolist() == ["applied"]


def test_an_unknown_outcome_locks_the_campaign_in_every_panel_and_one_that_opens_later(kit):
    client = kit.scripted(kit.row())
    one, two = kit.control(client), kit.control(client)
    client.campaigns.failing = RuntimeError("cut")
    kit.ask(one, "start")
    kit.confirm(one)
    three = kit.control(client)
    for panel in (one, two, three):
        assert "c1" in panel.state.facts.unresolved
        panel.dispatch(on.ActionChosen(Action.START))
    assert len(client.campaigns.sent) == 1
    two.dispatch(on.ResolveRequested())
    assert not any(panel.state.facts.unresolved for panel in (one, two, three))


def test_two_connections_know_nothing_of_each_other(kit):
    one, other = kit.control(kit.scripted(kit.row())), kit.control(kit.scripted(kit.row(subject="Other")))
    one.dispatch(on.RefreshRequested())
    assert other.state.open_campaign.subject == "Other"


def test_a_shared_goes_with_its_connection(kit):
    client = kit.scripted(kit.row())
    panel = kit.control(client)
    shared = weakref.ref(shared_facts(client))
    panel.close()
    del panel, client
    gc.collect()
    assert shared() is None


def test_a_campaign_is_watched_by_one_panel_and_by_the_next_when_that_one_closes(kit):
    client = kit.scripted(kit.row(status="running", recipients=10, sent=1))
    one, two = kit.control(client), kit.control(client)
    shared, woken = shared_facts(client), []
    two.store.subscriber.wake = lambda: woken.append("two")
    assert shared.claim(one.store.subscriber, watched(one.state)) == Watched(often=("c1",))
    assert not shared.claim(two.store.subscriber, watched(two.state))
    one.close()
    assert woken == ["two"]
    assert shared.claim(two.store.subscriber, watched(two.state)) == Watched(often=("c1",))


def test_a_panel_that_turns_its_page_leaves_what_it_watched(kit):
    client = kit.scripted(kit.row())
    shared, woken = shared_facts(client), []
    one, two = Subscriber(print), Subscriber(print, lambda: woken.append("two"))
    for subscriber in (one, two):
        shared.add(subscriber)
    shared.claim(one, Watched(often=("a",), seldom=("b",)))
    assert shared.claim(two, Watched(often=("a", "c"))) == Watched(often=("c",))
    shared.claim(one, Watched(seldom=("b",)))
    shared.wake_others(one)
    assert woken == ["two"]
    assert shared.claim(two, Watched(often=("a", "c"))) == Watched(often=("a", "c"))


def test_a_click_that_comes_late_does_not_hide_what_the_first_one_led_to(kit):
    panel = kit.control(kit.scripted(kit.row(status="running", recipients=10, sent=1)))
    for _ in range(3):
        panel.dispatch(on.ActionChosen(Action.PAUSE))
    assert panel.state.notice.text == "Pause: applied. The campaign is paused."


@pytest.mark.parametrize(
    ("key", "rising", "falling"),
    [
        ("name", "badc", "cdab"),
        ("status", "dacb", "bcad"),
        ("sent", "cabd", "bacd"),
        ("bounces", "cabd", "bacd"),
        ("start", "cabd", "acbd"),
    ],
)
def test_the_table_is_sorted_both_ways_and_rows_without_a_value_come_last(kit, key, rising, falling):
    from dyno_frames.panels.campaigns.columns import COLUMNS, SortKey

    january = [pd.Timestamp(f"2026-01-{day}", tz="UTC") for day in ("01", "02")]
    rows = [
        kit.row("a", name="Beta", status="paused", sent=5, bounces=1, start_time=january[1]),
        kit.row("b", name="alpha", status="odd", sent=7, bounces=2),
        kit.row("c", name="Gamma", status="draft", sent=1, bounces=0, start_time=january[0]),
        kit.row("d", name="delta", status="running", sent=0),
    ]
    panel = kit.control(kit.scripted(*rows), pd.DataFrame(rows))
    order = []
    for _ in range(2):
        panel.dispatch(on.SortRequested(SortKey(key)))
        order.append("".join(panel.state.row_ids))
    if key == "status":  # the table starts in this order, so the first click reverses it
        order.reverse()
    assert order == ([falling, rising] if COLUMNS[SortKey(key)].number else [rising, falling])


def test_running_campaigns_come_first_and_then_scheduled_ones_by_time(kit):
    times = {f"s{day}": pd.Timestamp(f"2026-05-0{day}", tz="UTC") for day in (3, 1, 2)}
    rows = [
        kit.row("f", status="finished"),
        *(kit.row(key, status="scheduled", start_time=time) for key, time in times.items()),
        kit.row("p", status="paused"),
        kit.row("r", status="running"),
    ]
    panel = kit.control(kit.scripted(*rows), pd.DataFrame(rows))
    assert panel.state.row_ids == ("r", "s1", "s2", "s3", "p", "f")
