"""A dataset in an object store.

Object stores have no links, so the manifest alone names the files of the newest version. It is created exclusively,
after all its files are uploaded, and never changed. This requires a store that creates objects atomically. Files are
stored under ``_dyno/files`` with names that no ``*.parquet`` pattern matches, so a plain glob finds no files instead of
files of several versions; plain readers take the list in ``dataset.files``.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from dyno_frames.calibrate import cache
from dyno_frames.contract.texts import fit
from dyno_frames.errors import ConfigError, DynoError, MissingExtraError, TransportError
from dyno_frames.export import disk
from dyno_frames.export.manifest import Manifest, StoredFile, unreadable
from dyno_frames.export.store import damaged, overtaken

OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "memory"})
"""Protocols whose objects are created atomically and can be created exclusively."""

_LONGEST_REASON = 300


def remote_store(url: str) -> RemoteStore:
    """Return the store that a URL names.

    Raise ConfigError if the protocol of the URL is unknown, or the URL is a chain of file systems. Raise
    MissingExtraError if fsspec, or the package that it needs for this protocol, is not installed.
    """
    try:
        import fsspec
    except ImportError:
        raise MissingExtraError.of("fsspec", "remote") from None
    if "::" in url:
        raise ConfigError(
            f"{url!r} is a chain of file systems; expected the URL of one object store, such as 's3://bucket/campaigns'"
        )
    try:
        files, root = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise MissingExtraError.of(f"what {url.partition('://')[0]}:// URLs need ({error})", "s3") from None
    except ValueError as error:
        raise ConfigError(f"{url!r} cannot be written to: {error}") from error
    return RemoteStore(url.rstrip("/"), files, root.rstrip("/"))


@dataclass(frozen=True, slots=True)
class RemoteStore:
    """A dataset behind a URL: the file system of fsspec, and the path in it."""

    url: str
    files: Any
    root: str

    @property
    def work(self) -> Path:
        """A local folder for staged rows and files before the upload; it survives an interrupted run."""
        return cache.folder() / "exports" / hashlib.sha256(self.url.encode()).hexdigest()[:32] / "work"

    def check(self) -> None:
        """Raise ConfigError if the URL is not that of an object store, which creates a manifest atomically."""
        protocol = self.url.partition("://")[0].lower()
        if protocol in OBJECT_STORES:
            return
        if protocol in {"file", "local"}:
            cure = f"Give the path itself, {self.root!r}"
        else:
            cure = "Write to a local path and copy the files in dataset.files"
        raise ConfigError(
            f"{self.url!r} is not in an object store, so a reader could see an incomplete version. Expected a local "
            f"path, or a URL of an object store such as 's3://bucket/campaigns'. {cure}"
        )

    def _call(self, method: str, *arguments: Any, **options: Any) -> Any:
        """Call a method of the file system. Raise the errors of its library as errors of this package.

        Errors that a file does not exist, or exists, are raised as they are: what they mean depends on the caller.
        """
        try:
            return getattr(self.files, method)(*arguments, **options)
        except (FileNotFoundError, FileExistsError):
            raise
        except Exception as error:  # every object store has its own library, with its own errors
            raise _failure(self.url, error) from error

    def _manifest(self, version: int) -> str:
        return f"{self.root}/_dyno/manifests/{version:06d}.json"

    def _file(self, file: StoredFile) -> str:
        return f"{self.root}/_dyno/files/{file.path.removesuffix('.parquet')}"

    def versions(self) -> list[int]:
        """Return the numbers of the versions that can be read, oldest first."""
        self.files.invalidate_cache()
        try:
            found = self._call("ls", f"{self.root}/_dyno/manifests", detail=False)
        except FileNotFoundError:
            return []
        stems = [name.rpartition("/")[2].removesuffix(".json") for name in found if name.endswith(".json")]
        return sorted(int(stem) for stem in stems if stem.isdecimal())

    def manifest(self, version: int) -> Manifest:
        """Return the manifest of a version."""
        path = self._manifest(version)
        name = str(self.files.unstrip_protocol(path))
        try:
            return Manifest.from_json(self._call("cat_file", path), name=name)
        except FileNotFoundError:
            raise unreadable(name, "does not exist") from None

    def address(self, version: int, file: StoredFile) -> str:  # noqa: ARG002 - a local address depends on it
        """Return the URL of a file of a version."""
        return str(self.files.unstrip_protocol(self._file(file)))

    def opened(self, version: int, file: StoredFile) -> Any:
        """Return a file of a version opened for reading, after checking its SHA-256."""
        with tempfile.TemporaryDirectory() as folder:
            here = Path(folder) / "file"
            try:
                self._call("get_file", self._file(file), str(here))
            except FileNotFoundError:
                raise damaged(self, version, file, "does not exist") from None
            if disk.sha256(here) != file.sha256:
                raise damaged(self, version, file, "is damaged: its SHA-256 differs")
            return pa.memory_map(str(here)) if os.name == "posix" else pa.BufferReader(here.read_bytes())

    def prepare(self) -> None:
        """Check the URL and the bucket, and create the local folder."""
        self.check()
        if self.url.startswith(("s3://", "s3a://")):  # other stores may not allow reading the bucket itself
            bucket = self.root.partition("/")[0]
            try:
                self._call("info", bucket)
            except FileNotFoundError:
                raise ConfigError(
                    f"the bucket {bucket!r} does not exist; create it, or write to another URL"
                ) from None
        self.work.mkdir(parents=True, exist_ok=True)

    def publish(self, manifest: Manifest, fresh: Mapping[str, Path]) -> None:
        """Commit a version, in one step, from files of its parent and new files."""
        for one in manifest.files:
            if one.path in fresh:
                self._upload(fresh[one.path], one)
        name = self._manifest(manifest.version)
        try:
            self._call("pipe_file", name, manifest.to_json().encode(), mode="create")
        except FileExistsError:
            raise overtaken(self, manifest.version) from None

    def _upload(self, source: Path, file: StoredFile) -> None:
        target = self._file(file)
        self._call("put_file", str(source), target)
        self.files.invalidate_cache()
        if self._call("size", target) != file.size_bytes:
            raise TransportError(
                f"{self.files.unstrip_protocol(target)} was not stored completely; nothing was committed",
                cure="Run the export again; it resumes",
            )

    def remove(self, versions: list[int]) -> int:
        """Remove versions, and their files that no kept version has; return the number of bytes freed."""
        gone = {one.path: one for number in versions for one in self.manifest(number).files}
        stay = [number for number in self.versions() if number not in versions]
        kept = {one.path for number in stay for one in self.manifest(number).files}
        for number in versions:
            self._call("rm_file", self._manifest(number))
        free = 0
        for path, one in gone.items():
            if path not in kept and self._call("exists", self._file(one)):
                self._call("rm_file", self._file(one))
                free += one.size_bytes
        return free


def _failure(url: str, error: Exception) -> DynoError:
    """Return the error for what the library of an object store raised. It contains no credentials."""
    name = type(error).__name__
    said = f"({name}: {fit(str(error), _LONGEST_REASON)})"
    if isinstance(error, PermissionError):
        return ConfigError(
            f"the store of {url!r} refuses the credentials, or they do not allow this {said}. Check the key and its "
            "rights to list, read and write there"
        )
    if "credential" in name.lower():
        return ConfigError(
            f"{url!r} cannot be used without credentials {said}. For S3, set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or name a profile in AWS_PROFILE"
        )
    return TransportError(
        f"{url!r} cannot be reached, or does not work as expected {said}",
        cure="Check the URL, the network and the endpoint, then run it again; an export resumes",
    )
