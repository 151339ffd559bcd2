"""The lines of a journal file. Each has a number and a checksum, so that damaged and missing lines are detected."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from dyno_frames.transport import redact

_NUMBER, _SUM = b',"number":', b',"sum":"'
_ABOUT = re.compile(rb'"action":"(\w{1,24})","campaign_id":"([^"\\]{1,80})"')


@dataclass(frozen=True, slots=True)
class Count:
    """How much of a journal file was written completely: the number of lines and of bytes, and their checksum."""

    lines: int = 0
    size: int = 0
    checksum: int = 0

    def to_bytes(self) -> bytes:
        """Return the count as a line."""
        return sealed({"size": self.size, "checksum": self.checksum}, self.lines) + b"\n"

    @classmethod
    def from_bytes(cls, content: bytes) -> Count | None:
        """Return what :meth:`to_bytes` wrote, or None if the content is anything else."""
        line = content.removesuffix(b"\n")
        lines = _number(line)
        if lines is None or line == content:
            return None
        stored = unsealed(line)
        return cls(lines, stored["size"], stored["checksum"])

    def is_of(self, data: bytes) -> bool:
        """Return whether data starts with the counted bytes."""
        return len(data) >= self.size and zlib.crc32(memoryview(data)[: self.size]) == self.checksum


@dataclass(frozen=True, slots=True)
class Contents:
    """The content of a journal file.

    Parameters
    ----------
    intact
        The intact lines, in order, with their line ends.
    last
        The highest line number so far.
    end
        The position of the next line, in bytes. In an undamaged file, an incomplete line of a crashed process follows.
    checksum
        The checksum of the bytes before the end.
    faults
        What is damaged; empty if nothing is.
    """

    intact: bytes = b""
    last: int = 0
    end: int = 0
    checksum: int = 0
    faults: tuple[str, ...] = ()

    @property
    def lines(self) -> list[bytes]:
        """The intact lines without their line ends."""
        return self.intact.split(b"\n")[:-1]


def sealed(record: Mapping[str, Any], number: int) -> bytes:
    """Return a record as a line: its JSON with the line's number and a checksum at the end.

    Examples
    --------
    >>> sealed({"kind": "intent"}, 7)
    b'{"kind":"intent","number":7,"sum":"e088a36f"}'
    """
    return _with_sum(orjson.dumps({**record, "number": number})[:-1])


def unsealed(line: bytes) -> dict[str, Any]:
    """Return the record of an intact line."""
    stored: dict[str, Any] = orjson.loads(line)
    del stored["number"], stored["sum"]
    return stored


def contents(data: bytes, count: Count | None) -> Contents:
    """Read a journal file and check every byte of it, given how much was counted; None if that is lost.

    A request is sent only after its line was written completely, synced and counted. So anything after the counted
    bytes that is not an intact line belongs to a request that was not sent, or is an outcome without which its action
    stays open. It is ignored. Every other difference is damage.
    """
    if count is None or not count.is_of(data):
        return _damaged(data, count)
    last, end = count.lines, count.size
    for line in data[end:].split(b"\n")[:-1]:
        if _number(line) != last + 1:
            break
        last, end = last + 1, end + len(line) + 1
    checksum = zlib.crc32(memoryview(data)[count.size : end], count.checksum)
    return Contents(data[:end], last, end, checksum)


def _damaged(data: bytes, count: Count | None) -> Contents:
    """Return what is damaged, line by line."""
    lines: list[bytes] = []
    faults = [] if count is not None else ["the count of its lines is missing or damaged"]
    last = broken = 0
    *pieces, rest = data.split(b"\n")
    for place, line in enumerate(pieces, start=1):
        number = _number(line)
        if number is None:
            faults.append(f"line {place} is not as it was written{_about(line)}")
            broken += 1
            continue
        faults += _missing(last + 1 + broken, number, exact=not broken)
        lines.append(line)
        last, broken = max(last, number), 0
    if rest:
        faults.append(f"its last {len(rest):,} bytes are not a whole line{_about(rest)}")
        broken += 1
    last += broken  # each of these was a line
    if count is not None and last < count.lines:
        faults += _missing(last + 1, count.lines + 1)
        last = count.lines
    faults = faults or ["its lines are not the ones that were counted"]
    intact = b"".join(line + b"\n" for line in lines)
    return Contents(intact, last, len(data), zlib.crc32(data), tuple(faults))


def _missing(expected: int, number: int, *, exact: bool = True) -> list[str]:
    """Return what is wrong if a line has another number than expected."""
    if number == expected + 1:
        return [f"line {expected} is missing"]
    if number > expected:
        return [f"lines {expected} to {number - 1} are missing"]
    return (
        [f"line {number} is found where line {expected} is expected"] if number < expected and exact else []
    )


def _number(line: bytes) -> int | None:
    """Return the number of an intact line, or None if it is not as it was written."""
    body = line.rpartition(_SUM)[0]
    digits = body.rpartition(_NUMBER)[2]
    return int(digits) if digits.isdigit() and line == _with_sum(body) else None


def _with_sum(body: bytes) -> bytes:
    return b'%b%b%08x"}' % (body, _SUM, zlib.crc32(body))


def _about(line: bytes) -> str:
    """Return the action and campaign that a damaged line seems to be about."""
    found = _ABOUT.search(line)
    if found is None:
        return ""
    action, campaign = (redact.message(part.decode("utf-8", "replace")) for part in found.groups())
    return f" (perhaps {action} of campaign {campaign})"
