"""What passes by itself: a review's last minute, and how fast a campaign goes."""

import threading
from datetime import UTC, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from dyno_frames.panels.campaigns import actions as on
from dyno_frames.panels.campaigns.campaign import RATE_READS, Campaign, SendingRate
from dyno_frames.panels.campaigns.control import CampaignControl
from dyno_frames.panels.campaigns.local_time import format_in_zones, time_hint
from dyno_frames.panels.campaigns.phases import Idle, Review
from dyno_frames.panels.campaigns.review_text import expiry_line
from dyno_frames.panels.campaigns.wording import rate_text


def test_a_review_counts_down_and_is_gone_at_nought(kit):
    panel = kit.control(kit.scripted(kit.row()))
    kit.ask(panel, "start")
    assert expiry_line(panel.state.phase) == "This review expires in 60 seconds."
    panel.clock.forward(58.5)
    panel.dispatch(on.ClockTicked(panel.clock()))
    assert expiry_line(panel.state.phase) == "This review expires in 2 seconds."
    panel.clock.forward(1)
    panel.dispatch(on.ClockTicked(panel.clock()))
    assert expiry_line(panel.state.phase) == "This review expires in 1 second."
    panel.clock.forward(1)
    panel.dispatch(on.ClockTicked(panel.clock()))
    assert isinstance(panel.state.phase, Idle)
    assert panel.state.notice.text == "The review is older than a minute. Nothing was sent; review again."


def test_the_countdown_moves_by_itself_and_its_thread_ends_with_the_review(kit):
    clock = kit.Clock()
    panel = CampaignControl(kit.scripted(kit.row()), "c1", clock=clock, spawn=kit.here, interval_s=0.005)
    gone = threading.Event()
    kit.ask(panel, "start")
    assert isinstance(panel.state.phase, Review)
    assert panel.countdown.alive
    panel.store.subscribe(lambda state: gone.set() if isinstance(state.phase, Idle) else None)
    clock.forward(61)
    assert gone.wait(10)
    thread = panel.countdown._thread
    if thread is not None:
        thread.join(10)
    assert not panel.countdown.alive
    panel.close()
    panel.countdown.wake()
    assert not panel.countdown.alive


def running(kit, seconds, sent, status="running"):
    at = kit.START + timedelta(seconds=seconds)
    return Campaign("c1", status=status, recipients=1_000, sent=sent, read_at=at)


def rate(kit, *reads):
    found = SendingRate()
    for seconds, sent in reads:
        found = found.after(running(kit, seconds, sent))
    return found


@pytest.mark.parametrize(
    ("reads", "words"),
    [
        ([], ""),
        ([(0, 100)], ""),
        ([(0, 100), (0.5, 200)], ""),
        ([(0, 100), (30, 400)], "600 a minute, about 1 minute left"),
        ([(0, 100), (60, 160)], "60 a minute, about 14 minutes left"),
        ([(0, 0), (60, 970)], "970 a minute, about a minute left"),
        ([(0, 100), (60, 102)], "2 a minute, about 7 hours left"),
        ([(0, 100), (20, 100)], "no message was sent in the last 20 seconds"),
        ([(0, 100), (4, 100)], ""),
        ([(0, 500), (10, 100), (20, 200)], "600 a minute, about 1 minute left"),
    ],
)
def test_a_rate_and_the_time_left_come_from_the_last_reads(kit, reads, words):
    last = reads[-1] if reads else (0, 0)
    assert rate_text(running(kit, *last), rate(kit, *reads)) == words


def test_a_rate_forgets_what_is_long_ago_and_what_does_not_run(kit):
    long = rate(kit, *((i, i) for i in range(100)))
    assert len(long.reads) == RATE_READS
    assert long.seconds == RATE_READS - 1
    assert long.after(running(kit, 101, 100, status="paused")) == SendingRate()


def test_reads_of_the_panel_make_the_rate(kit):
    client = kit.scripted(kit.row(status="running", recipients=1_000, sent=0))
    panel = kit.control(client)
    for sent in (100, 200):
        panel.clock.forward(30)
        client.campaigns.rows["c1"]["sent"] = sent
        panel.dispatch(on.RefreshRequested())
    assert (
        rate_text(panel.state.open_campaign, panel.state.facts.rates["c1"])
        == "200 a minute, about 4 minutes left"
    )
    assert "200 a minute" in str(panel)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Type a date and a time, such as 2026-03-29 09:30."),
        (
            "2026-03-29 01:30",
            "2026-03-29 01:30 Europe/Paris = 2026-03-29 00:30 UTC = 2026-03-28 20:30 in this kernel's zone.",
        ),
        (
            "2026-03-29 02:30",
            "2026-03-29 02:30 does not exist in Europe/Paris: clocks skip it; try 01:30 or 03:30.",
        ),
        ("2026-10-25 02:30", "2026-10-25 02:30 happens twice in Europe/Paris; choose which one you mean."),
        (
            "2026-13-01 02:30",
            "The time is '2026-13-01 02:30', which is not a valid date: month must be in 1..12.",
        ),
    ],
)
def test_a_time_is_echoed_in_its_zone_in_utc_and_in_the_kernels(typed, said):
    assert time_hint(typed, "Europe/Paris", ZoneInfo("America/New_York")) == said


def test_a_zone_that_says_the_same_is_said_once():
    assert format_in_zones(1774744200, "UTC", UTC) == "2026-03-29 00:30 UTC"
    assert format_in_zones(1774744200, "Mars/Base") == "2026-03-29 00:30 UTC"
    assert format_in_zones(1774744200, "Europe/Paris", timezone(timedelta(hours=1))).count("=") == 1
