"""Where a dataset lives: on a local disk, where its path is a link to the newest version, or behind a URL.

On a local disk ``path`` is a symbolic link to ``.name.dyno/versions/000003``, a folder that holds exactly the files of
that version and never changes. A commit is the one rename that has the link point elsewhere, so whoever lists the
folder sees one version, whole, whatever program it is. Files that two versions share are one file with two names.

A program that lists the folder before a commit and opens a file after it finds that file, where both versions have
it, or an error: files are named by their bytes, so it never finds other rows under the name. One that lists folders of
partitions one by one while a commit happens may list some of each version; ``read_dataset`` and whoever resolves the
link first, or takes the list in ``dataset.files``, cannot.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from dyno_frames.actions.lock import locked
from dyno_frames.errors import ConfigError, SchemaError
from dyno_frames.export import disk
from dyno_frames.export.manifest import Manifest, StoredFile

_MOST_LINKS = 40
"""As many as Linux follows."""


class Place(Protocol):
    """Where a dataset lives."""

    @property
    def url(self) -> str:
        """How it is named."""

    @property
    def work(self) -> Path:
        """A local folder for what is not finished."""

    def versions(self) -> list[int]:
        """Return the numbers of the versions that can be read, oldest first."""

    def manifest(self, version: int) -> Manifest:
        """Return what a version is."""

    def address(self, version: int, file: StoredFile) -> str:
        """Return where a file of a version stands."""

    def opened(self, version: int, file: StoredFile) -> Any:
        """Return a file of a version for reading, once its bytes are known to be those that were written."""

    def publish(self, manifest: Manifest, fresh: Mapping[str, Path]) -> None:
        """Make a version the newest, in one step, from files of its parent and fresh ones."""

    def remove(self, versions: list[int]) -> int:
        """Remove versions; return the bytes set free."""

    def prepare(self) -> None:
        """Take the place for writing, and clear what a run that died has left behind."""


@contextmanager
def held(place: Place) -> Iterator[None]:
    """Be the only run that writes to a place from this machine.

    Raises
    ------
    ConfigError
        Another run is writing to it.
    """
    with ExitStack() as stack:
        try:
            place.work.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locked(place.work.parent / "lock", timeout_s=0.0))
        except ConfigError:
            raise ConfigError(
                f"another run is writing to {place.url!r}; two cannot at once. Wait for it, or write elsewhere"
            ) from None
        yield


@dataclass(frozen=True, slots=True)
class LocalPlace:
    """A dataset on a local disk.

    Parameters
    ----------
    path
        The name by which everybody reads it: a link to the newest version.
    """

    path: Path

    @property
    def url(self) -> str:
        """How it is named."""
        return str(self.path)

    @property
    def home(self) -> Path:
        """The hidden folder beside it that holds all versions."""
        return self.path.absolute().parent / f".{self.path.name}.dyno"

    @property
    def work(self) -> Path:
        """A local folder for what is not finished."""
        return self.home / "work"

    def folder(self, version: int) -> Path:
        """Return the folder with exactly the files of a version."""
        return self.home / "versions" / f"{version:06d}"

    def _manifest(self, version: int) -> Path:
        return self.home / "manifests" / f"{version:06d}.json"

    def pointed(self) -> int | None:
        """Return the version that the link names; None where it names none of ours."""
        if not self.path.is_symlink():
            return None
        target = self.path.readlink()
        ours = self.path.absolute().parent / target.parent == self.home / "versions"
        return int(target.name) if ours and target.name.isdecimal() else None

    def _written(self) -> list[int]:
        found = (self.home / "manifests").glob("*.json")
        return sorted(int(path.stem) for path in found if path.stem.isdecimal())

    def versions(self) -> list[int]:
        """Return the numbers of the versions that can be read, oldest first."""
        newest, written = self.pointed(), self._written()
        return written if newest is None else [number for number in written if number <= newest]

    def manifest(self, version: int) -> Manifest:
        """Return what a version is."""
        path = self._manifest(version)
        return Manifest.from_json(path.read_text(encoding="utf-8"), name=str(path))

    def address(self, version: int, file: StoredFile) -> str:
        """Return where a file of a version stands."""
        return str(self.folder(version) / file.path)

    def opened(self, version: int, file: StoredFile) -> Any:
        """Return a file of a version for reading, once its bytes are known to be those that were written."""
        path = self.folder(version) / file.path
        try:
            found = disk.sha256(path)
        except FileNotFoundError:
            raise damaged(self, version, file, "is not there") from None
        if found != file.sha256:
            raise damaged(self, version, file, "is not as it was written: its SHA-256 differs")
        return pa.memory_map(str(path))

    def prepare(self) -> None:
        """Take the place for writing, and clear what a run that died has left behind."""
        for folder in ("manifests", "versions", "work"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        self._check_links()
        newest = self.pointed()
        for number in self._written():
            if newest is not None and number > newest:
                disk.remove(self._manifest(number))
        kept = {f"{number:06d}" for number in self._written()}
        for path in (self.home / "versions").iterdir():
            if path.name not in kept:
                disk.remove(path)
        for pattern in (f".{self.path.name}.*.link", f".{self.home.name}/manifests/.*.part"):
            for path in self.home.parent.glob(pattern):
                disk.remove(path)

    def _check_links(self) -> None:
        """Refuse a file system on which no name can be made to point elsewhere, before anything is asked."""
        try:
            disk.point(self.home / "probe", "work")
        except (OSError, NotImplementedError) as error:
            raise ConfigError(
                f"no symbolic link can be made beside {self.url!r} ({error}), so a version could not take the place "
                "of another in one step. Write one file (a name that ends in .parquet), or to "
                f"{self.path.absolute().as_uri()!r}, where the manifest alone says which files are the newest"
            ) from error
        disk.remove(self.home / "probe")

    def publish(self, manifest: Manifest, fresh: Mapping[str, Path]) -> None:
        """Make a version the newest, in one step, from files of its parent and fresh ones."""
        target = self.folder(manifest.version)
        building = target.with_name(f".{target.name}")
        disk.remove(building)
        building.mkdir()
        for one in manifest.files:
            source = fresh.get(one.path) or self.folder(manifest.parent or 0) / one.path
            (building / one.path).parent.mkdir(parents=True, exist_ok=True)
            disk.link(source, building / one.path)
        disk.sync_tree(building)
        building.rename(target)
        disk.sync(target.parent)
        self._commit(manifest)

    def _commit(self, manifest: Manifest) -> None:
        try:
            disk.write_new(self._manifest(manifest.version), manifest.to_json())
        except FileExistsError:
            raise overtaken(self, manifest.version) from None
        if self.path.is_dir() and not self.path.is_symlink():
            self.path.rmdir()  # an empty folder that was made for us
        disk.point(self.path, os.path.join(self.home.name, "versions", f"{manifest.version:06d}"))  # noqa: PTH118 - the text of the link

    def remove(self, versions: list[int]) -> int:
        """Remove versions; return the bytes set free."""
        free = 0
        for number in versions:
            disk.remove(self._manifest(number))
            free += _last_names_bytes(self.folder(number))
            disk.remove(self.folder(number))
        return free


def _last_names_bytes(folder: Path) -> int:
    """Return the bytes of the files that have no name elsewhere."""
    found = [path.stat() for path in folder.rglob("*") if path.is_file()]
    return sum(one.st_size for one in found if one.st_nlink == 1)


def damaged(place: Place, version: int, file: StoredFile, what: str) -> SchemaError:
    """Return the error for a file that cannot be relied upon."""
    older = [number for number in place.versions() if number < version]
    cure = f"read an older version (version={older[-1]}) or write" if older else "write"
    return SchemaError(
        f"{place.address(version, file)!r}, a file of version {version}, {what}. "
        f"No row of it is returned; {cure} the dataset anew with mode='overwrite'"
    )


def overtaken(place: Place, version: int) -> ConfigError:
    """Return the error for a version that another run has written first."""
    return ConfigError(
        f"another run has written version {version} of {place.url!r} meanwhile; this one is not committed. "
        "Run it again: it goes on from there"
    )


def place_of(path: str | Path) -> Place:
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
        from dyno_frames.export.remote import remote_place

        return remote_place(str(path))
    local = LocalPlace(Path(path))
    for _ in range(_MOST_LINKS):
        if not local.path.is_symlink() or local.pointed() is not None:
            break
        local = LocalPlace(local.path.parent / local.path.readlink())  # a link of the user's own, not ours
    return local


def check_free(place: Place) -> None:
    """Refuse a local path where something else stands.

    Raises
    ------
    ConfigError
        A folder with files that are not ours, or a file.
    """
    if not isinstance(place, LocalPlace) or place.path.is_symlink():
        return
    if place.path.is_dir():
        if any(place.path.iterdir()):
            raise ConfigError(
                f"{str(place.path)!r} is a folder with files of another program in it; give a name that is free, "
                f"such as {str(place.path / 'campaigns')!r}"
            )
    elif place.path.exists():
        raise ConfigError(f"{str(place.path)!r} is a file; a dataset needs a name that is free")
    elif not place.path.absolute().parent.is_dir():
        raise ConfigError(f"the folder {str(place.path.absolute().parent)!r} does not exist; make it first")
