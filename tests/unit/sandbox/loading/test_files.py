"""Files of every kind, encoding and separator."""

from __future__ import annotations

import datetime as dt
import json

import pandas as pd
import pytest

from dyno_frames.contract.resources import CAMPAIGNS
from dyno_frames.errors import ConfigError, TableError
from dyno_frames.sandbox.loading.tables import read_all
from dyno_frames.sandbox.sandbox import Sandbox
from dyno_frames.sandbox.store.storage import Store


def read(resource, source):
    return read_all({resource.name: source}).rows[resource.name]


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_every_kind_of_file_gives_the_same_rows(serve, tmp_path, ending):
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


def test_broken_files_are_refused_by_name(tmp_path):
    for name, text in (("a.parquet", "x"), ("a.jsonl", "{"), ("b.jsonl", "[1]"), ("a.csv", "")):
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(ConfigError, match=name.replace(".", r"\.")):
            Sandbox(load={"lists": path})


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
def test_a_file_of_another_kind_is_refused_and_the_error_says_how_to_load_it(tmp_path, name, content, words):
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        Sandbox(load={"lists": file})
    assert words in str(refused.value)
    assert name in str(refused.value)
    assert "pass the frame" in str(refused.value)


def test_a_byte_order_mark_is_ignored(serve, tmp_path):
    for name, text in (
        ("rows.csv", "name\nx\n"),
        ("rows.jsonl", '{"name": "x"}\n'),
        ("rows.CSV", "name\nx\n"),
    ):
        file = tmp_path / name
        file.write_bytes(b"\xef\xbb\xbf" + text.encode())
        rows = serve(load={"lists": file}).data("POST", "/lists/find", {})
        assert [row["name"] for row in rows] == ["x"]


def test_a_text_in_a_number_column_does_not_change_the_other_numbers(tmp_path):
    file = tmp_path / "campaigns.csv"
    file.write_text("id,created,opens\na,5,-1.0\nb,soon,9007199254740993\nc,2020-01-02,\nd,1e3,²\n")
    with pytest.raises(TableError) as refused:
        read(CAMPAIGNS, file)
    assert sorted(refused.value.refused["campaigns"]) == [1, 3]
    file.write_text(file.read_text().replace("soon", "7").replace("²", "8"))
    rows = read(CAMPAIGNS, file)
    assert [row["created"] for row in rows] == [5, 7, 1577923200, 1000]
    assert [row["opens"] for row in rows] == [-1, 2**53 + 1, None, 8]


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
