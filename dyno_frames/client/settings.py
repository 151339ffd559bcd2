"""The settings of a connection as one value, checked before anything is sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from dyno_frames.contract.profile import Profile
from dyno_frames.contract.resources import RESOURCES
from dyno_frames.contract.texts import HALF, is_whole
from dyno_frames.errors import ConfigError, SchemaError
from dyno_frames.frames.schema import declared_kinds

DtypeBackend = Literal["numpy_nullable", "pyarrow"]

MAX_TIMEOUT_S = 86_400
"""A day; the operating system cannot wait for every number of seconds."""

MAX_PAGE_SIZE = 1_000_000
"""A page is held in memory as a whole."""

MAX_WORKERS = 256
"""Each is a thread with a connection of its own."""

_BACKENDS = (None, "numpy_nullable", "pyarrow")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a connection.

    Parameters
    ----------
    url
        The address of the server: ``http`` or ``https``, a host, and optionally a port and a path.
    name
        The name of the connection. A frame finds its client by name, url and account.
    timeout_s
        Maximum time without a byte from the server, in seconds.
    page_size
        Rows per request.
    workers
        Maximum number of concurrent requests (default: chosen by each scan).
    dtype_backend
        As in pandas' readers: None, ``"numpy_nullable"`` or ``"pyarrow"``.
    schema
        Types of fields outside the contract (default: learnt from their values).
    profile
        What the server's filters mean, or ``"auto"`` to learn it.
    clock
        Returns the time in epoch seconds.

    Raises
    ------
    ConfigError
        One or more settings are not valid; the message names each.

    Examples
    --------
    >>> Settings(url="HTTP://127.0.0.1:8080/").url
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
    clock: Callable[[], float] = field(default=time.time, repr=False)

    def __post_init__(self) -> None:
        faults = list(_faults(self))
        if faults:
            raise ConfigError("; ".join(faults))
        scheme, colon, rest = self.url.strip().rstrip("/").partition(":")
        object.__setattr__(self, "url", f"{scheme.lower()}{colon}{rest}")


def _faults(settings: Settings) -> Iterator[str]:
    yield from _url_faults(settings.url)
    if not _is_text(settings.name):
        yield f"name= is {settings.name!r}; expected a text that is not empty and can be written as UTF-8"
    if not _is_duration(settings.timeout_s):
        yield (
            f"timeout_s= is {settings.timeout_s!r}; expected seconds, more than 0 and at most {MAX_TIMEOUT_S:,}, "
            "such as 30.0"
        )
    if not _is_count(settings.page_size, MAX_PAGE_SIZE):
        yield (
            f"page_size= is {settings.page_size!r}; expected a whole number from 1 to {MAX_PAGE_SIZE:,}, "
            "such as 1000"
        )
    if settings.workers is not None and not _is_count(settings.workers, MAX_WORKERS):
        yield f"workers= is {settings.workers!r}; expected a whole number from 1 to {MAX_WORKERS}, or None"
    if not _is_backend(settings.dtype_backend):
        yield (
            f"dtype_backend= is {settings.dtype_backend!r}; expected 'numpy_nullable', 'pyarrow', "
            "or None for pandas' own types"
        )
    yield from _schema_faults(settings.schema)
    if not _is_profile(settings.profile):
        yield f"profile= is {settings.profile!r}; expected 'auto' or a Profile"
    if not _is_function(settings.clock):
        yield f"clock= is {settings.clock!r}; expected a function that returns epoch seconds, such as time.time"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and is_whole(value)


def _is_duration(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= MAX_TIMEOUT_S


def _is_backend(value: object) -> bool:
    return isinstance(value, str | None) and value in _BACKENDS


def _schema_faults(schema: object) -> Iterator[str]:
    if schema is None:
        return
    if not isinstance(schema, Mapping):
        yield (
            f"schema= is of type {type(schema).__name__}; expected a dict of types by field, such as "
            "{'score': 'float'}, or of such dicts by resource"
        )
        return
    faults: dict[str, None] = {}
    for resource in RESOURCES:
        try:
            declared_kinds(schema, resource)
        except SchemaError as error:
            faults[str(error)] = None
    yield from faults


def _is_profile(value: object) -> bool:
    return isinstance(value, Profile) or (isinstance(value, str) and value == "auto")


def _is_function(value: object) -> bool:
    return callable(value)


def _is_count(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


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
        yield f"url= contains a space, '?' or '#'; {_EXPECTED_URL}. {_PERHAPS_A_KEY}"
