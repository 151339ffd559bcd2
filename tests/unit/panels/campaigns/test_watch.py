"""Live reading: only while something runs, and not for ever."""

import threading

import pandas as pd
import pytest

from dyno_frames.contract.lifecycle import Action
from dyno_frames.errors import AuthenticationError, ConnectError
from dyno_frames.panels.campaigns import actions as on
from dyno_frames.panels.campaigns.control import CampaignControl
from dyno_frames.panels.campaigns.rules import not_allowed_reason
from dyno_frames.panels.campaigns.watch import SELDOM, watch_thread, watched
from dyno_frames.panels.campaigns.wording import (
    as_of,
    connection_line,
    details,
    disabled_lines,
    is_current,
)
from dyno_frames.panels.runtime.shared_state import Watched


@pytest.fixture
def live(kit):
    controls = []

    def make(client, subject="c1"):
        control = CampaignControl(
            client, subject, watch=True, clock=kit.Clock(), spawn=kit.here, interval_s=0.005
        )
        controls.append(control)
        return control

    yield make
    for control in controls:
        control.watcher.close(wait_s=10)
        control.close()
        assert not control.watcher.alive


def seen(control, wanted):
    """Wait for a state."""
    reached = threading.Event()
    control.store.subscribe(lambda state: reached.set() if wanted(state) else None)
    return wanted(control.state) or reached.wait(10)


def test_a_running_campaign_is_read_again_until_it_ends(kit, live):
    client = kit.scripted(kit.row(status="running", recipients=10, sent=1))
    control = live(client)
    client.campaigns.rows["c1"]["sent"] = 5
    assert seen(control, lambda state: state.open_campaign.sent == 5)
    client.campaigns.rows["c1"]["status"] = "finished"
    assert seen(control, lambda state: state.open_campaign.status == "finished")
    thread = control.watcher._thread
    if thread is not None:
        thread.join(10)
    assert not control.watcher.alive


def test_nothing_is_watched_while_nothing_runs_and_a_start_wakes_it(kit, live):
    client = kit.scripted(kit.row(status="paused", recipients=10, sent=1))
    control = live(client)
    assert not control.watcher.alive
    control.dispatch(on.ActionChosen(Action.RESUME))
    control.dispatch(on.ConfirmPressed(control.state.phase.token, control.clock()))
    assert control.watcher.alive


def test_after_three_errors_of_the_server_it_gives_up_and_refresh_starts_it_again(kit, live):
    client = kit.scripted(kit.row(status="running", recipients=10, sent=1))
    control = live(client)
    client.campaigns.reading_fails = AuthenticationError("UNAUTHORIZED", code="401")
    assert seen(control, lambda state: state.watch_note)
    assert "Stopped watching after 3 failed reads" in control.state.watch_note
    client.campaigns.reading_fails = None
    client.campaigns.rows["c1"]["sent"] = 9
    control.dispatch(on.RefreshRequested())
    assert control.state.watch_note == ""
    assert seen(control, lambda state: state.open_campaign.sent == 9)


def test_a_lost_connection_keeps_the_last_values_is_retried_and_recovers_by_itself(kit, live):
    rows = [kit.row("c1", status="running", recipients=10, sent=4), kit.row("c2", status="finished")]
    client = kit.scripted(*rows)
    control = live(client, pd.DataFrame(rows))
    control.dispatch(on.RefreshRequested())
    client.campaigns.reading_fails = ConnectError("no connection")
    assert seen(control, lambda state: state.facts.lost_at is not None)
    assert connection_line(control.state) == "Connection lost at 12:00 UTC, retrying"
    assert as_of(control.state) == "last values from 12:00:00 UTC"
    running = control.state.visible[0]
    assert (running.sent, running.read_at) == (4, kit.START)
    assert not is_current(running, control.state)
    control.dispatch(on.CampaignOpened("c1"))
    assert "No action is possible: the connection to the server is lost." in disabled_lines(control.state)
    control.clock.forward(60)
    client.campaigns.reading_fails = None
    client.campaigns.rows["c1"]["sent"] = 9
    assert seen(control, lambda state: state.open_campaign.sent == 9)
    assert connection_line(control.state) == ""
    assert is_current(control.state.open_campaign, control.state)


def test_a_finished_campaign_is_read_again_while_the_connection_is_lost_and_then_no_more(kit, live):
    client = kit.scripted(kit.row(status="finished"))
    control = live(client)
    assert not control.watcher.alive
    client.campaigns.reading_fails = ConnectError("no connection")
    control.dispatch(on.RefreshRequested())
    assert control.watcher.alive
    client.campaigns.reading_fails = None
    assert seen(control, lambda state: state.facts.lost_at is None)
    thread = control.watcher._thread
    if thread is not None:
        thread.join(10)
    assert not control.watcher.alive


def test_an_action_after_which_no_read_succeeds_leaves_the_old_values_with_their_time(kit):
    client = kit.scripted(kit.row(status="running", recipients=10, sent=4))
    panel = kit.control(client)
    client.campaigns.failing = client.campaigns.reading_fails = ConnectError("no connection")
    panel.dispatch(on.ActionChosen(Action.PAUSE))
    assert panel.state.open_campaign.sent == 4
    assert ("As of", "12:00:00 UTC") in details(panel.state.open_campaign)
    assert not is_current(panel.state.open_campaign, panel.state)
    assert not_allowed_reason(panel.state, panel.state.open_campaign, Action.PAUSE)


def test_a_review_that_loses_the_connection_says_so_and_without_watching_refresh_is_named(kit):
    client = kit.scripted(kit.row())
    panel = kit.control(client)
    client.campaigns.reading_fails = ConnectError("no connection")
    kit.ask(panel, "start")
    assert connection_line(panel.state) == "Connection lost at 12:00 UTC. Refresh tries again."
    client.campaigns.reading_fails = None
    panel.dispatch(on.RefreshRequested())
    assert connection_line(panel.state) == ""


def test_after_close_it_never_starts(kit, live):
    control = live(kit.scripted(kit.row(status="running", recipients=10, sent=1)))
    control.watcher.close(wait_s=10)
    control.dispatch(on.RefreshRequested())
    assert not control.watcher.alive


def test_a_success_between_failures_forgives_them():
    answers = iter([OSError, OSError, None, OSError, OSError])
    said = []

    def read(_ids):
        if error := next(answers):
            raise error

    watcher = watch_thread(lambda: Watched(often=("a",)), read, said.append)
    assert [watcher.step() for _ in range(5)] == [True] * 5
    assert said == []


def test_a_countdown_goes_on_though_a_view_cannot_be_drawn(kit, live):
    control = live(kit.scripted(kit.row()))
    kit.ask(control, "start")

    def cannot_draw(_state):
        raise RuntimeError("the comm is closed")

    control.store.subscribe(cannot_draw)
    control.clock.forward(61)
    assert seen(
        control, lambda state: state.notice is not None and "older than a minute" in state.notice.text
    )


def test_a_late_answer_undoes_no_later_one(kit):
    client = kit.scripted(kit.row(status="running", recipients=10, sent=1))
    panel = kit.control(client)
    old = panel.state.open_campaign
    panel.clock.forward(5)
    panel.dispatch(on.ActionChosen(Action.PAUSE))
    panel.dispatch(on.CampaignsRead((old,), ("c1",), old.read_at))
    assert panel.state.open_campaign.status == "paused"


def test_a_scheduled_campaign_that_begins_is_seen_without_a_refresh(kit, live):
    client = kit.scripted(kit.row(status="scheduled"))
    control = live(client)
    client.campaigns.rows["c1"] |= {"status": "running", "recipients": 10, "sent": 2}
    assert seen(control, lambda state: state.open_campaign.status == "running")
    client.campaigns.rows["c1"]["sent"] = 10
    assert seen(control, lambda state: state.open_campaign.sent == 10)


def test_what_is_scheduled_is_read_seldom_and_what_runs_in_every_round():
    read = []
    watcher = watch_thread(lambda: Watched(often=("runs",), seldom=("waits",)), read.append, print)
    assert all(watcher.step() for _ in range(2 * SELDOM))
    assert read.count(("runs",)) == 2 * (SELDOM - 1)
    assert read[SELDOM - 1 :: SELDOM] == [("runs", "waits")] * 2
    waits = watch_thread(lambda: Watched(seldom=("waits",)), read.append, print)
    read.clear()
    assert all(waits.step() for _ in range(SELDOM))
    assert read == [("waits",)]


def test_watching_reads_only_what_is_shown_and_moves(kit):
    status = {3: "running", 4: "scheduled", 5: "paused"}
    rows = [kit.row(f"c{i}", status=status.get(i, "draft")) for i in range(12)]

    panel = kit.control(kit.scripted(*rows), pd.DataFrame(rows))
    assert watched(panel.state) == Watched(often=("c3",), seldom=("c4",))
    panel.dispatch(on.PageChanged(1))
    assert not watched(panel.state)
