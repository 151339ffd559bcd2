"""Contacts from a table: each once, with merge fields, and every refused row with its reason."""

from __future__ import annotations

import mailbox

import pandas as pd
import pytest

from dyno_frames.errors import ConfigError

TABLE = """email,name,city
ann@example.com,Ann Ünal,Huế
BOB@example.com,,
not an address,X,Y
ann@EXAMPLE.com,Again,Z
,Nobody,
007@example.com,0042,
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def test_contacts_of_a_csv_are_added_and_every_refused_row_is_reported(serve, file):
    api = serve()
    key = api.create("lists", emails=["bob@example.com"])
    report = api.box.add_contacts(key, file)
    assert (report.added, report.known) == (2, 1)
    assert report.refused == {
        2: "not an e-mail address",
        3: "another row before has the same address",
        4: "no address",
    }
    assert "not an e-mail address: 1 (rows 2)" in str(report)
    assert "example.com" not in str(report)
    assert api.data("GET", f"/lists/{key}")["contacts"] == 3
    again = api.box.add_contacts(key, file)
    assert (again.added, again.known) == (0, 3)


def test_lines_that_are_not_json_are_reported_with_the_others(serve, tmp_path):
    path = tmp_path / "people.jsonl"
    path.write_text('{"email": "a@x.org"}\n{"email"\n["b@x.org"]\n{"email": "no address"}\n')
    api = serve()
    report = api.box.add_contacts(api.create("lists"), path)
    assert report.added == 1
    assert report.refused == {1: "not JSON", 2: "not a JSON object", 3: "not an e-mail address"}


def test_other_columns_are_merge_fields(serve, file, until):
    api = serve(speed=5.0)
    key = api.create("lists", name="Readers", emails=[])
    assert api.box.ensure_list("Readers") == key
    api.box.add_contacts(key, file)
    template = api.create("templates", text="{{ name }} in {{ city | default('town', true) }}")
    campaign = api.create("campaigns", list_id=key, template_id=template)
    api.data("POST", "/campaign_process/init", {"campaign_id": campaign})
    until(lambda: api.data("GET", f"/campaigns/{campaign}")["status"] == "finished")
    said = sorted(
        message.get_payload(decode=True).decode().strip() for message in mailbox.Maildir(api.box.outbox)
    )
    assert said == ["0042 in town", "Ann Ünal in Huế", "Bob in town"]


@pytest.mark.parametrize("ending", [".jsonl", ".parquet", "frame"])
def test_contacts_of_other_tables_are_added(serve, tmp_path, ending):
    frame = pd.DataFrame({"email": ["a@x.org", None, "b@x.org"], "age": [5.0, 6.0, None]})
    source = frame
    if ending == ".jsonl":
        source = tmp_path / "people.jsonl"
        frame.to_json(source, orient="records", lines=True)
    if ending == ".parquet":
        source = tmp_path / "people.parquet"
        frame.to_parquet(source)
    api = serve()
    report = api.box.add_contacts(api.create("lists"), source)
    assert (report.added, dict(report.refused)) == (2, {1: "no address"})


def test_a_table_without_contacts_is_refused(serve, tmp_path):
    api = serve()
    key = api.create("lists")
    with pytest.raises(ConfigError, match="'email'"):
        api.box.add_contacts(key, pd.DataFrame({"mail": ["a@x.org"]}))
    with pytest.raises(ConfigError, match="no such file"):
        api.box.add_contacts(key, tmp_path / "missing.csv")
    with pytest.raises(ConfigError, match="create it first"):
        api.box.add_contacts("nowhere", pd.DataFrame({"email": ["a@x.org"]}))


def test_a_list_is_found_by_name_or_created(serve):
    api = serve()
    made = api.box.ensure_list("New")
    assert api.data("GET", f"/lists/{made}")["name"] == "New"
    assert api.box.ensure_list("New") == api.box.ensure_list(made) == made
    api.create("lists", name="New")
    with pytest.raises(ConfigError, match="several lists"):
        api.box.ensure_list("New")
