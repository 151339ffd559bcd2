"""Open clients of this interpreter, so that a frame finds the account it came from and never asks another."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, NamedTuple

from dyno_frames.errors import ConfigError

if TYPE_CHECKING:
    from dyno_frames.client.client import Client


class _Key(NamedTuple):
    name: str
    url: str
    account: str


_NEWEST: dict[_Key, Client] = {}
"""The newest open client of each connection, kept until it is closed."""

_EARLIER: dict[_Key, list[weakref.ref[Client]]] = {}
"""Open clients that a newer one of the same connection stands for, oldest first."""

_LOCK = threading.Lock()


def register(client: Client) -> None:
    """Keep a client for its frames until it is closed; it stands for earlier ones of the same connection."""
    key = _key_of(client)
    with _LOCK:
        earlier = [known for known in _EARLIER.pop(key, ()) if known() is not None]
        if key in _NEWEST:
            earlier.append(weakref.ref(_NEWEST[key]))
        if earlier:
            _EARLIER[key] = earlier
        _NEWEST[key] = client


def unregister(client: Client) -> None:
    """Forget a client that is closed; the next newest of the same connection takes its place."""
    key = _key_of(client)
    with _LOCK:
        if _NEWEST.get(key) is client:
            del _NEWEST[key]
        known = [one for one in _EARLIER.pop(key, ()) if one() not in {None, client}]
        if key not in _NEWEST and known and (newest := known.pop()()) is not None:
            _NEWEST[key] = newest
        if known:
            _EARLIER[key] = known


def lookup(name: str, url: str, account: str) -> Client:
    """Return the open client of a name, a url and an account.

    Parameters
    ----------
    name, url
        The connection's name and the server.
    account
        What tells the account from others of the server; see
        :attr:`~dyno_frames.transport.session.Session.account`.

    Raises
    ------
    ConfigError
        None is connected here; the message says which are.

    Examples
    --------
    >>> lookup("default", "http://127.0.0.1:1", "0a1b2c3d")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    dyno_frames.errors.ConfigError: no client is connected as 'default' to http://127.0.0.1:1 ...
    """
    wanted = _Key(name, url.rstrip("/"), account)
    with _LOCK:
        client = _NEWEST.get(wanted)
        others = sorted(_NEWEST)
    if client is not None:
        return client
    if any((other.name, other.url) == (wanted.name, wanted.url) for other in others):
        raise ConfigError(
            f"this frame came from another account of {url} than the one that is connected as {name!r}: their keys "
            f"differ. Connect with the frame's own key too, or begin with a frame of the connected account, such as "
            "client.campaigns.frame()"
        )
    connected = ", ".join(f"{other.name!r} to {other.url}" for other in others) or "none"
    named = "" if name == "default" else f", name={name!r}"
    raise ConfigError(
        f"no client is connected as {name!r} to {url} in this interpreter (connected: {connected}); "
        f"connect first: client = dyno_frames.connect({url!r}{named})"
    )


def _key_of(client: Client) -> _Key:
    return _Key(client.name, client.url, client.session.account)
