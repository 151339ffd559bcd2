"""The auth object: a key in a header of any name, and the key shows nowhere."""

from __future__ import annotations

import copy
import http.client
import pickle
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

import dyno_frames as dyno
from dyno_frames.errors import AuthenticationError, ConfigError

KEY = "k3y-that-must-not-show"
URL = "http://127.0.0.1:9"


@pytest.fixture
def gateway(box):
    """A gateway that takes the key in a header of its own and passes requests on to the sandbox."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            behind = http.client.HTTPConnection(urlsplit(box.url).netloc, timeout=30)
            headers = {
                "Content-Type": "application/json",
                "User-Api-Key": self.headers["X-Gateway-Key"] or "",
            }
            behind.request("POST", self.path, content, headers)
            response = behind.getresponse()
            answer = response.read()
            behind.close()
            self.send_response(response.status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever, args=(0.01,))
    serving.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    serving.join(10)
    server.server_close()


def test_a_key_travels_in_the_usual_header_unless_another_is_named(box):
    with dyno.connect(box.url, auth=dyno.ApiKeyAuth(box.api_key)) as client:
        assert client.lists.count() == 0


def test_a_key_travels_in_the_header_that_is_named(box, gateway):
    with dyno.connect(gateway, auth=dyno.ApiKeyAuth(box.api_key, header="X-Gateway-Key")) as client:
        assert client.lists.count() == 0
    with dyno.connect(gateway, box.api_key) as client, pytest.raises(AuthenticationError):
        client.lists.count()


def test_a_key_in_a_header_that_the_server_does_not_read_is_refused(box):
    auth = dyno.ApiKeyAuth(box.api_key, header="X-Other")
    with dyno.connect(box.url, auth=auth) as client, pytest.raises(AuthenticationError):
        client.lists.count()


def test_two_keys_or_something_else_as_auth_are_refused_and_not_shown():
    with pytest.raises(ConfigError, match="api_key= and auth= both give a key"):
        dyno.connect(URL, KEY, auth=dyno.ApiKeyAuth(KEY))
    with pytest.raises(
        ConfigError, match=r"auth= is of type tuple; expected dyno_frames\.ApiKeyAuth"
    ) as caught:
        dyno.connect(URL, auth=("User-Api-Key", KEY))
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("key", ["", "two words", "line\nbreak", 7, None])
def test_a_key_that_no_header_can_carry_is_refused_and_not_shown(key):
    with pytest.raises(ConfigError, match="api_key= cannot be used") as caught:
        dyno.ApiKeyAuth(key)
    trace = caught.value.__traceback__.tb_next
    shown = "".join(traceback.StackSummary.extract(traceback.walk_tb(trace), capture_locals=True).format())
    assert not isinstance(key, str) or not key or key not in shown + str(caught.value)


@pytest.mark.parametrize(
    "header", ["", "a b", "X-Key:", "Ключ", "Accept", "content-type", "Host", 7, None, KEY + "\n"]
)
def test_a_header_that_cannot_be_sent_is_refused(header):
    with pytest.raises(ConfigError, match="header= cannot be used; expected") as caught:
        dyno.ApiKeyAuth("other", header=header)
    assert KEY not in str(caught.value)


def test_an_auth_object_shows_its_header_and_never_its_key():
    auth = dyno.ApiKeyAuth(KEY, header="X-Gateway-Key")
    assert repr(auth) == str(auth) == "ApiKeyAuth(***, header='X-Gateway-Key')"
    assert KEY not in f"{auth.secret!r} {auth.secret} {copy.deepcopy(auth)!r}"
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(auth)
    with pytest.raises(AttributeError):
        auth.header = "Accept"


@pytest.mark.parametrize("verb", ["get", "delete", "update", "pause", "wait", "resolve"])
def test_a_key_that_is_passed_as_an_id_is_refused_and_shows_nowhere(box, verb):
    with dyno.connect(box.url, box.api_key) as client:
        fields = {"name": "n"} if verb == "update" else {}
        with pytest.raises(ConfigError, match="the id is the API key") as caught:
            getattr(client.campaigns, verb)(box.api_key, **fields)
        with pytest.raises(ConfigError, match="the API key"):
            client.campaigns.to_code("pause", box.api_key, language="php")
        assert client.journal.empty
    assert box.api_key not in "".join(traceback.format_exception_only(caught.value)) + repr(
        vars(caught.value)
    )
