"""Arguments of the wrong type or size are refused where they are given, before any request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dyno_frames.api import connect
from dyno_frames.contract.profile import Profile
from dyno_frames.errors import ConfigError, QueryError, SchemaError


@pytest.fixture(scope="module")
def unheard(without_server) -> Iterator[Any]:
    """A client whose requests fail."""
    with without_server("wrong arguments", Profile()) as connected:
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


SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "schema=5": ({"schema": 5}, "schema= is of type int; expected a dict of types by field"),
    "schema as a list": ({"schema": [1]}, "schema= is of type list"),
    "a type that is none": ({"schema": {"score": 5}}, "schema= declares {'score': '5'}; expected one of str"),
    "a type that is a list": ({"schema": {"score": ["int"]}}, "schema= declares {'score': \"['int']\"}"),
    "a word that is none": ({"schema": {"lists": {"score": "zz"}}}, "schema= declares {'score': 'zz'}"),
    "a field that is a number": (
        {"schema": {5: "int"}},
        "schema= has the keys [5]; expected names of fields",
    ),
    "timeout_s=1e12": (
        {"timeout_s": 1e12},
        "timeout_s= is 1000000000000.0; expected seconds, more than 0 and at",
    ),
    "timeout_s=1e300": ({"timeout_s": 1e300}, "at most 86,400"),
    "timeout_s=inf": ({"timeout_s": float("inf")}, "timeout_s= is inf"),
    "timeout_s=nan": ({"timeout_s": float("nan")}, "timeout_s= is nan"),
    "timeout_s=True": ({"timeout_s": True}, "timeout_s= is True"),
    "workers=10**9": (
        {"workers": 10**9},
        "workers= is 1000000000; expected a whole number from 1 to 256, or None",
    ),
    "workers=0": ({"workers": 0}, "workers= is 0"),
    "page_size=10**20": ({"page_size": 10**20}, "expected a whole number from 1 to 1,000,000"),
    "page_size=2.5": ({"page_size": 2.5}, "page_size= is 2.5"),
    "half a pair in name": ({"name": "\ud800"}, "name= is '\\ud800'; expected a text"),
    "name=5": ({"name": 5}, "name= is 5; expected a text"),
    "dtype_backend as a list": ({"dtype_backend": []}, "dtype_backend= is []; expected 'numpy_nullable'"),
    "dtype_backend as an array": ({"dtype_backend": np.zeros(2)}, "dtype_backend= is array"),
    "profile as an array": ({"profile": np.zeros(2)}, "profile= is array"),
}


@pytest.mark.parametrize(("setting", "shown"), SETTINGS.values(), ids=SETTINGS)
def test_a_setting_that_cannot_be_used_is_refused_by_connect(setting, shown):
    with pytest.raises(ConfigError) as raised:
        connect("http://127.0.0.1:1", "some-key", **setting)
    assert shown in str(raised.value)
    assert str(raised.value).encode()


def test_all_faults_of_the_settings_are_named_at_once():
    wrong = {"schema": {"a": "zz", "lists": {"b": "yy"}}, "timeout_s": 1e12, "workers": 10**9, "name": ""}
    with pytest.raises(ConfigError) as raised:
        connect("nowhere", "some-key", **wrong)
    for part in ("url=", "name=", "timeout_s=", "workers=", "'a': 'zz'", "'b': 'yy'"):
        assert part in str(raised.value)


def test_the_largest_settings_are_accepted(sandbox):
    largest = {"timeout_s": 86_400, "workers": 256, "page_size": 1_000_000}
    with connect(sandbox.url, sandbox.api_key, name="largest", **largest) as connected:
        assert connected.campaigns.count() == len(connected.campaigns.find())


DAMAGED: dict[str, tuple[dict[str, Any], str]] = {
    "no such resource": ({"resource": "nope"}, "'resource' is 'nope'; expected one of templates, lists"),
    "a resource that is a list": ({"resource": ["lists"]}, "'resource' is ('lists',)"),
    "a url that is a number": ({"url": 5}, "'url' is of type int; expected a text"),
    "a client that is None": ({"client": None}, "'client' is of type NoneType"),
    "a query that is a text": ({"query": "opens > 5"}, "'query' is of type str"),
}


@pytest.mark.parametrize(("change", "shown"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_origin_of_a_frame_is_named(change, shown, campaigns):
    campaigns.attrs["dyno"] = {**campaigns.attrs["dyno"], **change}
    for use in (
        lambda f: f.dyno.refresh(),
        lambda f: f.dyno.query("opens > 5"),
        lambda f: f.dyno.certificate,
    ):
        with pytest.raises(SchemaError) as raised:
            use(campaigns)
        assert shown in str(raised.value)
        assert "client.campaigns.frame()" in str(raised.value)


@pytest.mark.parametrize(
    "change",
    [{"columns": 5}, {"limit": "x"}, {"order_by": 5}, {"ascending": "x"}, {"on_invalid": "x"}]
    + [
        {"query": question}
        for question in (
            {},
            {"form": "tree"},
            {"form": "tree", "tree": 5},
            {"form": "tree", "tree": ["binary"]},
            {"form": "tree", "tree": {"a": 1}},
        )
    ],
)
def test_a_damaged_question_of_a_frame_is_not_asked_again(change, campaigns):
    campaigns.attrs["dyno"] = {**campaigns.attrs["dyno"], **change}
    with pytest.raises(QueryError):
        campaigns.dyno.refresh()


@pytest.mark.parametrize(
    "stored",
    [{}, {"verdict": "sure"}, {"verdict": "exact", "x": 1}, 5, {"verdict": "exact", "requests": "x"}],
)
def test_a_damaged_certificate_of_a_frame_is_named(stored, campaigns):
    campaigns.attrs["dyno"] = {**campaigns.attrs["dyno"], "certificate": stored}
    with pytest.raises(SchemaError, match="the stored certificate is damaged; run the query again"):
        _ = campaigns.dyno.certificate


@pytest.mark.parametrize("given", [5, 5.0, object, {"status"}, True])
def test_partitions_that_are_not_a_list_of_fields_are_refused(given, unheard):
    with pytest.raises(ConfigError, match=r"partition_by=.*expected names of columns, for example"):
        unheard.campaigns.scan().to_parquet("never", partition_by=given)


def test_a_file_may_hold_more_rows_than_there_are(client, tmp_path):
    written = client.campaigns.scan(limit=5).to_parquet(tmp_path / "a", max_rows_per_file=10**30)
    assert written.rows == 5
