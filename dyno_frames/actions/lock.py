"""One writer at a time, among the processes of this machine."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dyno_frames.errors import ConfigError

if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _release(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _release(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextmanager
def locked(
    path: Path,
    *,
    timeout_s: float = 10.0,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """Hold a lock file for the length of a with-block; it goes with the process, even one that is killed.

    Parameters
    ----------
    path
        The lock file; it is made where there is none, and stays.
    timeout_s
        How long to wait for another holder, in seconds.
    clock, sleep
        Monotonic seconds, and waiting.

    Raises
    ------
    ConfigError
        Another process holds it all that time.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = clock() + timeout_s
        while not _taken(descriptor):
            if clock() >= deadline:
                raise ConfigError(f"{path} is locked by another process for {timeout_s:g} s; is one hanging?")
            sleep(0.01)
        try:
            yield
        finally:
            _release(descriptor)
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        _take(descriptor)
    except OSError:
        return False
    return True
