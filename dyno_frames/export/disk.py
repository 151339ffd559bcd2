"""Files that are there for certain or not at all: written beside, synced, and put in place by one rename."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

_CHUNK_BYTES = 8 << 20


def sync(path: Path) -> None:
    """Have a file's bytes, or a folder's names, on disk for certain."""
    if os.name != "posix" and path.is_dir():
        return  # a folder cannot be opened there
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """Lend a file in the target's folder; when all went well it takes the target's place, on disk for certain."""
    temporary = target.absolute().parent / f".{target.name}.{uuid4().hex}.part"
    try:
        yield temporary
        sync(temporary)
        temporary.replace(target)
        sync(target.absolute().parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_new(target: Path, text: str) -> None:
    """Write a file that must not be there yet: whole or not at all, and only one writer can.

    Raises
    ------
    FileExistsError
        It is there.
    """
    temporary = target.parent / f".{target.name}.{uuid4().hex}.part"
    try:
        temporary.write_text(text, encoding="utf-8")
        sync(temporary)
        link(temporary, target)
        sync(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def link(source: Path, target: Path) -> None:
    """Give a file a second name; where the file system has none, copy it under a name that must be new."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        with source.open("rb") as reading, target.open("xb") as writing:
            shutil.copyfileobj(reading, writing, _CHUNK_BYTES)
        sync(target)


def point(name: Path, target: str) -> None:
    """Have a symbolic link point to another folder, in one step."""
    temporary = name.parent / f".{name.name}.{uuid4().hex}.link"
    try:
        temporary.symlink_to(target, target_is_directory=True)
        temporary.replace(name)
        sync(name.parent)
    finally:
        temporary.unlink(missing_ok=True)


def sync_tree(folder: Path) -> None:
    """Have all names below a folder on disk for certain."""
    for below, _, _ in os.walk(folder):
        sync(Path(below))


def remove(path: Path) -> None:
    """Remove a file or a folder with all in it, where it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


def sha256(path: Path) -> str:
    """Return the digest of a file's bytes."""
    with path.open("rb") as reading:
        return hashlib.file_digest(reading, "sha256").hexdigest()
