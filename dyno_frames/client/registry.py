"""Which clients are connected in this interpreter, so that a frame finds the one it came from."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from dyno_frames.errors import ConfigError

if TYPE_CHECKING:
    from dyno_frames.client.client import Client

_CLIENTS: WeakValueDictionary[tuple[str, str], Client] = WeakValueDictionary()
_LOCK = threading.Lock()


def register(client: Client) -> None:
    """Let frames find a client; a later one of the same name and url takes its place."""
    with _LOCK:
        _CLIENTS[client.name, client.url] = client


def unregister(client: Client) -> None:
    """Forget a client; one that took its place stays."""
    with _LOCK:
        if _CLIENTS.get((client.name, client.url)) is client:
            del _CLIENTS[client.name, client.url]


def lookup(name: str, url: str) -> Client:
    """Return the connected client of a name and url.

    Raises
    ------
    ConfigError
        None is connected here.

    Examples
    --------
    >>> lookup("default", "http://127.0.0.1:1")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    dyno_frames.errors.ConfigError: no client is connected as 'default' to http://127.0.0.1:1 ...
    """
    with _LOCK:
        client = _CLIENTS.get((name, url.rstrip("/")))
        others = sorted(_CLIENTS.keys())
    if client is not None:
        return client
    connected = ", ".join(f"{other!r} to {where}" for other, where in others) or "none"
    named = "" if name == "default" else f", name={name!r}"
    raise ConfigError(
        f"no client is connected as {name!r} to {url} in this interpreter (connected: {connected}); "
        f"connect first: client = dyno_frames.connect({url!r}{named})"
    )
