"""The sandbox as a whole: start, stop, secrets, files."""

from __future__ import annotations

import pickle
import socket
import sqlite3
import threading
import time

import pandas as pd
import pytest
import requests

from dyno_frames.contract.profile import Profile
from dyno_frames.contract.resources import RESOURCES
from dyno_frames.errors import ConfigError, InsecureTransportWarning
from dyno_frames.sandbox.sandbox import Sandbox
from dyno_frames.sandbox.store.columns import contract_columns
from dyno_frames.sandbox.store.storage import Store


def test_close_leaves_no_thread_and_no_socket_and_may_be_called_twice():
    before = set(threading.enumerate())
    box = Sandbox()
    with requests.Session() as session:
        session.headers["User-Api-Key"] = box.api_key
        assert session.get(f"{box.url}/lists/x", timeout=20).status_code == 500
        box.close()
    box.close()
    assert set(threading.enumerate()) == before
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", box.port)) != 0
    with pytest.raises(sqlite3.ProgrammingError):
        box._store.counts()
    assert "closed" in repr(box)


def test_closing_waits_for_nothing_but_requests():
    took_s = []
    for _ in range(5):
        box = Sandbox(sample=False, speed=0)
        began_s = time.monotonic()
        box.close()
        took_s.append(time.monotonic() - began_s)
    assert min(took_s) < 0.1


def test_a_client_that_disconnects_in_the_middle_of_its_body_logs_no_error(serve, caplog):
    caller = serve()
    box = caller.box
    head = f"POST /lists HTTP/1.1\r\nHost: x\r\nUser-Api-Key: {box.api_key}\r\n"
    with socket.create_connection(("127.0.0.1", box.port)) as leaving:
        leaving.sendall(f'{head}Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{{"na'.encode())
    assert caller.data("POST", "/lists/find", {}) == []
    box.close()
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


def test_two_sandboxes_are_independent(serve):
    first, second = serve(), serve()
    first.create("lists", name="mine")
    assert first.box.url != second.box.url
    assert first.box.api_key != second.box.api_key
    assert second.data("POST", "/lists/find", {}) == []
    assert first.refused("GET", "/lists/x", headers={"User-Api-Key": second.box.api_key})[0] == "401"


def test_the_key_shows_nowhere(serve):
    api = serve(api_key="sesame-and-more")
    for shown in (repr(api.box), str(api.box), api.box._repr_html_()):
        assert "sesame" not in shown
        assert api.box.url in shown
    assert "sesame" not in api.ask("GET", "/lists/x", headers={"User-Api-Key": "other"}).text
    with pytest.raises(TypeError):
        pickle.dumps(api.box)


def test_the_repr_counts_rows(serve):
    assert "3 templates, 8 lists, 400 campaigns" in repr(serve(sample=True).box)


@pytest.mark.parametrize("key", ["", "two words", "schlüssel", "line\nbreak", 5])
def test_a_key_that_no_header_can_carry_is_refused(key):
    with pytest.raises(ConfigError, match="api_key") as refused:
        Sandbox(api_key=key)
    assert not key or str(key) not in str(refused.value)


def test_a_taken_port_is_refused_with_the_cure(serve):
    api = serve()
    with pytest.raises(ConfigError, match=rf"port {api.box.port} .*leave port out"):
        Sandbox(port=api.box.port)


def test_a_host_of_another_machine_is_refused_with_the_cure():
    with (
        pytest.warns(InsecureTransportWarning),
        pytest.raises(ConfigError, match=r"192\.0\.2\.1 .*address of this machine"),
    ):
        Sandbox(host="192.0.2.1")


@pytest.mark.parametrize("port", [-1, 70000, "80", True, None])
def test_a_port_is_a_number(port):
    with pytest.raises(ConfigError, match="port"):
        Sandbox(port=port)


def test_a_client_is_created_by_the_given_function(serve):
    calls = []

    def connect(url, key, **settings):
        calls.append((url, key, settings))
        return "client"

    box = serve(connect=connect).box
    assert box.client(timeout_s=5) == "client"
    assert box.client(name="mine") == "client"
    known = {"name": f"sandbox-{box.port}", "profile": Profile()}
    assert calls[0] == (box.url, box.api_key, known | {"timeout_s": 5})
    assert calls[1][2] == known | {"name": "mine"}
    with pytest.raises(ConfigError, match="connect"):
        serve().box.client()


def test_rows_on_disk_are_kept_and_get_no_second_sample(serve, tmp_path):
    path = tmp_path / "account.db"
    first = serve(str(path), sample=True)
    key = first.create("lists", name="mine", extra=[1, True])
    first.box.close()
    again = serve(path, sample=True)
    assert again.data("GET", f"/lists/{key}")["extra"] == [1, True]
    assert again.data("POST", "/lists/count", {}) == {"count": 9}
    assert again.data("POST", "/campaigns/count", {}) == {"count": 400}


def test_a_table_that_is_loaded_twice_is_stored_once(serve, tmp_path):
    path, table = tmp_path / "account.db", pd.DataFrame({"id": ["a"], "name": ["n"], "x": [1]})
    for _ in range(2):
        api = serve(path, load={"lists": table})
        assert api.data("POST", "/lists/find", {"x": 1})[0]["id"] == "a"
        assert api.data("POST", "/lists/count", {}) == {"count": 1}
        api.box.close()


def test_of_several_tables_all_are_loaded_or_none(tmp_path):
    path = tmp_path / "account.db"
    with Sandbox(path, load={"lists": pd.DataFrame({"id": ["a"], "name": ["kept"]})}):
        pass
    wide = pd.DataFrame({"id": ["c"], **{f"field {number}": [1] for number in range(1600)}})
    with pytest.raises(ConfigError, match="1500 fields"):
        Sandbox(path, load={"lists": pd.DataFrame({"id": ["b"], "name": ["new"]}), "campaigns": wide})
    with Sandbox(path) as box:
        assert [row["id"] for row in box._store.find(RESOURCES["lists"], {})] == ["a"]


def test_a_file_is_used_by_one_sandbox_at_a_time(serve, tmp_path):
    serve(tmp_path / "account.db")
    with pytest.raises(ConfigError, match="close the sandbox"):
        Sandbox(tmp_path / "account.db")


def test_a_file_of_another_program_is_not_changed(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("not a database, and long enough to be looked at " * 50)
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()
    for path in (text, other, tmp_path / "missing" / "x.db"):
        before = path.read_bytes() if path.exists() else None
        with pytest.raises(ConfigError, match=path.name):
            Sandbox(path)
        assert (path.read_bytes() if path.exists() else None) == before


def test_a_profile_and_a_page_limit_hold_over_http(serve):
    api = serve(sample=True, profile=Profile(like="sql"), page_limit=7)
    rows = api.data("POST", "/campaigns/find", {"name": {"like": "Weekly%"}, "application_limit": 50})
    assert len(rows) == 7
    assert api.data("POST", "/campaigns/count", {"name": {"like": "Weekly"}}) == {"count": 0}


def test_the_schema_has_the_contracts_columns_and_no_others():
    with Store() as store, store.transaction() as connection:
        for name, resource in RESOURCES.items():
            found = {row[1] for row in connection.execute(f"PRAGMA table_info({name})")}
            assert found == {"position", *contract_columns(resource)}


def test_pages_by_created_come_from_an_index():
    with Store() as store, store.transaction() as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM campaigns WHERE created >= 5 ORDER BY created, id LIMIT 10"
        ).fetchall()
    assert "campaigns_by_created" in plan[0][3]
    assert not any("TEMP B-TREE" in step[3] for step in plan)


LONE = "a\ud800b"


@pytest.mark.parametrize("text", [LONE, "a\0b"])
def test_a_text_that_no_file_or_host_can_have_is_refused(text, tmp_path):
    for settings in (
        {"path": f"{text}.db"},
        {"path": tmp_path / text / "x.db"},
        {"outbox": tmp_path / text},
        {"load": {"lists": f"{text}.csv"}},
        {"smtp": f"smtp://{text}"},
    ):
        with pytest.raises(ConfigError, match=next(iter(settings))) as refused:
            Sandbox(**settings)
        assert str(refused.value).isprintable()
    with (
        pytest.warns(InsecureTransportWarning),
        pytest.raises(ConfigError, match="host"),
    ):
        Sandbox(host=text)


def test_a_lone_surrogate_in_any_argument_is_refused(serve, tmp_path):
    box = serve().box
    people = pd.DataFrame({"email": ["a@x.org"], "name": ["n"]})
    odd = people.set_axis(pd.Index(["email", LONE], dtype=object), axis=1)
    lists = pd.DataFrame([["a", 1]], columns=pd.Index(["id", LONE], dtype=object))
    assert box.deliveries(LONE).empty
    for refused in (
        lambda: box.ensure_list(LONE),
        lambda: box.ensure_list(5),
        lambda: box.add_contacts(LONE, people),
        lambda: box.add_contacts(box.ensure_list("n"), odd),
        lambda: box.backup(tmp_path / LONE),
        lambda: Sandbox(load={"lists": lists}),
        lambda: Sandbox(faults=[{"kind": "refusal", "code": LONE}]),
    ):
        with pytest.raises(ConfigError) as words:
            refused()
        assert str(words.value).replace("\n", "").isprintable()


def test_a_mail_server_whose_name_has_no_ascii_form_is_refused_before_anything_starts():
    with pytest.raises(ConfigError, match="smtp"):
        Sandbox(smtp="smtp://mail..example.com")
