"""Columns with other names than the fields."""

from __future__ import annotations

import pandas as pd
import pytest

from dyno_frames.errors import ConfigError, TableError
from dyno_frames.sandbox.sandbox import Sandbox

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


def test_unknown_columns_are_reported_with_the_fields_that_they_resemble(serve, mailchimp):
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


def test_renamed_columns_are_fields_without_a_warning(serve, mailchimp):
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
def test_an_invalid_rename_is_refused(mailchimp, rename, words):
    with pytest.raises(ConfigError) as refused:
        Sandbox(load={"campaigns": mailchimp}, rename=rename)
    assert words in str(refused.value)


def test_the_error_of_a_refused_table_has_the_unknown_columns(tmp_path):
    file = tmp_path / "campaigns.csv"
    file.write_text("Title,created\na,soon\n")
    with pytest.raises(TableError) as refused:
        Sandbox(load={"campaigns": file})
    assert "'Title' (did you mean 'name'?)" in str(refused.value)


def test_extra_columns_give_no_warning(serve):
    serve(load={"campaigns": pd.DataFrame({"name": ["n"], "score": [1], "Name": ["x"], "Folder": ["y"]})})


def test_a_table_without_any_field_gives_a_warning(serve):
    with pytest.warns(UserWarning, match="'Folder'"):
        serve(load={"campaigns": pd.DataFrame({"Folder": ["n"], "Color": [1]})})


def test_a_rename_without_rows_to_rename(serve):
    with pytest.raises(ConfigError, match="together with load"):
        Sandbox(rename={"Title": "name"})
    api = serve(load={"lists": pd.DataFrame({"Title": []})}, rename={"Title": "name"})
    assert api.data("POST", "/lists/count", {}) == {"count": 0}
