"""A client and a keyring that several files of unit tests share."""

from __future__ import annotations

import importlib
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from urllib3 import Retry

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


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """An S3 server of our own, in a process of its own: clients that block this one can reach it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url)
        yield url
    finally:
        server.kill()
        server.wait()


def _wait_for(url: str) -> None:
    """Return when a server answers; it may take a minute to start on a machine that is busy."""
    retries = Retry(total=300, read=0, backoff_factor=0.05, backoff_max=0.2)
    with requests.Session() as session:
        session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retries))
        session.get(f"{url}/moto-api/", timeout=60)
