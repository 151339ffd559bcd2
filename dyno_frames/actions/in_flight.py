"""Track whether an action may still be being sent, by this process or another one on this machine."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from dyno_frames.actions.intent import Intent

_HERE: set[str] = set()
_LOCK = threading.Lock()


@contextmanager
def sending(intent_id: str) -> Iterator[None]:
    """Mark an intent as being sent by this process, during the block."""
    with _LOCK:
        _HERE.add(intent_id)
    try:
        yield
    finally:
        with _LOCK:
            _HERE.discard(intent_id)


def is_sending(intent: Intent, *, now: float) -> bool:
    """Return whether the attempt that wrote an intent may still be running."""
    if now >= intent.until:
        return False
    if intent.machine == platform.node() and intent.pid == os.getpid():
        with _LOCK:
            return intent.id in _HERE
    return intent.machine != platform.node() or _is_alive(intent.pid)


def _is_alive(pid: int) -> bool:
    if os.name != "posix":
        return True  # on Windows, signal 0 would end the other process
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
