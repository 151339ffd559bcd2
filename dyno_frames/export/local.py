"""A dataset on a local disk: its path is a link to the newest version.

``path`` is a symbolic link to ``.name.dyno/versions/000003``, a folder that holds exactly the files of
that version and never changes. A commit is the one rename that has the link point elsewhere, so whoever lists the
folder sees one version, whole, whatever program it is. Files that two versions share are one file with two names.
Without the link nothing is committed. A run that finds no link makes it again, to the newest whole version.

A program that lists the folder before a commit and opens a file after it finds that file, if both versions have
it, or gets an error: files are named by their bytes, so it never finds other rows under the name. Listing the folders
of partitions one by one during a commit may return files of two versions; ``read_dataset``, resolving the link first,
and the list in ``dataset.files`` do not.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from dyno_frames.errors import ConfigError
from dyno_frames.export import disk
from dyno_frames.export.manifest import Manifest, StoredFile, unreadable
from dyno_frames.export.store import damaged, overtaken


@dataclass(frozen=True, slots=True)
class LocalStore:
    """A dataset on a local disk.

    Parameters
    ----------
    path
        The name by which it is read: a link to the newest version.
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

    def check_name(self) -> None:
        """Refuse a name that is too long for the file system, with what is added for the hidden folder."""
        disk.check_name(self.path, added_bytes=len(self.home.name) - len(self.path.name))

    def check(self) -> None:
        """Refuse a path with something else at it, before anything is asked or made.

        Raises
        ------
        ConfigError
            A folder with files that are not ours, a file, or a name that is too long.
        """
        self.check_name()
        parent = self.path.absolute().parent
        if not parent.is_dir():
            raise ConfigError(f"the folder {str(parent)!r} does not exist; make it first")
        if self.path.is_symlink():
            return
        if self.path.is_dir():
            if any(self.path.iterdir()):
                raise ConfigError(
                    f"{str(self.path)!r} is a folder with files of another program in it; give a name that is free, "
                    f"such as {str(self.path / 'campaigns')!r}"
                )
        elif self.path.exists():
            raise ConfigError(f"{str(self.path)!r} is a file; a dataset needs a name that is free")

    def pointed(self) -> int | None:
        """Return the version that the link names; None if there is no link, or it is not one of ours."""
        if not self.path.is_symlink():
            return None
        target = self.path.readlink()
        ours = self.path.absolute().parent / target.parent == self.home / "versions"
        return int(target.name) if ours and target.name.isdecimal() else None

    def _written(self) -> list[int]:
        found = (self.home / "manifests").glob("*.json")
        return sorted(int(path.stem) for path in found if path.stem.isdecimal())

    def versions(self) -> list[int]:
        """Return the numbers of the committed versions, oldest first; none without the link."""
        newest = self.pointed()
        if newest is None:
            return []
        return [*(number for number in self._written() if number < newest), newest]

    def manifest(self, version: int) -> Manifest:
        """Return what a version is."""
        path = self._manifest(version)
        try:
            return Manifest.from_json(path.read_bytes(), name=str(path))
        except FileNotFoundError:
            raise unreadable(str(path), "is not there") from None

    def address(self, version: int, file: StoredFile) -> str:
        """Return the path of a file of a version."""
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
        """Make the store ready for writing, make a missing link again, and clean up after a run that was killed."""
        self.check()
        for folder in ("manifests", "versions", "work"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        self._check_links()
        self._relink()
        committed = self.versions()
        for number in {*self._written()} - {*committed}:
            disk.remove(self._manifest(number))
        kept = {self.folder(number).name for number in committed}
        for path in (self.home / "versions").iterdir():
            if path.name not in kept:
                disk.remove(path)
        for path in (self.home / "manifests").glob(".*.part"):
            disk.remove(path)
        disk.remove(self.home / "probe")

    def _check_links(self) -> None:
        """Refuse a file system that has no links, before anything is asked."""
        try:
            disk.remove(self._next)
            self._next.symlink_to("work", target_is_directory=True)
        except (OSError, NotImplementedError) as error:
            raise ConfigError(
                f"no symbolic link can be made beside {self.url!r} ({error}), so a version could not take the place "
                "of another in one step. Write to a file system that has links, or write one file: a name that "
                "ends in '.parquet'"
            ) from error
        disk.remove(self._next)

    def _relink(self) -> None:
        """Point the missing link to the newest whole version, if there is any.

        A version is whole once its folder has its name. A first run that was killed between manifest and link is
        completed here, and so is a dataset whose link somebody removed.
        """
        whole = [number for number in self._written() if self.folder(number).is_dir()]
        if whole and self.pointed() is None:
            self._point(whole[-1])

    @property
    def _next(self) -> Path:
        return self.home / "next"

    def _point(self, version: int) -> None:
        """Make the link, or point it to another version, in one step."""
        if self.path.is_dir() and not self.path.is_symlink():
            self.path.rmdir()  # an empty folder that was made for the dataset
        disk.remove(self._next)
        target = os.path.join(self.home.name, "versions", self.folder(version).name)  # noqa: PTH118 - the text of the link
        self._next.symlink_to(target, target_is_directory=True)
        self._next.replace(self.path)
        disk.sync(self.path.absolute().parent)

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
        try:
            disk.write_new(self._manifest(manifest.version), manifest.to_json())
        except FileExistsError:
            raise overtaken(self, manifest.version) from None
        self._point(manifest.version)

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
