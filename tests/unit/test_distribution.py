"""Counts in place of rows: what value_counts and histogram give is what pandas gives on all rows."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from dyno_frames.errors import QueryError, UnknownFieldError

QUESTIONS = [None, "opens > 100", "opens > clicks", "status == 'finished' or opens > 5000", "opens > 1e9"]


@pytest.fixture(scope="module")
def campaigns(client):
    return client.campaigns.frame()


@pytest.fixture(scope="module")
def full(client):
    return client.campaigns.find()


def rows(full, question):
    return full if question is None else full.query(question, engine="python")


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("column", ["status", "from_name", "subject", "simulated"])
def test_value_counts_are_those_of_pandas(campaigns, full, question, column):
    found = campaigns.dyno.value_counts(column, question)
    pd.testing.assert_series_equal(found, rows(full, question)[column].value_counts(), check_flags=False)


def test_the_words_of_status_are_counted_by_the_server_alone(campaigns):
    assert campaigns.dyno.value_counts("status", "opens > 100").attrs["dyno"]["source"] == "counts"
    assert campaigns.dyno.value_counts("status", "opens > clicks").attrs["dyno"]["source"] == "rows"
    assert campaigns.dyno.value_counts("from_name").attrs["dyno"]["source"] == "rows"


DAY = dt.datetime(2016, 1, 1, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.mark.parametrize(
    "question", [lambda c: c.created >= DAY, lambda c: c.created.isin([DAY]), "created < @DAY"]
)
def test_a_time_of_pythons_own_is_counted_as_one_of_pandas(campaigns, full, question):
    found = campaigns.dyno.value_counts("status", question)
    kept = full.query(question) if isinstance(question, str) else full[question]
    pd.testing.assert_series_equal(found, kept["status"].value_counts(), check_flags=False)
    assert campaigns.dyno.histogram("created", question).sum() == len(kept)


def test_value_counts_take_what_pandas_takes(campaigns, full):
    found = campaigns.dyno.value_counts("subject", normalize=True, dropna=False)
    pd.testing.assert_series_equal(found, full["subject"].value_counts(normalize=True, dropna=False))


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("freq", ["ME", "MS", "QE", "QS", "YE", "YS", "W", "D", "h"])
def test_a_histogram_is_the_resampled_size(campaigns, full, question, freq):
    found = campaigns.dyno.histogram("created", question, freq=freq)
    expected = rows(full, question).set_index("created").resample(freq).size()
    pd.testing.assert_series_equal(found, expected, check_freq=False)


def test_months_are_counted_by_the_server_alone(campaigns):
    assert campaigns.dyno.histogram("created", "opens > 100").attrs["dyno"]["source"] == "counts"
    assert campaigns.dyno.histogram("created", "opens > clicks").attrs["dyno"]["source"] == "rows"
    assert campaigns.dyno.histogram("created", freq="h").attrs["dyno"]["source"] == "rows"


def test_a_histogram_of_a_time_that_may_be_null_leaves_nulls_out(campaigns, full):
    found = campaigns.dyno.histogram("start_time", freq="YE")
    expected = full.dropna(subset=["start_time"]).set_index("start_time").resample("YE").size()
    pd.testing.assert_series_equal(found, expected, check_freq=False)


def test_a_histogram_needs_a_time(campaigns):
    with pytest.raises(QueryError, match="expected a time column"):
        campaigns.dyno.histogram("opens")


@pytest.mark.parametrize("verb", ["histogram", "value_counts"])
def test_a_column_that_is_none_is_refused(campaigns, verb):
    with pytest.raises(UnknownFieldError, match="no column is called 'opnes'"):
        getattr(campaigns.dyno, verb)("opnes")


def test_a_variable_of_the_caller_is_found(campaigns, full):
    least = 100
    found = campaigns.dyno.value_counts("status", "opens > @least")
    pd.testing.assert_series_equal(found, full[full.opens > least]["status"].value_counts())
