"""What was learnt of a server, kept in the user's cache folder; never of a server on this machine."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_cache_path

from dyno_frames.contract.profile import Profile
from dyno_frames.transport.server_name import is_loopback

VERSION = 2
"""Raised when a field of the profile changes its meaning."""

DAYS_KEPT = 30
FOLDER_VARIABLE = "DYNO_CACHE_DIR"


def load(url: str, *, clock: Callable[[], float] = time.time) -> Profile:
    """Return what is known of a server; nothing where nothing was learnt lately.

    Parameters
    ----------
    url
        The server.
    clock
        Epoch seconds, now.
    """
    if _is_here(url):
        return Profile.unknown()
    try:
        stored = json.loads(_path(url).read_text(encoding="utf-8"))
        fresh = stored["version"] == VERSION and clock() - stored["at"] < DAYS_KEPT * 86_400
        return Profile.from_json(stored["profile"]) if fresh else Profile.unknown()
    except (OSError, ValueError, KeyError, TypeError):
        return Profile.unknown()


def save(url: str, profile: Profile, *, clock: Callable[[], float] = time.time) -> None:
    """Keep what was learnt of a server; where the folder cannot be written it is learnt again next time."""
    if _is_here(url):
        return
    path = _path(url)
    stored = {"version": VERSION, "at": clock(), "profile": profile.to_json()}
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(stored), encoding="utf-8")
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)


def _is_here(url: str) -> bool:
    # Ports of this machine are taken by one practice server after another, each with semantics of its own.
    return is_loopback(urlsplit(url).hostname or "")


def _path(url: str) -> Path:
    folder = os.environ.get(FOLDER_VARIABLE)
    root = Path(folder) if folder else user_cache_path("dyno_frames")
    return root / "profiles" / f"{hashlib.sha256(url.encode()).hexdigest()[:24]}.json"
