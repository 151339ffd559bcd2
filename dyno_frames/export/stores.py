"""Find the store of a path or URL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dyno_frames.errors import ConfigError
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
