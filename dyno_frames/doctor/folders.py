"""Check the folders of the cache and the journals, and the file of connections."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from dyno_frames.actions.journal import FOLDER_VARIABLE as STATE_VARIABLE
from dyno_frames.actions.journal import all_damage, journal_folder
from dyno_frames.actions.journal_damage import CURE
from dyno_frames.calibrate import cache as profiles
from dyno_frames.client.connections import connections_file, load
from dyno_frames.doctor.check import Check, Status
from dyno_frames.errors import ConfigError

_LOCK_S = 0.2


def connections() -> Check:
    """Check the file of named connections."""
    path = connections_file()
    try:
        known = load()
    except ConfigError as error:
        cure = "Edit the file, or move it away and use dyno-frames connections add"
        return Check("connections", Status.FAILED, str(error), cure)
    if not known:
        return Check("connections", Status.OK, f"{path} has no connections")
    finding = f"{path} has {', '.join(known)}"
    if os.name == "posix" and path.stat().st_mode & 0o022:
        return Check("connections", Status.WARNING, f"{finding}; others can change it", f"chmod 600 '{path}'")
    return Check("connections", Status.OK, finding)


def cache() -> Check:
    """Check that the cache folder can be written, and that its files can be read."""
    folder = profiles.folder()
    reason = _unusable(folder)
    if reason:
        cure = "Correct the folder, or set another one in the environment variable DYNO_CACHE_DIR"
        return Check("cache", Status.FAILED, f"{folder} cannot be written: {reason}", cure)
    damaged = profiles.damaged()
    if damaged:
        finding = f"{len(damaged)} damaged: {', '.join(map(str, damaged))}"
        return Check("cache", Status.FAILED, finding, "Delete them; profiles are learned again")
    return Check("cache", Status.OK, str(folder))


def journal() -> Check:
    """Check that the folder of the journals can be written, that no process holds its lock, and its files."""
    folder = journal_folder()
    reason = _unusable(folder)
    if reason:
        cure = f"Correct the folder, or set another one in the environment variable {STATE_VARIABLE}"
        return Check("journal", Status.FAILED, f"{folder} cannot be written: {reason}", cure)
    held = [path for path in sorted(folder.glob("journal-*.lock")) if _is_held(path)]
    if held:
        finding = f"another process holds {', '.join(map(str, held))}"
        return Check("journal", Status.FAILED, finding, "Wait for its action, or end the process if it hangs")
    try:
        damage = all_damage()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        cure = "Correct the permissions of the file"
        return Check("journal", Status.FAILED, f"{error.filename} cannot be read: {reason}", cure)
    if damage:
        return Check("journal", Status.FAILED, "; ".join(map(str, damage)), CURE)
    return Check("journal", Status.OK, str(folder))


def _unusable(folder: Path) -> str:
    """Return why files cannot be written to a folder, or an empty text. A missing folder is created and removed."""
    created: list[Path] = []
    try:
        existing = next((path for path in (folder, *folder.parents) if path.exists()), folder)
        if not existing.is_dir():
            return f"{existing} is not a folder"
        for path in reversed([folder, *folder.parents][: len(folder.parts) - len(existing.parts)]):
            path.mkdir()
            created.append(path)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
    except OSError as error:
        return error.strerror or type(error).__name__
    finally:
        for path in reversed(created):
            with suppress(OSError):  # another process uses it
                path.rmdir()
    return ""


def _is_held(path: Path) -> bool:
    try:
        with FileLock(path).acquire(timeout=_LOCK_S, poll_interval=0.02):
            return False
    except Timeout:
        return True
