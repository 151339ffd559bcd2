"""The verbs of a frame that pandas users reach for return what pandas returns on all rows."""

from __future__ import annotations

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

from dyno_frames.api import connect
from dyno_frames.errors import QueryError, UnknownFieldError
from dyno_frames.sandbox.sandbox import Sandbox

NAMES = ["list_name", "template_name", "open_rate", "click_to_open_rate"]


@pytest.fixture(scope="module", params=[None, "numpy_nullable", "pyarrow"])
def client(request):
    """A client of a sample account in which nothing moves."""
    with (
        Sandbox(speed=0) as box,
        connect(box.url, box.api_key, name="verbs", dtype_backend=request.param, page_size=70) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def campaigns(client):
    return client.campaigns.frame().dyno


@pytest.fixture(scope="module")
def every(campaigns):
    """All rows, without computed columns."""
    rows = campaigns.query(None)
    rows.attrs = {}
    return rows


@pytest.fixture(scope="module")
def wide(campaigns, every):
    """All rows with some computed columns."""
    rows = campaigns.query(None, columns=[*every.columns, *NAMES])
    rows.attrs = {}
    return rows


def same(found, expected) -> None:
    if isinstance(found, pd.Series):
        assert_series_equal(found, expected, check_exact=True, check_flags=False)
    else:
        assert_frame_equal(found, expected, check_exact=True, check_flags=False)


def test_rates_and_names_are_those_that_pandas_computes_from_the_rows(client, every, wide):
    lists = client.lists.find(columns=["id", "name"])
    names = dict(zip(lists["id"], lists["name"], strict=True))
    assert wide["list_name"].tolist() == [names[row_id] for row_id in every["list_id"]]
    whole = every["delivered"].astype("Int64")
    rate = every["opens"].astype("Int64") / whole.where(whole > 0)
    assert wide["open_rate"].isna().sum() == (whole == 0).sum() > 0
    assert wide["open_rate"].dropna().tolist() == rate.dropna().tolist()


def test_head_and_tail_are_the_oldest_and_the_newest_rows(campaigns, every):
    same(campaigns.head(7), every.head(7))
    same(campaigns.head(), every.head())
    same(campaigns.tail(7), every.tail(7).reset_index(drop=True))
    same(campaigns.tail(3, "opens > 100"), every[every.opens > 100].tail(3).reset_index(drop=True))


@pytest.mark.parametrize("columns", ["opens", "open_rate", ["clicks", "opens"]])
def test_nlargest_and_nsmallest_choose_the_rows_that_pandas_chooses_ties_included(
    campaigns, every, wide, columns
):
    for verb in ("nlargest", "nsmallest"):
        expected = getattr(wide, verb)(60, columns)[every.columns].reset_index(drop=True)
        same(getattr(campaigns, verb)(60, columns), expected)


def test_a_sample_is_the_one_that_pandas_draws_with_the_same_seed(campaigns, every):
    same(campaigns.sample(9, random_state=3), every.sample(9, random_state=3).reset_index(drop=True))
    finished = every[every.status == "finished"]
    found = campaigns.sample(5, "status == 'finished'", random_state=1)
    same(found, finished.sample(5, random_state=1).reset_index(drop=True))


def test_unique_nunique_and_describe_are_those_of_all_rows(campaigns, every, wide):
    assert list(campaigns.unique("list_name")) == list(wide["list_name"].unique())
    assert campaigns.nunique("from_email", "opens > 10") == every[every.opens > 10]["from_email"].nunique()
    same(campaigns.describe(), every.describe())


@pytest.mark.parametrize("by", ["status", "list_name", ["list_name", "status"], "template_name"])
def test_groups_are_those_of_pandas(campaigns, wide, by):
    same(campaigns.groupby(by).size(), wide.groupby(by).size())
    some = wide[wide.opens > 10]
    for function in ({"opens": ["sum", "mean"], "clicks": "max"}, {"created": "min", "name": "max"}):
        same(campaigns.groupby(by, "opens > 10").agg(function), some.groupby(by).agg(function))
    named = {
        "rows": ("id", "count"),
        "started": ("start_time", "count"),
        "last": ("start_time", "max"),
        "mean": ("opens", "mean"),
        "rate": ("open_rate", "mean"),
        "middle": ("opens", "median"),
    }
    streamed = {name: named[name] for name in ("rows", "started", "last", "mean")}
    for wanted in (named, streamed):
        same(campaigns.groupby(by).agg(**wanted), wide.groupby(by).agg(**wanted))


def test_groups_of_no_rows_have_the_dtypes_of_pandas(campaigns, every):
    none = every[every.opens < 0]
    same(campaigns.groupby("status", "opens < 0").size(), none.groupby("status").size())
    wanted = {"total": ("opens", "sum"), "first": ("created", "min")}
    same(campaigns.groupby("status", "opens < 0").agg(**wanted), none.groupby("status").agg(**wanted))


def test_named_aggregations_of_pandas_are_accepted(campaigns):
    named = campaigns.groupby("status").agg(most=pd.NamedAgg("opens", "max"))
    same(named, campaigns.groupby("status").agg(most=("opens", "max")))
    with pytest.raises(QueryError, match=r"agg\(most=NamedAgg"):
        campaigns.groupby("status").agg(most=pd.NamedAgg("opens", "quantile", 0.5))


def test_periods_are_keys_that_begin_at_their_first_instant(campaigns, every):
    found = campaigns.groupby("created:month").agg(opens=("opens", "sum"))
    times = pd.DatetimeIndex(every["created"].astype("datetime64[s, UTC]"))
    months = pd.Series(times.strftime("%Y-%m-01T00:00Z"), name="created:month")
    expected = every["opens"].groupby(months).sum()
    assert [stamp.strftime("%Y-%m-%dT%H:%MZ") for stamp in found.index] == expected.index.tolist()
    assert found["opens"].tolist() == expected.tolist()
    assert found.index.name == "created:month"


def test_only_the_columns_that_are_read_are_fetched(client):
    scan = client.campaigns.scan(None, columns=["open_rate"])
    assert set(scan.explain().fields) == {"id", "created", "opens", "delivered"}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda c: c.groupby("statu"), "did you mean 'status'"),
        (lambda c: c.groupby("created:minute"), "one of the periods year, quarter"),
        (lambda c: c.groupby("name:month"), "expected a time column"),
        (lambda c: c.groupby([]), "expected a column such as"),
        (lambda c: c.groupby("status").agg("sum"), "expected functions by column"),
        (lambda c: c.groupby("status").agg(), "expected functions by column"),
        (lambda c: c.groupby("status").agg(total="sum"), "expected a column and a function"),
        (lambda c: c.groupby("status").agg(total=("opens", "sume")), "pandas refuses"),
        (lambda c: c.groupby("status").agg({"name": "mean"}), "pandas refuses"),
        (lambda c: c.nlargest(3, "name"), "expected numbers or times"),
        (lambda c: c.nlargest(3, []), "expected a column"),
        (lambda c: c.sample(500), "sample\\(500\\) of 400 rows"),
        (lambda c: c.head(-1), "limit=-1"),
        (lambda c: c.unique(3), "is not a column name"),
        (lambda c: c.query("list_nam == 'x'"), "did you mean 'list_name'"),
    ],
)
def test_a_wrong_argument_is_refused_with_what_was_expected(campaigns, wrong, message):
    with pytest.raises((QueryError, UnknownFieldError), match=message):
        wrong(campaigns)
