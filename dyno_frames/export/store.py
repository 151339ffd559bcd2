"""What a store of datasets can do, wherever it is: versions that are written once, and one commit to a newer one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from numbers import Integral
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout

from dyno_frames.errors import ConfigError, SchemaError
from dyno_frames.export.manifest import Manifest, StoredFile


class DatasetStore(Protocol):
    """Where a dataset lives."""

    @property
    def url(self) -> str:
        """How it is named."""

    @property
    def work(self) -> Path:
        """A local folder for what is not finished."""

    def check(self) -> None:
        """Refuse a name or URL to which no dataset can be written, before anything is asked or made."""

    def versions(self) -> list[int]:
        """Return the numbers of the committed versions, oldest first."""

    def manifest(self, version: int) -> Manifest:
        """Return what a version is."""

    def address(self, version: int, file: StoredFile) -> str:
        """Return the path or URL of a file of a version."""

    def opened(self, version: int, file: StoredFile) -> Any:
        """Return a file of a version for reading, once its bytes are known to be those that were written."""

    def publish(self, manifest: Manifest, fresh: Mapping[str, Path]) -> None:
        """Make a version the newest, in one step, from files of its parent and fresh ones."""

    def remove(self, versions: list[int]) -> int:
        """Remove versions; return the bytes set free."""

    def prepare(self) -> None:
        """Make the store ready for writing, and clean up after a run that was killed."""


@contextmanager
def write_lock(store: DatasetStore) -> Iterator[None]:
    """Be the only run of this machine that writes to a store.

    Raises
    ------
    ConfigError
        Another run is writing to it.
    """
    with ExitStack() as stack:
        try:
            store.work.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(FileLock(store.work.parent / "lock", mode=0o600).acquire(timeout=0))
        except Timeout:
            raise ConfigError(
                f"another run is writing to {store.url!r}; two cannot at once. Wait for it, or write elsewhere"
            ) from None
        yield


def manifest_of(store: DatasetStore, version: Any) -> Manifest:
    """Return what a version is.

    Raises
    ------
    SchemaError
        There is no such version.
    """
    versions = store.versions()
    if isinstance(version, bool) or not isinstance(version, Integral) or version not in versions:
        there = f"its versions are {', '.join(map(str, versions))}" if versions else "it has none"
        raise SchemaError(f"version={version!r}: there is no such version of {store.url!r}; {there}")
    return store.manifest(int(version))


def damaged(store: DatasetStore, version: int, file: StoredFile, what: str) -> SchemaError:
    """Return the error for a file that cannot be relied upon."""
    older = [number for number in store.versions() if number < version]
    cure = f"read an older version (version={older[-1]}) or write" if older else "write"
    return SchemaError(
        f"{store.address(version, file)!r}, a file of version {version}, {what}. "
        f"No row of it is returned; {cure} the dataset anew with mode='overwrite'"
    )


def overtaken(store: DatasetStore, version: int) -> ConfigError:
    """Return the error for a version that another run has written first."""
    return ConfigError(
        f"another run has written version {version} of {store.url!r} meanwhile; this one is not committed. "
        "Run it again: it continues from there"
    )
