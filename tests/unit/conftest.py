"""A client and a keyring that several files of unit tests share."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
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


_KEYRING = """
import threading

asked, stored = [], {}
broken, hangs = threading.Event(), threading.Event()

class Keyring:
    pass

backend = Keyring()

def get_keyring():
    return backend

def get_password(service, user):
    asked.append((service, user))
    if broken.is_set():
        raise RuntimeError("no back end, and a key: k3y-that-must-not-show")
    if hangs.is_set():
        threading.Event().wait(60)
    return stored.get((service, user))

def set_password(service, user, password):
    stored[service, user] = password

def delete_password(service, user):
    del stored[service, user]
"""


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Put a package keyring in memory where it is imported from. It is broken or hangs if its event is set."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "keyring.py").write_text(_KEYRING, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.delitem(sys.modules, "keyring", raising=False)
    yield importlib.import_module("keyring")
    sys.modules.pop("keyring", None)
