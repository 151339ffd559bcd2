"""Write files atomically: to a temporary file in the same folder, synced, and renamed."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from dyno_frames.durable import PART, rename, sync
from dyno_frames.errors import ConfigError

_CHUNK_BYTES = 8 << 20
_COMMON_NAME_BYTES = 255
_NAME_LETTERS = 50
"""Maximum letters of the target in the name of a temporary file; at four bytes each the name is short enough."""

_ATTEMPTS = 5

_RANDOM = re.compile("[0-9a-f]{32}")


def check_name(path: Path, *, added_bytes: int = 0) -> None:
    """Raise ConfigError if a name is too long for the file system, before anything is written.

    ``added_bytes`` is how much longer the longest name derived from it is.
    """
    size, most = len(os.fsencode(path.name)), _longest_name(path.absolute().parent) - added_bytes
    if size > most:
        raise ConfigError(
            f"the name {path.name[:40] + '…'!r} has {size} bytes; expected a name of at most {most} bytes. "
            "Use a shorter one"
        )


def _longest_name(folder: Path) -> int:
    if sys.platform == "win32":
        return _COMMON_NAME_BYTES
    try:
        return os.pathconf(folder, "PC_NAME_MAX")
    except (OSError, ValueError):
        return _COMMON_NAME_BYTES


def put(temporary: Path, target: Path) -> None:
    """Rename a finished file to its final name, in one step, and flush file and name to disk."""
    sync(temporary)
    rename(temporary, target)
    sync(target.absolute().parent)


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """Provide a temporary file in the target's folder that replaces the target if the block succeeds.

    Temporary files of interrupted runs are removed first. A run holds a lock on its temporary file, so that other runs
    do not remove it.
    """
    _remove_abandoned(target)
    temporary = target.absolute().parent / f"{_prefix(target)}{uuid4().hex}{PART}"
    with contextlib.ExitStack() as stack:
        stack.callback(temporary.unlink, missing_ok=True)
        stack.enter_context(_locked(temporary))
        yield temporary
        put(temporary, target)


def _prefix(target: Path) -> str:
    return f".{target.name[:_NAME_LETTERS]}."


def _remove_abandoned(target: Path) -> None:
    """Remove temporary files of this target that no run is writing."""
    prefix = _prefix(target)
    for path in target.absolute().parent.iterdir():
        random = path.name.removeprefix(prefix).removesuffix(PART)
        if path.name == f"{prefix}{random}{PART}" and _RANDOM.fullmatch(random):
            _unlink_abandoned(path)


def remove_abandoned(folder: Path, *, older_than_s: float) -> int:
    """Remove old temporary files in a folder and below it that no run is writing; return the number of bytes freed."""
    oldest, freed = time.time() - older_than_s, 0
    for path in folder.rglob(f".*{PART}"):
        random = path.name.removesuffix(PART).rpartition(".")[2]
        with contextlib.suppress(OSError):  # its run has ended meanwhile, or it is another user's
            found = path.stat()
            if _RANDOM.fullmatch(random) and found.st_mtime < oldest and _unlink_abandoned(path):
                freed += found.st_size
    return freed


def _unlink_abandoned(path: Path) -> bool:
    """Remove a temporary file if no run is writing it; return whether it is gone."""
    with contextlib.suppress(OSError), _locked(path):
        path.unlink()
        return True
    return False


if sys.platform == "win32":

    @contextmanager
    def _locked(path: Path) -> Iterator[None]:  # noqa: ARG001 - same signature on all systems
        """Do nothing: Windows does not remove open files."""
        yield

else:
    import fcntl

    @contextmanager
    def _locked(path: Path) -> Iterator[None]:
        """Hold a lock on a file, created if missing; the lock ends with the process.

        Raises
        ------
        BlockingIOError
            Another process holds it.
        """
        number = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        finally:
            os.close(number)


def write_new(target: Path, text: str) -> None:
    """Create a file atomically; only one of several writers succeeds. Raise FileExistsError if the file exists."""
    temporary = target.parent / f".{target.name}.{uuid4().hex}{PART}"
    try:
        temporary.write_text(text, encoding="utf-8")
        sync(temporary)
        link(temporary, target)
        sync(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def link(source: Path, target: Path) -> None:
    """Create a hard link, or copy the file if the file system has no hard links; the target must not exist."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        with source.open("rb") as reading, target.open("xb") as writing:
            shutil.copyfileobj(reading, writing, _CHUNK_BYTES)
        sync(target)


def sync_tree(folder: Path) -> None:
    """Flush the names in a folder and its subfolders to disk."""
    for below, _, _ in os.walk(folder):
        sync(Path(below))


def remove(path: Path) -> None:
    """Remove a file, a link or a folder with its content, if it exists."""
    if path.is_dir() and not path.is_symlink():
        _remove_folder(path)
    else:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


def _remove_folder(path: Path) -> None:
    """Remove a folder, in which a worker of a cluster may still be writing a last file."""
    for left in reversed(range(_ATTEMPTS)):
        try:
            shutil.rmtree(path)
        except FileNotFoundError:
            if not path.exists():
                return
        except OSError as error:
            if error.errno != errno.ENOTEMPTY or not left:
                raise
        else:
            return


def sha256(path: Path) -> str:
    """Return the digest of a file's bytes."""
    with path.open("rb") as reading:
        return hashlib.file_digest(reading, "sha256").hexdigest()
