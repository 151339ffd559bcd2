"""Find the store of a path or URL."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dyno_frames.contract.texts import is_whole
from dyno_frames.errors import ConfigError, SchemaError
from dyno_frames.export import pointer
from dyno_frames.export.local import LocalStore
from dyno_frames.export.remote import check_object_url
from dyno_frames.export.store import DatasetStore

ONE_FILE = ".parquet"
"""The suffix of a single file; every other name is a dataset of versions."""

_MOST_LINKS = 40
"""Maximum number of links to follow, as in Linux."""


def checked_path(path: Any) -> str | Path:
    """Return a path or URL, a path with the home folder for ``~``, or raise ConfigError if it is not one."""
    if not isinstance(path, str | Path) or "\0" in str(path) or not Path(path).name:
        raise ConfigError(
            f"path={path!r}; expected the name of a file or a dataset, for example 'campaigns' or 'campaigns.parquet'"
        )
    expanded = path if "://" in str(path) else type(path)(os.path.expanduser(path))  # noqa: PTH111 - as in pandas
    if not is_whole(str(expanded) if "://" in str(path) else str(Path(expanded).absolute())):
        raise ConfigError(f"path={str(path)!r} has bytes that are not UTF-8; expected another name")
    return expanded


def is_one_file(path: str | Path) -> bool:
    """Tell whether a path or URL names a single file, and not a dataset of versions."""
    return str(path).endswith(ONE_FILE)


def store_of(path: str | Path) -> DatasetStore:
    """Return the store of a local path, or raise ConfigError if the value is not the path of a dataset."""
    path = checked_path(path)
    if "://" in str(path):
        check_object_url(str(path))
        raise ConfigError(
            f"{str(path)!r} is a URL, and a dataset of versions in an object store is a Delta table: write it with "
            "scan.to_delta(url), and open it with dyno_frames.open_delta(url). to_parquet writes one file to a URL "
            f"that ends in {ONE_FILE!r}"
        )
    local = LocalStore(Path(path))
    local.check_name()
    for _ in range(_MOST_LINKS):
        if not local.path.is_symlink() or local.pointed() is not None:
            break
        local = LocalStore(local.path.parent / local.path.readlink())  # a link that the user made
    return local


def delta_store(path: str | Path, options: Any = None) -> DatasetStore:
    """Return the store of a Delta table.

    Raise ConfigError if the value is not a path or URL, or the options are not texts by name. Raise MissingExtraError
    if deltalake is not installed.
    """
    is_named = isinstance(options, Mapping) and all(
        isinstance(one, str) for one in [*options, *options.values()]
    )
    if options is not None and not is_named:
        raise ConfigError(
            f"storage_options= is of type {type(options).__name__}; expected texts by name, such as "
            "{'AWS_REGION': 'eu-central-1'}"
        )
    path = checked_path(path)
    if "://" in str(path):
        check_object_url(str(path))
    from dyno_frames.export.delta.store import DeltaStore

    return DeltaStore(str(path), dict(options or {}))


def newest_version(store: DatasetStore) -> int:
    """Return the number of the newest version.

    Raise FileNotFoundError if the path does not exist, and SchemaError if no version is committed.
    """
    versions = store.versions()
    if not versions:
        raise _nothing(store)
    return versions[-1]


def _nothing(store: DatasetStore) -> SchemaError | FileNotFoundError:
    """Return the error for a store without a committed version."""
    if isinstance(store, LocalStore) and store.home.is_dir():
        return SchemaError(
            f"no version of {store.url!r} is committed: nothing at this path names one. The first export did not "
            f"finish, or the link or {pointer.NAME} was removed. Run the export again; it restores the newest version"
        )
    if isinstance(store, LocalStore) and store.path.exists():
        return SchemaError(f"{store.url!r} is not a dataset of dyno_frames. Read it with pandas.read_parquet")
    if not isinstance(store, LocalStore) and store.next_version(None):
        return SchemaError(
            f"{store.url!r} is a Delta table that to_delta did not write. Read it with deltalake"
        )
    return FileNotFoundError(
        errno.ENOENT, "no dataset or file written by to_parquet exists at this path", store.url
    )
