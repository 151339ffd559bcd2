"""Keep learned profiles in the user's cache folder, except those of servers on this machine."""

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
"""The format version; increased when a field of the profile changes its meaning."""

DAYS_KEPT = 30


def folder() -> Path:
    """Return the cache folder: ``DYNO_CACHE_DIR``, or the user's."""
    return Path(os.environ.get("DYNO_CACHE_DIR") or user_cache_path("dyno_frames"))


def is_local(url: str) -> bool:
    """Return whether a server is on this machine, so that its profile is not stored."""
    # one sandbox after another uses the same port, each with its own semantics
    return is_loopback(urlsplit(url).hostname or "")


def damaged() -> list[Path]:
    """Return the stored profiles that cannot be read. They are ignored, so the profiles are learned again."""
    return [path for path in sorted((folder() / "profiles").glob("*.json")) if _read(path) is None]


def load(url: str, *, clock: Callable[[], float] = time.time) -> Profile:
    """Return the profile learned for a server; unknown if there is none, or it is too old."""
    if is_local(url):
        return Profile.unknown()
    version, at, profile = _read(_path(url)) or (VERSION, 0.0, Profile.unknown())
    fresh = version == VERSION and abs(clock() - at) < DAYS_KEPT * 86_400
    return profile if fresh else Profile.unknown()


def _read(path: Path) -> tuple[int, float, Profile] | None:
    """Return the version, the time and the profile in a file, or None if it cannot be read."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return int(stored["version"]), float(stored["at"]), Profile.from_json(stored["profile"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def save(url: str, profile: Profile, *, clock: Callable[[], float] = time.time) -> None:
    """Store the profile of a server. If the folder cannot be written, it is learned again next time."""
    if is_local(url):
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


def _path(url: str) -> Path:
    return folder() / "profiles" / f"{hashlib.sha256(url.encode()).hexdigest()[:24]}.json"
