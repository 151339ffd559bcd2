"""The way in: settings from arguments or the environment, checked, and a client for them."""

from __future__ import annotations

import os
from typing import Any, Literal

from dyno_frames.client.client import Client
from dyno_frames.client.settings import DtypeBackend, Settings
from dyno_frames.contract.operations import PRODUCTION_URL
from dyno_frames.contract.profile import Profile
from dyno_frames.errors import ConfigError
from dyno_frames.transport.secret import Secret
from dyno_frames.transport.session import Session

URL_VARIABLE = "DYNO_URL"
KEY_VARIABLE = "DYNO_API_KEY"


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
        The key that goes with every request. Not given, it is read from ``DYNO_API_KEY``.
    name
        What this connection is called. A frame keeps it and finds its client by it.
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
        Types of fields outside the contract, by resource and name.
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
    settings = Settings(
        url=url if url is not None else os.environ.get(URL_VARIABLE) or PRODUCTION_URL,
        name=name,
        timeout_s=timeout_s,
        page_size=page_size,
        workers=workers,
        dtype_backend=dtype_backend,
        schema=schema,
        profile=profile,
    )
    secret = _secret(api_key, settings.url)
    del api_key
    connections = max(16, workers or 0)
    session = Session(settings.url, secret, timeout_s=float(timeout_s), connections=connections)
    return Client(settings, session)


def _secret(api_key: str | None, url: str) -> Secret:
    text = api_key if api_key is not None else os.environ.get(KEY_VARIABLE)
    source = f"{KEY_VARIABLE}" if api_key is None else "api_key="
    if text is None:
        raise ConfigError(
            f"there is no API key for {url}: give connect() one as api_key=, or set the environment "
            f"variable {KEY_VARIABLE}"
        )
    if not isinstance(text, str):
        raise ConfigError(f"{source} is of type {type(text).__name__}; expected a text")
    try:
        return Secret(text.strip())
    except ValueError as error:
        reason = str(error)
    raise ConfigError(f"{source} cannot be used: {reason}")
