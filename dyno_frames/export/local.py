"""A dataset on a local disk: its path is a link to the newest version.

``path`` is a symbolic link to ``.name.dyno/versions/000003``, a folder that holds exactly the files of
that version and never changes. A commit is the one rename that has the link point elsewhere, so whoever lists the
folder sees one version, whole, whatever program it is. Files that two versions share are one file with two names.

A program that lists the folder before a commit and opens a file after it finds that file, where both versions have
it, or an error: files are named by their bytes, so it never finds other rows under the name. One that lists folders of
partitions one by one while a commit happens may list some of each version; ``read_dataset`` and whoever resolves the
link first, or takes the list in ``dataset.files``, cannot.
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
from dyno_frames.export.manifest import Manifest, StoredFile
from dyno_frames.export.store import damaged, overtaken


@dataclass(frozen=True, slots=True)
class LocalStore:
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
