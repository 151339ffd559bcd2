"""A dataset on a local disk: its path points to the newest version.

``path`` is a symbolic link to ``.name.dyno/versions/000003``, a folder that holds exactly the files of
that version and never changes. A commit replaces the link with one rename, so every program that lists the folder sees
one complete version. Versions share unchanged files as hard links. Without the link nothing is committed; the next run
creates a missing link again, to the newest complete version.

A program that lists the folder before a commit and opens a file after it reads the same file, if both versions have
it, or gets an error: files are named by their digest, so a name never holds other rows. Listing the folders of
partitions one by one during a commit may return files of two versions. To avoid this, resolve the link first, read
with ``read_dataset``, or read the list in ``dataset.files``.

Where links to folders cannot be replaced, ``path`` is a folder that names the version; see ``pointer``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from dyno_frames.durable import sync
from dyno_frames.errors import ConfigError
from dyno_frames.export import disk, pointer
from dyno_frames.export.manifest import Manifest, StoredFile, unreadable
from dyno_frames.export.partitions import Partition
from dyno_frames.export.store import damaged, overtaken
from dyno_frames.export.targets import SharedFolder

MIRROR = "mirror.json"
"""The file beside the versions of a mirror that describes it."""


@dataclass(frozen=True, slots=True)
class LocalStore:
    """A dataset on a local disk; its path points to the newest version."""

    path: Path

    @property
    def url(self) -> str:
        """The path as text."""
        return str(self.path)

    @property
    def home(self) -> Path:
        """The hidden folder with all versions, in the same folder as the path."""
        return self.path.absolute().parent / f".{self.path.name}.dyno"

    @property
    def is_plain(self) -> bool:
        """Whether the files hold texts as texts; they have categories."""
        return False

    @property
    def work(self) -> Path:
        """The folder for staged rows and uncommitted files."""
        return self.home / "work"

    @property
    def target(self) -> SharedFolder:
        """A folder in ``work``."""
        return SharedFolder(self.work / "files")

    def folder(self, version: int) -> Path:
        """Return the folder with exactly the files of a version."""
        return self.home / "versions" / f"{version:06d}"

    def _manifest(self, version: int) -> Path:
        return self.home / "manifests" / f"{version:06d}.json"

    def check_name(self) -> None:
        """Raise if the name of the dataset, or of its hidden folder, is too long for the file system."""
        disk.check_name(self.path, added_bytes=len(self.home.name) - len(self.path.name))

    def check(self) -> None:
        """Raise ConfigError if no dataset can be written to the path, before a request is sent or a file is created."""
        self.check_name()
        parent = self.path.absolute().parent
        if not parent.is_dir():
            raise ConfigError(f"the folder {str(parent)!r} does not exist; make it first")
        if pointer.is_free(self.path, self.home):
            return
        if (self.path / pointer.NAME).exists() and not self.home.is_dir():
            raise ConfigError(
                f"{str(self.path)!r} has a file {pointer.NAME}, but the folder {str(self.home)!r} with the versions is "
                "missing. Restore it, or choose a new name"
            )
        if self.path.is_dir():
            raise ConfigError(
                f"{str(self.path)!r} is a folder with files of another program in it; expected a new name, "
                f"such as {str(self.path / 'campaigns')!r}"
            )
        raise ConfigError(f"{str(self.path)!r} is a file; expected a new name, or the name of a dataset")

    def pointed(self) -> int | None:
        """Return the version that the path points to; None if it points to none."""
        return pointer.read(self.path, self.home)

    def _written(self) -> list[int]:
        found = (self.home / "manifests").glob("*.json")
        return sorted(int(path.stem) for path in found if path.stem.isdecimal())

    def versions(self) -> list[int]:
        """Return the numbers of the committed versions, oldest first; empty if the path points to none."""
        newest = self.pointed()
        if newest is None:
            return []
        return [*(number for number in self._written() if number < newest), newest]

    def manifest(self, version: int) -> Manifest:
        """Return the manifest of a version."""
        path = self._manifest(version)
        try:
            return Manifest.from_json(path.read_bytes(), name=str(path))
        except FileNotFoundError:
            raise unreadable(str(path), "does not exist") from None
        except OSError as error:
            raise unreadable(str(path), f"cannot be read ({error.strerror})") from error

    def next_version(self, parent: int | None) -> int:
        """Return the number of the version after the newest one."""
        return 1 if parent is None else parent + 1

    def check_partitions(self, partitions: Sequence[Partition]) -> None:
        """Do nothing: each version has its own partitions."""

    def check_newest(self, manifest: Manifest) -> None:
        """Do nothing: only this package writes versions."""

    def address(self, version: int, file: StoredFile) -> str:
        """Return the path of a file of a version."""
        return str(self.folder(version) / file.path)

    def opened(self, version: int, file: StoredFile) -> Any:
        """Return a file of a version opened for reading, after checking its SHA-256."""
        path = self.folder(version) / file.path
        try:
            found = disk.sha256(path)
        except FileNotFoundError:
            raise damaged(self, version, file, "does not exist") from None
        if found != file.sha256:
            raise damaged(self, version, file, "is damaged: its SHA-256 differs")
        return pa.memory_map(str(path))

    def prepare(self) -> None:
        """Create the folders, and finish or remove what an interrupted run left behind."""
        self.check()
        for folder in ("manifests", "versions", "work"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        self._point_again()
        committed = self.versions()
        for number in {*self._written()} - {*committed}:
            disk.remove(self._manifest(number))
        kept = {self.folder(number).name for number in committed}
        for path in (self.home / "versions").iterdir():
            if path.name not in kept:
                disk.remove(path)
        for path in (self.home / "manifests").glob(".*.part"):
            disk.remove(path)
        pointer.clean(self.home)

    def _point_again(self) -> None:
        """Point to the newest complete version, if the path points to none.

        A version is complete once its folder has its final name. This finishes a first run that was interrupted between
        manifest and link, and repairs a dataset whose link was removed.
        """
        whole = [number for number in self._written() if self.folder(number).is_dir()]
        if whole and self.pointed() is None:
            pointer.move(self.path, self.home, self.folder(whole[-1]))

    def publish(self, manifest: Manifest, fresh: Mapping[str, Path]) -> Manifest:
        """Commit a version, in one step, from files of its parent and new files; return it."""
        target = self.folder(manifest.version)
        building = target.with_name(f".{target.name}")
        disk.remove(building)
        building.mkdir()
        for one in manifest.files:
            source = fresh.get(one.path) or self.folder(manifest.parent or 0) / one.path
            (building / one.path).parent.mkdir(parents=True, exist_ok=True)
            disk.link(source, building / one.path)
        disk.sync_tree(building)
        try:
            building.rename(target)
        except OSError:
            disk.remove(building)
            if target.is_dir():
                raise overtaken(self, manifest.version) from None
            raise
        sync(target.parent)
        try:
            disk.write_new(self._manifest(manifest.version), manifest.to_json())
        except FileExistsError:
            raise overtaken(self, manifest.version) from None
        pointer.move(self.path, self.home, self.folder(manifest.version))
        return manifest

    def remove(self, versions: list[int]) -> int:
        """Remove versions; return the number of bytes freed."""
        free = 0
        for number in versions:
            disk.remove(self._manifest(number))
            free += _last_names_bytes(self.folder(number))
            disk.remove(self.folder(number))
        return free


def _last_names_bytes(folder: Path) -> int:
    """Return the bytes of the files in a folder that have no other hard link."""
    found = [path.stat() for path in folder.rglob("*") if path.is_file()]
    return sum(one.st_size for one in found if one.st_nlink == 1)
