"""Named connections: a file of servers, and where the key of each one is."""

from __future__ import annotations

import os
import sys
import threading
import traceback

import pytest

from dyno_frames.api import connect
from dyno_frames.client import connections_edit, system_keyring
from dyno_frames.client.connections import NamedConnection, connections_file, load
from dyno_frames.errors import ConfigError, MissingExtraError
from dyno_frames.transport.secret import Secret

KEY = "k3y-that-must-not-show"
URL = "http://127.0.0.1:9"
OTHER = "http://127.0.0.1:8"


@pytest.fixture
def file(tmp_path, monkeypatch):
    """The path of the file of connections in a folder of this test."""
    monkeypatch.setenv("DYNO_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.delenv("DYNO_CONNECTION", raising=False)
    return connections_file()


@pytest.fixture
def write(file):
    def written(text):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")

    return written


@pytest.fixture
def production(write, monkeypatch):
    """One connection whose key is in the environment."""
    write(f'[connections.production]\nurl = "{URL}"\nkey = "env:MAIL_KEY"\n')
    monkeypatch.setenv("MAIL_KEY", KEY)


def key_of(client):
    return client.connection.session.key.reveal()


@pytest.mark.parametrize("way", ["argument", "environment"])
def test_a_named_connection_gives_url_and_key(production, monkeypatch, way):
    monkeypatch.setenv("DYNO_URL", OTHER)
    monkeypatch.setenv("DYNO_API_KEY", "another")
    if way == "environment":
        monkeypatch.setenv("DYNO_CONNECTION", "production")
    with connect(connection="production" if way == "argument" else None) as client:
        assert (client.url, key_of(client)) == (URL, KEY)


def test_an_argument_takes_precedence_over_the_variable(production, monkeypatch):
    monkeypatch.setenv("DYNO_CONNECTION", "absent")
    with connect(connection="production") as client:
        assert client.url == URL


def test_a_key_that_is_given_takes_precedence_over_the_connections(production):
    with connect(connection="production", api_key="given") as client:
        assert (client.url, key_of(client)) == (URL, "given")


def test_a_url_and_a_key_that_are_given_replace_the_connection_of_the_environment(production, monkeypatch):
    monkeypatch.setenv("DYNO_CONNECTION", "absent")
    with connect(OTHER, "given") as client:
        assert (client.url, key_of(client)) == (OTHER, "given")


@pytest.mark.parametrize("way", ["argument", "environment"])
def test_a_connections_key_is_never_sent_to_another_server(production, monkeypatch, way):
    if way == "environment":
        monkeypatch.setenv("DYNO_CONNECTION", "production")
    with pytest.raises(ConfigError, match=rf"url= is {OTHER}.*'production' is for {URL} only. Give api_key="):
        connect(OTHER, connection="production" if way == "argument" else None)
    with connect(f"{URL}/", connection="production") as client:
        assert key_of(client) == KEY


def test_a_connection_beside_a_url_and_a_key_is_a_contradiction(production):
    with pytest.raises(ConfigError, match="connection='production' is given with both url= and a key"):
        connect(URL, "given", connection="production")


def test_an_unknown_name_is_refused_with_the_names_that_are_known(production, file):
    with pytest.raises(ConfigError) as caught:
        connect(connection="producton")
    assert "connection='producton' is unknown; did you mean 'production'?" in str(caught.value)
    assert f"{file} has: production" in str(caught.value)
    assert "dyno-frames connections add producton" in str(caught.value)


def test_an_unknown_name_without_a_file_says_how_to_add_it(file, monkeypatch):
    monkeypatch.setenv("DYNO_CONNECTION", "main")
    with pytest.raises(ConfigError, match=r"DYNO_CONNECTION='main' is unknown \(.* has: no connections\)"):
        connect()


@pytest.mark.parametrize("name", ["", " ", "two words", "a.b", 7, "é", "x" * 65])
def test_a_name_that_cannot_be_used_is_refused(file, name):
    with pytest.raises(ConfigError, match=r"connection=.*expected up to 64 letters"):
        connect(connection=name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[connections.a]\nurl = "http://h"\nkey = "k3y-that-must-not-show"\n', 'expected key = "env:NAME"'),
        ('[connections.a]\nurl = "http://h"\nkey = "env:k3y-that-must-not-show"\n', 'expected key = "env:NAME"'),
        ('[connections.a]\nurl = "http://h"\napi_key = "k3y-that-must-not-show"\n', "'api_key' is unknown"),
        ('[connections.a]\nurl = "http://h"\n', "key is missing"),
        ("[connections.a]\n", "url and key is missing"),
        ('[connections.a]\nurl = "k3y-that-must-not-show"\nkey = "keyring"\n', "with a host behind it"),
        ('[connections.a]\nurl = "http://k3y-that-must-not-show@h"\nkey = "keyring"\n', "user or a password"),
        ('[connections.a]\nurl = 7\nkey = "keyring"\n', "url is of type int"),
        ('[connections."a b"]\nurl = "http://h"\nkey = "keyring"\n', "the name 'a b' is not valid"),
        ("connections = 3\n", "has other entries than"),
        ('[connections]\na = "k3y-that-must-not-show"\n', "it is not a table"),
        ('[production]\nkey = "k3y-that-must-not-show"\n', "has other entries than"),
        ('[connections.a]\nkey = "k3y-that-must-not-show\n', "is not valid TOML (at line 2"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_and_no_key_is_shown(write, file, text, said):
    write(text)
    with pytest.raises(ConfigError) as caught:
        connect(connection="a")
    frames = traceback.walk_tb(caught.value.__traceback__.tb_next)
    shown = traceback.StackSummary.extract(frames, capture_locals=True).format()
    assert str(file) in str(caught.value)
    assert said in str(caught.value)
    assert caught.value.__context__ is None
    assert KEY not in "".join(shown)


def test_changing_a_file_that_cannot_be_used_shows_no_key(write, file):
    write(f'[connections.a]\nurl = "http://h"\nkey = "{KEY}"\n')
    for change in (
        lambda: connections_edit.remove("a"),
        lambda: connections_edit.add(NamedConnection("b", URL, "keyring")),
    ):
        with pytest.raises(ConfigError, match="not shown") as caught:
            change()
        frames = traceback.walk_tb(caught.value.__traceback__.tb_next)
        assert KEY not in "".join(traceback.StackSummary.extract(frames, capture_locals=True).format())


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes are POSIX")
@pytest.mark.parametrize("is_link", [False, True])
def test_a_pipe_in_place_of_the_file_is_neither_read_nor_replaced(file, tmp_path, is_link):
    file.parent.mkdir()
    pipe = tmp_path / "pipe" if is_link else file
    os.mkfifo(pipe)
    if is_link:
        file.symlink_to(pipe)
    named = NamedConnection("production", URL, "env:MAIL_KEY")
    for change in (load, lambda: connections_edit.add(named), lambda: connections_edit.remove("production")):
        with pytest.raises(ConfigError, match="is not a regular file"):
            change()
    assert pipe.is_fifo()
    assert not pipe.with_suffix(".lock").exists()


def test_all_faults_of_the_file_are_named_at_once(write):
    write('[connections.a]\nurl = "http://h"\n[connections.b]\nkey = "keyring"\n')
    with pytest.raises(
        ConfigError, match=r"\[connections.a\]: key is missing.*\[connections.b\]: url is missing"
    ):
        load()


def test_a_variable_that_is_not_set_is_named_after_the_places_before_it(production, monkeypatch, file):
    monkeypatch.delenv("MAIL_KEY")
    monkeypatch.setenv("DYNO_API_KEY", "of another server")
    with pytest.raises(ConfigError) as caught:
        connect(connection="production")
    order = "api_key= (not given), then the environment variable MAIL_KEY (not set). Set MAIL_KEY"
    assert order in str(caught.value)
    assert str(file) in str(caught.value)


def test_the_places_of_a_key_without_a_connection_are_named_in_order(file, monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigError) as caught:
        connect(URL)
    assert (
        "api_key= (not given), then the environment variable DYNO_API_KEY (not set), then the keyring, service "
        "dyno_frames, user 127.0.0.1:9 (the package keyring is not installed)"
    ) in str(caught.value)


def test_a_key_in_the_keyring_belongs_to_a_name_and_a_host(write, keyring):
    write(f'[connections.production]\nurl = "{URL}"\nkey = "keyring"\n')
    keyring.stored["dyno_frames", "production@127.0.0.1:9"] = KEY
    with connect(connection="production") as client:
        assert key_of(client) == KEY
    write(f'[connections.production]\nurl = "{OTHER}"\nkey = "keyring"\n')
    with pytest.raises(
        ConfigError, match=r"not stored\). Store it once: keyring set dyno_frames production@127.0.0.1:8"
    ):
        connect(connection="production")


def test_a_keyring_that_hangs_is_given_up_after_a_time_limit(keyring):
    keyring.hangs.set()
    found = system_keyring.read("host", limit_s=0.05)
    assert found == system_keyring.NoKey("it did not answer within 0.05 s")
    with pytest.raises(
        ConfigError, match=r"cannot be deleted from the keyring: it did not answer within 0.05 s"
    ):
        system_keyring.delete("host", limit_s=0.05)


def test_a_key_is_not_stored_in_a_keyring_of_plain_text(keyring):
    class PlaintextKeyring:
        pass

    keyring.backend = PlaintextKeyring()
    with pytest.raises(ConfigError, match="PlaintextKeyring stores keys as plain text; use an environment"):
        system_keyring.store("host", Secret(KEY))
    assert keyring.stored == {}


def test_a_keyring_that_keeps_nothing_is_noticed(keyring, monkeypatch):
    monkeypatch.setattr(keyring, "set_password", lambda *_: None)
    with pytest.raises(ConfigError, match="it did not keep the key"):
        system_keyring.store("host", Secret(KEY))


def test_storing_without_the_package_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(MissingExtraError, match=r"dyno_frames\[keyring\]"):
        system_keyring.store("host", Secret(KEY))


COMMENTED = """\
# My servers

[connections.first] # the shop
url = "http://first"  # behind the proxy
key = "env:FIRST"

# The agency has its own account.
# Ask Ana for the key.
[connections.second]
url = 'http://second'
key = "keyring"
"""


def test_adding_and_removing_keep_everything_else_in_the_file(write, file):
    write(COMMENTED)
    added = NamedConnection("third", "http://third", "env:THIRD")
    connections_edit.add(added)
    assert file.read_text(encoding="utf-8").startswith(COMMENTED)
    assert load()["third"] == added
    connections_edit.remove("first")
    assert file.read_text(encoding="utf-8") == (
        "# My servers\n\n" + COMMENTED[COMMENTED.index("# The agency") :]
        + '\n[connections.third]\nurl = "http://third"\nkey = "env:THIRD"\n'
    )  # fmt: skip
    for name in ("third", "second"):
        connections_edit.remove(name)
    assert load() == {}


def test_what_was_added_and_removed_leaves_the_file_as_it_was(write, file):
    write(COMMENTED)
    connections_edit.add(NamedConnection("third", "http://third", "env:THIRD"))
    connections_edit.remove("third")
    assert file.read_text(encoding="utf-8").rstrip() == COMMENTED.rstrip()


@pytest.mark.parametrize(
    "text",
    [
        'connections = {a = {url = "http://h", key = "keyring"}}\n',
        '[connections]\na = {url = "http://h", key = "keyring"}\n',
        '[connections]\na.url = "http://h"\na.key = "keyring"\n',
    ],
)
def test_a_file_in_another_form_is_read_and_never_damaged(write, file, text):
    write(text)
    assert list(load()) == ["a"]
    with pytest.raises(ConfigError, match="Edit the file"):
        connections_edit.remove("a")
    assert file.read_text(encoding="utf-8") == text


def test_a_name_is_not_added_twice(production):
    with pytest.raises(ConfigError, match=f"has a connection 'production' \\({URL}\\). Remove it first"):
        connections_edit.add(NamedConnection("production", OTHER, "keyring"))


def test_removing_an_unknown_name_names_those_that_are_known(production):
    with pytest.raises(ConfigError, match="has no connection 'x'; it has: production"):
        connections_edit.remove("x")


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX permissions and links")
def test_only_the_owner_can_read_the_file_and_a_link_stays_a_link(write, file, tmp_path):
    target = tmp_path / "dotfiles.toml"
    target.write_text(COMMENTED, encoding="utf-8")
    file.parent.mkdir()
    file.symlink_to(target)
    connections_edit.add(NamedConnection("third", "http://third", "env:THIRD"))
    assert file.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o600
    assert list(load()) == ["first", "second", "third"]


def test_additions_of_several_threads_are_all_kept(file):
    names = [f"c{number}" for number in range(8)]
    threads = [
        threading.Thread(target=connections_edit.add, args=[NamedConnection(name, URL, "env:X")])
        for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(load()) == names


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs a path that cannot be a folder")
def test_a_folder_that_cannot_be_made_is_named(tmp_path, monkeypatch):
    (tmp_path / "config").write_text("", encoding="utf-8")
    monkeypatch.setenv("DYNO_CONFIG_DIR", str(tmp_path / "config" / "deeper"))
    with pytest.raises(ConfigError, match=r"connections.toml cannot be changed: .*Correct the file"):
        connections_edit.add(NamedConnection("a", URL, "keyring"))
