"""Convert local time and time zone to an instant, as the process actions read ``iso_start_time``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

WIRE_FORMAT = "%Y-%m-%dT%H:%M:%S"
"""The form of ``iso_start_time``: no zone, no fraction."""


@dataclass(frozen=True, slots=True)
class Instant:
    """A resolved time.

    Parameters
    ----------
    epoch_s
        Seconds since 1970, UTC.
    note
        A note for the reader, such as a local time that occurs twice; empty for no note.
    """

    epoch_s: int
    note: str = ""


def zone(name: str | None) -> ZoneInfo:
    """Return the time zone of an IANA name, or UTC for None.

    Raises
    ------
    ValueError
        The name is not an IANA time zone.
    """
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(
            f"{name!r} is not a time zone; expected an IANA name such as 'Europe/Paris'"
        ) from error


def resolve(iso_start_time: str, time_zone: str | None) -> Instant:
    """Convert a local time in a zone to an instant.

    Parameters
    ----------
    iso_start_time
        ``yyyy-MM-dd'T'HH:mm:ss``.
    time_zone
        An IANA name; None means UTC.

    Raises
    ------
    ValueError
        The text is not of that form, the zone is unknown, or the local time does not exist there.
    """
    try:
        wall = datetime.strptime(iso_start_time, WIRE_FORMAT)  # noqa: DTZ007 - the zone is a separate argument
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"iso_start_time is {iso_start_time!r}; expected yyyy-MM-dd'T'HH:mm:ss, such as "
            "'2026-03-29T09:30:00', without a zone"
        ) from error
    place = zone(time_zone)
    first = wall.replace(tzinfo=place, fold=0)
    second = wall.replace(tzinfo=place, fold=1)
    epoch_s = int(first.timestamp())
    if datetime.fromtimestamp(epoch_s, place).replace(tzinfo=None) != wall:
        raise ValueError(f"{iso_start_time} does not exist in {time_zone}: clocks skip it")
    if first.utcoffset() != second.utcoffset():
        earlier = datetime.fromtimestamp(epoch_s, UTC).strftime(WIRE_FORMAT)
        return Instant(epoch_s, f"{iso_start_time} happens twice in {time_zone}; taken as {earlier} UTC")
    return Instant(epoch_s)
