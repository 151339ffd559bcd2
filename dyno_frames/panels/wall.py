"""A wall time as the user types it: which instants it may mean, and what to say of it while it is typed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

from dyno_frames.contract.times import zone

_WALL = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})(:\d{2})?")
_SHOWN = "%Y-%m-%d %H:%M"


@dataclass(frozen=True, slots=True)
class Wall:
    """What a wall time in a zone means.

    Parameters
    ----------
    fault
        Why it means nothing; empty where it does.
    place
        The zone's name.
    instants
        In epoch seconds, earliest first: one, or two where clocks are set back.
    """

    fault: str = ""
    place: str = ""
    instants: tuple[int, ...] = ()

    def at(self, fold: int) -> str:
        """Return one of the instants as ISO text with its offset, which nobody can read as the other."""
        return datetime.fromtimestamp(self.instants[fold], zone(self.place)).isoformat()


def read_wall(typed: str, place: str) -> Wall:
    """Read a wall time in a zone; a time that clocks skip means nothing, one that happens twice means both."""
    match = _WALL.fullmatch(typed.strip())
    if match is None:
        return Wall(f"the time is {typed.strip()!r}; expected YYYY-MM-DD HH:MM, such as 2026-03-29 09:30")
    try:
        wall = datetime.fromisoformat(f"{match[1]}T{match[2]}{match[3] or ':00'}")
    except ValueError as error:
        return Wall(f"the time is {typed.strip()!r}, which no calendar has: {error}")
    try:
        where = zone(place.strip() or None)
    except ValueError as error:
        return Wall(f"{error}{_meant(place)}")
    try:
        readings = [wall.replace(tzinfo=where, fold=fold) for fold in (0, 1)]
        instants = [int(reading.timestamp()) for reading in readings]
        there = [_there(instant, where) for instant in instants]
    except (ValueError, OverflowError):
        return Wall(f"the time is {typed.strip()!r}, which is outside the years 1 to 9999 in UTC")
    if there[0] != wall:
        near = sorted(f"{time:%H:%M}" for time in there)
        return Wall(
            f"{wall:{_SHOWN}} does not exist in {where.key}: clocks skip it; try {near[0]} or {near[-1]}"
        )
    return Wall(place=where.key, instants=tuple(sorted(set(instants))))


def _there(epoch_s: int, where: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(epoch_s, where).replace(tzinfo=None)


def _meant(place: str) -> str:
    names = {name.casefold(): name for name in available_timezones()}
    wanted = place.strip().casefold().replace(" ", "_")
    near = [name for name in names if name.endswith(f"/{wanted}")] or get_close_matches(wanted, names, 3, 0.7)
    return f"; did you mean {' or '.join(names[name] for name in near)}?" if near else ""


def in_zones(epoch_s: int, place: str, here: tzinfo | None = None) -> str:
    """Return an instant in a zone, in UTC and in the kernel's own zone, each said once.

    Parameters
    ----------
    place
        The zone's name; one that is not known is left out.
    here
        The kernel's zone; None leaves it out.

    Examples
    --------
    >>> in_zones(1774744200, "Europe/Paris")
    '2026-03-29 01:30 Europe/Paris = 2026-03-29 00:30 UTC'
    """
    instant = datetime.fromtimestamp(epoch_s, UTC)
    said = []
    try:
        where = zone(place or None)
    except ValueError:
        where = zone(None)
    if where.key != "UTC":
        said.append(f"{instant.astimezone(where):{_SHOWN}} {where.key}")
    said.append(f"{instant:{_SHOWN}} UTC")
    local = instant.astimezone(here) if here is not None else instant
    if local.utcoffset() not in {timedelta(0), instant.astimezone(where).utcoffset()}:
        said.append(f"{local:{_SHOWN}} in this kernel's zone")
    return " = ".join(said)


def echo(typed: str, place: str, here: tzinfo | None = None) -> str:
    """Return what a time that is being typed means, or why it means nothing yet."""
    if not typed.strip():
        return "Type a date and a time, such as 2026-03-29 09:30."
    wall = read_wall(typed, place)
    if wall.fault:
        return f"{wall.fault[0].upper()}{wall.fault[1:]}{'' if wall.fault.endswith('?') else '.'}"
    if len(wall.instants) > 1:
        return f"{typed.strip()} happens twice in {wall.place}; choose which one is meant."
    return f"{in_zones(wall.instants[0], wall.place, here)}."
