"""Tables of the caller: what they may contain, and that all of it comes back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from dyno_frames.contract.resources import COUNTERS
from dyno_frames.errors import ConfigError, TableError
from dyno_frames.sandbox.loading.refused_rows import summarize
from dyno_frames.sandbox.sandbox import Sandbox

FRAME = pd.DataFrame(
    {
        "id": ["a", "b", "c"],
        "name": ["x", "y, z", "é"],
        "opens": [1.0, 2.0, np.nan],
        "created": pd.to_datetime(["2020-01-01", "2020-01-01T00:00:00.9", None], format="ISO8601"),
        "start_time": pd.to_datetime(["2020-01-01T01:00+01:00"] * 3),
        "recipients": pd.array([5, None, 2**53 + 1], dtype="Int64"),
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
        "recipients": 5,
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
        "recipients": 2**53 + 1,
        "flag": True,
        "maybe": False,
        "kind": "v",
        "score": 2.0,
        "when": "2020-01-02T00:00:00Z",
        "tags": [1, 2],
        "none": None,
    },
]


def test_a_frame_comes_back_as_json(serve):
    before = FRAME.copy(deep=True)
    api = serve(load={"campaigns": FRAME})
    rows = api.data("POST", "/campaigns/find", {})
    names = set(FRAME.columns)
    assert [{name: row[name] for name in row if name in names} for row in rows] == EXPECTED
    assert type(rows[0]["opens"]) is int
    assert rows[0]["flag"] is True
    pd.testing.assert_frame_equal(FRAME, before)


def test_missing_fields_stay_missing(serve):
    api = serve(load={"campaigns": pd.DataFrame({"id": ["a"], "name": ["n"]})})
    row = api.data("GET", "/campaigns/a")
    assert not {"created", "updated", "status", *COUNTERS} & set(row)
    assert row["subject"] is None
    assert api.data("POST", "/campaigns/count", {"opens": {"gte": 0}}) == {"count": 0}
    assert api.data("POST", "/lists/count", {}) == {"count": 0}


def test_extra_columns_are_filtered_by_their_types(serve):
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


def test_a_missing_id_is_created_and_an_index_named_id_is_used(serve):
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
        ({"lists": pd.DataFrame({"id": ["a", "a"]})}, "same id"),
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
def test_an_invalid_table_is_refused_before_anything_starts(load, words):
    with pytest.raises(ConfigError) as refused:
        Sandbox(load=load)
    assert words in str(refused.value)
    assert "@" not in str(refused.value)


TIMES = "epoch seconds, a datetime, or ISO 8601 text such as 2026-03-29T09:30:00+02:00"


def test_every_refused_row_is_reported_with_its_reason_and_nothing_is_loaded(tmp_path):
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
        "load has the key 'senders'; expected one of templates, lists, campaigns",
        "load['lists']: 4 of 5 rows are refused, and nothing was loaded",
        "  column 'contacts': expected a number: 2 (rows 3, 4), the first contains '<address>'",
        "  column 'name': expected a string; convert the column with .astype(str): 1 (rows 1), the first contains 2",
        "  another row before has the same id; remove one of them, or remove the column to get new ids: 1 (rows 2), the first contains 'a'",
        f"load['campaigns']: 4 of 5 rows of {file} are refused, and nothing was loaded",
        f"  column 'created': expected {TIMES}: 2 (rows 0, 3), the first contains 'soon'",
        "  not JSON: 1 (rows 1)",
        "  not a JSON object: 1 (rows 2)",
    ]
    assert {name: sorted(rows) for name, rows in refused.value.refused.items()} == {
        "lists": [1, 2, 3, 4],
        "campaigns": [0, 1, 2, 3],
    }
    assert not database.exists()


def test_many_reasons_are_summarized():
    refused = {place: f"reason {place}" for place in range(12)} | dict.fromkeys(range(12, 40), "often")
    lines = summarize(refused)
    assert len(lines) == 11
    assert lines[0] == "often: 28 (rows 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, …)"
    assert lines[-1] == "other reasons: 3"
