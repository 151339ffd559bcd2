"""``dyno-frames connections``, and ``--connection`` of the commands that use a server."""

from __future__ import annotations

import io
import itertools
import json

import pytest

from dyno_frames.api import connect
from dyno_frames.cli.panel import account_variables
from dyno_frames.errors import ConfigError


@pytest.fixture(autouse=True)
def _own_connections(own_state, sandbox, monkeypatch):
    monkeypatch.setenv("MAIL_KEY", sandbox.api_key)


@pytest.fixture
def practice(run, sandbox):
    """A connection of the sandbox."""
    assert run("connections", "add", "practice", "--url", sandbox.url, "--key", "env:MAIL_KEY").code == 0


def test_a_connection_is_added_listed_tested_and_removed(run, sandbox, own_state):
    added = run("connections", "add", "practice", "--url", f"{sandbox.url}/", "--key", "env:MAIL_KEY")
    assert (added.code, added.err) == (0, "")
    assert "dyno-frames connections test practice" in added.out
    assert run("connections", "list").out == f"practice  {sandbox.url}  env:MAIL_KEY\n"
    listed = json.loads(run("connections", "list", "--json").out)
    assert listed == [{"name": "practice", "url": sandbox.url, "key": "env:MAIL_KEY"}]
    tested = run("connections", "test", "practice")
    assert (tested.code, tested.err) == (0, "")
    assert f"practice: {sandbox.url} accepted the key" in tested.out
    assert run("connections", "remove", "practice").code == 0
    assert "has no connections" in run("connections", "list").out


@pytest.mark.parametrize("way", ["option", "environment"])
@pytest.mark.parametrize(
    "command",
    [["count", "lists"], ["journal"], ["find", "lists"], ["explain", "lists"], ["export", "lists", "--to", "x.parquet"], ["calibrate"]],
    ids=lambda command: command[0],
)  # fmt: skip
@pytest.mark.usefixtures("practice")
def test_every_command_that_uses_a_server_takes_a_connection(run, command, way, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DYNO_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("DYNO_API_KEY", "of-another-server")
    if way == "environment":
        monkeypatch.setenv("DYNO_CONNECTION", "practice")
    ended = run(*command, *(["--connection", "practice"] if way == "option" else []))
    assert (ended.code, ended.err) == (0, "")


def test_options_of_the_command_line_take_precedence(practice, run, monkeypatch, sandbox):
    monkeypatch.setenv("DYNO_CONNECTION", "practice")
    refused = run("count", "lists", "--url", "http://127.0.0.1:9")
    assert refused.code == 2
    assert "--url is http://127.0.0.1:9" in refused.err
    assert "Give --api-key with --url" in refused.err
    assert run("count", "lists", "--api-key", "wrong").code == 2
    assert run("count", "lists", "--url", sandbox.url, "--api-key", sandbox.api_key).code == 0


def test_an_unknown_connection_ends_with_2_and_the_option(practice, run):
    ended = run("count", "lists", "--connection", "practise")
    assert ended.code == 2
    assert "--connection practise is unknown; did you mean 'practice'?" in ended.err


def test_list_says_which_key_is_not_set(practice, run, monkeypatch):
    monkeypatch.delenv("MAIL_KEY")
    assert "env:MAIL_KEY (not set)" in run("connections", "list").out


def test_test_ends_with_2_for_a_wrong_key(practice, run, monkeypatch):
    monkeypatch.setenv("MAIL_KEY", "not-the-right-one")
    ended = run("connections", "test", "practice")
    assert ended.code == 2
    assert "not-the-right-one" not in ended.out + ended.err


def test_a_key_on_the_command_line_is_refused_and_not_shown(run, sandbox):
    ended = run("connections", "add", "practice", "--url", sandbox.url, "--key", sandbox.api_key)
    assert ended.code == 2
    assert 'key = "env:NAME"' in ended.err
    assert sandbox.api_key not in ended.out + ended.err


@pytest.mark.parametrize(
    ("name", "url", "key"),
    [
        ("KEY", "https://mail.example.com", "env:MAIL_KEY"),
        ("a-KEY", "https://mail.example.com", "env:MAIL_KEY"),
        ("a", "https://mail.example.com/KEY/api", "env:MAIL_KEY"),
        ("a", "https://mail.example.com/%6BKEYREST", "env:MAIL_KEY"),
        ("a", "https://key.example.com", "env:MAIL_KEY"),
        ("a", "https://mail.example.com", "env:KEY"),
        ("a", "https://mail.example.com", "env:not_set_a1b2c3"),
    ],
)
def test_a_key_in_another_value_of_a_connection_is_refused_and_not_shown(run, monkeypatch, name, url, key):
    secret = "k1234567890secret"
    monkeypatch.setenv("DYNO_API_KEY", secret)
    monkeypatch.setenv("MAIL_KEY", secret)
    given = [
        text.replace("KEYREST", secret[1:]).replace("KEY", secret)
        for text in (name, url.replace("key.", "KEY."))
    ]
    key = key.replace("env:KEY", f"env:{secret}")
    ended = run("connections", "add", given[0], "--url", given[1], "--key", key)
    assert (ended.code, ended.out) == (2, "")
    assert secret not in ended.err
    assert "not_set_a1b2c3" not in ended.err
    assert "API key" in ended.err
    assert "has no connections" in run("connections", "list").out


def test_a_key_for_the_keyring_that_is_in_the_url_is_refused(run, keyring, monkeypatch):
    secret = "k1234567890secret"
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{secret}\n"))
    ended = run("connections", "add", "a", "--url", f"https://mail.example.com/{secret}", "--key", "keyring")
    assert ended.code == 2
    assert secret not in ended.out + ended.err
    assert "has no connections" in run("connections", "list").out


@pytest.mark.parametrize("name", ["--yes", "-x", "a b", ""])
def test_a_name_that_a_command_cannot_take_is_refused(run, name):
    ended = run("connections", "add", "--url", "http://127.0.0.1:1", "--key", "env:MAIL_KEY", "--", name)
    assert (ended.code, ended.out) == (2, "")
    assert f"the name {name!r} is not valid; expected up to 64 letters, digits, '-' and '_', not" in ended.err
    assert "has no connections" in run("connections", "list").out


@pytest.mark.parametrize(
    "content",
    ["a = " + "1" * 5000, "a = " + "[" * 5000 + "]" * 5000, "[connections.a]\nurl = " + "1" * 5000],
    ids=["number", "nesting", "url"],
)
@pytest.mark.parametrize("command", [["list"], ["remove", "a"]], ids=["list", "remove"])
def test_a_file_that_the_parser_cannot_read_is_named(run, own_state, monkeypatch, content, command):
    monkeypatch.setenv("DYNO_CONFIG_DIR", str(own_state))
    (own_state / "connections.toml").write_text(content, encoding="utf-8")
    ended = run("connections", *command)
    assert ended.code == 2
    assert "connections.toml is not valid TOML" in ended.err


def test_a_loop_of_links_in_place_of_the_file_is_named(run, own_state, monkeypatch, sandbox):
    monkeypatch.setenv("DYNO_CONFIG_DIR", str(own_state))
    (own_state / "connections.toml").symlink_to(own_state / "connections.toml")
    for command in (["list"], ["add", "a", "--url", sandbox.url, "--key", "env:MAIL_KEY"]):
        ended = run("connections", *command)
        assert ended.code == 2
        assert "connections.toml cannot be" in ended.err


def test_a_key_from_stdin_is_kept_in_the_keyring_only(run, sandbox, keyring, monkeypatch, own_state):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{sandbox.api_key}\n"))
    added = run("connections", "add", "practice", "--url", sandbox.url, "--key", "keyring")
    assert (added.code, added.err) == (0, "")
    assert list(keyring.stored.values()) == [sandbox.api_key]
    written = "".join(
        path.read_text(encoding="utf-8")
        for path in own_state.rglob("*")
        if path.is_file() and "site" not in path.parts
    )
    assert sandbox.api_key not in added.out + written
    assert run("count", "lists", "--connection", "practice").code == 0
    assert run("connections", "remove", "practice").code == 0
    assert keyring.stored == {}


def test_a_key_for_the_keyring_is_not_asked_for_if_the_name_is_taken(practice, run, sandbox, keyring):
    ended = run("connections", "add", "practice", "--url", sandbox.url, "--key", "keyring")
    assert ended.code == 2
    assert "Remove it first: dyno-frames connections remove practice" in ended.err
    assert keyring.stored == {}


def test_without_the_package_keyring_the_extra_is_named(run, sandbox, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{sandbox.api_key}\n"))
    ended = run("connections", "add", "practice", "--url", sandbox.url, "--key", "keyring")
    assert ended.code == 2
    assert "pip install 'dyno_frames[keyring]'" in ended.err
    assert run("connections", "list", "--json").out == "[]\n"


@pytest.mark.usefixtures("practice")
@pytest.mark.filterwarnings("ignore::dyno_frames.errors.InsecureTransportWarning")
def test_the_notebook_of_a_panel_connects_to_the_account_of_the_options(sandbox, monkeypatch):
    options = itertools.product((None, sandbox.url), (None, "given"), (None, "practice"))
    ambient = [
        {},
        {"DYNO_CONNECTION": "practice"},
        {"DYNO_URL": "http://127.0.0.1:9", "DYNO_API_KEY": "other"},
    ]
    compared = 0
    for (url, key, connection), variables in itertools.product(options, ambient):
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            try:
                expected = connect(url, key, connection=connection)
            except ConfigError:
                continue
            given = account_variables(expected.url, url=url, api_key=key, connection=connection)
            for name, value in given.items():
                patch.setenv(name, value)
            with expected, connect() as found:
                assert (found.url, found.account) == (expected.url, expected.account)
                compared += 1
    assert compared > 10
