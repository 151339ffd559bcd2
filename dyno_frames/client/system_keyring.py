"""Read and write API keys in the keyring of the system, with a time limit: a keyring may wait for a dialog."""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from queue import Empty, Queue
from threading import Thread
from typing import Any

from dyno_frames.errors import ConfigError, MissingExtraError
from dyno_frames.transport.auth import secret_of, usable
from dyno_frames.transport.secret import Secret

SERVICE = "dyno_frames"

LIMIT_S = 15.0
"""How long a keyring may take, in seconds: enough to type a passphrase into its dialog."""

_LOG = logging.getLogger("dyno_frames.client")


@dataclass(frozen=True, slots=True)
class NoKey:
    """Why the keyring has not returned a key."""

    reason: str


def read(user: str, *, limit_s: float = LIMIT_S) -> Secret | NoKey:
    """Return the key of a user of the service ``dyno_frames``, or why there is no key.

    Raises
    ------
    ConfigError
        The stored key cannot be sent.
    """

    def stored(keyring: Any) -> Secret | str | NoKey:
        found = keyring.get_password(SERVICE, user)
        return NoKey("not stored") if found is None else secret_of(found)

    found = _call(stored, limit_s)
    if isinstance(found, NoKey):
        _LOG.info("the keyring has no key for %s: %s", user, found.reason)
        return found
    return usable(found, f"the keyring's key for {user}")


def store(user: str, secret: Secret, *, limit_s: float = LIMIT_S) -> None:
    """Store a key.

    Raises
    ------
    MissingExtraError
        The package keyring is not installed.
    ConfigError
        The keyring did not store the key, or stores keys as plain text.
    """

    def stored(keyring: Any) -> NoKey | None:
        backend = keyring.get_keyring()
        first = next(iter(getattr(backend, "backends", ())), backend)
        if "plaintext" in type(first).__name__.lower():
            return NoKey(f"{type(first).__name__} stores keys as plain text")
        keyring.set_password(SERVICE, user, secret.reveal())
        kept = keyring.get_password(SERVICE, user)
        return None if kept is not None and secret_of(kept) == secret else NoKey("it did not keep the key")

    _check(_call(stored, limit_s), "stored in", 'use an environment variable instead: key = "env:NAME"')


def delete(user: str, *, limit_s: float = LIMIT_S) -> None:
    """Delete a key; raises as :func:`store` does. A key that is not stored is ignored."""

    def deleted(keyring: Any) -> None:
        if keyring.get_password(SERVICE, user) is not None:
            keyring.delete_password(SERVICE, user)

    _check(_call(deleted, limit_s), "deleted from", f"delete it yourself: keyring del {SERVICE} {user}")


def _check(result: object, action: str, cure: str) -> None:
    if result is _NOT_INSTALLED:
        raise MissingExtraError.of("keyring", "keyring")
    if isinstance(result, NoKey):
        raise ConfigError(f"the key cannot be {action} the keyring: {result.reason}; {cure}")


_NOT_INSTALLED = NoKey("the package keyring is not installed")


def _call(use: Callable[[Any], Any], limit_s: float) -> Any:
    """Return what a function of the package keyring returns, or a NoKey.

    It runs in a thread that is left behind after the limit. Errors of keyring's back ends may contain a key, so only
    their type is reported.
    """
    if sys.modules.get("keyring") is None and find_spec("keyring") is None:
        return _NOT_INSTALLED
    results: Queue[Any] = Queue()

    def run() -> None:
        try:
            results.put(use(importlib.import_module("keyring")))
        except ImportError:
            results.put(NoKey("the package keyring cannot be imported"))
        except Exception as error:  # noqa: BLE001 - back ends of keyring raise errors of their own
            results.put(NoKey(f"it raised {type(error).__name__}"))

    Thread(target=run, name="dyno_frames keyring", daemon=True).start()
    try:
        return results.get(timeout=limit_s)
    except Empty:
        return NoKey(f"it did not answer within {limit_s:g} s")
