"""Whether an action's request may still be under way in this or another process of the machine."""

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
def under_way(intent_id: str) -> Iterator[None]:
    """Hold that an intent is being sent and judged here, for the length of a with-block."""
    with _LOCK:
        _HERE.add(intent_id)
    try:
        yield
    finally:
        with _LOCK:
            _HERE.discard(intent_id)


def is_under_way(intent: Intent, *, now: float) -> bool:
    """Tell whether an intent's own attempt may still be going on.

    Parameters
    ----------
    intent
        The action.
    now
        The present, in epoch seconds.
    """
    if now >= intent.until:
        return False
    if intent.machine == platform.node() and intent.pid == os.getpid():
        with _LOCK:
            return intent.id in _HERE
    return intent.machine != platform.node() or _is_alive(intent.pid)


def _is_alive(pid: int) -> bool:
    if os.name != "posix":
        return True  # signal 0 would end the other process on Windows
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
