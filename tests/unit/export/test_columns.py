"""How the columns of a dataset change from version to version: by a written rule, or not at all."""

from __future__ import annotations

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

import dyno_frames as dyno
from dyno_frames.api import connect
from dyno_frames.contract.fields import Field, Kind
from dyno_frames.contract.profile import Profile
from dyno_frames.errors import SchemaError
from dyno_frames.export.evolve import evolved
from dyno_frames.frames.schema import Schema


def reconnected(account, **settings):
    """Connect anew, so that the columns are learnt anew."""
    name = f"again {sorted(settings)} {id(settings)}"
    given = {"profile": Profile(), "page_size": 50, "name": name} | settings
    return connect(account.between.url, account.box.api_key, **given)


def rows(number, **more):
    at = pd.Series(range(number))
    frame = pd.DataFrame(
        {
            "id": [f"{place:04d}" for place in range(number)],
            "name": "n",
            "status": "draft",
            "created": 1_400_000_000 + 1_000 * at,
            "updated": 1_400_000_000 + 1_000 * at,
        }
    )
    return frame.assign(**more)


def test_a_new_column_is_added_and_null_before(opened, tmp_path):
    account = opened(rows(40))
    account.scan().to_parquet(tmp_path / "c", max_rows_per_file=10)
    account.client.campaigns.create(name="new", mood=7)
    with reconnected(account) as client:
        synced = client.campaigns.scan().to_parquet(tmp_path / "c", mode="sync", max_rows_per_file=10)
        answer = client.campaigns.find()
    found = dyno.read_dataset(tmp_path / "c")
    pd.testing.assert_frame_equal(found, answer)
    assert found["mood"].tolist()[:-1] == [pd.NA] * 40 or found["mood"].isna().sum() == 40
    assert synced.counts["added"] == 1
    assert all("mood" in pq.read_schema(name).names for name in synced.files), "every file has every column"
    counted = duckdb.sql(f"SELECT count(mood), count(*) FROM '{tmp_path}/c/*.parquet'").fetchall()  # noqa: S608 - a path of our own
    assert counted == [(1, 41)]
    assert "mood" not in dyno.read_dataset(tmp_path / "c", version=1)
    diff = synced.diff(1)
    assert diff["change"].tolist() == ["added"]


def test_a_column_that_no_longer_comes_stays(opened, tmp_path):
    account = opened(rows(40, mood=pd.array([1] + [None] * 39, dtype="Int64")))
    with reconnected(account, schema={"mood": "int"}) as client:
        client.campaigns.scan().to_parquet(tmp_path / "c")
    account.sql("UPDATE campaigns SET name = 'changed', updated = NOW WHERE id = '0007'")
    with reconnected(account, schema={"mood": "int"}) as client:
        client.campaigns.scan().to_parquet(tmp_path / "c", mode="sync")
    found = dyno.read_dataset(tmp_path / "c")
    assert found["mood"].notna().sum() == 1
    assert found["name"].tolist()[7] == "changed"


def test_whole_numbers_widen_to_fractions_where_each_can_be_held(opened, tmp_path):
    account = opened(rows(10, score=range(10)))
    account.scan().to_parquet(tmp_path / "c")
    account.sql("UPDATE campaigns SET name = 'changed', updated = NOW WHERE id = '0007'")
    with reconnected(account, schema={"score": "float"}) as client:
        client.campaigns.scan().to_parquet(tmp_path / "c", mode="sync")
    found = dyno.read_dataset(tmp_path / "c")
    assert str(found["score"].dtype) == "Float64"
    assert found["score"].tolist() == [float(at) for at in range(10)]


def test_a_whole_number_that_no_fraction_holds_is_refused_and_named(opened, tmp_path):
    account = opened(rows(10, score=[2**53 + 1, *range(9)]))
    account.scan().to_parquet(tmp_path / "c")
    was = dyno.read_dataset(tmp_path / "c")
    account.sql("UPDATE campaigns SET name = 'changed', updated = NOW WHERE id = '0007'")
    with (
        reconnected(account, schema={"score": "float"}) as client,
        pytest.raises(
            SchemaError,
            match=r"integer in version 1 and .* version 2, which cannot hold 9007199254740993",
        ),
    ):
        client.campaigns.scan().to_parquet(tmp_path / "c", mode="sync")
    pd.testing.assert_frame_equal(dyno.read_dataset(tmp_path / "c"), was)


def test_any_other_change_names_both_versions_and_loses_nothing(opened, tmp_path):
    account = opened(rows(10, score=range(10)))
    account.scan().to_parquet(tmp_path / "c")
    was = dyno.read_dataset(tmp_path / "c")
    with (
        reconnected(account, schema={"score": "str"}) as client,
        pytest.raises(
            SchemaError,
            match=r"'score' is integer in version 1 and would be string in version 2.*mode='overwrite'",
        ),
    ):
        client.campaigns.scan().to_parquet(tmp_path / "c", mode="sync")
    pd.testing.assert_frame_equal(dyno.read_dataset(tmp_path / "c"), was)


@pytest.mark.parametrize(
    ("old", "new", "both"),
    [
        (Kind.COUNT, Kind.INTEGER, Kind.INTEGER),
        (Kind.INTEGER, Kind.FLOAT, Kind.FLOAT),
        (Kind.FLOAT, Kind.INTEGER, Kind.FLOAT),
        (Kind.STATUS, Kind.STRING, Kind.STRING),
        (Kind.JSON, Kind.INTEGER, Kind.JSON),
        (Kind.TIME, Kind.TIME, Kind.TIME),
        (Kind.TIME, Kind.INTEGER, None),
        (Kind.INTEGER, Kind.JSON, None),
        (Kind.FLAG, Kind.INTEGER, None),
        (Kind.STRING, Kind.FLOAT, None),
    ],
)
def test_the_rule_of_widening(old, new, both):
    was, is_ = (Schema("campaigns", (Field("x", kind, nullable=False),)) for kind in (old, new))
    if both is None:
        with pytest.raises(SchemaError, match=r"'x' is .* in version 4 and would be .* in version 5"):
            evolved(was, is_, version=4)
    else:
        assert evolved(was, is_, version=4).fields == (Field("x", both, nullable=False),)


def test_a_partition_whose_value_is_missing_is_refused(account, tmp_path):
    from dyno_frames.errors import ConfigError

    with pytest.raises(ConfigError, match=r"partition_by='flag': \d+ rows have no flag"):
        account.scan().to_parquet(tmp_path / "c", partition_by="flag")
    assert not (tmp_path / "c").exists()


def test_partitions_of_odd_texts_are_told_apart(opened, tmp_path):
    words = ["a/b", "a b", "ä=1", "%", "", ".", "a,b", "100 %", "x" * 60, "null"]
    account = opened(rows(10, list_id=words))
    account.scan().to_parquet(tmp_path / "c", partition_by="list_id")
    pd.testing.assert_frame_equal(dyno.read_dataset(tmp_path / "c"), account.find())
    assert sorted(pd.read_parquet(tmp_path / "c")["list_id"].astype(str)) == sorted(words)


@pytest.mark.parametrize("field", ["opens", "status", "name"])
def test_partitions_of_other_kinds_are_read_back_as_they_were(opened, tmp_path, field):
    account = opened(rows(9, opens=[1, 2, 3] * 3))
    account.scan().to_parquet(tmp_path / "c", partition_by=field)
    pd.testing.assert_frame_equal(dyno.read_dataset(tmp_path / "c"), account.find())
