"""Real mailings in a sandbox: queried in every form, compared with pandas on the whole table, exported and read back."""

from __future__ import annotations

import json
import time
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest

import dyno_frames as dyno

NUMBERS = {"start_time", "created", "updated"}


@pytest.fixture(scope="module")
def took(request):
    """Durations in seconds by step, printed at the end with -s."""
    seconds = {}
    yield seconds
    for what, number in seconds.items():
        print(f"\n{what}: {number:.2f} s", end="")


@pytest.fixture(scope="module")
def real(real_data, took):
    begun = time.perf_counter()
    load = {name: real_data / f"{name}.parquet" for name in ("campaigns", "lists")}
    with dyno.sandbox(load=load, speed=0) as box:
        took["load"] = time.perf_counter() - begun
        with box.client() as client:
            yield client


@pytest.fixture(scope="module")
def source(real_data):
    """The table that was loaded."""
    return pq.read_table(real_data / "campaigns.parquet")


@pytest.fixture(scope="module")
def full(real, took):
    begun = time.perf_counter()
    frame = real.campaigns.find()
    took["find every row with its body"] = time.perf_counter() - begun
    assert frame.dyno.certificate.verdict == "exact"
    return frame


@pytest.fixture(scope="module")
def campaigns(real):
    return real.campaigns.frame()


def same(answer, expected):
    pd.testing.assert_frame_equal(answer, expected.reset_index(drop=True))
    assert answer.dyno.certificate.verdict == "exact"


def utc(text):
    return pd.Timestamp(text, tz="UTC")


def test_every_row_came_with_every_field(full, source, real):
    assert len(full) == source.num_rows == real.campaigns.count()
    assert full["id"].is_unique
    assert set(source.column_names) <= set(full.columns)
    order = full.sort_values(["created", "id"]).index
    assert order.equals(full.index)


def test_every_value_and_every_null_is_that_of_the_source(full, source):
    places = {key: place for place, key in enumerate(source["id"].to_pylist())}
    order = [places[key] for key in full["id"]]
    taken = source.take(order)
    for name in source.column_names:
        column = full[name].astype(object)
        found = [None if null else value for value, null in zip(column, column.isna(), strict=True)]
        if name in NUMBERS:
            found = [None if value is None else int(value.timestamp()) for value in found]
        assert found == taken[name].to_pylist(), name
    for name in set(full.columns) - set(source.column_names):
        assert full[name].isna().all(), name


def test_lists_are_complete(real, real_data):
    lists, table = real.lists.find(), pq.read_table(real_data / "lists.parquet")
    assert len(lists) == table.num_rows == real.lists.count()
    assert sorted(lists["name"]) == sorted(table["name"].to_pylist())
    named = lists.loc[lists["name"].str.contains("Haskell"), "name"]
    assert real.lists.count("name.str.contains('Haskell')") == len(named)


def test_the_haskell_weekly_issues_since_2018_in_every_form(campaigns, full, took):
    since = utc("2018-01-01")
    expected = full[(full["from_name"] == "Haskell Weekly") & (full["created"] >= since)]
    assert len(expected) > 300
    asked = "from_name == 'Haskell Weekly' and created >= '2018-01-01'"
    begun = time.perf_counter()
    same(campaigns.dyno.query(asked), expected)
    took["Haskell Weekly since 2018 with bodies"] = time.perf_counter() - begun
    same(campaigns.dyno.query("from_name == 'Haskell Weekly' and created >= @since"), expected)
    same(campaigns.dyno[(pd.col("from_name") == "Haskell Weekly") & (pd.col("created") >= since)], expected)
    same(campaigns.dyno[lambda c: (c.from_name == "Haskell Weekly") & (c.created >= since)], expected)
    assert campaigns.dyno.count(asked) == len(expected)
    plan = campaigns.dyno.explain(asked)
    assert plan.exact
    assert plan.requests[0]["created"] == {"gte": 1514764800}


QUESTIONS = {
    "Notify NYC in the Bronx in 2014": (
        "from_name == 'Notify NYC' and segment == 'BX' and created >= '2014-01-01' and created < '2015-01-01'",
        lambda f: (
            (f["from_name"] == "Notify NYC")
            & (f["segment"] == "BX")
            & (f["created"] >= utc("2014-01-01"))
            & (f["created"] < utc("2015-01-01"))
        ),
    ),
    "the Bronx among other boroughs, in segment or text": (
        "segment.str.contains('BX') or body.str.contains('the Bronx')",
        lambda f: f["segment"].str.contains("BX") | f["body"].str.contains("the Bronx"),
    ),
    "Notify NYC in 2020": (
        "from_name == 'Notify NYC' and created >= '2020-01-01' and created < '2021-01-01'",
        lambda f: (
            (f["from_name"] == "Notify NYC")
            & (f["created"] >= utc("2020-01-01"))
            & (f["created"] < utc("2021-01-01"))
        ),
    ),
    "without regard to case": (
        "subject.str.contains('OUTAGE', case=False)",
        lambda f: f["subject"].str.contains("OUTAGE", case=False),
    ),
    "subjects with commas": (
        "subject.str.contains(',', regex=False)",
        lambda f: f["subject"].str.contains(",", regex=False),
    ),
    "bodies with per cent signs": (
        "body.str.contains('%', regex=False)",
        lambda f: f["body"].str.contains("%", regex=False),
    ),
    "no subject": ("subject.isna()", lambda f: f["subject"].isna()),
    "a subject and no segment": (
        "subject.notna() and segment.isnull()",
        lambda f: f["subject"].notna() & f["segment"].isna(),
    ),
    "never started": ("start_time.isna()", lambda f: f["start_time"].isna()),
    "Bitcoin Optech in languages other than English": (
        "from_name.str.contains('Optech') and language != 'en'",
        lambda f: f["from_name"].str.contains("Optech") & (f["language"] != "en"),
    ),
    "Optech in Japanese or Czech": (
        "from_name.str.contains('Optech') and language in ['ja', 'cs']",
        lambda f: f["from_name"].str.contains("Optech") & f["language"].isin(["ja", "cs"]),
    ),
    "drafts": ("status == 'draft'", lambda f: f["status"] == "draft"),
    "neither finished nor e-mailed": (
        "status != 'finished' or emailed != 'yes'",
        lambda f: (f["status"] != "finished") | (f["emailed"] != "yes"),
    ),
    "not about power": (
        "from_name == 'Notify NYC' and not subject.str.contains('Power')",
        lambda f: (f["from_name"] == "Notify NYC") & ~f["subject"].str.contains("Power"),
    ),
    "sent after it was made": ("start_time > created", lambda f: f["start_time"] > f["created"]),
    "subjects that begin with a digit": (
        "subject.str.match('[0-9]')",
        lambda f: f["subject"].str.match("[0-9]"),
    ),
    "long bodies": ("body.str.len() > 60000", lambda f: f["body"].str.len() > 60000),
    "nobody": ("from_name == 'nobody'", lambda f: f["from_name"] == "nobody"),
}
EMPTY = {"nobody", "Notify NYC in 2020"}


def matching(full, condition):
    """Return the rows for which a condition is true, as pandas does; null counts as false."""
    kept = condition(full)
    return full[kept.fillna(False).astype(bool) if kept.hasnans else kept]


@pytest.mark.parametrize("what", QUESTIONS)
def test_a_real_question_is_answered_as_pandas_answers_on_the_whole_table(campaigns, full, what, took):
    text, condition = QUESTIONS[what]
    expected = matching(full, condition)
    begun = time.perf_counter()
    same(campaigns.dyno.query(text), expected)
    took[what] = time.perf_counter() - begun
    assert campaigns.dyno.count(text) == len(expected)
    assert (len(expected) == 0) is (what in EMPTY), "a question that nothing answers proves little"


@pytest.mark.parametrize("what", QUESTIONS)
def test_a_real_question_in_python_is_answered_the_same(campaigns, full, what):
    _, condition = QUESTIONS[what]
    same(campaigns.dyno[condition], matching(full, condition))


def test_a_subject_with_commas_is_found_by_equality_and_in_lists(campaigns, full):
    with_commas = full.loc[
        full["subject"].str.contains(",", regex=False).fillna(False).astype(bool), "subject"
    ]
    chosen = with_commas.drop_duplicates().head(5).tolist()
    assert len(chosen) == 5
    same(campaigns.dyno.query("subject in @chosen"), full[full["subject"].isin(chosen)])
    first = chosen[0]
    same(campaigns.dyno.query("subject == @first"), full[full["subject"] == first])


def test_the_newest_ten_of_a_sender_are_those_of_pandas(campaigns, full):
    answer = campaigns.dyno.query(
        "from_name == 'Notify NYC'",
        order_by="created",
        ascending=False,
        limit=10,
        columns=["id", "name", "created"],
    )
    ordered = full[full["from_name"] == "Notify NYC"].sort_values("id")
    ordered = ordered.sort_values("created", ascending=False, kind="stable")
    same(answer, ordered[["id", "name", "created"]].head(10))


def test_all_rows_are_exported_with_their_bodies_and_read_back(campaigns, full, source, tmp_path, took):
    begun = time.perf_counter()
    written = campaigns.dyno.scan().to_parquet(tmp_path / "all.parquet")
    took["export every row with its body"] = time.perf_counter() - begun
    assert written.rows == source.num_rows
    assert written.footer["certificate"]["verdict"] == "exact"
    begun = time.perf_counter()
    again = dyno.read_dataset(written.path)
    took["read it back"] = time.perf_counter() - begun
    pd.testing.assert_frame_equal(again, full)
    assert [path.name for path in Path(tmp_path).iterdir()] == ["all.parquet"]


def test_the_exported_file_is_column_by_column_the_source(campaigns, source, tmp_path):
    written = campaigns.dyno.scan().to_parquet(tmp_path / "all.parquet")
    table = pq.read_table(written.path)
    places = {key: place for place, key in enumerate(source["id"].to_pylist())}
    taken = source.take([places[key] for key in table["id"].to_pylist()])
    assert table.num_rows == len(places)
    for name in source.column_names:
        found = table[name].to_pylist()
        if name in NUMBERS:
            found = [None if value is None else int(value.timestamp()) for value in found]
        assert found == taken[name].to_pylist(), name
        assert table[name].null_count == source[name].null_count, name
    json.dumps(written.footer)


def test_the_export_of_one_question_is_that_answer(campaigns, full, tmp_path):
    asked = campaigns.dyno.query(
        "from_name == 'Haskell Weekly' and created >= '2018-01-01'",
        columns=["id", "subject", "created", "body"],
    )
    written = asked.dyno.to_parquet(tmp_path / "haskell.parquet")
    pd.testing.assert_frame_equal(dyno.read_dataset(written.path), asked)
    assert written.footer["origin"]["expression"].startswith("from_name == 'Haskell Weekly'")


def test_a_dataset_of_every_row_with_its_body_is_the_source_for_every_reader(
    campaigns, full, source, tmp_path
):
    path = tmp_path / "all"
    written = campaigns.dyno.scan().to_parquet(path, partition_by="created:year", max_rows_per_file=1_000)
    pd.testing.assert_frame_equal(dyno.read_dataset(path), full)
    assert written.footer["certificate"]["verdict"] == "exact"
    wanted = source.sort_by("id")
    names = [name for name in source.column_names if name not in NUMBERS]
    found = {
        "pyarrow": pq.read_table(path),
        "duckdb": duckdb.sql(f"FROM '{path}/**/*.parquet'").to_arrow_table(),
        "polars": pl.read_parquet(path).to_arrow(),
    }
    for reader, table in found.items():
        ordered = table.sort_by("id")
        for name in names:
            assert ordered[name].to_pylist() == wanted[name].to_pylist(), f"{reader}: {name}"
    synced = campaigns.dyno.scan().to_parquet(path, mode="sync", max_rows_per_file=1_000)
    assert (synced.version, synced.counts["changed"], synced.counts["removed"]) == (1, 0, 0)
