"""Write files so that they survive a crash: complete, on the disk, and readable by their owner only."""

from __future__ import annotations

import errno
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

if sys.platform == "darwin":
    import fcntl

PART = ".part"
"""Follows the name of a file that is not complete."""

_PATIENCE_S = 2.0


def sync(path: Path) -> None:
    """Flush the content of a file, or the names in a folder, to the disk."""
    if os.name != "posix" and path.is_dir():
        return  # folders cannot be opened on Windows
    # Windows flushes only what is open for writing.
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        flush(descriptor)
    finally:
        os.close(descriptor)


def flush(descriptor: int) -> None:
    """Flush an open file to the disk itself: on macOS, fsync leaves it in the memory of the drive."""
    if sys.platform == "darwin":
        with suppress(OSError):  # not every file system has it
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)


def opened(path: Path) -> IO[bytes]:
    """Open a file for reading and writing; create it, for its owner only, if it does not exist."""

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags | os.O_CREAT, 0o600)

    return open(path, "r+b", buffering=0, opener=opener)  # Path.open takes no opener


def write(file: IO[bytes], content: bytes) -> None:
    """Write everything and sync it; a file system may write only a part at a time."""
    left = memoryview(content)
    while left:
        written = file.write(left)
        if not written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left = left[written:]
    flush(file.fileno())


def rename(source: Path, target: Path) -> None:
    """Rename a file, over another one if there is one; on Windows, wait until no program has that open."""
    deadline = time.monotonic() + (_PATIENCE_S if sys.platform == "win32" else 0)
    while True:
        try:
            source.replace(target)
        except PermissionError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_PATIENCE_S / 100)
        else:
            return


def replace(path: Path, content: bytes) -> None:
    """Replace a file atomically with one that only its owner can read."""
    part = path.with_name(f"{path.name}{PART}")
    try:
        part.unlink(missing_ok=True)
        with opened(part) as file:
            write(file, content)
        rename(part, path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
