"""Find the API key of a server: the argument, the environment, or the user's keyring."""

from __future__ import annotations

import importlib
import logging
import os
from urllib.parse import urlsplit

from dyno_frames.errors import ConfigError
from dyno_frames.transport.auth import secret_of, usable
from dyno_frames.transport.secret import Secret

KEY_VARIABLE = "DYNO_API_KEY"
KEYRING_SERVICE = "dyno_frames"

_LOG = logging.getLogger("dyno_frames.client")


def stored_key(url: str) -> Secret:
    """Return the key that the environment or the keyring holds for a server.

    Raises
    ------
    ConfigError
        There is no key, or it cannot be sent. The message names the ways to give one.
    """
    if KEY_VARIABLE in os.environ:
        return usable(secret_of(os.environ[KEY_VARIABLE]), KEY_VARIABLE)
    host = urlsplit(url).netloc
    stored = _in_keyring(host)
    if stored is not None:
        return usable(stored, f"the keyring's key for {host}")
    raise ConfigError(
        f"there is no API key for {url}: pass it as api_key=, set the environment variable "
        f"{KEY_VARIABLE}, or, with the package keyring installed, store it once: "
        f"keyring set {KEYRING_SERVICE} {host}"
    )


def _in_keyring(host: str) -> Secret | str | None:
    """Return the key in the user's keyring; None if there is no keyring, or it cannot be opened."""
    try:
        keyring = importlib.import_module("keyring")
    except ImportError:
        return None
    try:
        found = keyring.get_password(KEYRING_SERVICE, host)
    except Exception as error:  # noqa: BLE001 - back ends of keyring raise errors of their own, whatever fails
        _LOG.info("the keyring cannot be read: %s", type(error).__name__)
        return None
    return None if found is None else secret_of(found)
