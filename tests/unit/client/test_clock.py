"""The clock of a client: what is over, what is noted, and what is looked for go by it."""

from __future__ import annotations

import pandas as pd
import pytest

import dyno_frames as dyno
from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.sandbox import Sandbox

NOW_S = 1_000_000_000
NOW = pd.Timestamp(NOW_S, unit="s", tz="UTC")


@pytest.fixture
def client():
    """A client and a sandbox in which it is the year 2001."""
    with (
        Sandbox(sample=False, speed=0, clock=lambda: float(NOW_S)) as box,
        dyno.connect(box.url, box.api_key, clock=lambda: float(NOW_S)) as client,
    ):
        yield client


def test_a_time_is_over_by_the_clock_of_the_client(client):
    to = client.lists.create(name="Friends", emails=["ann@example.com"])
    template = client.templates.create(name="t", subject="s", from_name="A", from_email="a@example.com")
    campaign = client.campaigns.create(name="c", list_id=to, template_id=template, subject="s")
    with pytest.raises(ConfigError, match="2001"):
        client.campaigns.plan("start", campaign, at=NOW - pd.Timedelta("1h"))
    plan = client.campaigns.plan("start", campaign, at=NOW + pd.Timedelta("1h"))
    assert plan.as_of == NOW
    outcome = client.campaigns.start(campaign, at=NOW + pd.Timedelta("1h"))
    assert outcome.at == NOW
    assert client.journal["at"].tolist() == [NOW]


def test_a_clock_that_is_no_function_is_refused():
    with pytest.raises(ConfigError, match="clock= is 5; expected a function"):
        dyno.connect("http://127.0.0.1:9", "k", clock=5)
