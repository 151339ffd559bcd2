"""Disks that are full and journals that are damaged, for the proof in ``faults.py``."""

from __future__ import annotations

import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import orjson


@contextmanager
def room(path: Path, size_bytes: int | None, *, fatal: bool = False) -> Iterator[None]:
    """Let this process write no more than so many bytes behind a file's end, for the length of a with-block.

    Parameters
    ----------
    path
        The file.
    size_bytes
        The room that is left; None is no limit.
    fatal
        Whether the process dies where the room ends, in the middle of a line, instead of getting an error.
    """
    if size_bytes is None:
        yield
        return
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = path.stat().st_size if path.exists() else 0
    before = signal.signal(signal.SIGXFSZ, signal.SIG_DFL if fatal else signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        signal.signal(signal.SIGXFSZ, before)


def some_room(random: Random) -> int | None:
    """Draw how much room is left: mostly no limit, else from none to that of an intent and half an outcome."""
    if random.random() < 0.8:
        return None
    return random.choice([0, random.randrange(700), random.randrange(400, 1600)])


def _counted(path: Path) -> int:
    """Return how many bytes of a journal were counted: damage there must be noticed."""
    return int(orjson.loads(path.with_suffix(".count").read_bytes())["size"])


def flip(path: Path, random: Random) -> None:
    """Flip one bit."""
    content = bytearray(path.read_bytes())
    content[random.randrange(_counted(path))] ^= 1 << random.randrange(8)
    path.write_bytes(content)


def zero(path: Path, random: Random) -> None:
    """Fill a block with zeros."""
    content = bytearray(path.read_bytes())
    start = random.randrange(_counted(path))
    end = min(len(content), start + random.choice([1, 512, 4096]))
    content[start:end] = bytes(end - start)
    path.write_bytes(content)


def cut(path: Path, random: Random) -> None:
    """Cut the end off."""
    path.write_bytes(path.read_bytes()[: random.randrange(_counted(path))])


def lose_line(path: Path, random: Random) -> None:
    """Lose a whole line."""
    counted = path.read_bytes()[: _counted(path)].splitlines(keepends=True)
    rest = path.read_bytes()[_counted(path) :]
    del counted[random.randrange(len(counted))]
    path.write_bytes(b"".join(counted) + rest)


def remove(path: Path, random: Random) -> None:
    """Remove the file."""
    del random
    path.unlink()


def lose_count(path: Path, random: Random) -> None:
    """Remove or empty the count."""
    count = path.with_suffix(".count")
    count.unlink()
    if random.random() < 0.5:
        count.touch()


DAMAGE: tuple[Callable[[Path, Random], None], ...] = (flip, flip, zero, cut, lose_line, remove, lose_count)
"""What happens to journals; one bit is the hardest to notice."""


def damaged(path: Path, random: Random) -> str | None:
    """Damage a journal, and return how; None if nothing was counted in it yet."""
    if not path.with_suffix(".count").exists() or not path.exists() or not _counted(path):
        return None
    one = random.choice(DAMAGE)
    one(path, random)
    return one.__name__
