"""Which place a path or a URL names."""

from __future__ import annotations

from pathlib import Path

from dyno_frames.errors import ConfigError
from dyno_frames.export.local import LocalPlace
from dyno_frames.export.place import Place
from dyno_frames.export.remote import remote_place

_MOST_LINKS = 40
"""As many as Linux follows."""


def place_of(path: str | Path) -> Place:
    """Return where a dataset of this name lives.

    Parameters
    ----------
    path
        A local path, or a URL that fsspec knows, such as ``s3://bucket/campaigns``.

    Raises
    ------
    MissingExtraError
        It is a URL and fsspec is not installed.
    """
    if "://" in str(path):
        return remote_place(str(path))
    local = LocalPlace(Path(path))
    for _ in range(_MOST_LINKS):
        if not local.path.is_symlink() or local.pointed() is not None:
            break
        local = LocalPlace(local.path.parent / local.path.readlink())  # a link of the user's own, not ours
    return local


def check_free(place: Place) -> None:
    """Refuse a local path where something else stands.

    Raises
    ------
    ConfigError
        A folder with files that are not ours, or a file.
    """
    if not isinstance(place, LocalPlace) or place.path.is_symlink():
        return
    if place.path.is_dir():
        if any(place.path.iterdir()):
            raise ConfigError(
                f"{str(place.path)!r} is a folder with files of another program in it; give a name that is free, "
                f"such as {str(place.path / 'campaigns')!r}"
            )
    elif place.path.exists():
        raise ConfigError(f"{str(place.path)!r} is a file; a dataset needs a name that is free")
    elif not place.path.absolute().parent.is_dir():
        raise ConfigError(f"the folder {str(place.path.absolute().parent)!r} does not exist; make it first")
