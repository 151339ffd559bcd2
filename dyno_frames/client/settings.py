"""Everything a connection was asked for, as one value, checked before anything is sent."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from dyno_frames.contract.profile import Profile
from dyno_frames.contract.texts import HALF, is_whole
from dyno_frames.errors import ConfigError

DtypeBackend = Literal["numpy_nullable", "pyarrow"]

_BACKENDS = (None, "numpy_nullable", "pyarrow")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a client connects and asks.

    Parameters
    ----------
    url
        Where the server answers: ``http`` or ``https``, a host, perhaps a port and a path.
    name
        What the connection is called; a frame finds its client by name, url and account.
    timeout_s
        The longest silence that is waited through, in seconds.
    page_size
        How many rows one request asks for.
    workers
        How many requests travel at once; None leaves it to the scan.
    dtype_backend
        As in pandas' readers: None, ``"numpy_nullable"`` or ``"pyarrow"``.
    schema
        Declared types of fields outside the contract; None leaves them to what they hold.
    profile
        What the server's filters mean, or ``"auto"`` to learn it.

    Raises
    ------
    ConfigError
        One or more of them cannot be used; the message names every one.

    Examples
    --------
    >>> Settings(url="http://127.0.0.1:8080/").url
    'http://127.0.0.1:8080'
    """

    url: str
    name: str = "default"
    timeout_s: float = 30.0
    page_size: int = 1000
    workers: int | None = None
    dtype_backend: DtypeBackend | None = None
    schema: Any = None
    profile: Profile | Literal["auto"] = "auto"

    def __post_init__(self) -> None:
        faults = list(_faults(self))
        if faults:
            raise ConfigError("; ".join(faults))
        object.__setattr__(self, "url", self.url.strip().rstrip("/"))


def _faults(settings: Settings) -> Iterator[str]:
    yield from _url_faults(settings.url)
    if not _is_text(settings.name):
        yield f"name= is {settings.name!r}; expected a text that is not empty"
    if not _is_duration(settings.timeout_s):
        yield f"timeout_s= is {settings.timeout_s!r}; expected seconds, more than 0, such as 30.0"
    if not _is_count(settings.page_size):
        yield f"page_size= is {settings.page_size!r}; expected a whole number from 1, such as 1000"
    if settings.workers is not None and not _is_count(settings.workers):
        yield f"workers= is {settings.workers!r}; expected a whole number from 1, or None"
    if settings.dtype_backend not in _BACKENDS:
        yield (
            f"dtype_backend= is {settings.dtype_backend!r}; expected 'numpy_nullable', 'pyarrow', "
            "or None for pandas' own types"
        )
    if not _is_profile(settings.profile):
        yield f"profile= is {settings.profile!r}; expected 'auto' or a Profile"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_duration(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


def _is_profile(value: object) -> bool:
    return value == "auto" or isinstance(value, Profile)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


_EXPECTED_URL = "expected one such as 'http://127.0.0.1:8080'"
_PERHAPS_A_KEY = "It is not shown, for it may hold the API key, which belongs in api_key= or DYNO_API_KEY"


def _url_faults(url: object) -> Iterator[str]:
    """Yield what is wrong with a url; only what cannot be a key, given in its place by mistake, is shown."""
    if not isinstance(url, str):
        yield f"url= is of type {type(url).__name__}; {_EXPECTED_URL}"
        return
    text = url.strip()
    if not text:
        yield f"url= is {url!r}; {_EXPECTED_URL}"
    elif not is_whole(text):
        yield f"url= holds {HALF}; {_EXPECTED_URL}"
    else:
        yield from _part_faults(text)


def _part_faults(text: str) -> Iterator[str]:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - reading it is the check
    except ValueError:
        yield f"url= cannot be read; {_EXPECTED_URL}. {_PERHAPS_A_KEY}"
        return
    if parts.username is not None or parts.password is not None:
        yield "url= holds a user or a password; the key belongs in api_key="
    elif parts.scheme not in {"http", "https"} or not parts.hostname:
        yield f"url= (or DYNO_URL) has no http:// or https:// with a host behind it; {_EXPECTED_URL}. {_PERHAPS_A_KEY}"
    elif parts.query or parts.fragment or any(letter.isspace() for letter in text):
        yield f"url= holds a blank, '?' or '#'; {_EXPECTED_URL}, without. {_PERHAPS_A_KEY}"
