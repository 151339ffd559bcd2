"""One name for one server, however its address is spelled."""

from __future__ import annotations

import platform
import warnings

import pytest

from dyno_frames.transport.auth import ApiKeyAuth
from dyno_frames.transport.server_name import is_loopback, server_name
from dyno_frames.transport.session import Session

HERE = [
    "http://localhost:8080",
    "http://LOCALHOST.:8080/",
    "http://127.0.0.1:8080",
    "http://127.1:8080",
    "http://2130706433:8080",
    "http://0x7f.0.0.1:8080",
    "http://[::1]:8080/",
    "http://[0:0:0:0:0:0:0:1]:8080",
    "http://[::ffff:127.0.0.1]:8080",
    "http://0.0.0.0:8080",
    "http://dyno.localhost:8080",
    f"http://{platform.node()}:8080",
]


@pytest.mark.parametrize("url", HERE)
def test_every_spelling_of_this_machine_is_one_server(url):
    assert server_name(url) == "localhost:8080"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://api.mail.dyno.me:19000", "HTTP://API.Mail.Dyno.Me.:19000/"),
        ("http://api.mail.dyno.me", "http://api.mail.dyno.me:80/v1"),
        ("https://api.mail.dyno.me", "https://api.mail.dyno.me:443"),
        ("http://bücher.example", "http://xn--bcher-kva.example:80"),
        ("http://[2001:DB8::1]:1", "http://[2001:db8:0:0:0:0:0:1]:1"),
        ("http://[::ffff:192.168.0.1]:1", "http://192.168.0.1:1"),
        ("http://192.168.1:1", "http://192.168.0.1:1"),
    ],
)
def test_two_spellings_are_one_server(one, other):
    assert server_name(one) == server_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://127.0.0.1:1", "http://127.0.0.1:2"),
        ("http://a.example:1", "http://b.example:1"),
        ("http://localhost.example:1", "http://localhost:1"),
        ("http://192.168.0.1:1", "http://192.168.0.2:1"),
        ("http://[2001:db8::1]:1", "http://[2001:db8::2]:1"),
    ],
)
def test_other_servers_have_other_names(one, other):
    assert server_name(one) != server_name(other)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("127.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("LOCALHOST.", True),
        ("dyno.localhost", True),
        ("192.168.0.1", False),
        ("localhost.example.com", False),
        ("127.0.0.1 example.com", False),
        ("0.0.0.0", False),  # noqa: S104 - an address to judge, none to bind
        ("api.mail.dyno.me", False),
        ("", False),
    ],
)
def test_loopback_is_known_by_its_names(host, loopback):
    assert is_loopback(host) is loopback


@pytest.mark.parametrize("url", ["http://127.1:1", "http://[::ffff:127.0.0.1]:1", "http://LOCALHOST.:1"])
def test_every_spelling_of_loopback_is_spoken_to_in_plain_http_without_a_warning(url):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Session(url, ApiKeyAuth("k")).close()
