"""Arguments of the wrong type or size are refused where they are given, before any request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dyno_frames.client.connect import connect
from dyno_frames.contract.profile import Profile
from dyno_frames.errors import ConfigError, QueryError, SchemaError
from dyno_frames.sandbox.sandbox import Sandbox


@pytest.fixture(scope="module")
def unheard() -> Iterator[Any]:
    """A client that has learnt the account and whose server is gone: a request would fail as a ConnectError."""
    with Sandbox(speed=0) as served:
        connected = connect(
            served.url, served.api_key, name="wrong arguments", profile=Profile(), timeout_s=0.5
        )
        connected.campaigns.frame()
    with connected:
        yield connected


@pytest.fixture
def campaigns(unheard) -> pd.DataFrame:
    return unheard.campaigns.frame()


@pytest.mark.parametrize("huge", [2**63 - 1, 2**63, 10**30])
def test_a_limit_beyond_every_row_returns_every_row(client, huge):
    asked = {"order_by": "opens"}
    every = client.campaigns.find("opens > 100", **asked)
    pd.testing.assert_frame_equal(client.campaigns.find("opens > 100", limit=huge, **asked), every)
    assert len(client.campaigns.find("opens > 100", limit=huge)) == len(every)
    assert client.campaigns.scan("opens > 100", limit=huge).to_arrow().num_rows == len(every)
    assert client.campaigns.scan("opens > 100", limit=huge).count() == len(every)


@pytest.mark.parametrize("huge", [2**63 - 1, 2**63, 10**30])
def test_an_offset_beyond_every_row_returns_no_row(client, huge):
    assert client.campaigns.find("opens > 100", offset=huge, limit=huge).empty
    assert client.campaigns.find("opens > 100", offset=huge, order_by="opens").empty


@pytest.mark.parametrize("huge", [2**63, 10**30])
def test_budgets_beyond_every_row_allow_every_row(client, huge):
    assert len(client.campaigns.find("opens > 100", max_rows=huge, max_requests=huge)) > 0


@pytest.mark.parametrize(
    "freq", ["0D", "0h", "0ME", "0YE", "-1D", "-1ME", "-1s", "ns", "us", "500ms", "1.5s", "NaT", "", 5, None]
)
def test_a_period_that_cannot_be_counted_is_refused_before_any_request(freq, campaigns):
    with pytest.raises(QueryError) as raised:
        campaigns.dyno.histogram("created", freq=freq)
    assert f"freq={freq!r}; expected a period of pandas' resample" in str(raised.value)


@pytest.mark.parametrize("freq", ["1D12h", "B", "W", "2D", "QS"])
def test_every_period_that_pandas_counts_is_counted(freq, client):
    frame = client.campaigns.find()
    expected = frame.resample(freq, on="created").size()
    counted = client.campaigns.frame().dyno.histogram("created", freq=freq)
    pd.testing.assert_series_equal(counted, expected, check_names=False, check_freq=False)


FLAGS = {
    "find, strict": (lambda c: c.campaigns.find("opens > 5", strict="yes"), "strict='yes'"),
    "find, strict=None": (lambda c: c.campaigns.find("opens > 5", strict=None), "strict=None"),
    "find, progress": (lambda c: c.campaigns.find("opens > 5", progress="x"), "progress='x'"),
    "scan, strict": (lambda c: c.lists.scan(strict=1), "strict=1"),
    "scan, progress": (lambda c: c.lists.scan(progress=0), "progress=0"),
    "query, strict": (lambda c: c.campaigns.frame().dyno.query("opens > 5", strict="x"), "strict='x'"),
    "query, progress": (lambda c: c.campaigns.frame().dyno.query("opens > 5", progress=5), "progress=5"),
    "to_parquet": (
        lambda c: c.campaigns.scan("opens > 5").to_parquet("never.parquet", progress="x"),
        "progress='x'",
    ),
    "to_parquet of a frame": (
        lambda c: c.campaigns.frame().dyno.to_parquet("never.parquet", progress="x"),
        "progress='x'",
    ),
    "value_counts, normalize": (
        lambda c: c.campaigns.frame().dyno.value_counts("name", normalize="x"),
        "normalize='x'",
    ),
    "value_counts, dropna": (
        lambda c: c.campaigns.frame().dyno.value_counts("status", dropna=None),
        "dropna=None",
    ),
}


@pytest.mark.parametrize(("ask", "shown"), FLAGS.values(), ids=FLAGS)
def test_what_is_neither_true_nor_false_is_refused(ask, shown, unheard):
    with pytest.raises(QueryError) as raised:
        ask(unheard)
    assert f"{shown}; expected True" in str(raised.value)


def test_a_bar_of_a_wait_is_shown_or_not(unheard):
    with pytest.raises(ConfigError, match="progress='x'; expected True, False or None"):
        unheard.campaigns.wait("1", progress="x", timeout_s=1)


def test_numpy_s_own_true_and_false_are_accepted(client):
    assert len(client.campaigns.find("opens > 100", strict=np.False_, progress=np.False_)) > 0
