"""Tables of the reader's own: what they may hold, and that all of it comes back."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from dyno_frames.contract.resources import CAMPAIGNS, COUNTERS
from dyno_frames.errors import ConfigError, TableError
from dyno_frames.sandbox.load import read, told
from dyno_frames.sandbox.serve import Sandbox
from dyno_frames.sandbox.storage import Store

FRAME = pd.DataFrame(
    {
        "id": ["a", "b", "c"],
        "name": ["x", "y, z", "é"],
        "opens": [1.0, 2.0, np.nan],
        "created": pd.to_datetime(["2020-01-01", "2020-01-01T00:00:00.9", None], format="ISO8601"),
        "start_time": pd.to_datetime(["2020-01-01T01:00+01:00"] * 3),
        "updated": pd.array([5, None, 2**53 + 1], dtype="Int64"),
        "flag": [True, False, True],
        "maybe": pd.array([True, None, False], dtype="boolean"),
        "kind": pd.Categorical(["u", None, "v"]),
        "score": [1.5, np.nan, 2.0],
        "when": pd.to_datetime(["2020-01-01", None, "2020-01-02"]),
        "tags": [["p", 1], {"q": None}, np.array([1, 2])],
        "none": [None, None, None],
    }
)
EXPECTED = [
    {
        "id": "a",
        "name": "x",
        "opens": 1,
        "created": 1577836800,
        "start_time": 1577836800,
        "updated": 5,
        "flag": True,
        "maybe": True,
        "kind": "u",
        "score": 1.5,
        "when": "2020-01-01T00:00:00Z",
        "tags": ["p", 1],
        "none": None,
    },
    {
        "id": "b",
        "name": "y, z",
        "opens": 2,
        "created": 1577836800,
        "start_time": 1577836800,
        "flag": False,
        "maybe": None,
        "kind": None,
        "score": None,
        "when": None,
        "tags": {"q": None},
        "none": None,
    },
    {
        "id": "c",
        "name": "é",
        "start_time": 1577836800,
        "updated": 2**53 + 1,
        "flag": True,
        "maybe": False,
        "kind": "v",
        "score": 2.0,
        "when": "2020-01-02T00:00:00Z",
        "tags": [1, 2],
        "none": None,
    },
]


def test_a_frame_comes_back_as_json_has_it(serve):
    before = FRAME.copy(deep=True)
    api = serve(load={"campaigns": FRAME})
    rows = api.data("POST", "/campaigns/find", {})
    names = set(FRAME.columns)
    assert [{name: row[name] for name in row if name in names} for row in rows] == EXPECTED
    assert type(rows[0]["opens"]) is int
    assert rows[0]["flag"] is True
    pd.testing.assert_frame_equal(FRAME, before)


def test_nothing_is_invented(serve):
    api = serve(load={"campaigns": pd.DataFrame({"id": ["a"], "name": ["n"]})})
    row = api.data("GET", "/campaigns/a")
    assert not {"created", "updated", "status", *COUNTERS} & set(row)
    assert row["subject"] is None
    assert api.data("POST", "/campaigns/count", {"opens": {"gte": 0}}) == {"count": 0}
    assert api.data("POST", "/lists/count", {}) == {"count": 0}


def test_extra_columns_are_filtered_by_what_they_hold(serve):
    api = serve(load={"campaigns": FRAME})

    def ids(wire):
        return [row["id"] for row in api.data("POST", "/campaigns/find", wire)]

    assert ids({"kind": "u"}) == ["a"]
    assert ids({"score": {"gt": 1.7}}) == ["c"]
    assert ids({"when": {"like": "2020-01-02"}}) == ["c"]
    assert ids({"none": {"not_like": "x"}}) == ["a", "b", "c"]
    assert api.refused("POST", "/campaigns/find", {"flag": "true"})[0] == "400"


HOSTILE = [
    "x'; DROP TABLE campaigns; --",
    'a"b',
    "ID",
    "Name",
    "rowid",
    "x1",
    "position",
    "$.a[0]",
    "",
    " ",
    "a\0b",
    "名",
]


def test_hostile_column_names_and_values_are_only_names_and_values(serve):
    table = pd.DataFrame({"id": ["k"], "name": ["n"], **{name: [f"v {name}"] for name in HOSTILE}})
    api = serve(load={"campaigns": table})
    row = api.data("GET", "/campaigns/k")
    for name in HOSTILE:
        assert row[name] == f"v {name}"
        assert api.data("POST", "/campaigns/find", {name: f"v {name}", "application_fields": [name]}) == [
            {name: f"v {name}"}
        ]
        assert len(api.data("POST", "/campaigns/find", {"application_order_by": name})) == 1


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_files_hold_the_same_rows(serve, tmp_path, ending):
    table = pd.DataFrame(
        {
            "id": ["a", "b"],
            "name": ["1752", "NA"],
            "subject": ["x", None],
            "opens": pd.array([2**53 + 1, None], dtype="Int64"),
            "score": [0.5, 1.5],
            "flag": [True, False],
        }
    )
    path = tmp_path / f"rows.{ending}"
    match ending:
        case "parquet":
            table.to_parquet(path)
        case "csv":
            table.to_csv(path, index=False)
        case _:
            table.to_json(path, orient="records", lines=True)
    api = serve(load={"campaigns": path})
    first, second = api.data("POST", "/campaigns/find", {})
    assert (first["name"], first["opens"], first["score"], first["flag"]) == ("1752", 2**53 + 1, 0.5, True)
    assert (second["name"], second["subject"], second["flag"]) == ("NA", None, False)
    assert "opens" not in second


def test_json_lines_keep_every_value(serve, tmp_path):
    rows = [{"id": "a", "x": 2**80}, {"id": "b", "y": [1, {"z": None}]}, {"id": "c", "name": "line\u2028end"}]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n\n", encoding="utf-8")
    with Store() as store:
        store.load(CAMPAIGNS, read(CAMPAIGNS, path))
        assert store.get(CAMPAIGNS, "a")["x"] == 2**80
        assert store.get(CAMPAIGNS, "b")["y"] == [1, {"z": None}]
        assert store.get(CAMPAIGNS, "c")["name"] == "line\u2028end"


def test_a_missing_id_is_made_and_an_index_called_id_is_used(serve):
    api = serve(load={"lists": pd.DataFrame({"name": ["a", "b"]})})
    keys = {row["id"] for row in api.data("POST", "/lists/find", {})}
    assert len(keys) == 2
    api = serve(load={"lists": pd.DataFrame({"name": ["a"]}, index=pd.Index(["k"], name="id"))})
    assert api.data("GET", "/lists/k")["name"] == "a"


def test_addresses_in_a_table_of_lists_are_contacts(serve):
    table = pd.DataFrame({"id": ["l"], "name": ["n"], "emails": [["a@x.org", "b@x.org"]]})
    row = serve(load={"lists": table}).data("GET", "/lists/l")
    assert row["contacts"] == 2
    assert "emails" not in row


def test_an_empty_table_is_a_resource_without_rows(serve):
    api = serve(load={"lists": pd.DataFrame({"id": [], "name": []})})
    assert api.data("POST", "/lists/find", {}) == []


@pytest.mark.parametrize(
    ("load", "words"),
    [
        ({"senders": FRAME}, "senders"),
        ({"lists": "rows.xlsx"}, ".parquet, .csv, .jsonl"),
        ({"lists": "no/such.csv"}, "no such file"),
        ({"lists": [1]}, "DataFrame"),
        ({"lists": pd.DataFrame({"id": ["a", "a"]})}, "an earlier row"),
        ({"lists": pd.DataFrame({"id": [1]})}, "astype"),
        ({"lists": pd.DataFrame({"id": ["a"], "name": [5]})}, "'name'"),
        ({"lists": pd.DataFrame({"id": ["a"], "contacts": ["many"]})}, "'contacts'"),
        ({"lists": pd.DataFrame({"id": ["a"], "contacts": [True]})}, "'contacts'"),
        ({"lists": pd.DataFrame({"id": ["a"], "contacts": [2**64]})}, "contacts"),
        ({"lists": pd.DataFrame({"id": ["a"], "x": [np.inf]})}, "infinity"),
        ({"lists": pd.DataFrame({"id": ["a"], "x": [Decimal(1)]})}, "Decimal"),
        ({"lists": pd.DataFrame({"id": ["a"], "x": [dt.timedelta(1)]})}, "imedelta"),
        ({"lists": pd.DataFrame({"id": ["a"], 5: [1]})}, "rename"),
        ({"lists": pd.DataFrame({"id": ["a"], "application_x": [1]})}, "application_"),
        ({"lists": pd.DataFrame([["a", 1, 2]], columns=["id", "x", "x"])}, "two columns"),
        ({"lists": pd.DataFrame({"id": ["a"], "emails": ["a@x.org"]})}, "emails"),
        ({"lists": pd.DataFrame({"id": ["a"], "x": ["\ud800"]}, dtype=object)}, "surrogate"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_before_anything_starts(load, words):
    with pytest.raises(ConfigError) as refused:
        Sandbox(load=load)
    assert words in str(refused.value)
    assert "@" not in str(refused.value)


def test_broken_files_are_refused_by_name(tmp_path):
    for name, text in (("a.parquet", "x"), ("a.jsonl", "{"), ("b.jsonl", "[1]"), ("a.csv", "")):
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(ConfigError, match=name.replace(".", r"\.")):
            Sandbox(load={"lists": path})


TIMES = "epoch seconds, a datetime, or ISO 8601 text such as 2026-03-29T09:30:00+02:00"


def test_every_row_that_is_refused_is_told_with_its_reason_and_nothing_is_loaded(tmp_path):
    lists = pd.DataFrame(
        {
            "id": ["a", "b", "a", "c", "d"],
            "name": ["one", 2, "three", "four", "five"],
            "contacts": [1, 2, 3, "many@example.com", [4]],
        }
    )
    lines = [
        '{"id": "x", "created": "soon"}',
        "{",
        "",
        "[1]",
        '{"id": "y", "created": "later"}',
        '{"id": "z"}',
    ]
    file = tmp_path / "campaigns.jsonl"
    file.write_text("\n".join(lines))
    database = tmp_path / "box.db"
    with pytest.raises(TableError) as refused:
        Sandbox(database, load={"lists": lists, "campaigns": file, "senders": lists})
    assert str(refused.value).split("\n") == [
        "load names 'senders'; expected one of templates, lists, campaigns",
        "load['lists']: 4 of 5 rows are refused, and nothing was loaded",
        "  column 'contacts': expected a number: 2 (rows 3, 4), the first holds '<address>'",
        "  column 'name': expected a string; convert the column with .astype(str): 1 (rows 1), the first holds 2",
        "  the id stands in an earlier row; drop one of them, or the column to get fresh ids: 1 (rows 2), the first holds 'a'",
        f"load['campaigns']: 4 of 5 rows of {file} are refused, and nothing was loaded",
        f"  column 'created': expected {TIMES}: 2 (rows 0, 3), the first holds 'soon'",
        "  no JSON: 1 (rows 1)",
        "  no JSON object: 1 (rows 2)",
    ]
    assert {name: sorted(rows) for name, rows in refused.value.refused.items()} == {
        "lists": [1, 2, 3, 4],
        "campaigns": [0, 1, 2, 3],
    }
    assert not database.exists()


def test_times_in_files_are_epoch_seconds_or_iso_text(serve, tmp_path):
    file = tmp_path / "campaigns.csv"
    file.write_text(
        "id,created,start_time\n"
        "a,2020-01-02,2020-01-02T03:04:05Z\n"
        "b,2020-01-02 03:04,2020-01-02T05:04:05.9+02:00\n"
    )
    rows = serve(load={"campaigns": file}).data("POST", "/campaigns/find", {})
    assert [row["created"] for row in rows] == [1577923200, 1577934240]
    assert [row["start_time"] for row in rows] == [1577934245, 1577934245]
    dates = pd.DataFrame({"id": ["a"], "created": [dt.date(2020, 1, 2)]})
    assert read(CAMPAIGNS, dates)[0]["created"] == 1577923200


def test_a_number_that_is_none_makes_no_texts_of_the_others_in_its_column(tmp_path):
    file = tmp_path / "campaigns.csv"
    file.write_text("id,created,opens\na,5,-1.0\nb,soon,9007199254740993\nc,2020-01-02,\nd,1e3,²\n")
    with pytest.raises(TableError) as refused:
        read(CAMPAIGNS, file)
    assert sorted(refused.value.refused["campaigns"]) == [1, 3]
    file.write_text(file.read_text().replace("soon", "7").replace("²", "8"))
    rows = read(CAMPAIGNS, file)
    assert [row["created"] for row in rows] == [5, 7, 1577923200, 1000]
    assert [row["opens"] for row in rows] == [-1, 2**53 + 1, None, 8]


def test_many_reasons_are_summed_up():
    refused = {place: f"reason {place}" for place in range(12)} | dict.fromkeys(range(12, 40), "often")
    lines = told(refused)
    assert len(lines) == 11
    assert lines[0] == "often: 28 (rows 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, …)"
    assert lines[-1] == "for other reasons: 3"


def test_nat_and_dates_in_object_columns():
    table = pd.DataFrame({"id": ["a", "b"], "d": [dt.date(2020, 1, 2), pd.NaT]}, dtype=object)
    assert [row["d"] for row in read(CAMPAIGNS, table)] == ["2020-01-02", None]
