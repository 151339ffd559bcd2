"""Which store a path or a URL names."""

from __future__ import annotations

from pathlib import Path

from dyno_frames.errors import ConfigError
from dyno_frames.export.local import LocalStore
from dyno_frames.export.remote import remote_store
from dyno_frames.export.store import DatasetStore

_MOST_LINKS = 40
"""As many as Linux follows."""


def store_of(path: str | Path) -> DatasetStore:
    """Return where a dataset of this name lives.

    Parameters
    ----------
    path
        A local path, or a URL that fsspec knows, such as ``s3://bucket/campaigns``.

    Raises
    ------
    MissingExtraError
        It is a URL and fsspec is not installed.
    """
    if "://" in str(path):
        return remote_store(str(path))
    local = LocalStore(Path(path))
    for _ in range(_MOST_LINKS):
        if not local.path.is_symlink() or local.pointed() is not None:
            break
        local = LocalStore(local.path.parent / local.path.readlink())  # a link of the user's own, not ours
    return local


def check_free(store: DatasetStore) -> None:
    """Refuse a local path where something else stands.

    Raises
    ------
    ConfigError
        A folder with files that are not ours, or a file.
    """
    if not isinstance(store, LocalStore) or store.path.is_symlink():
        return
    if store.path.is_dir():
        if any(store.path.iterdir()):
            raise ConfigError(
                f"{str(store.path)!r} is a folder with files of another program in it; give a name that is free, "
                f"such as {str(store.path / 'campaigns')!r}"
            )
    elif store.path.exists():
        raise ConfigError(f"{str(store.path)!r} is a file; a dataset needs a name that is free")
    elif not store.path.absolute().parent.is_dir():
        raise ConfigError(f"the folder {str(store.path.absolute().parent)!r} does not exist; make it first")
