"""Named connections: the servers in the user's ``connections.toml``, and where the key of each one is."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from dyno_frames.client.settings import Settings
from dyno_frames.contract.operations import PRODUCTION_URL
from dyno_frames.errors import ConfigError

FOLDER_VARIABLE = "DYNO_CONFIG_DIR"
CONNECTION_VARIABLE = "DYNO_CONNECTION"
URL_VARIABLE = "DYNO_URL"

KEYRING = "keyring"
EXPECTED_KEY = 'key = "env:NAME" for an environment variable, or key = "keyring"'

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")
_EXPECTED = "up to 64 letters, digits, '-' and '_', not beginning with '-'"
_VARIABLE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
_TABLE = "connections"
_ENTRIES = ("url", "key")


@dataclass(frozen=True, slots=True)
class NamedConnection:
    """A server with a name, and where its key is.

    Parameters
    ----------
    name
        Letters, digits, ``-`` and ``_``.
    url
        The address of the server.
    key
        ``"env:NAME"`` for the environment variable NAME, or ``"keyring"``.

    Raises
    ------
    ConfigError
        A value is not valid. The message does not show it where it may be a key.

    Examples
    --------
    >>> NamedConnection("production", "https://mail.example.com/", "env:MAIL_KEY").variable
    'MAIL_KEY'
    """

    name: str
    url: str
    key: str = field(repr=False)

    def __post_init__(self) -> None:
        faults = list(_faults(self))
        if faults:
            raise ConfigError("; ".join(faults))
        object.__setattr__(self, "url", Settings(url=self.url).url)

    @property
    def variable(self) -> str | None:
        """The environment variable with the key; None if the key is in the keyring."""
        found = _VARIABLE.fullmatch(self.key)
        return None if found is None else found[1]


def _faults(named: NamedConnection) -> Iterator[str]:
    if not is_name(named.name):
        yield f"the name {named.name!r} is not valid; expected {_EXPECTED}"
    try:
        Settings(url=named.url)
    except ConfigError as error:
        yield str(error).replace("url= (or DYNO_URL)", "url").replace("url=", "url")
    if not _is_key(named.key):
        yield (
            "the value of key is not shown, because it may be the API key itself, which connections.toml never "
            f"contains; expected {EXPECTED_KEY}"
        )


def is_name(name: object) -> bool:
    """Tell whether a value can be the name of a connection."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def _is_key(value: object) -> bool:
    return isinstance(value, str) and (value == KEYRING or _VARIABLE.fullmatch(value) is not None)


def connections_file() -> Path:
    """Return the path of ``connections.toml``: in ``DYNO_CONFIG_DIR``, or in the user's configuration folder."""
    return Path(os.environ.get(FOLDER_VARIABLE) or user_config_path("dyno_frames")) / "connections.toml"


def load() -> dict[str, NamedConnection]:
    """Return the connections of the file by name; empty if there is no file.

    Raises
    ------
    ConfigError
        The file cannot be read, or does not contain connections; the message names all its faults.
    """
    found = _loaded(connections_file())
    if isinstance(found, ConfigError):
        raise found
    return found


def _loaded(path: Path) -> dict[str, NamedConnection] | ConfigError:
    """Return the connections of a file, or an error without a traceback, and so without the file's content."""
    try:
        check_is_regular(path)
        return parsed(path.read_text(encoding="utf-8"), path)
    except FileNotFoundError:
        return {}
    except ConfigError as error:
        return error.with_traceback(None)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
    return ConfigError(f"{path} cannot be read: {reason}. Correct the file or its permissions")


def check_is_regular(path: Path) -> None:
    """Raise ConfigError if a path is a device, a pipe or a folder."""
    if _exists(path) and not path.is_file():
        raise ConfigError(f"{path} is not a regular file. Replace it with one, or set {FOLDER_VARIABLE}")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # the name is too long; opening the file says so
        return False


def parsed(text: str, path: Path) -> dict[str, NamedConnection]:
    """Return the connections in the text of a file."""
    found: dict[str, NamedConnection] = {}
    faults: list[str] = []
    for name, entries in _tables(text, path):
        try:
            found[name] = _named(name, entries)
        except ConfigError as error:
            faults.append(f"[{_TABLE}.{name}]: {error}")
    if faults:
        raise ConfigError(f"{path} cannot be used. {'. '.join(faults)}")
    return found


def _tables(text: str, path: Path) -> Iterator[tuple[str, Any]]:
    expected = f'expected tables such as [{_TABLE}.production] with url = "…" and {EXPECTED_KEY}'
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also a number of thousands of digits, or deep nesting
        _, found, place = str(error).rpartition("(at ")
        reason = f"{path} is not valid TOML{f' (at {place}' if found else ''}; {expected}"
    else:
        tables = content.get(_TABLE, {})
        if isinstance(tables, Mapping) and not content.keys() - {_TABLE}:
            yield from tables.items()
            return
        reason = f"{path} has other entries than [{_TABLE}.NAME]; {expected}"
    raise ConfigError(reason)  # without its cause, which holds the content of the file


def _named(name: str, entries: object) -> NamedConnection:
    if not isinstance(entries, Mapping):
        raise ConfigError(f'it is not a table; expected url = "https://…" and {EXPECTED_KEY}')
    unknown = sorted(entries.keys() - set(_ENTRIES))
    if unknown:
        raise ConfigError(f"{', '.join(map(repr, unknown))} is unknown; expected url and key: {EXPECTED_KEY}")
    missing = [entry for entry in _ENTRIES if entry not in entries]
    if missing:
        raise ConfigError(
            f'{" and ".join(missing)} is missing; expected url = "https://…" and {EXPECTED_KEY}'
        )
    return NamedConnection(name, entries["url"], entries["key"])


def find(name: object, source: str = "connection=") -> NamedConnection:
    """Return the connection of a name.

    Parameters
    ----------
    name
        The name.
    source
        Where the name was given, for the error.

    Raises
    ------
    ConfigError
        The file has no connection of this name, or cannot be used.
    """
    shown = f"{source}{name!r}"
    if not is_name(name):
        raise ConfigError(f"{shown} is not a name; expected {_EXPECTED}")
    known = load()
    if name in known:
        return known[str(name)]
    near = difflib.get_close_matches(str(name), known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ConfigError(
        f"{shown} is unknown{hint} ({connections_file()} has: {', '.join(known) or 'no connections'}). Add it: "
        f"dyno-frames connections add {name} --url URL --key env:NAME"
    )


def chosen(argument: str | None, *, url_given: bool, key_given: bool) -> NamedConnection | None:
    """Return the connection of ``connection=``, or of ``DYNO_CONNECTION``; None if a url and a key replace it.

    Raises
    ------
    ConfigError
        The name is unknown, or the arguments leave nothing to take from the connection.
    """
    replaced = url_given and key_given
    if argument is None:
        name = os.environ.get(CONNECTION_VARIABLE)
        return find(name, f"{CONNECTION_VARIABLE}=") if name and not replaced else None
    if replaced:
        raise ConfigError(
            f"connection={argument!r} is given with both url= and a key (api_key= or auth=), so nothing of it would "
            "be used. Leave out connection=, or url= and the key"
        )
    return find(argument)


def default_url(named: NamedConnection | None) -> str:
    """Return the url of a connection; without one that of ``DYNO_URL``, or of the production service."""
    if named is not None:
        return named.url
    return os.environ.get(URL_VARIABLE) or PRODUCTION_URL
