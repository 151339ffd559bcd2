"""Find the API key of a server: in the environment, or in the user's keyring."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from dyno_frames.client import system_keyring
from dyno_frames.client.connections import NamedConnection, connections_file
from dyno_frames.client.system_keyring import NoKey
from dyno_frames.errors import ConfigError
from dyno_frames.transport.auth import secret_of, usable
from dyno_frames.transport.secret import Secret

KEY_VARIABLE = "DYNO_API_KEY"


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key and where it was found.

    Parameters
    ----------
    secret
        The key.
    source
        Where it is, such as ``"the environment variable DYNO_API_KEY"``.
    """

    secret: Secret
    source: str


def stored_key(
    url: str, named: NamedConnection | None = None, *, limit_s: float = system_keyring.LIMIT_S
) -> StoredKey:
    """Return the key for a server from the environment or the keyring.

    A named connection names one of the two, and its key is for its own server only; else ``DYNO_API_KEY`` comes before
    the keyring.

    Raises
    ------
    ConfigError
        There is no key, and the message names where it was looked for, in order; or the key cannot be sent, or is for
        another server.
    """
    if named is not None and named.url != url:
        raise ConfigError(
            f"url= is {url}, and the key of connection {named.name!r} is for {named.url} only. Give api_key= with "
            "url=, or leave out url="
        )
    looked = ["api_key= (not given)"]
    variable = KEY_VARIABLE if named is None else named.variable
    if variable is not None:
        if variable in os.environ:
            return StoredKey(
                usable(secret_of(os.environ[variable]), variable), f"the environment variable {variable}"
            )
        looked.append(f"the environment variable {variable} (not set)")
    if named is None or named.variable is None:
        user = keyring_user(url, named)
        found = system_keyring.read(user, limit_s=limit_s)
        if not isinstance(found, NoKey):
            return StoredKey(found, f"the keyring, user {user}")
        looked.append(f"the keyring, service {system_keyring.SERVICE}, user {user} ({found.reason})")
    raise ConfigError(_missing(url, named, looked))


def keyring_user(url: str, named: NamedConnection | None = None) -> str:
    """Return the user under which the keyring has a server's key. It names the host, so no other host gets the key."""
    host = urlsplit(url).netloc
    return host if named is None else f"{named.name}@{host}"


def _missing(url: str, named: NamedConnection | None, looked: list[str]) -> str:
    order = ", then ".join(looked)
    store = f"keyring set {system_keyring.SERVICE} {keyring_user(url, named)}"
    if named is None:
        return (
            f"there is no API key for {url}. It was looked for in: {order}. To give one, pass it as api_key=, set the "
            f"environment variable {KEY_VARIABLE}, or, after pip install 'dyno_frames[keyring]', store it once: {store}"
        )
    cure = f"Set {named.variable}"
    if named.variable is None:
        cure = f'Store it once: {store}; or write key = "env:NAME" to use an environment variable'
    return (
        f"there is no API key for connection {named.name!r} ({url}) of {connections_file()}. It was looked for in: "
        f"{order}. {cure}"
    )
