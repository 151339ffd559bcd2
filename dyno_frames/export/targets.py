"""Where the workers of a cluster store the files of a version before its commit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from dyno_frames.errors import DynoError
from dyno_frames.export import disk


class FileTarget(Protocol):
    """A place that all workers reach. It is sent to them, so pickling it must leave out credentials."""

    @property
    def url(self) -> str:
        """The path or URL of the place."""

    def prepare(self) -> None:
        """Create what the files need. Called once, by the process that commits them."""

    def folder(self) -> AbstractContextManager[Path]:
        """Provide a local folder for files that are being written."""

    def put(self, path: Path, name: str) -> None:
        """Store a complete file under a name."""

    def has(self, name: str, size_bytes: int, sha256: str) -> bool:
        """Tell whether a file is stored; its digest is compared where that needs no download."""

    def remove(self, name: str) -> None:
        """Remove a file."""

    def path(self, name: str) -> Path | None:
        """Return the local path of a stored file; None if it is at its final place already."""


@dataclass(frozen=True, slots=True)
class SharedFolder:
    """A folder of the run on a disk that all workers share.

    Parameters
    ----------
    root
        The folder.
    """

    root: Path

    @property
    def url(self) -> str:
        """The path as text."""
        return str(self.root)

    def prepare(self) -> None:
        """Create the folder."""
        self.root.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Provide the folder, so that a complete file needs only a new name."""
        yield self.root

    def put(self, path: Path, name: str) -> None:
        """Rename a complete file. It fails if the run has ended, and with it its folder."""
        disk.put(path, self._made(self.path(name)))

    def _made(self, path: Path) -> Path:
        """Return a path after creating the folders between it and the root, which must exist."""
        for folder in reversed(path.relative_to(self.root).parents[:-1]):
            (self.root / folder).mkdir(exist_ok=True)
        return path

    def has(self, name: str, size_bytes: int, sha256: str) -> bool:  # noqa: ARG002 - the digest says more
        """Tell whether a file is stored, by its digest."""
        try:
            return disk.sha256(self.path(name)) == sha256
        except FileNotFoundError:
            return False

    def remove(self, name: str) -> None:
        """Remove a file."""
        self.path(name).unlink()

    def path(self, name: str) -> Path:
        """Return the path of a file."""
        return self.root / name


_PROBE = b"dyno_frames"


@contextmanager
def stored_probe(target: FileTarget) -> Iterator[str]:
    """Store a small file, provide its name, and remove it again."""
    name = f"{uuid4().hex}.probe"
    with target.folder() as folder:
        path = folder / f"{uuid4().hex}.part"
        path.write_bytes(_PROBE)
        target.put(path, name)
    try:
        yield name
    finally:
        with suppress(OSError, DynoError):
            target.remove(name)


def missing_reason(target: FileTarget, name: str) -> str:
    """Return why the calling process cannot use a target, where another process stored a probe; empty if it can."""
    try:
        if not target.has(name, len(_PROBE), hashlib.sha256(_PROBE).hexdigest()):
            return "it does not see the files of this process"
        with stored_probe(target):
            return ""
    except (OSError, DynoError) as error:
        return str(error)
