"""Waiting for a campaign to get somewhere, noticing when it does not move or never can."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dyno_frames.actions.case import read
from dyno_frames.actions.intent import number
from dyno_frames.contract.lifecycle import FINAL, Status
from dyno_frames.errors import ApiError, ConfigError, TransportError, WaitError
from dyno_frames.transport.session import Session

_COURSE = (Status.SCHEDULED, Status.RUNNING, Status.FINISHED)
"""The way a campaign goes by itself."""

Reason = Literal["timeout", "stuck", "never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a campaign is waited for.

    Parameters
    ----------
    timeout_s
        For how long, in seconds; None is for ever.
    stuck_s
        After how long without any movement where there should be some it is given up, in seconds; None is never.
    first_s, longest_s
        The first pause between two readings, which grows, and the longest, in seconds.
    clock, wall
        Return monotonic seconds, and epoch seconds.
    sleep
        Waits.
    """

    timeout_s: float | None = None
    stuck_s: float | None = 300.0
    first_s: float = 0.2
    longest_s: float = 5.0
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], object] = time.sleep


@dataclass(slots=True)
class _Watched:
    """A campaign while it is waited for: the last reading, and since when nothing has moved."""

    began_s: float
    moved_s: float
    row: Mapping[str, Any] | None = None
    mark: tuple[Any, ...] = ()
    first_sent: float | None = None
    failure: str = ""


def wait(
    session: Session,
    campaign_id: str,
    until: str,
    *,
    pace: Pace,
    show: Callable[[Mapping[str, Any]], object],
) -> Mapping[str, Any]:
    """Read a campaign until it has come to a status, or has passed it.

    Parameters
    ----------
    session
        The connection.
    campaign_id
        Which campaign.
    until
        The status.
    pace
        How long, and how often.
    show
        Is called with each reading.

    Returns
    -------
    Mapping
        The campaign as read last.

    Raises
    ------
    WaitError
        The time is over; nothing moves; or it will never come there.
    ConfigError
        ``until`` is no status, or a number cannot be used.
    NotFoundError
        There is no such campaign, or no longer.
    """
    target = _target(until, pace)
    began_s = pace.clock()
    watched = _Watched(began_s, began_s)
    pause_s = pace.first_s
    while True:
        _look(session, campaign_id, watched, pace)
        if watched.row is not None:
            show(watched.row)
            if has_come(target, str(watched.row["status"])):
                return watched.row
        reason = _reason(target, watched, pace)
        if reason is not None:
            raise _error(campaign_id, target, watched, reason=reason, now_s=pace.clock())
        left_s = _left_s(watched, pace)
        pace.sleep(pause_s if left_s is None else max(0.0, min(pause_s, left_s)))
        pause_s = min(pace.longest_s, 1.5 * pause_s)


def has_come(target: Status, status: str) -> bool:
    """Tell whether a status is the one waited for, or lies beyond it on a campaign's way.

    Examples
    --------
    >>> has_come(Status.RUNNING, "finished"), has_come(Status.FINISHED, "stopped")
    (True, False)
    """
    if status == target:
        return True
    return target in _COURSE and status in _COURSE[_COURSE.index(target) :]


def is_vain(target: Status, status: str) -> bool:
    """Tell whether no waiting brings a campaign from a status to another: someone has to act, or nobody can.

    Examples
    --------
    >>> is_vain(Status.FINISHED, "paused"), is_vain(Status.PAUSED, "running")
    (True, False)
    """
    if status in FINAL:
        return True
    return target in _COURSE and status in {Status.DRAFT, Status.PAUSED}


def _target(until: str, pace: Pace) -> Status:
    numbers = {"timeout_s": pace.timeout_s, "stuck_s": pace.stuck_s}
    wrong = [f"{name}= is {value!r}" for name, value in numbers.items() if not _is_duration(value)]
    if until not in set(Status):
        wrong.append(f"until= is {until!r}; expected one of {', '.join(Status)}")
    if wrong:
        raise ConfigError("; ".join(wrong) + "; times are seconds, more than 0, or None for no limit")
    return Status(until)


def _is_duration(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and value > 0)


def _look(session: Session, campaign_id: str, watched: _Watched, pace: Pace) -> None:
    left_s = _left_s(watched, pace)
    try:
        row = read(session, campaign_id, deadline_s=None if left_s is None else max(1.0, left_s))
    except (ApiError, TransportError) as error:
        if not _may_pass(error):
            raise
        # It is read again, until the time is over or nothing has moved for too long.
        watched.failure = error.message
        return
    watched.failure = ""
    sent = number(row.get("sent"))
    mark = (row.get("status"), sent, row.get("start_time"), row.get("recipients"))
    if mark != watched.mark:
        watched.mark, watched.moved_s = mark, pace.clock()
    if watched.first_sent is None:
        watched.first_sent = sent
    watched.row = row


def _may_pass(error: ApiError | TransportError) -> bool:
    """Tell whether a later reading may succeed: after too many requests, or an error outside the contract, too."""
    return error.retryable or type(error) is ApiError


def _left_s(watched: _Watched, pace: Pace) -> float | None:
    return None if pace.timeout_s is None else watched.began_s + pace.timeout_s - pace.clock()


def _reason(target: Status, watched: _Watched, pace: Pace) -> Reason | None:
    row, left_s = watched.row, _left_s(watched, pace)
    if row is not None and is_vain(target, str(row["status"])):
        return "never"
    if left_s is not None and left_s <= 0:
        return "timeout"
    if pace.stuck_s is None or pace.clock() - watched.moved_s < pace.stuck_s:
        return None
    should_move = row is None or watched.failure or _should_move(row, now=pace.wall(), stuck_s=pace.stuck_s)
    return "stuck" if should_move else None


def _should_move(row: Mapping[str, Any], *, now: float, stuck_s: float) -> bool:
    """Tell whether something of a campaign should have moved: it runs, or its time came that long ago."""
    status, start = row.get("status"), number(row.get("start_time"))
    if status == Status.SCHEDULED:
        return start is not None and start + stuck_s <= now
    return status == Status.RUNNING


def _error(campaign_id: str, target: Status, watched: _Watched, *, reason: Reason, now_s: float) -> WaitError:
    row = watched.row or {}
    status, sent, recipients = row.get("status"), number(row.get("sent")), number(row.get("recipients"))
    waited_s = now_s - watched.began_s
    told = {
        "timeout": f"it was waited for {waited_s:,.0f} s. Wait on, or give a longer timeout_s=.",
        "stuck": f"nothing has moved for {now_s - watched.moved_s:,.0f} s. Look at it on the server.",
        "never": f"no waiting brings it there. {_cure(str(status), target)}",
    }
    far = "it could not be read" if status is None else f"it is {status}"
    if sent is not None and recipients:
        far += f", {sent:,} of {recipients:,} sent"
        if watched.first_sent is not None and waited_s > 0 and sent > watched.first_sent:
            far += f" at {(sent - watched.first_sent) / waited_s:,.1f} a second"
    last = f" The last reading failed: {watched.failure}." if watched.failure else ""
    return WaitError(
        f"campaign {campaign_id} is not {target} yet: {far}, and {told[reason]}{last}",
        reason=reason,
        status=None if status is None else str(status),
        sent=None if sent is None else int(sent),
        recipients=None if recipients is None else int(recipients),
        waited_s=waited_s,
    )


def _cure(status: str, target: Status) -> str:
    if status == Status.DRAFT:
        return "Start it first: client.campaigns.start(…)"
    if status == Status.PAUSED and target in _COURSE:
        return "Resume it first: client.campaigns.resume(…)"
    return f"{status} is final."
