"""A datetime of the standard library means what the Timestamp of pandas means, wherever a time can be given."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import dyno_frames as dyno
from dyno_frames.errors import ConfigError, LiteralTypeError

ZONES = [dt.UTC, ZoneInfo("Europe/Berlin"), dt.timezone(dt.timedelta(hours=-3))]

FORMS = {
    "a name": lambda t: ("created >= @t", {"t": t}),
    "an equal name": lambda t: ("created == @t", {"t": t}),
    "a list of names": lambda t: ("created in @times", {"times": [t]}),
    "both bounds": lambda t: (
        "created >= @t and updated < @later",
        {"t": t, "later": t + dt.timedelta(days=90)},
    ),
    "pd.col": lambda t: (pd.col("created") < t, None),
    "isin": lambda t: (pd.col("created").isin([t]), None),
    "a function": lambda t: (lambda c: c.start_time > t, None),
    "between": lambda t: (lambda c: c.created.between(t, t + dt.timedelta(days=30)), None),
    "a difference": lambda t: (lambda c: c.created - t > dt.timedelta(days=1), None),
}


@pytest.fixture(scope="module", params=[None, "numpy_nullable", "pyarrow"])
def client(request, sandbox):
    """A client with frames of one kind of dtypes."""
    with dyno.connect(sandbox.url, sandbox.api_key, name="times", dtype_backend=request.param) as connected:
        yield connected


@pytest.fixture(scope="module")
def campaigns(client):
    return client.campaigns.frame().dyno


@pytest.fixture(scope="module")
def instant(client):
    """The time at which a campaign in the middle was created, with microseconds of its own."""
    return pd.Timestamp(client.campaigns.find(columns=["created"])["created"].iloc[200])


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize("form", FORMS)
def test_a_query_with_a_datetime_is_the_query_with_the_timestamp(campaigns, instant, form, zone):
    answers = []
    for time in (instant, instant.to_pydatetime().astimezone(zone)):
        expr, names = FORMS[form](time)
        answers.append(campaigns.query(expr, local_dict=names))
        if form != "a difference":  # a frame cannot store a duration
            assert_frame_equal(answers[-1].dyno.refresh(), answers[-1])
    assert_frame_equal(*answers)
    assert 0 < len(answers[0]) < 400


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_a_datetime_is_sent_as_the_timestamp_is(campaigns, instant, zone):
    for time in (instant, instant + pd.Timedelta("1us")):
        given = time.to_pydatetime().astimezone(zone)
        plans = [campaigns.explain(lambda c, t=t: c.created >= t) for t in (time, given)]
        assert plans[0].requests == plans[1].requests
        assert plans[1].exact


def test_a_datetime_in_a_function_can_be_edited_in_the_builder(campaigns, instant):
    given = instant.to_pydatetime()
    for time in (instant, given):
        builder = campaigns.builder(lambda c, t=time: c.created >= t)
        assert builder.query == f"created >= '{given:%Y-%m-%d %H:%M:%S}'"
    answer = campaigns[lambda c: c.created >= given]
    assert str(instant.tz_convert("UTC")) in repr(answer.dyno)


@pytest.mark.parametrize(
    "naive",
    [dt.datetime.fromisoformat("2026-01-01"), pd.Timestamp("2026-01-01")],
    ids=["datetime", "Timestamp"],
)
def test_a_time_without_a_zone_is_refused_or_warned_about_in_both_types(campaigns, naive):
    for expr in ("created >= @naive", "updated < @naive"):
        with pytest.raises(LiteralTypeError, match=r"no time zone.*tz='UTC'"):
            campaigns.query(expr)
    with pytest.raises(LiteralTypeError, match="no time zone"):
        campaigns.query(pd.col("created") >= naive)
    with pytest.warns(UserWarning, match="a time without a zone"):
        assert campaigns.count(lambda c: c.created == naive) == 0


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_a_campaign_is_scheduled_at_a_datetime_as_at_the_timestamp(zone):
    moment = pd.Timestamp("2031-06-01 09:30", tz="UTC")
    with dyno.sandbox(speed=0) as box, box.client() as client:
        draft = client.campaigns.find("status == 'draft' and list_id.notna()", limit=1)["id"].iloc[0]
        for time in (moment, moment.to_pydatetime().astimezone(zone)):
            client.campaigns.start(draft, at=time)
            assert client.campaigns.get(draft)["start_time"] == moment
            client.campaigns.reschedule(draft, at=time + dt.timedelta(days=1))
            assert client.campaigns.get(draft)["start_time"] == moment + dt.timedelta(days=1)
            client.campaigns.cancel_schedule(draft)
        wall = dt.datetime.fromisoformat("2031-06-01T11:30")
        for naive in (wall, pd.Timestamp(wall)):
            with pytest.raises(ConfigError, match="without a zone"):
                client.campaigns.start(draft, at=naive)
            client.campaigns.start(draft, at=naive, time_zone="Europe/Berlin")
            assert client.campaigns.get(draft)["start_time"] == moment
            client.campaigns.cancel_schedule(draft)
