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
from dyno_frames.sandbox.loading.refused_rows import summarize
from dyno_frames.sandbox.loading.tables import read
from dyno_frames.sandbox.sandbox import Sandbox
from dyno_frames.sandbox.store.storage import Store

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
    lines = summarize(refused)
    assert len(lines) == 11
    assert lines[0] == "often: 28 (rows 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, …)"
    assert lines[-1] == "other reasons: 3"


def test_nat_and_dates_in_object_columns():
    table = pd.DataFrame({"id": ["a", "b"], "d": [dt.date(2020, 1, 2), pd.NaT]}, dtype=object)
    assert [row["d"] for row in read(CAMPAIGNS, table)] == ["2020-01-02", None]


MAILCHIMP = (
    "Title,Subject,List,Send Date,Total Recipients,Successful Deliveries,Unique Opens,Open Rate,Abuse Complaints\n"
    "News #1,Hello,Readers,2019-04-23T06:00:00Z,100,99,40,40.4%,0\n"
    "News #2,Again,Readers,2019-05-23T06:00:00Z,102,100,41,41.0%,1\n"
)
NAMES = {
    "Title": "name",
    "Subject": "subject",
    "Send Date": "start_time",
    "Total Recipients": "recipients",
    "Successful Deliveries": "delivered",
    "Unique Opens": "opens",
    "Abuse Complaints": "complaints",
}


@pytest.fixture
def mailchimp(tmp_path):
    file = tmp_path / "campaigns.csv"
    file.write_text(MAILCHIMP, encoding="utf-8")
    return file


def test_columns_that_are_no_fields_are_named_with_the_fields_that_they_resemble(serve, mailchimp):
    with pytest.warns(UserWarning, match=r"load\['campaigns'\]: 9 columns") as told:
        api = serve(load={"campaigns": mailchimp})
    (words,) = [str(warning.message) for warning in told]
    for old, new in NAMES.items():
        assert f"{old!r} (did you mean {new!r}?)" in words
    assert "'List', " in words
    assert "'Open Rate'" in words
    assert "rename={'Title': 'name', " in words
    assert "--rename" in words
    assert api.data("POST", "/campaigns/find", {"Title": "News #1"})[0]["Open Rate"] == "40.4%"


def test_renamed_columns_are_fields_and_nothing_is_told(serve, mailchimp):
    api = serve(load={"campaigns": mailchimp}, rename=NAMES)
    first, second = api.data("POST", "/campaigns/find", {"application_order_by": "name"})
    assert (first["name"], first["start_time"], first["opens"]) == ("News #1", 1555999200, 40)
    assert (second["subject"], second["recipients"], second["Open Rate"]) == ("Again", 102, "41.0%")
    assert "Title" not in first


def test_frames_and_json_lines_are_renamed_as_well(serve, tmp_path):
    frame = pd.DataFrame({"Title": ["a"], "Unique Opens": [5]})
    file = tmp_path / "lists.jsonl"
    file.write_text('{"Title": "b"}\n{"Title": "c"}\n')
    before = frame.copy(deep=True)
    rename = {"Title": "name", "Unique Opens": "opens"}
    api = serve(load={"campaigns": frame, "lists": file}, rename=rename)
    assert api.data("POST", "/campaigns/find", {})[0]["opens"] == 5
    assert [row["name"] for row in api.data("POST", "/lists/find", {})] == ["b", "c"]
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("rename", "words"),
    [
        ({"Titel": "name"}, "did you mean 'Title'"),
        ({"Title": "name", "Subject": "name"}, "same name, 'name'"),
        ({"Title": "Subject"}, "same name, 'Subject'"),
        ({"Title": 5}, "{'Title': 'name'}"),
        ("Title=name", "{'Title': 'name'}"),
        ({"Title": "name", "Clicks": "clicks"}, "the columns are 'Title', 'Subject'"),
        ({"Title": "application_x"}, "application_"),
    ],
)
def test_a_rename_that_does_not_fit_is_refused(mailchimp, rename, words):
    with pytest.raises(ConfigError) as refused:
        Sandbox(load={"campaigns": mailchimp}, rename=rename)
    assert words in str(refused.value)


def test_a_refused_table_names_the_columns_that_are_no_fields(tmp_path):
    file = tmp_path / "campaigns.csv"
    file.write_text("Title,created\na,soon\n")
    with pytest.raises(TableError) as refused:
        Sandbox(load={"campaigns": file})
    assert "'Title' (did you mean 'name'?)" in str(refused.value)


def test_columns_of_ones_own_are_not_told(serve):
    serve(load={"campaigns": pd.DataFrame({"name": ["n"], "score": [1], "Name": ["x"], "Folder": ["y"]})})


def test_a_table_without_any_field_is_told(serve):
    with pytest.warns(UserWarning, match="'Folder'"):
        serve(load={"campaigns": pd.DataFrame({"Folder": ["n"], "Color": [1]})})


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("rows.xlsx", b"PK", "pandas.read_excel"),
        ("rows.XLS", b"PK", "pandas.read_excel"),
        ("rows.tsv", b"name\tsubject\n", r"sep='\t'"),
        ("rows.json", b"[]", "pandas.read_json"),
        ("rows.csv.gz", b"", "pandas.read_csv"),
        ("rows.txt", b"", ".parquet, .csv, .jsonl"),
        ("rows.csv", "name\nÉté\n".encode("cp1252"), "encoding='cp1252'"),
        ("rows.csv", b"name\n" + b"x\n" * 100_000 + b"\xe9\n", "encoding='cp1252'"),
        ("rows.csv", "name\nx\n".encode("utf-16"), "encoding='utf-16'"),
        ("rows.csv", b"name;subject\nx;y\n", "sep=';'"),
        ("rows.csv", b"name\tsubject\nx\ty\n", r"sep='\t'"),
        ("rows.jsonl", '{"name": "Été"}'.encode("cp1252"), "encoding='cp1252'"),
        ("rows.jsonl", '{"name": "x"}'.encode("utf-16"), "encoding='utf-16'"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_the_way_to_load_it(tmp_path, name, content, words):
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        Sandbox(load={"lists": file})
    assert words in str(refused.value)
    assert name in str(refused.value)
    assert "pass the frame" in str(refused.value)


def test_a_byte_order_mark_is_no_part_of_a_name(serve, tmp_path):
    for name, text in (
        ("rows.csv", "name\nx\n"),
        ("rows.jsonl", '{"name": "x"}\n'),
        ("rows.CSV", "name\nx\n"),
    ):
        file = tmp_path / name
        file.write_bytes(b"\xef\xbb\xbf" + text.encode())
        rows = serve(load={"lists": file}).data("POST", "/lists/find", {})
        assert [row["name"] for row in rows] == ["x"]


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
def test_texts_of_numbers_and_times_are_refused_with_the_cure(column, value, words):
    with pytest.raises(TableError) as refused:
        read(CAMPAIGNS, pd.DataFrame({"name": ["n"], column: [value]}))
    assert words in str(refused.value)


def test_numbers_with_separators_in_a_csv_are_refused_with_the_cure(tmp_path):
    file = tmp_path / "campaigns.csv"
    file.write_text('name,opens\nn,"1,234"\nm,5\n')
    with pytest.raises(TableError, match=r"to_numeric.*the first contains '1,234'"):
        read(CAMPAIGNS, file)


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


def test_what_pandas_itself_writes_is_read_with_the_same_times(serve, tmp_path):
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
def test_epoch_numbers_of_an_uncertain_unit_are_refused_with_the_cure(numbers):
    with pytest.raises(TableError, match=r"pandas\.to_datetime\(column, unit='ms'") as refused:
        read(CAMPAIGNS, pd.DataFrame({"name": ["n"] * len(numbers), "created": numbers}))
    assert 0 in refused.value.refused["campaigns"]


def test_a_column_that_is_no_time_keeps_its_numbers(serve):
    api = serve(load={"campaigns": pd.DataFrame({"name": ["n"], "recipients": [1439054168000]})})
    assert api.data("POST", "/campaigns/find", {})[0]["recipients"] == 1439054168000


def test_a_rename_without_rows_to_rename(serve):
    with pytest.raises(ConfigError, match="together with load"):
        Sandbox(rename={"Title": "name"})
    api = serve(load={"lists": pd.DataFrame({"Title": []})}, rename={"Title": "name"})
    assert api.data("POST", "/lists/count", {}) == {"count": 0}
