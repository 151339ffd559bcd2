"""Values that a field accepts, and how to convert the others."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from dyno_frames.contract.resources import CAMPAIGNS
from dyno_frames.errors import TableError
from dyno_frames.sandbox.loading.tables import read_all


def read(resource, source):
    return read_all({resource.name: source}).rows[resource.name]


def test_nat_and_dates_in_object_columns():
    table = pd.DataFrame({"id": ["a", "b"], "d": [dt.date(2020, 1, 2), pd.NaT]}, dtype=object)
    assert [row["d"] for row in read(CAMPAIGNS, table)] == ["2020-01-02", None]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("opens", "1,234", "pandas.to_numeric(column.str.replace"),
        ("opens", "12", "pandas.to_numeric"),
        ("opens", "45 %", "pandas.to_numeric"),
        ("created", "1439054168", "pandas.to_numeric"),
        ("created", "Apr 23, 2019 06:00 am", "pandas.to_datetime(column"),
        ("created", "23.04.2019", "pandas.to_datetime(column"),
    ],
)
def test_texts_of_numbers_and_times_are_refused_and_the_error_says_how_to_convert_them(column, value, words):
    with pytest.raises(TableError) as refused:
        read(CAMPAIGNS, pd.DataFrame({"name": ["n"], column: [value]}))
    assert words in str(refused.value)


def test_numbers_with_separators_in_a_csv_are_refused_and_the_error_says_how_to_convert_them(tmp_path):
    file = tmp_path / "campaigns.csv"
    file.write_text('name,opens\nn,"1,234"\nm,5\n')
    with pytest.raises(TableError, match=r"to_numeric.*the first contains '1,234'"):
        read(CAMPAIGNS, file)
