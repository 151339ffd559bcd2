"""The file: what a kill leaves, what an older version becomes, what a copy holds, and which index answers."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading

import pytest

from dyno_frames.contract.profile import Profile
from dyno_frames.contract.resources import CAMPAIGNS, LISTS, RESOURCES
from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.filters.sql_filter import question
from dyno_frames.sandbox.store.columns import of_contract
from dyno_frames.sandbox.store.migrations import MIGRATIONS, VERSION
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
def test_the_settings_are_those_that_are_written_down(tmp_path, on_disk):
    with Store(tmp_path / "account.db" if on_disk else None) as store:
        told = {
            name: store._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("foreign_keys", "trusted_schema", "user_version", "synchronous", "journal_mode")
        }
    assert (told["foreign_keys"], told["trusted_schema"], told["user_version"]) == (1, 0, VERSION)
    if on_disk:
        assert (told["synchronous"], told["journal_mode"]) == (2, "wal")


FIRST_VERSION = """
CREATE TABLE templates (position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT, subject TEXT,
    html TEXT, text TEXT, created INTEGER, updated INTEGER, user_id TEXT);
CREATE INDEX templates_by_created ON templates (created, id);
CREATE TABLE lists (position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT, description TEXT,
    from_name TEXT, from_email TEXT, contacts INTEGER, created INTEGER, updated INTEGER, user_id TEXT);
CREATE INDEX lists_by_created ON lists (created, id);
CREATE TABLE campaigns (position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT, subject TEXT,
    from_name TEXT, from_email TEXT, preview_message TEXT, list_id TEXT, template_id TEXT, status TEXT,
    start_time INTEGER, time_zone TEXT, recipients INTEGER, sent INTEGER, delivered INTEGER, opens INTEGER,
    clicks INTEGER, bounces INTEGER, complaints INTEGER, unsubscribes INTEGER, created INTEGER,
    updated INTEGER, user_id TEXT);
CREATE INDEX campaigns_by_created ON campaigns (created, id);
CREATE INDEX campaigns_in_motion ON campaigns (status, start_time) WHERE status IN ('scheduled', 'running');
CREATE TABLE extra_fields (resource TEXT NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL,
    held INTEGER NOT NULL, PRIMARY KEY (resource, name)) WITHOUT ROWID;
CREATE TABLE contacts (list_id TEXT NOT NULL, email TEXT NOT NULL, PRIMARY KEY (list_id, email)) WITHOUT ROWID;
CREATE TABLE deliveries (campaign_id TEXT NOT NULL, email TEXT NOT NULL, outcome TEXT NOT NULL
    CHECK (outcome IN ('claimed', 'sent', 'refused', 'unknown')), claimed INTEGER NOT NULL, settled INTEGER,
    PRIMARY KEY (campaign_id, email)) WITHOUT ROWID;
CREATE INDEX deliveries_unsettled ON deliveries (campaign_id) WHERE outcome = 'claimed';
INSERT INTO lists (id, name, contacts) VALUES ('l', 'n', 3);
INSERT INTO contacts VALUES ('l', 'a@x.org'), ('l', 'b@x.org'), ('l', 'c@x.org'), ('gone', 'd@x.org');
INSERT INTO campaigns (id, list_id, status, sent, recipients) VALUES ('c', 'l', 'paused', 1, 3);
INSERT INTO deliveries VALUES ('c', 'a@x.org', 'sent', 1, 2), ('gone', 'a@x.org', 'sent', 1, 2);
PRAGMA application_id = 1146703439;
"""


def shape(connection):
    """Every table with its columns, and every index with its own."""
    names = connection.execute(
        "SELECT type, name FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY 2"
    ).fetchall()
    return {
        (kind, name): [
            tuple(row[1:])
            for row in connection.execute(f"PRAGMA {'table' if kind == 'table' else 'index'}_info({name})")
        ]
        for kind, name in names
    }


def test_an_older_file_becomes_the_same_as_a_new_one_and_forgets_nobody(tmp_path):
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as old:
        old.executescript(FIRST_VERSION)
    old.close()
    with Store(path) as store, Store() as fresh:
        assert shape(store._connection) == shape(fresh._connection)
        told = store._connection.execute("SELECT email, outcome FROM deliveries ORDER BY email").fetchall()
        assert store._connection.execute("SELECT count(*) FROM contacts").fetchone() == (3,)
        assert store._connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert told == [("a@x.org", "sent"), ("b@x.org", "waiting"), ("c@x.org", "waiting")]
    with Store(path) as again:
        assert again.count(LISTS, {}) == 1


def test_a_step_that_fails_changes_nothing(tmp_path, monkeypatch):
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as old:
        old.executescript(FIRST_VERSION)
    old.close()
    monkeypatch.setitem(MIGRATIONS, 1, MIGRATIONS[1] + "SELECT nonsense FROM nowhere;")  # noqa: S608 - the same
    with pytest.raises(ConfigError, match="nowhere"):
        Store(path)
    with sqlite3.connect(path) as left:
        assert left.execute("PRAGMA user_version").fetchone() == (0,)
        assert left.execute("SELECT count(*) FROM contacts").fetchone() == (4,)
    left.close()


def test_a_file_of_a_later_version_is_left_as_it_is(tmp_path):
    path = tmp_path / "later.db"
    Store(path).close()
    with sqlite3.connect(path) as later:
        later.execute("PRAGMA user_version = 99")
    later.close()
    with pytest.raises(ConfigError, match="99"):
        Store(path)


def test_a_copy_taken_while_rows_are_written_is_whole(tmp_path):
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


def test_contacts_go_with_their_list_and_deliveries_with_their_campaign():
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
def test_no_indexed_question_looks_at_every_row_or_sorts(wire):
    with Store() as store:
        asked = question(wire, of_contract(RESOURCES["campaigns"]), Profile())
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
