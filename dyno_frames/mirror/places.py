"""Where a mirror is kept, checked before any request."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Any

import platformdirs

from dyno_frames.client.connection import Connection
from dyno_frames.contract.resources import Resource
from dyno_frames.errors import ConfigError
from dyno_frames.export import disk, pointer
from dyno_frames.export.local import MIRROR, LocalStore
from dyno_frames.export.stores import checked_path, is_one_file, store_of
from dyno_frames.frames.schema import declared_kinds
from dyno_frames.mirror.record import LOCK, Identity
from dyno_frames.mirror.refresh import Refresher

FOLDER_VARIABLE = "DYNO_DATA_DIR"


def default_path(url: str, account: str, resource: str) -> Path:
    """Return the path of a mirror in the user's data folder, or in ``DYNO_DATA_DIR``."""
    named = os.environ.get(FOLDER_VARIABLE)
    folder = Path(named) if named else platformdirs.user_data_path("dyno_frames")
    server = re.sub(r"[^\w.-]+", "-", url.partition("://")[2])[:80]
    digest = hashlib.sha256(url.encode()).hexdigest()[:8]
    return folder / "mirrors" / f"{server}-{digest}" / account / resource


def mirror_store(path: Any) -> LocalStore:
    """Return the store of a mirror.

    Raises
    ------
    ConfigError
        The path is a URL, a file, a folder of another program, or in a folder that cannot be written.
    """
    path = checked_path(path)
    if "://" in str(path):
        raise ConfigError(f"path={path!r} is a URL. Expected a path on this machine")
    if is_one_file(path):
        raise ConfigError(
            f"path={str(path)!r} is the name of one file, and a mirror is a dataset of several. Leave out the ending: "
            f"{str(path).removesuffix('.parquet')!r}"
        )
    store = store_of(Path(path).absolute())
    if not isinstance(store, LocalStore):
        raise ConfigError(f"path={path!r}; expected a path on this machine")
    folder = store.path.parent
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise ConfigError(f"path={str(path)!r}: {str(folder)!r} is a file. Choose another path=")
    if store.path.parent.is_dir():
        store.check()
    if not store.home.exists() and not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigError(
            f"path={str(path)!r}: the folder {str(folder)!r} cannot be written. Choose another path=, or set "
            f"{FOLDER_VARIABLE}"
        )
    return store


def refresher_of(
    connection: Connection, resource: Resource, path: str | Path | None, *, lag_s: float
) -> Refresher:
    """Return the refresher of a mirror.

    Raises
    ------
    ConfigError
        The path cannot be used, or holds other rows.
    """
    where = default_path(connection.url, connection.account, resource.name) if path is None else path
    declared = declared_kinds(connection.settings.schema, resource.name)
    refresher = Refresher(
        connection=connection,
        resource=resource,
        store=mirror_store(where),
        identity=Identity.of(connection.url, connection.account, resource, declared),
        lag_s=lag_s,
    )
    refresher.record  # noqa: B018 - raises if the path holds other rows
    return refresher


def beside(refresher: Refresher, resource: Resource) -> Refresher:
    """Return the refresher of another resource's mirror, in the same folder."""
    own, path = refresher.resource.name, refresher.store.path
    name = resource.name if path.name == own else f"{path.name}-{resource.name}"
    return refresher_of(refresher.connection, resource, path.with_name(name), lag_s=refresher.lag_s)


def removed(connection: Connection, resource: str, path: str | Path | None) -> Path:
    """Delete a mirror, a damaged one or one of another account too, and return its path.

    Raises
    ------
    ConfigError
        The path holds no mirror.
    """
    store = mirror_store(default_path(connection.url, connection.account, resource) if path is None else path)
    if not any((store.home / name).exists() for name in (MIRROR, LOCK)):
        raise ConfigError(f"{store.url!r} has no mirror. Check --path, the URL and the API key")
    delete(store)
    return store.path


def delete(store: LocalStore) -> None:
    """Delete the files of a mirror and their folder."""
    pointer.remove(store.path, store.home)
    disk.remove(store.home)
