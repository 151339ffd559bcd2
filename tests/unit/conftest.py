"""Clients that several files of unit tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from dyno_frames.api import connect
from dyno_frames.client.client import Client
from dyno_frames.sandbox.sandbox import Sandbox


@pytest.fixture(scope="session")
def without_server() -> Callable[..., AbstractContextManager[Client]]:
    """Return a client that has learnt the account, and whose server is gone: a request fails as a ConnectError."""

    @contextmanager
    def connected(name: str, profile: Any) -> Iterator[Client]:
        with Sandbox(speed=0) as served:
            client = connect(served.url, served.api_key, name=name, profile=profile, timeout_s=0.5)
            client.campaigns.frame()
        with client:
            yield client

    return connected
