"""Convert a start time to the wall time and time zone that the process actions take."""

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
    """A start time.

    Parameters
    ----------
    iso_start_time, time_zone
        The wall time without a zone, and the zone's IANA name, as in a request.
    epoch_s
        The instant, in epoch seconds.
    note
        A note, for example about a wall time that happens twice; may be empty.
    """

    iso_start_time: str
    time_zone: str
    epoch_s: int
    note: str = ""

    def body(self) -> dict[str, str]:
        """Return the time as parameters of a request."""
        return {"iso_start_time": self.iso_start_time, "time_zone": self.time_zone}


def start_time(at: datetime | str, time_zone: str | None = None) -> StartTime:
    """Convert a time to the form that the process actions take, in whole seconds.

    Parameters
    ----------
    at
        An aware datetime or Timestamp, or ISO text with an offset; or, with ``time_zone``, a wall time.
    time_zone
        An IANA name. A wall time is in this zone; an instant is sent as the wall time in this zone.

    Returns
    -------
    StartTime
        A wall time and zone that the server reads as the same instant. The later of two equal wall times is sent in
        UTC.

    Raises
    ------
    ConfigError
        The time is not valid, has no zone, or does not exist in its zone.

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
    # flooring an aware Timestamp may fail in the hour that happens twice
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
    """Return an instant as a wall time, or None if the server would read it as another instant."""
    wall = datetime.fromtimestamp(epoch_s, place).strftime(WIRE_FORMAT)
    try:
        read = resolve(wall, place.key)
    except ValueError:
        return None
    return StartTime(wall, place.key, epoch_s, read.note) if read.epoch_s == epoch_s else None


def _twice(epoch_s: int, place: ZoneInfo) -> StartTime | None:
    """Return an instant in UTC, because its wall time happens twice and the server takes the earlier one."""
    utc = _in_zone(epoch_s, _UTC)
    wall = datetime.fromtimestamp(epoch_s, place).strftime(WIRE_FORMAT)
    note = f"{wall} happens twice in {place.key}; the later one is meant, so the time is sent in UTC"
    return None if utc is None else replace(utc, note=note)
