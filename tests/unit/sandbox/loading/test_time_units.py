"""Epoch numbers in seconds, milliseconds, microseconds and nanoseconds."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from dyno_frames.contract.resources import CAMPAIGNS
from dyno_frames.errors import TableError
from dyno_frames.sandbox.loading.tables import read_all


def read(resource, source):
    return read_all({resource.name: source}).rows[resource.name]


@pytest.mark.parametrize("factor", [1, 10**3, 10**6, 10**9])
@pytest.mark.parametrize("ending", ["frame", "parquet", "csv", "jsonl"])
def test_epoch_numbers_of_every_unit_become_seconds(tmp_path, factor, ending):
    seconds = [1439054168, 0, 631152000, 4102444800, None]
    table = pd.DataFrame(
        {
            "name": list("abcde"),
            "created": pd.array([None if s is None else s * factor for s in seconds], dtype="Int64"),
            "start_time": [1439054168.5 * factor] * 5,
        }
    )
    source = table
    if ending != "frame":
        source = tmp_path / f"rows.{ending}"
        {
            "parquet": table.to_parquet,
            "csv": lambda path: table.to_csv(path, index=False),
            "jsonl": lambda path: table.to_json(path, orient="records", lines=True),
        }[ending](source)
    rows = read(CAMPAIGNS, source)
    assert [row["created"] for row in rows] == seconds
    assert rows[0]["start_time"] in {1439054168, 1439054168.5}


def test_the_milliseconds_that_pandas_writes_are_read_as_the_same_times(serve, tmp_path):
    when = pd.to_datetime(["2015-08-08T17:16:08Z", "2016-01-01T00:00:00Z"])
    frame = pd.DataFrame({"id": ["a", "b"], "name": ["x", "y"], "created": when})
    file = tmp_path / "rows.jsonl"
    file.write_text(
        "".join(
            json.dumps({**row, "created": row["created"].value // 10**6}) + "\n"
            for row in frame.to_dict("records")
        )
    )
    api = serve(load={"campaigns": file})
    assert [row["created"] for row in api.data("POST", "/campaigns/find", {})] == [1439054168, 1451606400]
    assert api.data("POST", "/campaigns/count", {"created": {"gte": 1451606400}}) == {"count": 1}


@pytest.mark.parametrize(
    "numbers",
    [[1439054168000, 5], [1439054168000, 1439054168], [1439054168000, -1439054168000], [10**11], [2**62, 1]],
)
def test_epoch_numbers_of_an_uncertain_unit_are_refused_and_the_error_says_how_to_convert_them(numbers):
    with pytest.raises(TableError, match=r"pandas\.to_datetime\(column, unit='ms'") as refused:
        read(CAMPAIGNS, pd.DataFrame({"name": ["n"] * len(numbers), "created": numbers}))
    assert 0 in refused.value.refused["campaigns"]


def test_a_column_of_another_kind_keeps_its_numbers(serve):
    api = serve(load={"campaigns": pd.DataFrame({"name": ["n"], "recipients": [1439054168000]})})
    assert api.data("POST", "/campaigns/find", {})[0]["recipients"] == 1439054168000
