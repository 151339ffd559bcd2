"""Open clients of this interpreter: a frame finds the client of its account, and never another one."""

from __future__ import annotations

import threading
import weakref
from typing import Generic, NamedTuple, Protocol, TypeVar

from dyno_frames.errors import ConfigError


class Named(Protocol):
    """An object with the name, server and account by which it is found."""

    @property
    def name(self) -> str:
        """The name of the connection."""

    @property
    def url(self) -> str:
        """The address of the server."""

    @property
    def account(self) -> str:
        """What tells the account from others of the server."""


T = TypeVar("T", bound=Named)


class _Key(NamedTuple):
    name: str
    url: str
    account: str


class Registry(Generic[T]):
    """Open clients by name, url and account: the newest until it is closed, earlier ones as long as they live."""

    def __init__(self) -> None:
        self._newest: dict[_Key, T] = {}
        self._earlier: dict[_Key, list[weakref.ref[T]]] = {}
        self._lock = threading.Lock()

    def register(self, client: T) -> None:
        """Keep a client until it is closed. Frames find it instead of earlier clients with the same key."""
        key = _key_of(client)
        with self._lock:
            earlier = [known for known in self._earlier.pop(key, ()) if known() is not None]
            if key in self._newest:
                earlier.append(weakref.ref(self._newest[key]))
            if earlier:
                self._earlier[key] = earlier
            self._newest[key] = client

    def unregister(self, client: T) -> None:
        """Forget a client that is closed; the next newest of the same connection takes its place."""
        key = _key_of(client)
        with self._lock:
            if self._newest.get(key) is client:
                del self._newest[key]
            known = [one for one in self._earlier.pop(key, ()) if one() not in {None, client}]
            if key not in self._newest and known and (newest := known.pop()()) is not None:
                self._newest[key] = newest
            if known:
                self._earlier[key] = known

    def lookup(self, name: str, url: str, account: str) -> T:
        """Return the open client of a name, a url and an account.

        Raises
        ------
        ConfigError
            No such client is connected; the message names those that are.

        Examples
        --------
        >>> Registry().lookup("default", "http://127.0.0.1:1", "0a1b2c3d")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        dyno_frames.errors.ConfigError: no client is connected as 'default' to http://127.0.0.1:1 ...
        """
        wanted = _Key(name, url.rstrip("/"), account)
        with self._lock:
            client = self._newest.get(wanted)
            others = sorted(self._newest)
        if client is not None:
            return client
        if any((other.name, other.url) == (wanted.name, wanted.url) for other in others):
            raise ConfigError(
                f"this frame came from another account of {url} than the one that is connected as {name!r}: their "
                "keys differ. Connect with the frame's key too, or start with a frame of the connected account, "
                "such as client.campaigns.frame()"
            )
        connected = ", ".join(f"{other.name!r} to {other.url}" for other in others) or "none"
        named = "" if name == "default" else f", name={name!r}"
        raise ConfigError(
            f"no client is connected as {name!r} to {url} in this interpreter (connected: {connected}); "
            f"connect first: client = dyno_frames.connect({url!r}{named})"
        )


def _key_of(client: Named) -> _Key:
    return _Key(client.name, client.url, client.account)
