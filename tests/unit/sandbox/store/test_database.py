"""The database file: after a kill, of another format, its copies, its tables, and the indexes that filters use."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading

import pytest

from dyno_frames.contract.fields import Wire
from dyno_frames.contract.profile import Profile
from dyno_frames.contract.resources import CAMPAIGNS, LISTS, RESOURCES
from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.filters.sql_filter import compile_filter
from dyno_frames.sandbox.store.columns import contract_columns
from dyno_frames.sandbox.store.database import FORMAT_VERSION
from dyno_frames.sandbox.store.storage import Store

WRITER = """
import sys
from pathlib import Path
from dyno_frames.contract.resources import LISTS
from dyno_frames.sandbox.store.storage import Store
with Store(Path(sys.argv[1])) as store:
    number = store.count(LISTS, {})
    while True:
        store.insert(LISTS, {"id": str(number), "name": "n", f"extra{number % 7}": number})
        print(number, flush=True)
        number += 1
"""


def test_a_kill_at_any_point_loses_nothing_that_was_acknowledged(tmp_path):
    path = tmp_path / "account.db"
    for _ in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True
        ) as writer:
            for _ in range(25):
                last = int(writer.stdout.readline())
            writer.kill()
            rest = [int(line) for line in writer.stdout.read().split("\n")[:-1]]
        acknowledged = max([last, *rest])
        with Store(path) as store:
            found = {int(row["id"]) for row in store.find(LISTS, {"application_limit": 1000})}
            assert store._connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert set(range(acknowledged + 1)) <= found <= set(range(acknowledged + 2))


@pytest.mark.parametrize("on_disk", [True, False])
def test_the_pragmas_are_set(tmp_path, on_disk):
    with Store(tmp_path / "account.db" if on_disk else None) as store:
        told = {
            name: store._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("foreign_keys", "trusted_schema", "user_version", "synchronous", "journal_mode")
        }
    assert (told["foreign_keys"], told["trusted_schema"], told["user_version"]) == (1, 0, FORMAT_VERSION)
    if on_disk:
        assert (told["synchronous"], told["journal_mode"]) == (2, "wal")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("PRAGMA user_version = 99", "99"),
        ("PRAGMA user_version = 3", "version 3"),
        ("ALTER TABLE campaigns RENAME COLUMN opens TO opened", "opens"),
    ],
)
def test_a_file_of_another_format_is_refused_and_not_changed(tmp_path, change, words):
    path = tmp_path / "other.db"
    Store(path).close()
    with sqlite3.connect(path) as other:
        other.execute(change)
    other.close()
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=words):
        Store(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", list(RESOURCES))
def test_a_table_has_the_fields_of_the_contract_with_their_types(name):
    types = {Wire.STRING: "TEXT", Wire.NUMBER: "INTEGER"}
    with Store() as store:
        told = store._connection.execute(f"PRAGMA table_info({name})").fetchall()
    columns = {column[1]: (column[2], bool(column[3])) for column in told}
    expected = {field.name: (types[field.wire], field.name == "id") for field in RESOURCES[name].fields}
    assert columns == {"position": ("INTEGER", False), **expected}


def test_a_copy_made_while_rows_are_written_is_complete(tmp_path):
    with Store(tmp_path / "account.db") as store:
        store.load(CAMPAIGNS, [{"id": str(n), "name": "x" * 500} for n in range(4000)])
        copied = threading.Event()
        written = []

        def write():
            while not copied.is_set():
                written.append(store.insert(LISTS, {"id": str(len(written)), "name": "n"}))

        writing = threading.Thread(target=write)
        writing.start()
        try:
            store.backup(tmp_path / "copy.db")
        finally:
            copied.set()
            writing.join()
    assert written
    with Store(tmp_path / "copy.db") as copy:
        assert copy.count(CAMPAIGNS, {}) == 4000
        kept = copy.count(LISTS, {})
        assert {row["id"] for row in copy.find(LISTS, {"application_limit": 1000})} == set(
            written[: min(kept, 1000)]
        )
        assert copy._connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert sorted(path.name for path in tmp_path.glob("copy*")) == ["copy.db"]


def test_a_copy_that_cannot_be_written_says_so(tmp_path):
    with Store() as store, pytest.raises(ConfigError, match="missing"):
        store.backup(tmp_path / "missing" / "copy.db")


def test_deleting_a_list_deletes_its_contacts_and_a_campaign_its_deliveries():
    from dyno_frames.sandbox.mail import deliveries

    with Store() as store:
        store.load(LISTS, [{"id": "l", "name": "n", "emails": ["a@x.org"]}])
        store.load(CAMPAIGNS, [{"id": "c", "status": "draft", "list_id": "l"}])
        with store.transaction() as connection:
            deliveries.create_deliveries(connection, "c")
        store.delete(LISTS, "l")
        store.delete(CAMPAIGNS, "c")
        for table in ("contacts", "deliveries"):
            assert store._connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608 - SQL from constants


INDEXED = [
    {"id": "x"},
    {"id": {"in": "a,b,c"}},
    {"created": {"gte": 5, "lt": 9}},
    {"created": {"gte": 5}, "application_order_by": "created"},
    {"application_order_by": "created", "application_order_direction": "desc"},
    {"status": "running", "application_order_by": "created"},
    {"status": "running", "created": {"gte": 5}, "application_order_by": "created"},
    {"list_id": "l", "application_order_by": "created"},
    {"list_id": "l", "created": {"lt": 5}, "application_order_by": "created"},
    {"status": "running", "list_id": "l", "created": {"gte": 5}, "application_order_by": "created"},
    {"updated": {"gte": 5}},
    {"updated": {"gte": 5}, "application_order_by": "updated"},
]


@pytest.mark.parametrize("wire", INDEXED, ids=json.dumps)
def test_no_indexed_filter_scans_the_table_or_sorts(wire):
    with Store() as store:
        asked = compile_filter(wire, contract_columns(RESOURCES["campaigns"]), Profile())
        where = f"WHERE {asked.where}" if asked.where else ""
        order = f"ORDER BY {asked.order}" if asked.order else ""
        plan = store._connection.execute(
            f"EXPLAIN QUERY PLAN SELECT * FROM campaigns {where} {order} LIMIT 100",  # noqa: S608 - SQL from constants
            asked.parameters,
        ).fetchall()
    steps = [step[3] for step in plan]
    assert any("USING INDEX" in step for step in steps), steps
    assert not any("TEMP B-TREE" in step for step in steps), steps
    # few of a status among many of a list, or the reverse: one index knows both
    if {"status", "list_id"} <= set(wire):
        assert "(list_id=? AND status=?" in steps[0]
