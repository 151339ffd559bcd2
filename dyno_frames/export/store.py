"""The interface of a store of datasets: versions that are written once, and atomic commits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from numbers import Integral
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout

from dyno_frames.errors import ConfigError, SchemaError
from dyno_frames.export.manifest import Manifest, StoredFile
from dyno_frames.export.partitions import Partition
from dyno_frames.export.targets import FileTarget


class DatasetStore(Protocol):
    """The place where a dataset is stored."""

    @property
    def url(self) -> str:
        """The path or URL."""

    @property
    def work(self) -> Path:
        """The local folder for staged rows and uncommitted files."""

    @property
    def target(self) -> FileTarget:
        """Where workers store files for :meth:`publish`."""

    @property
    def is_plain(self) -> bool:
        """Whether the files hold texts as texts and times in microseconds, as all programs read them."""

    def check(self) -> None:
        """Raise if no dataset can be written there, before a request is sent or a file is created."""

    def versions(self) -> list[int]:
        """Return the numbers of the committed versions, oldest first."""

    def manifest(self, version: int) -> Manifest:
        """Return the manifest of a version."""

    def next_version(self, parent: int | None) -> int:
        """Return the number of the version to write after the newest one."""

    def check_partitions(self, partitions: Sequence[Partition]) -> None:
        """Raise if the rows that are there cannot be replaced by rows with these partitions."""

    def check_newest(self, manifest: Manifest) -> None:
        """Raise if another program changed the rows after the newest version."""

    def address(self, version: int, file: StoredFile) -> str:
        """Return the path or URL of a file of a version."""

    def opened(self, version: int, file: StoredFile) -> Any:
        """Return a file of a version opened for reading, after checking its SHA-256."""

    def publish(self, manifest: Manifest, fresh: Mapping[str, Path]) -> Manifest:
        """Commit a version, in one step, and return it as it was committed.

        Its files are those of its parent, new ones at the given local paths, and those that workers stored.
        """

    def remove(self, versions: list[int]) -> int:
        """Remove versions; return the number of bytes freed."""

    def prepare(self) -> None:
        """Prepare the store for writing, and remove the leftovers of an interrupted run."""


@contextmanager
def write_lock(store: DatasetStore) -> Iterator[None]:
    """Hold the lock of a store, so that only one run on this machine writes to it.

    Raise ConfigError if another run is writing to it.
    """
    with ExitStack() as stack:
        try:
            store.work.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(FileLock(store.work.parent / "lock", mode=0o600).acquire(timeout=0))
        except Timeout:
            raise ConfigError(
                f"another run is writing to {store.url!r}; only one run can write at a time. Wait for it to end, or "
                "write to another path"
            ) from None
        yield


def manifest_of(store: DatasetStore, version: Any) -> Manifest:
    """Return the manifest of a version.

    Raise SchemaError if the version does not exist, or is not a whole number.
    """
    versions = store.versions()
    if isinstance(version, bool) or not isinstance(version, Integral) or version not in versions:
        there = f"its versions are {', '.join(map(str, versions))}" if versions else "it has none"
        raise SchemaError(f"version={version!r}: there is no such version of {store.url!r}; {there}")
    return store.manifest(int(version))


def damaged(store: DatasetStore, version: int, file: StoredFile, what: str) -> SchemaError:
    """Return the error for a file that is missing or damaged."""
    older = [number for number in store.versions() if number < version]
    cure = f"Read an older version (version={older[-1]}) or replace" if older else "Replace"
    return SchemaError(
        f"{store.address(version, file)!r}, a file of version {version}, {what}. "
        f"Its rows are not returned. {cure} the dataset with mode='overwrite'"
    )


def overtaken(store: DatasetStore, version: int) -> ConfigError:
    """Return the error for a version that another run committed first."""
    return ConfigError(
        f"another run has written version {version} of {store.url!r} meanwhile; this run committed nothing. "
        "Run it again; it starts from that version"
    )
