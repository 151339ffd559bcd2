"""Which version of a local dataset is the newest: the dataset's path is a link to it, or a folder that names it.

Where the file system can replace a link to a folder in one step, the path is such a link, and every program reads the
newest version. Elsewhere, as on Windows, it is a folder that contains ``VERSION.txt`` and no Parquet files, so that
other programs find no rows instead of the rows of several versions.
"""

from __future__ import annotations

import os
from pathlib import Path

from dyno_frames import durable
from dyno_frames.errors import SchemaError
from dyno_frames.export import disk

NAME = "VERSION.txt"
"""The file that names the newest version in its first line."""

_OWN = frozenset({NAME, f"{NAME}{durable.PART}"})
_NEXT, _PROBE = "next", "probe"
"""Names beside the versions: what will take the place of the path, and a link to try that with."""

_MOST_DIGITS = 18
_OF_FILE_MANAGERS = frozenset({".ds_store", "desktop.ini", "thumbs.db"})
"""Files that Finder and Explorer add to folders, in small letters."""


def read(path: Path, home: Path) -> int | None:
    """Return the version that a path points to; None if it points to none."""
    if path.is_symlink():
        target = path.readlink()
        ours = path.absolute().parent / target.parent == home / "versions"
        number = target.name if ours else ""
    else:
        number = _first_line(path / NAME) if home.is_dir() else ""
    return int(number) if number.isdecimal() and len(number) <= _MOST_DIGITS else None


def is_free(path: Path, home: Path) -> bool:
    """Tell whether a dataset can be at a path: it is a link, an empty folder, or a folder that names a version."""
    if path.is_symlink() or not path.exists():
        return True
    own = _OWN if home.is_dir() else frozenset[str]()
    return path.is_dir() and all(
        one.name in own or one.name.lower() in _OF_FILE_MANAGERS or one.name.startswith("._")
        for one in path.iterdir()
    )


def move(path: Path, home: Path, folder: Path) -> None:
    """Point to the folder of a version, in one step."""
    where = f"{home.name}/versions/{folder.name}, beside this folder"
    text = f"{folder.name}\nThe rows are in {where}. Read them with dyno_frames.read_dataset.\n".encode()
    following = home / _NEXT
    disk.remove(following)
    if path.is_dir() and not path.is_symlink():
        if any((path / name).exists() for name in _OWN):
            durable.replace(path / NAME, text)
            durable.sync(path)
            return
        disk.remove(path)  # an empty folder
    if path.is_symlink() or replaces_links(home):
        target = os.path.join(home.name, "versions", folder.name)  # noqa: PTH118 - the text of the link
        following.symlink_to(target, target_is_directory=True)
        following.replace(path)
    else:
        following.mkdir()
        durable.replace(following / NAME, text)
        durable.sync(following)
        following.rename(path)
    durable.sync(path.absolute().parent)


def replaces_links(home: Path) -> bool:
    """Tell whether the file system can replace a link to a folder in one step."""
    new, old = home / _NEXT, home / _PROBE
    try:
        clean(home)
        for one in (new, old):
            one.symlink_to("work", target_is_directory=True)
        new.replace(old)
    except (OSError, NotImplementedError):
        return False
    finally:
        clean(home)
    return True


def clean(home: Path) -> None:
    """Remove what an interrupted run left beside the versions."""
    for name in (_NEXT, _PROBE):
        disk.remove(home / name)


def remove(path: Path, home: Path) -> None:
    """Remove the link, or the folder that names a version."""
    if path.is_symlink():
        path.unlink()
    elif is_free(path, home):
        disk.remove(path)


def _first_line(path: Path) -> str:
    """Return the first line of a file; empty if it does not exist, or is not text.

    Raise SchemaError if the file cannot be read, because without a newest version all would be removed.
    """
    try:
        return path.read_text(encoding="utf-8").partition("\n")[0]
    except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
        return ""
    except OSError as error:
        raise SchemaError(f"{str(path)!r} cannot be read ({error.strerror}); try again") from error
