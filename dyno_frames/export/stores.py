"""Find the store of a path or URL."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

from dyno_frames.contract.texts import is_whole
from dyno_frames.errors import ConfigError, SchemaError
from dyno_frames.export import pointer
from dyno_frames.export.local import LocalStore
from dyno_frames.export.remote import remote_store
from dyno_frames.export.store import DatasetStore

ONE_FILE = ".parquet"
"""The suffix of a single file; every other name is a dataset of versions."""

_MOST_LINKS = 40
"""Maximum number of links to follow, as in Linux."""


def checked_path(path: Any) -> str | Path:
    """Return a path or URL, or raise ConfigError if it is not one."""
    if not isinstance(path, str | Path) or "\0" in str(path) or not Path(path).name:
        raise ConfigError(
            f"path={path!r}; expected the name of a file or a dataset, for example 'campaigns' or 'campaigns.parquet'"
        )
    if not is_whole(str(path) if "://" in str(path) else str(Path(path).absolute())):
        raise ConfigError(f"path={str(path)!r} has bytes that are not UTF-8; expected another name")
    return path


def is_one_file(path: str | Path) -> bool:
    """Tell whether a path names a single file, and not a dataset of versions."""
    return str(path).endswith(ONE_FILE) and "://" not in str(path)


def store_of(path: str | Path) -> DatasetStore:
    """Return the store of a local path, or of a URL that fsspec knows, such as ``s3://bucket/campaigns``.

    Raise ConfigError if the value is not the path or URL of a dataset. Raise MissingExtraError if the value is a
    URL and fsspec is not installed.
    """
    if "://" in str(checked_path(path)):
        return remote_store(str(path))
    local = LocalStore(Path(path))
    local.check_name()
    for _ in range(_MOST_LINKS):
        if not local.path.is_symlink() or local.pointed() is not None:
            break
        local = LocalStore(local.path.parent / local.path.readlink())  # a link that the user made
    return local


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
    return FileNotFoundError(
        errno.ENOENT, "no dataset or file written by to_parquet exists at this path", store.url
    )
