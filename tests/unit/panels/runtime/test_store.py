"""What a panel was asked to do is done, whatever goes wrong in the views that show it."""

import pandas as pd
import pytest

from dyno_frames.contract.lifecycle import Action
from dyno_frames.panels.builder.actions import ExpressionTyped
from dyno_frames.panels.builder.session import BuilderSession
from dyno_frames.panels.campaigns import actions as on
from dyno_frames.panels.campaigns.control import CampaignControl
from dyno_frames.panels.campaigns.phases import BulkReview
from dyno_frames.panels.campaigns.state import NoticeKind


def cannot_draw(_state):
    raise RuntimeError("the comm is closed")


@pytest.fixture
def held():
    """The work that a panel wants done on a thread, kept until the test runs it."""
    return []


def running(kit, key="c1"):
    return kit.row(key, status="running", recipients=10, sent=1)


def test_a_pause_is_sent_though_a_view_cannot_be_drawn(kit, held):
    client = kit.scripted(running(kit))
    panel = CampaignControl(client, "c1", watch=False, clock=kit.Clock(), spawn=held.append)
    panel.store.subscribe(cannot_draw)
    panel.dispatch(on.ActionChosen(Action.PAUSE))
    held.pop()()
    assert client.campaigns.sent == [("pause", "c1", {})]
    assert panel.state.facts.in_flight == {}
    assert panel.state.open_campaign.status == "paused"


def test_a_pause_is_sent_though_the_view_of_another_panel_cannot_be_drawn(kit):
    client = kit.scripted(running(kit))
    one, two = kit.control(client), kit.control(client)
    two.store.subscribe(cannot_draw)
    one.dispatch(on.ActionChosen(Action.PAUSE))
    assert client.campaigns.sent == [("pause", "c1", {})]
    assert one.state.facts.in_flight == two.state.facts.in_flight == {}


def test_every_other_view_is_told_though_one_cannot_be_drawn(kit):
    client = kit.scripted(running(kit))
    one, two = kit.control(client), kit.control(client)
    told = []
    one.store.subscribe(cannot_draw)
    one.store.subscribe(lambda state: told.append(("one", state.open_campaign.status)))
    two.store.subscribe(lambda state: told.append(("two", state.open_campaign.status)))
    one.dispatch(on.ActionChosen(Action.PAUSE))
    assert {("one", "paused"), ("two", "paused")} <= set(told)


def test_of_several_stops_each_is_sent_though_no_answer_can_be_drawn(kit):
    rows = [running(kit, "a"), running(kit, "b")]
    client = kit.scripted(*rows)
    panel = kit.control(client, pd.DataFrame(rows))
    panel.dispatch(on.RefreshRequested())
    panel.dispatch(on.SelectionChanged(("a", "b")))
    panel.dispatch(on.BulkActionChosen(Action.STOP))
    review = panel.state.phase
    assert isinstance(review, BulkReview)
    panel.store.subscribe(cannot_draw)
    panel.dispatch(on.ConfirmPressed(review.token, panel.clock(), "stop"))
    assert [sent[:2] for sent in client.campaigns.sent] == [("stop", "a"), ("stop", "b")]
    assert panel.state.facts.in_flight == {}


def test_where_no_thread_can_be_started_nothing_is_sent_and_the_campaign_can_be_paused_again(kit):
    threads = []

    def spawn(work):
        if not threads:
            raise RuntimeError("can't start new thread")
        work()

    client = kit.scripted(running(kit))
    panel = CampaignControl(client, "c1", watch=False, clock=kit.Clock(), spawn=spawn)
    panel.dispatch(on.ActionChosen(Action.PAUSE))
    assert client.campaigns.sent == []
    assert panel.state.facts.in_flight == panel.state.facts.unresolved == {}
    assert panel.state.notice.kind is NoticeKind.FAILED
    assert "Nothing was sent" in panel.state.notice.text
    threads.append("one is free again")
    panel.dispatch(on.ActionChosen(Action.PAUSE))
    assert client.campaigns.sent == [("pause", "c1", {})]


def test_an_action_that_breaks_the_panel_itself_is_an_unknown_outcome_and_not_under_way_for_ever(kit):
    client = kit.scripted(running(kit))
    panel = kit.control(client)

    class Broken:
        def __getattr__(self, name):
            raise RuntimeError("key=hunter2")

    client.campaigns = Broken()
    panel.dispatch(on.ActionChosen(Action.PAUSE))
    assert panel.state.facts.in_flight == {}
    assert "c1" in panel.state.facts.unresolved
    assert panel.state.notice.kind is NoticeKind.UNKNOWN
    assert "hunter2" not in repr(panel.state)


def test_a_count_of_the_builder_arrives_though_a_view_cannot_be_drawn(client):
    session = BuilderSession(client.campaigns, spawn=lambda work: work())
    told = []
    session.store.subscribe(cannot_draw)
    session.store.subscribe(told.append)
    session.dispatch(ExpressionTyped("status == 'draft'"))
    assert session.state.planned.rows == client.campaigns.count("status == 'draft'")
    assert session.state.waiting == ""
    assert told[-1] == session.state


def test_where_no_thread_can_be_started_the_builder_says_so_and_does_not_wait_for_ever(client):
    threads = []

    def spawn(work):
        if not threads:
            raise RuntimeError("can't start new thread")
        work()

    session = BuilderSession(client.campaigns, spawn=spawn)
    assert "RuntimeError" in session.state.failure
    assert session.state.waiting == ""
    threads.append("one is free again")
    session.dispatch(ExpressionTyped("status == 'draft'"))
    assert session.state.failure == ""
    assert session.state.planned.rows > 0
