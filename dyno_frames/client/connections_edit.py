"""Add connections to ``connections.toml`` and remove them; comments and everything else in the file stay."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from urllib.parse import unquote

from filelock import FileLock, Timeout

from dyno_frames.client.connections import NamedConnection, check_is_regular, connections_file, load, parsed
from dyno_frames.durable import replace
from dyno_frames.errors import ConfigError
from dyno_frames.transport.secret import Secret

_LOCK_S = 10.0


def add(named: NamedConnection) -> Path:
    """Write a connection to the end of the file and return its path.

    Raises
    ------
    ConfigError
        The file has a connection of this name, or cannot be used.
    """

    def added(text: str, path: Path) -> str:
        known = parsed(text, path)
        _check_new(named, known, path)
        entry = f'[connections.{named.name}]\nurl = "{named.url}"\nkey = "{named.key}"\n'
        before = f"{text.rstrip()}\n\n" if text.strip() else ""
        return _checked(before + entry, {**known, named.name: named}, path)

    return _edit(added)


def remove(name: str) -> NamedConnection:
    """Remove a connection from the file and return it; comments above other connections stay.

    Raises
    ------
    ConfigError
        The file has no connection of this name, or cannot be used.
    """
    removed: list[NamedConnection] = []

    def without(text: str, path: Path) -> str:
        known = parsed(text, path)
        if name not in known:
            raise ConfigError(
                f"{path} has no connection {name!r}; it has: {', '.join(known) or 'no connections'}"
            )
        removed.append(known.pop(name))
        return _checked(_without(text, name), known, path)

    _edit(without)
    return removed[0]


def check_without_key(named: NamedConnection, secrets: Iterable[Secret | str]) -> None:
    """Check that no value of a connection contains an API key, because the file is plain text.

    Raises
    ------
    ConfigError
        A value contains one of the keys, or is the name of a variable that is not set and may be a key.
    """
    variable = named.variable
    values = {
        "the name": named.name,
        "the URL": unquote(named.url),
        "the environment variable": variable or "",
    }
    for secret in secrets:
        for what, value in values.items():
            if isinstance(secret, Secret) and secret.is_in(value):
                raise ConfigError(
                    f"{what} contains the API key, which connections.toml never contains; change it"
                )
    if variable is not None and variable != variable.upper() and variable not in os.environ:
        raise ConfigError(
            "the name of the environment variable is not shown, because it is not set and may be the API key itself. "
            "Set the variable first, or use a name of capital letters, digits and '_', such as env:MAIL_KEY"
        )


def check_new(named: NamedConnection) -> None:
    """Check that the file has no connection of this name; raises as :func:`add` does."""
    _check_new(named, load(), connections_file())


def _check_new(named: NamedConnection, known: Mapping[str, NamedConnection], path: Path) -> None:
    if named.name in known:
        raise ConfigError(
            f"{path} has a connection {named.name!r} ({known[named.name].url}). Remove it first: "
            f"dyno-frames connections remove {named.name}"
        )


def _checked(text: str, expected: dict[str, NamedConnection], path: Path) -> str:
    """Return the new text of the file if it contains what it should, so that no edit can damage the file."""
    try:
        if parsed(text, path) == expected:
            return text
    except ConfigError:
        pass
    raise ConfigError(
        f"{path} is written in a form that cannot be changed automatically. Edit the file: each connection is a table "
        '[connections.NAME] with url = "…" and key = "env:NAME" or "keyring"'
    )


def _without(text: str, name: str) -> str:
    """Return the text without the lines of a table: from its header to the comments above the next header."""
    lines = text.splitlines(keepends=True)
    headers = [number for number, line in enumerate(lines) if line.lstrip().startswith("[")]
    start = next((number for number in headers if _is_header_of(lines[number], name)), None)
    if start is None:
        return text
    end = next((number for number in headers if number > start), len(lines))
    if end < len(lines):
        while end > start + 1 and lines[end - 1].lstrip().startswith("#"):
            end -= 1
    return "".join([*lines[:start], *lines[end:]])


def _is_header_of(line: str, name: str) -> bool:
    try:
        return tomllib.loads(line) == {"connections": {name: {}}}
    except (ValueError, RecursionError):
        return False


def _edit(change: Callable[[str, Path], str]) -> Path:
    """Replace the text of the file by what a function makes of it, while no other process changes it."""
    path = connections_file()
    check_is_regular(path)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = path.resolve()  # a link, such as into a repository of settings, stays a link
        with FileLock(path.with_suffix(".lock"), mode=0o600).acquire(timeout=_LOCK_S, poll_interval=0.01):
            load()  # an error of the file is raised before a frame of a traceback holds its content
            text = path.read_bytes().decode() if path.exists() else ""
            replace(path, change(text, path).encode())
    except Timeout:
        reason = f"another process has held {path.with_suffix('.lock')} for {_LOCK_S:g} s"
    except (OSError, RuntimeError, UnicodeDecodeError) as error:  # a RuntimeError is a loop of links
        reason = getattr(error, "strerror", None) or str(error)
    else:
        return path
    raise ConfigError(
        f"{path} cannot be changed: {reason}. Correct the file or its permissions, and try again"
    )
