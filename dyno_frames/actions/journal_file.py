"""A file of journal lines: a line is written completely, or the file stays as it was."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from dyno_frames.actions.journal_lines import Contents, Count, contents, sealed, unsealed
from dyno_frames.durable import flush, opened, replace, sync, write


@dataclass(frozen=True, slots=True)
class JournalFile:
    """A file of journal lines, and a file beside it with the number of lines that were written completely.

    Notes
    -----
    Every method but :meth:`read` expects that the caller holds the journal's lock. All raise ``OSError``.

    The line of an action is written, synced, and then counted; the count is replaced in one step. A process that dies
    before it has counted a line has not sent the request. A counted line that is damaged or lost later is noticed.
    """

    path: Path

    @property
    def count_path(self) -> Path:
        """The path of the count."""
        return self.path.with_suffix(".count")

    def read(self) -> Contents:
        """Return the content of the file, and what is damaged."""
        count, data = self._read()
        if count is None and data:  # another process may have created both in between
            count, data = self._read()
        if count is None and not data:
            return Contents()
        return contents(data, None if count is None else Count.from_bytes(count))

    def _read(self) -> tuple[bytes | None, bytes]:
        # the count first, so that lines that another process adds meanwhile are beyond it
        return _content(self.count_path), _content(self.path) or b""

    def append(self, record: Mapping[str, Any], *, count: bool) -> None:
        """Append a record, synced to the disk. A request may be sent only if its line was counted, with ``count``."""
        before = self.read()
        fresh = not self.path.exists()
        if fresh and not before.faults:
            replace(self.count_path, Count().to_bytes())
        with opened(self.path) as file:
            file.truncate(before.end)
            added = _separator(file, before) + sealed(record, before.last + 1) + b"\n"
            try:
                write(file, added)
                if fresh:
                    sync(self.path.parent)
                if count and not before.faults:
                    checksum = zlib.crc32(added, before.checksum)
                    whole = Count(before.last + 1, before.end + len(added), checksum)
                    replace(self.count_path, whole.to_bytes())
            except OSError:
                _undo(file, before.end)
                raise

    def repair(self, kept: Path) -> None:
        """Remove what is damaged, after copying the file as it was to ``kept``."""
        lines = self.read().lines
        replace(kept, _content(self.path) or b"")
        whole = b"".join(sealed(unsealed(line), number) + b"\n" for number, line in enumerate(lines, start=1))
        replace(self.path, whole)
        replace(self.count_path, Count(len(lines), len(whole), zlib.crc32(whole)).to_bytes())
        sync(self.path.parent)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _separator(file: IO[bytes], before: Contents) -> bytes:
    """Seek to the end, and return the line end that may be missing in a damaged file."""
    if not before.end:
        return b""
    file.seek(before.end - 1)
    return b"" if file.read(1) == b"\n" else b"\n"


def _undo(file: IO[bytes], end: int) -> None:
    with suppress(OSError):  # the rest was not counted, and the next writer removes it
        file.truncate(end)
        flush(file.fileno())
