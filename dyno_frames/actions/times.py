"""From the time a person means to the wall time and zone that the process actions take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn
from zoneinfo import ZoneInfo

import pandas as pd

from dyno_frames.contract.times import WIRE_FORMAT, resolve, zone
from dyno_frames.errors import ConfigError

_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class StartTime:
    """When an action is to take effect.

    Parameters
    ----------
    iso_start_time, time_zone
        As they travel: a wall time without zone, and the zone's IANA name.
    epoch_s
        The instant they mean, in seconds since 1970, UTC.
    note
        What a reader should know, such as a wall time that happens twice; empty where there is nothing.
    """

    iso_start_time: str
    time_zone: str
    epoch_s: int
    note: str = ""

    def body(self) -> dict[str, str]:
        """Return the two names of a request's body."""
        return {"iso_start_time": self.iso_start_time, "time_zone": self.time_zone}


def start_time(at: datetime | str, time_zone: str | None = None) -> StartTime:
    """Turn a time into what the process actions take; fractions of a second are dropped.

    Parameters
    ----------
    at
        An aware datetime or Timestamp, or ISO text with an offset; or, with ``time_zone``, a wall time there.
    time_zone
        An IANA name. A wall time is read in it; an instant is sent as the wall time it has there.

    Returns
    -------
    StartTime
        A wall time and zone that the server cannot read as another instant than the one meant. Where a wall
        time happens twice and the later one was meant, it is sent in UTC.

    Raises
    ------
    ConfigError
        The time cannot be read, has no zone, or does not exist in its zone.

    Examples
    --------
    >>> start_time("2026-07-01T09:30:00", "Europe/Paris").epoch_s
    1782891000
    >>> start_time("2026-07-01T07:30:00Z", "Europe/Paris").iso_start_time
    '2026-07-01T09:30:00'
    """
    try:
        return _start_time(at, time_zone)
    except ConfigError:
        raise
    except (OverflowError, ValueError):
        raise ConfigError(f"at= is {at!s}; expected a time from year 1 to 9999 in every time zone") from None


def _start_time(at: datetime | str, time_zone: str | None) -> StartTime:
    place = _zone(time_zone)
    moment = _datetime(at)
    if moment.tzinfo is None:
        if place is None:
            raise ConfigError(
                f"at= is {at!s}, a wall time without a zone: give time_zone= with it, such as "
                "time_zone='Europe/Paris', or an aware time, such as pd.Timestamp(…, tz='Europe/Paris')"
            )
        _refuse_gap(moment, place)
        moment = moment.replace(tzinfo=place)
    shown = place or (moment.tzinfo if isinstance(moment.tzinfo, ZoneInfo) else None)
    epoch_s = int(moment.timestamp() // 1)
    if shown is None or not shown.key:
        return _in_zone(epoch_s, _UTC) or _unreadable(at)
    return _in_zone(epoch_s, shown) or _twice(epoch_s, shown) or _unreadable(at)


def _zone(name: object) -> ZoneInfo | None:
    if name is None:
        return None
    if not isinstance(name, str) or not name.strip():
        raise ConfigError(f"time_zone= is {name!r}; expected an IANA name such as 'Europe/Paris'")
    try:
        return zone(name)
    except ValueError as error:
        raise ConfigError(f"time_zone= is {name!r}: {error}") from None


def _datetime(at: object) -> datetime:
    if isinstance(at, str):
        try:
            return datetime.fromisoformat(at.strip()).replace(microsecond=0)
        except ValueError:
            _unreadable(at)
    if isinstance(at, pd.Timestamp):
        return at.floor("s").to_pydatetime() if at.tzinfo is None else _aware(at)
    if isinstance(at, datetime) and not pd.isna(at):
        return at.replace(microsecond=0)
    return _unreadable(at)


def _aware(at: pd.Timestamp) -> datetime:
    # Flooring an aware Timestamp may fail in the hour that happens twice; in UTC no hour does.
    whole = at.tz_convert("UTC").floor("s").to_pydatetime()
    return whole.astimezone(at.tzinfo)


def _unreadable(at: object) -> NoReturn:
    raise ConfigError(
        f"at= is {at!r}; expected an aware datetime or pandas.Timestamp, or ISO text such as "
        "'2026-03-29T09:30:00+02:00'"
    )


def _refuse_gap(moment: datetime, place: ZoneInfo) -> None:
    try:
        resolve(moment.strftime(WIRE_FORMAT), place.key)
    except ValueError as error:
        raise ConfigError(f"at= cannot be used: {error}; take a time before or after") from None


def _in_zone(epoch_s: int, place: ZoneInfo) -> StartTime | None:
    """Return an instant as a wall time, or None where the server would read that as another instant."""
    wall = datetime.fromtimestamp(epoch_s, place).strftime(WIRE_FORMAT)
    try:
        read = resolve(wall, place.key)
    except ValueError:
        return None
    return StartTime(wall, place.key, epoch_s, read.note) if read.epoch_s == epoch_s else None


def _twice(epoch_s: int, place: ZoneInfo) -> StartTime | None:
    """Return an instant in UTC, since its wall time happens twice and the server would take the earlier."""
    utc = _in_zone(epoch_s, _UTC)
    wall = datetime.fromtimestamp(epoch_s, place).strftime(WIRE_FORMAT)
    note = f"{wall} happens twice in {place.key}; the later one is meant, so the time is sent in UTC"
    return None if utc is None else replace(utc, note=note)
