"""A transport adapter of requests that the caller gives: it sends everything, and nothing is sent twice."""

from __future__ import annotations

import io
import json
import traceback

import pandas as pd
import pytest
import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import Retry

import dyno_frames as dyno
from dyno_frames.errors import ConfigError, NotFoundError, OutcomeUnknownError, TransportError
from dyno_frames.transport.retry import Policy

KEY = "k3y-that-must-not-show"


class Noting(HTTPAdapter):
    """Notes what it sends, and loses the answers to one path."""

    def __init__(self, losing: str = "nothing"):
        super().__init__()
        self.sent, self.losing, self.closed = [], losing, False

    def send(self, request, **kwargs):
        self.sent.append(request)
        response = super().send(request, **kwargs)
        if request.url.endswith(self.losing):
            raise requests.ConnectionError("lost")
        return response

    def close(self):
        self.closed = True
        super().close()


class Memory(BaseAdapter):
    """Answers from memory."""

    def __init__(self, data):
        super().__init__()
        self.data = data

    def send(self, request, **_):
        response = requests.Response()
        response.status_code, response.request = 200, request
        response.raw = io.BytesIO(
            json.dumps({"has_error": False, "error_code": "", "data": self.data}).encode()
        )
        return response

    def close(self):
        pass


def test_every_request_goes_through_the_adapter(sandbox):
    adapter = Noting()
    with (
        dyno.connect(sandbox.url, sandbox.api_key, name="plain") as plain,
        dyno.connect(sandbox.url, sandbox.api_key, transport=adapter) as client,
    ):
        expected = plain.campaigns.find("opens > 100", order_by="opens")
        pd.testing.assert_frame_equal(client.campaigns.find("opens > 100", order_by="opens"), expected)
        assert client.lists.get(client.lists.create(name="new"))["name"] == "new"
        with pytest.raises(NotFoundError):
            client.lists.get("nowhere")
    assert adapter.closed
    paths = [f"{request.method} {request.path_url}" for request in adapter.sent]
    assert {"POST /campaigns/find", "POST /campaigns/count", "POST /lists", "GET /lists/nowhere"} <= {*paths}
    assert all(request.headers["Connection"] == "close" for request in adapter.sent)


def test_an_answer_from_memory_is_read():
    row = {"id": "1", "name": "from memory", "created": 1, "updated": 1}
    with dyno.connect("http://127.0.0.1:9", "k", transport=Memory(row)) as client:
        assert client.lists.get("1")["name"] == "from memory"


def test_a_create_whose_answer_the_adapter_loses_is_sent_once_and_unknown(box):
    adapter = Noting(losing="/lists")
    with dyno.connect(box.url, box.api_key, transport=adapter) as client:
        with pytest.raises(OutcomeUnknownError) as caught:
            client.lists.create(name="lost")
        assert client.lists.get(client.lists.look_for(caught.value))["name"] == "lost"
    assert sum(request.url.endswith("/lists") for request in adapter.sent) == 1


def test_a_read_that_fails_in_the_adapter_is_sent_again(sandbox):
    adapter = Noting(losing="/count")
    with dyno.connect(sandbox.url, sandbox.api_key, transport=adapter) as client:
        client.connection.session.policy = Policy(attempts=3, outlast_s=0, first_s=0.001)
        with pytest.raises(TransportError):
            client.lists.count()
    assert sum(request.url.endswith("/count") for request in adapter.sent) == 3


def test_an_adapter_that_sends_again_by_itself_is_refused():
    for retries in (3, Retry(connect=2), Retry(total=None, read=1)):
        with pytest.raises(ConfigError, match="max_retries=0"):
            dyno.connect("http://127.0.0.1:9", "k", transport=HTTPAdapter(max_retries=retries))
    with pytest.raises(ConfigError, match="transport= is of type str; expected a transport adapter"):
        dyno.connect("http://127.0.0.1:9", "k", transport="http")


def test_the_key_shows_in_nothing_that_the_adapter_prints_and_in_no_error(sandbox, caplog, capsys):
    caplog.set_level("DEBUG")

    class Printing(Noting):
        def send(self, request, **kwargs):
            print(request.headers, dict(request.headers), request.url, kwargs)
            return super().send(request, **kwargs)

    with dyno.connect(sandbox.url, sandbox.api_key, transport=Printing("/count")) as client:
        client.connection.session.policy = Policy(attempts=1, outlast_s=0)
        with pytest.raises(TransportError) as caught:
            client.lists.count()
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    told.stack[:] = [frame for frame in told.stack if frame.filename != __file__]
    shown = "".join(told.format()) + repr(vars(caught.value)) + caplog.text + "".join(capsys.readouterr())
    assert "User-Api-Key" in shown
    assert sandbox.api_key not in shown
