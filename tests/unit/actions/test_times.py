"""The time a person means is the instant the server reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyno_frames.actions.times import start_time
from dyno_frames.contract.times import resolve
from dyno_frames.errors import ConfigError

PARIS = ZoneInfo("Europe/Paris")
ZONES = (
    "Europe/Paris",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "UTC",
)


@pytest.mark.parametrize(
    ("at", "zone", "wall", "sent_in"),
    [
        ("2026-07-01T09:30:00", "Europe/Paris", "2026-07-01T09:30:00", "Europe/Paris"),
        ("2026-07-01T07:30:00Z", "Europe/Paris", "2026-07-01T09:30:00", "Europe/Paris"),
        ("2026-07-01T09:30:00+02:00", None, "2026-07-01T07:30:00", "UTC"),
        ("2026-07-01", "UTC", "2026-07-01T00:00:00", "UTC"),
        ("2026-07-01 09:30", "Europe/Paris", "2026-07-01T09:30:00", "Europe/Paris"),
        (datetime(2026, 7, 1, 9, 30, tzinfo=PARIS), None, "2026-07-01T09:30:00", "Europe/Paris"),
        (
            datetime(2026, 7, 1, 9, 30, tzinfo=timezone(timedelta(hours=3))),
            None,
            "2026-07-01T06:30:00",
            "UTC",
        ),
        (
            datetime(2026, 7, 1, 7, 30, 59, 999999, tzinfo=UTC),
            "Europe/Paris",
            "2026-07-01T09:30:59",
            "Europe/Paris",
        ),
        (pd.Timestamp("2026-07-01 09:30", tz="Europe/Paris"), None, "2026-07-01T09:30:00", "Europe/Paris"),
        (pd.Timestamp("2026-07-01 09:30:00.5"), "Europe/Paris", "2026-07-01T09:30:00", "Europe/Paris"),
        (
            pd.Timestamp("2026-07-01 07:30", tz="UTC"),
            "America/New_York",
            "2026-07-01T03:30:00",
            "America/New_York",
        ),
    ],
)
def test_a_time_is_sent_as_wall_time_and_zone(at, zone, wall, sent_in):
    start = start_time(at, zone)
    assert start.body() == {"iso_start_time": wall, "time_zone": sent_in}
    assert start.epoch_s == resolve(wall, sent_in).epoch_s


NAIVE = datetime(2026, 7, 1, 9, 30)  # noqa: DTZ001 - the fault under test


@pytest.mark.parametrize("at", ["2026-07-01T09:30:00", NAIVE, pd.Timestamp("2026-07-01 09:30")])
def test_a_wall_time_without_a_zone_is_refused_with_the_cure(at):
    with pytest.raises(ConfigError, match=r"time_zone='Europe/Paris'"):
        start_time(at)


@pytest.mark.parametrize(
    "at",
    ["2026-03-29T02:30:00", datetime(2026, 3, 29, 2, 30), pd.Timestamp("2026-03-29 02:30")],  # noqa: DTZ001 - a wall time
)
def test_a_wall_time_that_clocks_skip_is_refused(at):
    with pytest.raises(ConfigError, match="does not exist in Europe/Paris"):
        start_time(at, "Europe/Paris")


def test_of_a_wall_time_that_happens_twice_the_later_is_sent_in_utc():
    earlier = datetime(2026, 10, 25, 2, 30, tzinfo=PARIS, fold=0)
    later = datetime(2026, 10, 25, 2, 30, tzinfo=PARIS, fold=1)
    assert start_time(earlier).body() == {
        "iso_start_time": "2026-10-25T02:30:00",
        "time_zone": "Europe/Paris",
    }
    assert start_time(later).body() == {"iso_start_time": "2026-10-25T01:30:00", "time_zone": "UTC"}
    assert start_time("2026-10-25T01:30:00Z", "Europe/Paris").time_zone == "UTC"
    assert start_time(later.replace(tzinfo=None), "Europe/Paris").epoch_s == int(later.timestamp())
    both = pd.Timestamp("2026-10-25 01:30", tz="UTC").tz_convert("Europe/Paris")
    assert start_time(both).epoch_s == int(later.timestamp())


@pytest.mark.parametrize(
    "at", ["tomorrow", "", "2026-13-01T00:00:00Z", 1782891000, None, pd.NaT, "NaT", ["2026"]]
)
def test_what_is_no_time_is_refused(at):
    with pytest.raises(ConfigError, match="expected an aware datetime"):
        start_time(at, "UTC")


@pytest.mark.parametrize(
    ("at", "zone"),
    [
        ("9999-12-31T23:59:59Z", "Europe/Paris"),
        ("9999-12-31T23:59:59", "America/New_York"),
        (datetime.max, "America/New_York"),  # noqa: DTZ901 - a wall time
        (datetime.max.replace(tzinfo=UTC), "Asia/Tokyo"),
        ("9999-12-31T23:59:59-05:00", None),
        ("0001-01-01T00:00:00Z", "America/New_York"),
        ("0001-01-01T00:00:00", "Asia/Tokyo"),
        ("0001-01-01T00:00:00+05:00", None),
    ],
)
def test_a_time_beyond_the_calendar_is_refused(at, zone):
    with pytest.raises(ConfigError, match=r"at= (is|cannot be used)") as raised:
        start_time(at, zone)
    assert "clocks skip it" not in str(raised.value)


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "", "../etc/passwd", 3, PARIS])
def test_what_is_no_zone_is_refused(zone):
    with pytest.raises(ConfigError, match="time_zone="):
        start_time("2026-07-01T07:30:00Z", zone)


@given(
    st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2037, 1, 1)),  # noqa: DTZ001 - made aware below
    st.sampled_from(ZONES),
    st.none() | st.sampled_from(ZONES),
)
def test_whatever_is_sent_the_server_reads_the_instant_that_was_meant(naive, own, zone):
    moment = naive.replace(tzinfo=UTC).astimezone(ZoneInfo(own))
    start = start_time(moment, zone)
    assert start.epoch_s == int(moment.timestamp() // 1)
    assert resolve(start.iso_start_time, start.time_zone).epoch_s == start.epoch_s
    assert start_time(pd.Timestamp(moment), zone) == start
