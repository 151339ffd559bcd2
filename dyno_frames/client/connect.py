"""The way in: settings from arguments or the environment, checked, and a client for them."""

from __future__ import annotations

import importlib
import logging
import os
from typing import Any, Literal
from urllib.parse import urlsplit

from dyno_frames.client.client import Client
from dyno_frames.client.connection import Connection
from dyno_frames.client.settings import DtypeBackend, Settings
from dyno_frames.contract.operations import PRODUCTION_URL
from dyno_frames.contract.profile import Profile
from dyno_frames.errors import ConfigError
from dyno_frames.transport.secret import Secret
from dyno_frames.transport.session import Session

URL_VARIABLE = "DYNO_URL"
KEY_VARIABLE = "DYNO_API_KEY"
KEYRING_SERVICE = "dyno_frames"

_LOG = logging.getLogger("dyno_frames.client")


def connect(
    url: str | None = None,
    api_key: str | None = None,
    *,
    name: str = "default",
    timeout_s: float = 30.0,
    page_size: int = 1000,
    workers: int | None = None,
    dtype_backend: DtypeBackend | None = None,
    schema: Any = None,
    profile: Profile | Literal["auto"] = "auto",
) -> Client:
    """Connect to a Dyno server. Nothing is sent yet.

    Parameters
    ----------
    url
        Where the server answers. Not given, it is read from the environment's ``DYNO_URL``, else it is
        the production service.
    api_key
        The key that goes with every request. Not given, it is read from ``DYNO_API_KEY``, else, where the
        package keyring is installed, from the user's keyring: service ``dyno_frames``, user the host (and port)
        of the url.
    name
        What this connection is called. A frame finds its client by this name, the url and the account.
    timeout_s
        The longest silence that is waited through, in seconds. One call with all its retries takes at
        most four times as long.
    page_size
        How many rows one request asks for; a server may give fewer.
    workers
        How many requests travel at once; None leaves it to the scan.
    dtype_backend
        As in pandas' readers: None, ``"numpy_nullable"`` or ``"pyarrow"``.
    schema
        Types of fields outside the contract, by resource and name. Numbers and flags are nullable: ``"float64"`` gives
        a ``Float64`` column. For times that the server does not keep in seconds: ``"epoch_ms"``.
    profile
        What the server's filters mean; ``"auto"`` learns it from the server.

    Returns
    -------
    Client
        To be closed when done; also a context manager.

    Raises
    ------
    ConfigError
        A setting is missing or cannot be used; the message shows it and what was expected.

    Warns
    -----
    InsecureTransportWarning
        The key will travel over plain HTTP to another machine.

    Examples
    --------
    >>> client = connect("http://127.0.0.1:8080", "my key".replace(" ", "-"), name="practice")
    >>> client
    Client('http://127.0.0.1:8080', name='practice')
    >>> client.close()
    """
    given = None if api_key is None else _secret(api_key)
    del api_key  # no traceback from here on holds it
    settings = _settings(
        url=url if url is not None else os.environ.get(URL_VARIABLE) or PRODUCTION_URL,
        name=name,
        timeout_s=timeout_s,
        page_size=page_size,
        workers=workers,
        dtype_backend=dtype_backend,
        schema=schema,
        profile=profile,
    )
    del url  # for a key may have been given in its place
    if isinstance(settings, ConfigError):
        raise settings
    secret = _found(settings.url) if given is None else _usable(given, "api_key=")
    connections = max(16, workers or 0)
    session = Session(settings.url, secret, timeout_s=float(timeout_s), connections=connections)
    return Client(Connection(settings, session))


def _settings(**asked: Any) -> Settings | ConfigError:
    """Return the settings, or what is wrong with them: an error without a traceback, and so without the values."""
    try:
        return Settings(**asked)
    except ConfigError as error:
        return error.with_traceback(None)


def _found(url: str) -> Secret:
    """Return the key that the environment or the keyring holds for a server."""
    if KEY_VARIABLE in os.environ:
        return _usable(_secret(os.environ[KEY_VARIABLE]), KEY_VARIABLE)
    host = urlsplit(url).netloc
    stored = _in_keyring(host)
    if stored is not None:
        return _usable(stored, f"the keyring's key for {host}")
    raise ConfigError(
        f"there is no API key for {url}: give connect() one as api_key=, set the environment variable "
        f"{KEY_VARIABLE}, or, with the package keyring installed, store it once: "
        f"keyring set {KEYRING_SERVICE} {host}"
    )


def _secret(text: object) -> Secret | str:
    """Return a key as a secret, or why it cannot be one."""
    if not isinstance(text, str):
        return f"it is of type {type(text).__name__}; expected a text"
    try:
        return Secret(text.strip())
    except ValueError as error:
        return str(error)


def _usable(secret: Secret | str, source: str) -> Secret:
    if isinstance(secret, str):
        raise ConfigError(f"{source} cannot be used: {secret}")
    return secret


def _in_keyring(host: str) -> Secret | str | None:
    """Return what the user's keyring holds; None where there is no keyring, or it cannot be opened."""
    try:
        keyring = importlib.import_module("keyring")
    except ImportError:
        return None
    try:
        found = keyring.get_password(KEYRING_SERVICE, host)
    except Exception as error:  # noqa: BLE001 - back ends of keyring raise errors of their own, whatever fails
        _LOG.info("the keyring cannot be read: %s", type(error).__name__)
        return None
    return None if found is None else _secret(found)
