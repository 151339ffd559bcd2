"""A sandbox over loopback, and the plainest caller there is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests

from dyno_frames.contract.profile import Profile
from dyno_frames.contract.resources import CAMPAIGNS
from dyno_frames.sandbox.serve import Sandbox
from dyno_frames.sandbox.storage import Store

NOW = 1_700_000_000


class Caller:
    """One session to one sandbox."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self.session = requests.Session()
        self.session.headers["User-Api-Key"] = box.api_key

    def ask(self, verb: str, path: str, body: Any = None, **kwargs: Any) -> requests.Response:
        if body is not None:
            kwargs["json"] = body
        return self.session.request(verb, self.box.url + path, timeout=20, **kwargs)

    def data(self, verb: str, path: str, body: Any = None) -> Any:
        """The payload of an answer that must be accepted."""
        response = self.ask(verb, path, body)
        envelope = response.json()
        assert response.status_code == 200, envelope
        assert envelope["has_error"] is False
        assert envelope["error_code"] == ""
        return envelope["data"]

    def refused(self, verb: str, path: str, body: Any = None, **kwargs: Any) -> tuple[str, str]:
        """Code and words of an answer that must be a refusal."""
        response = self.ask(verb, path, body, **kwargs)
        envelope = response.json()
        assert response.status_code == 500, envelope
        assert envelope["has_error"] is True
        return envelope["error_code"], envelope["error message"]

    def create(self, resource: str, **fields: Any) -> str:
        return self.data("POST", f"/{resource}", {"name": "n", **fields})["id"]

    def campaign_in(self, status: str) -> str:
        """A campaign that has this status, put there without the API."""
        key = self.create("campaigns", subject="s")
        with self.box._store.transaction() as connection:
            connection.execute("UPDATE campaigns SET status = ? WHERE id = ?", (status, key))
        return key

    def close(self) -> None:
        self.session.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Caller]]:
    """Start sandboxes; they stand still and are empty unless told otherwise."""
    with ExitStack() as stack:

        def start(path: Any = None, **settings: Any) -> Caller:
            box = stack.enter_context(Sandbox(path, **{"sample": False, "speed": 0, **settings}))
            caller = Caller(box)
            stack.callback(caller.close)
            return caller

        yield start


@pytest.fixture(scope="module")
def shared() -> Iterator[Caller]:
    """One empty, still sandbox whose clock stands, for tests that add what they need."""
    with Sandbox(sample=False, speed=0, clock=lambda: float(NOW)) as box:
        caller = Caller(box)
        yield caller
        caller.close()


@pytest.fixture
def ids() -> Iterator[Callable[..., list[str]]]:
    """Load rows under a profile, ask, and return the ids in order."""
    with ExitStack() as stack:

        def ask(rows: list[dict[str, Any]], wire: dict[str, Any], **profile: Any) -> list[str]:
            store = stack.enter_context(Store(profile=Profile(**profile)))
            store.load(CAMPAIGNS, [{"id": str(place), **row} for place, row in enumerate(rows)])
            found = [row["id"] for row in store.find(CAMPAIGNS, wire)]
            assert store.count(CAMPAIGNS, wire) >= len(found)
            return found

        yield ask


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Wait for a condition, with a deadline."""

    def wait(condition: Callable[[], bool], deadline_s: float = 20.0) -> None:
        end = time.monotonic() + deadline_s
        while not condition():
            assert time.monotonic() < end, "the condition did not come true"
            time.sleep(0.005)

    return wait
