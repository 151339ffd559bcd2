"""Store the learned profile of a server in the user's cache folder. Servers on this machine are not cached."""

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
"""Increased if a field of the profile changes its meaning."""

DAYS_KEPT = 30
FOLDER_VARIABLE = "DYNO_CACHE_DIR"


def load(url: str, *, clock: Callable[[], float] = time.time) -> Profile:
    """Return the stored profile of a server, or the unknown profile if none was stored lately.

    Parameters
    ----------
    url
        The URL of the server.
    clock
        Returns the present in epoch seconds.
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
    """Store the profile of a server. If the folder cannot be written, the profile is learned again next time."""
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
    # One sandbox after another uses a port of this machine, each with its own semantics.
    return is_loopback(urlsplit(url).hostname or "")


def _path(url: str) -> Path:
    folder = os.environ.get(FOLDER_VARIABLE)
    root = Path(folder) if folder else user_cache_path("dyno_frames")
    return root / "profiles" / f"{hashlib.sha256(url.encode()).hexdigest()[:24]}.json"
