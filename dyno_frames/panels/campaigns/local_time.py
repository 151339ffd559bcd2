"""A local time as the user types it: which instants it can mean, and what to say while it is typed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

from dyno_frames.contract.times import zone

_TYPED = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})(:\d{2})?")
_FORMAT = "%Y-%m-%d %H:%M"


@dataclass(frozen=True, slots=True)
class LocalTime:
    """What a local time in a zone means.

    Parameters
    ----------
    error
        Why it means nothing. Empty if it does.
    zone
        The zone's name.
    instants
        In epoch seconds, earliest first: one, or two if clocks are set back at that time.
    """

    error: str = ""
    zone: str = ""
    instants: tuple[int, ...] = ()

    def isoformat(self, fold: int) -> str:
        """Return one of the instants as ISO text with its offset, which makes it unambiguous."""
        return datetime.fromtimestamp(self.instants[fold], zone(self.zone)).isoformat()


def parse_local_time(typed: str, zone_name: str) -> LocalTime:
    """Return what a typed local time means. A skipped time is an error; one that happens twice is two instants."""
    text = typed.strip()
    match = _TYPED.fullmatch(text)
    if match is None:
        return LocalTime(f"the time is {text!r}; expected YYYY-MM-DD HH:MM, such as 2026-03-29 09:30")
    try:
        local = datetime.fromisoformat(f"{match[1]}T{match[2]}{match[3] or ':00'}")
    except ValueError as error:
        return LocalTime(f"the time is {text!r}, which is not a valid date: {error}")
    try:
        where = zone(zone_name.strip() or None)
    except ValueError as error:
        return LocalTime(f"{error}{_suggestion(zone_name)}")
    try:
        instants = [int(local.replace(tzinfo=where, fold=fold).timestamp()) for fold in (0, 1)]
        back = [_local(instant, where) for instant in instants]
    except (ValueError, OverflowError):
        return LocalTime(f"the time is {text!r}, which is outside the years 1 to 9999 in UTC")
    if back[0] != local:
        near = sorted(f"{time:%H:%M}" for time in back)
        return LocalTime(
            f"{local:{_FORMAT}} does not exist in {where.key}: clocks skip it; try {near[0]} or {near[-1]}"
        )
    return LocalTime(zone=where.key, instants=tuple(sorted(set(instants))))


def _local(epoch_s: int, where: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(epoch_s, where).replace(tzinfo=None)


def _suggestion(zone_name: str) -> str:
    names = {name.casefold(): name for name in available_timezones()}
    typed = zone_name.strip().casefold().replace(" ", "_")
    near = [name for name in names if name.endswith(f"/{typed}")] or get_close_matches(typed, names, 3, 0.7)
    return f"; did you mean {' or '.join(names[name] for name in near)}?" if near else ""


def format_in_zones(epoch_s: int, zone_name: str, kernel_zone: tzinfo | None = None) -> str:
    """Return an instant in a zone, in UTC and in the kernel's zone; zones that show the same time are named once.

    Parameters
    ----------
    zone_name
        The zone's name. An unknown one is left out.
    kernel_zone
        The zone of the kernel's machine. None leaves it out.

    Examples
    --------
    >>> format_in_zones(1774744200, "Europe/Paris")
    '2026-03-29 01:30 Europe/Paris = 2026-03-29 00:30 UTC'
    """
    instant = datetime.fromtimestamp(epoch_s, UTC)
    parts = []
    try:
        where = zone(zone_name or None)
    except ValueError:
        where = zone(None)
    if where.key != "UTC":
        parts.append(f"{instant.astimezone(where):{_FORMAT}} {where.key}")
    parts.append(f"{instant:{_FORMAT}} UTC")
    local = instant.astimezone(kernel_zone) if kernel_zone is not None else instant
    if local.utcoffset() not in {timedelta(0), instant.astimezone(where).utcoffset()}:
        parts.append(f"{local:{_FORMAT}} in this kernel's zone")
    return " = ".join(parts)


def time_hint(typed: str, zone_name: str, kernel_zone: tzinfo | None = None) -> str:
    """Return what the time typed so far means, or what is still wrong with it."""
    if not typed.strip():
        return "Type a date and a time, such as 2026-03-29 09:30."
    time = parse_local_time(typed, zone_name)
    if time.error:
        return f"{time.error[0].upper()}{time.error[1:]}{'' if time.error.endswith('?') else '.'}"
    if len(time.instants) > 1:
        return f"{typed.strip()} happens twice in {time.zone}; choose which one you mean."
    return f"{format_in_zones(time.instants[0], time.zone, kernel_zone)}."


def reading_choices(typed: str, zone_name: str) -> list[tuple[str, int]]:
    """Return the two readings of a local time that happens twice, as pairs of words and fold; else nothing."""
    instants = parse_local_time(typed, zone_name).instants
    if len(instants) < 2:
        return []
    words = ("the earlier", "the later")
    return [
        (f"{words[fold]}, {format_in_zones(epoch_s, 'UTC')}", fold) for fold, epoch_s in enumerate(instants)
    ]
