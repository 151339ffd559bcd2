"""Connecting: what may be given, and what is said when it may not."""

from __future__ import annotations

import pickle
import traceback

import pytest

from dyno_frames.api import connect
from dyno_frames.cli import main
from dyno_frames.client.settings import Settings
from dyno_frames.contract.operations import PRODUCTION_URL
from dyno_frames.contract.profile import Profile
from dyno_frames.errors import AuthenticationError, ConfigError, InsecureTransportWarning

KEY = "k3y-that-must-not-show"
URL = "http://127.0.0.1:9"


def test_url_and_key_come_from_the_arguments_or_the_environment(monkeypatch):
    monkeypatch.setenv("DYNO_URL", "http://127.0.0.1:7/")
    monkeypatch.setenv("DYNO_API_KEY", KEY)
    with connect() as client:
        assert client.url == "http://127.0.0.1:7"
    with connect(URL, "other") as client:
        assert client.url == URL
        assert client.connection.session.key.reveal() == "other"


def test_without_a_url_it_is_the_production_service_and_says_that_it_is_plain_http(monkeypatch):
    with pytest.warns(InsecureTransportWarning, match="api.mail.dyno.me:19000") as caught:
        client = connect(api_key=KEY)
    assert caught[0].filename == __file__
    assert client.url == PRODUCTION_URL
    client.close()


def test_without_a_key_both_ways_to_give_one_are_named():
    with pytest.raises(ConfigError, match=r"api_key=.*DYNO_API_KEY"):
        connect(URL)


@pytest.mark.parametrize("key", ["", " ", "two words", "line\nbreak", "ключ", 7, b"bytes"])
def test_a_key_that_cannot_be_used_is_refused_and_not_shown(key):
    with pytest.raises(ConfigError, match="api_key=") as caught:
        connect(URL, key)
    if isinstance(key, str) and key.strip():
        assert key not in str(caught.value)


@pytest.mark.parametrize("url", ["", " ", 7, object(), b"http://127.0.0.1"])
def test_what_is_no_url_is_refused_with_what_is_one(url):
    with pytest.raises(ConfigError, match=r"url=.*expected one such as 'http://127.0.0.1:8080'"):
        connect(url, KEY)


@pytest.mark.parametrize(
    "url",
    [
        "{}",
        "{}:80",
        "{}@host",
        "ftp://{}",
        "http://",
        "http://:{}",
        "http://127.0.0.1:{}",
        "http://[{}",
        "http://host/a?key={}",
        "http://host/?{}",
        "http://host/#{}",
        "http://host {}/",
        "http://host/ {}",
    ],
)
@pytest.mark.parametrize("way", ["argument", "environment", "bytes"])
def test_a_url_that_cannot_be_used_is_refused_and_what_may_be_a_key_in_it_is_not_shown(url, way, monkeypatch):
    text = url.format("s3cret-in-the-wrong-place")
    given = text.encode() if way == "bytes" else text
    if way == "environment":
        monkeypatch.setenv("DYNO_URL", text)
    with pytest.raises(ConfigError, match=r"url=.*expected one such as") as caught:
        connect(None if way == "environment" else given, KEY)
    frames = traceback.walk_tb(caught.value.__traceback__.tb_next)
    shown = "".join(traceback.StackSummary.extract(frames, capture_locals=True).format())
    assert caught.value.__context__ is None
    assert "s3cret" not in f"{caught.value!r} {shown}"


def test_a_key_given_as_url_on_the_command_line_is_not_shown(capsys, monkeypatch):
    monkeypatch.setenv("DYNO_API_KEY", KEY)
    for arguments in (
        ["--url", "s3cret"],
        ["--url", "http://127.0.0.1:9/?key=s3cret"],
        ["--url", "s3cret", "--debug"],
    ):
        assert main(["count", "lists", *arguments]) == 2
    monkeypatch.setenv("DYNO_URL", "s3cret")
    assert main(["count", "lists"]) == 2
    captured = capsys.readouterr()
    assert "s3cret" not in captured.out + captured.err
    assert "api_key=" in captured.err


def test_a_url_with_a_password_is_refused_and_not_shown():
    with pytest.raises(ConfigError, match="api_key=") as caught:
        connect("http://user:pa55@127.0.0.1", KEY)
    assert "pa55" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page_size", 0),
        ("page_size", -5),
        ("page_size", 1.5),
        ("page_size", True),
        ("page_size", "1000"),
        ("timeout_s", 0),
        ("timeout_s", -1.0),
        ("timeout_s", float("nan")),
        ("timeout_s", float("inf")),
        ("timeout_s", "30"),
        ("workers", 0),
        ("workers", 2.0),
        ("dtype_backend", "arrow"),
        ("profile", "guess"),
        ("profile", None),
        ("name", ""),
        ("name", None),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_and_shown(name, value):
    with pytest.raises(ConfigError, match=f"{name}=") as caught:
        connect(URL, KEY, **{name: value})
    assert repr(value) in str(caught.value)
    assert "expected" in str(caught.value)


def test_all_faults_are_said_at_once():
    with pytest.raises(ConfigError, match=r"url=.*timeout_s=.*page_size="):
        connect("nowhere", KEY, timeout_s=0, page_size=0)


@pytest.mark.parametrize("backend", [None, "numpy_nullable", "pyarrow"])
def test_settings_hold_what_was_asked_for(backend):
    with connect(
        URL, KEY, name="mine", timeout_s=2, page_size=7, workers=3, dtype_backend=backend, profile=Profile()
    ) as client:
        assert client.connection.settings == Settings(
            url=URL,
            name="mine",
            timeout_s=2,
            page_size=7,
            workers=3,
            dtype_backend=backend,
            profile=Profile(),
        )
        assert client.connection.session.timeout_s == 2


def test_the_key_shows_in_no_form_of_a_client():
    with connect(URL, KEY) as client:
        shown = [
            repr(client),
            str(client),
            client._repr_html_(),
            repr(client.connection.settings),
            repr(vars(client)),
        ]
        shown += [
            repr(vars(client.connection.session)),
            repr(client.campaigns),
            repr(pickle.dumps(client.connection.settings)),
        ]
        assert not [text for text in shown if KEY in text]
        with pytest.raises(TypeError, match="pickle"):
            pickle.dumps(client)


def test_html_is_escaped():
    with connect(URL, KEY, name="<script>") as client:
        assert "<script>" not in client._repr_html_()


def test_a_wrong_key_is_said_with_the_cure(box):
    with connect(box.url, "wrong") as client, pytest.raises(AuthenticationError, match="DYNO_API_KEY"):
        client.lists.get("1")


def test_a_key_is_taken_from_the_keyring_where_there_is_one(keyring):
    keyring.stored["dyno_frames", "127.0.0.1:9"] = KEY
    with connect(URL) as client:
        assert client.connection.session.key.reveal() == KEY
    assert keyring.asked == [("dyno_frames", "127.0.0.1:9")]


def test_argument_and_environment_come_before_the_keyring(keyring, monkeypatch):
    keyring.stored["dyno_frames", "127.0.0.1:9"] = "stored"
    connect(URL, "given").close()
    monkeypatch.setenv("DYNO_API_KEY", "named")
    with connect(URL) as client:
        assert client.connection.session.key.reveal() == "named"
    assert keyring.asked == []


@pytest.mark.parametrize("broken", [False, True])
def test_a_keyring_without_the_key_or_out_of_order_is_as_none(keyring, broken, caplog):
    if broken:
        keyring.broken.set()
    caplog.set_level("DEBUG")
    with pytest.raises(
        ConfigError, match=r"api_key=.*DYNO_API_KEY.*keyring set dyno_frames 127.0.0.1:9"
    ) as caught:
        connect(URL)
    assert caught.value.__context__ is None
    assert KEY not in caplog.text


@pytest.mark.parametrize("url", ["nowhere", URL])
@pytest.mark.parametrize("given", [{}, {"page_size": 0}])
def test_no_traceback_of_connecting_holds_the_key(url, given):
    key = f"{KEY} and a blank" if url == URL and not given else KEY
    with pytest.raises(ConfigError) as caught:
        connect(url, key, **given)
    trace = caught.value.__traceback__.tb_next  # beyond this test, whose own variable it is
    shown = traceback.StackSummary.extract(traceback.walk_tb(trace), capture_locals=True)
    assert KEY not in "".join(shown.format())
