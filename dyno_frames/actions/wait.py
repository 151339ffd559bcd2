"""Wait until a campaign reaches a status; detect that it is stuck or cannot reach it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dyno_frames.actions.context import read
from dyno_frames.actions.intent import number
from dyno_frames.contract.lifecycle import FINAL, Status
from dyno_frames.errors import ApiError, ConfigError, TransportError, WaitError, short_interrupt
from dyno_frames.transport.session import Session

_COURSE = (Status.SCHEDULED, Status.RUNNING, Status.FINISHED)
"""The statuses that a campaign passes without an action."""

Reason = Literal["timeout", "stuck", "never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitPolicy:
    """How long and how often a campaign is read.

    Parameters
    ----------
    timeout_s
        The maximum time to wait, in seconds; None for no limit.
    stuck_s
        After how many seconds without a change a campaign that should change counts as stuck; None for never.
    first_s, longest_s
        The first pause between two readings, in seconds, which grows; and the longest pause.
    clock, wall
        Functions that return monotonic seconds and epoch seconds.
    sleep
        A function that waits.
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
    """The last reading of a campaign, and since when it has not changed."""

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
    policy: WaitPolicy,
    show: Callable[[Mapping[str, Any]], object],
) -> Mapping[str, Any]:
    """Read a campaign until it has reached or passed a status, and return the last reading. Call ``show`` with each.

    Raises
    ------
    WaitError
        The time is over, the campaign is stuck, or it cannot reach the status.
    ConfigError
        ``until`` is not a status, or a number is not valid.
    NotFoundError
        The campaign does not exist.
    """
    target = _target(until, policy)
    with short_interrupt(
        f"the wait for campaign {campaign_id} was interrupted; the campaign is not affected"
    ):
        return _waited(session, campaign_id, target, policy=policy, show=show)


def _waited(
    session: Session,
    campaign_id: str,
    target: Status,
    *,
    policy: WaitPolicy,
    show: Callable[[Mapping[str, Any]], object],
) -> Mapping[str, Any]:
    began_s = policy.clock()
    watched = _Watched(began_s, began_s)
    pause_s = policy.first_s
    while True:
        _look(session, campaign_id, watched, policy)
        if watched.row is not None:
            show(watched.row)
            if has_come(target, str(watched.row["status"])):
                return watched.row
        reason = _reason(target, watched, policy)
        if reason is not None:
            raise _error(campaign_id, target, watched, reason=reason, now_s=policy.clock())
        left_s = _left_s(watched, policy)
        policy.sleep(pause_s if left_s is None else max(0.0, min(pause_s, left_s)))
        pause_s = min(policy.longest_s, 1.5 * pause_s)


def has_come(target: Status, status: str) -> bool:
    """Return whether a status is the target, or follows it in a campaign's lifecycle.

    Examples
    --------
    >>> has_come(Status.RUNNING, "finished"), has_come(Status.FINISHED, "stopped")
    (True, False)
    """
    if status == target:
        return True
    return target in _COURSE and status in _COURSE[_COURSE.index(target) :]


def is_vain(target: Status, status: str) -> bool:
    """Return whether a campaign cannot reach the target without an action, or not at all.

    Examples
    --------
    >>> is_vain(Status.FINISHED, "paused"), is_vain(Status.PAUSED, "running")
    (True, False)
    """
    if status in FINAL:
        return True
    return target in _COURSE and status in {Status.DRAFT, Status.PAUSED}


def _target(until: str, policy: WaitPolicy) -> Status:
    numbers = {"timeout_s": policy.timeout_s, "stuck_s": policy.stuck_s}
    wrong = [f"{name}= is {value!r}" for name, value in numbers.items() if not _is_duration(value)]
    if until not in set(Status):
        wrong.append(f"until= is {until!r}; expected one of {', '.join(Status)}")
    if wrong:
        raise ConfigError("; ".join(wrong) + "; times are seconds, more than 0, or None for no limit")
    return Status(until)


def _is_duration(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and value > 0)


def _look(session: Session, campaign_id: str, watched: _Watched, policy: WaitPolicy) -> None:
    left_s = _left_s(watched, policy)
    try:
        row = read(session, campaign_id, deadline_s=None if left_s is None else max(1.0, left_s))
    except (ApiError, TransportError) as error:
        if not _may_pass(error):
            raise
        # read again, until the time is over or the campaign counts as stuck
        watched.failure = error.message
        return
    watched.failure = ""
    sent = number(row.get("sent"))
    mark = (row.get("status"), sent, row.get("start_time"), row.get("recipients"))
    if mark != watched.mark:
        watched.mark, watched.moved_s = mark, policy.clock()
    if watched.first_sent is None:
        watched.first_sent = sent
    watched.row = row


def _may_pass(error: ApiError | TransportError) -> bool:
    """Return whether a later reading may succeed, also after an error outside the contract."""
    return error.retryable or type(error) is ApiError


def _left_s(watched: _Watched, policy: WaitPolicy) -> float | None:
    return None if policy.timeout_s is None else watched.began_s + policy.timeout_s - policy.clock()


def _reason(target: Status, watched: _Watched, policy: WaitPolicy) -> Reason | None:
    row, left_s = watched.row, _left_s(watched, policy)
    if row is not None and is_vain(target, str(row["status"])):
        return "never"
    if left_s is not None and left_s <= 0:
        return "timeout"
    if policy.stuck_s is None or policy.clock() - watched.moved_s < policy.stuck_s:
        return None
    should_move = (
        row is None or watched.failure or _should_move(row, now=policy.wall(), stuck_s=policy.stuck_s)
    )
    return "stuck" if should_move else None


def _should_move(row: Mapping[str, Any], *, now: float, stuck_s: float) -> bool:
    """Return whether a campaign should have changed: it is running, or its start time was that long ago."""
    status, start = row.get("status"), number(row.get("start_time"))
    if status == Status.SCHEDULED:
        return start is not None and start + stuck_s <= now
    return status == Status.RUNNING


def _error(campaign_id: str, target: Status, watched: _Watched, *, reason: Reason, now_s: float) -> WaitError:
    row = watched.row or {}
    status, sent, recipients = row.get("status"), number(row.get("sent")), number(row.get("recipients"))
    waited_s = now_s - watched.began_s
    told = {
        "timeout": f"the wait of {waited_s:,.0f} s is over. Wait again, or pass a longer timeout_s=.",
        "stuck": f"nothing has changed for {now_s - watched.moved_s:,.0f} s. Check it on the server.",
        "never": f"it does not get there by waiting. {_cure(str(status), target)}",
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
