"""How a client authenticates: an API key in a header."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dyno_frames.contract.operations import API_KEY_HEADER
from dyno_frames.errors import ConfigError
from dyno_frames.transport.secret import Secret

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TAKEN = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
        "user-agent",
    }
)
"""Headers that every request has with values of its own."""


@dataclass(frozen=True, slots=True, init=False)
class ApiKeyAuth:
    """An API key and the header that carries it.

    It shows the header's name and never the key, and cannot be pickled.

    Parameters
    ----------
    api_key
        The key: printable ASCII without blanks.
    header
        The name of the header.

    Raises
    ------
    ConfigError
        The key or the name cannot be sent. The message does not show the key.

    Examples
    --------
    >>> ApiKeyAuth("my-key", header="X-Gateway-Key")
    ApiKeyAuth(***, header='X-Gateway-Key')
    """

    secret: Secret
    header: str

    def __init__(self, api_key: str | Secret, *, header: str = API_KEY_HEADER) -> None:
        secret = api_key if isinstance(api_key, Secret) else secret_of(api_key)
        del api_key  # no traceback from here on holds it
        if not _is_free(header):
            del header  # it is not shown: it may be the key, given in its place by mistake
            raise ConfigError(
                "header= cannot be used; expected the name of a header that no request has otherwise, such as "
                f"{API_KEY_HEADER!r}"
            )
        object.__setattr__(self, "header", header)
        object.__setattr__(self, "secret", usable(secret, "api_key="))

    def __repr__(self) -> str:
        return f"ApiKeyAuth(***, header={getattr(self, 'header', None)!r})"


def _is_free(header: object) -> bool:
    """Tell whether a header has a valid name that no request uses otherwise."""
    return isinstance(header, str) and bool(_HEADER_NAME.fullmatch(header)) and header.lower() not in _TAKEN


def secret_of(text: object) -> Secret | str:
    """Return a key as a secret, or why it cannot be one: an error's traceback would hold the key."""
    if not isinstance(text, str):
        return f"it is of type {type(text).__name__}; expected a text"
    try:
        return Secret(text.strip())
    except ValueError as error:
        return str(error)


def usable(secret: Secret | str, source: str) -> Secret:
    """Return a secret, or raise why it cannot be used.

    Raises
    ------
    ConfigError
        It is not a secret; the message names the source of the key.
    """
    if isinstance(secret, str):
        raise ConfigError(f"{source} cannot be used: {secret}")
    return secret
