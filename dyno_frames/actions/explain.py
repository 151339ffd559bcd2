"""Explain what a reading of a campaign says about an action that was sent. There is a rule for each action."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, assert_never

from dyno_frames.actions.intent import Intent, hashed, number
from dyno_frames.contract.lifecycle import RULES, Action, Status

Word = Literal["applied", "not_applied", "unknown", "open"]

_UNDER_WAY = frozenset({Status.RUNNING, Status.PAUSED, Status.FINISHED})
_BY_OTHERS = "that another hand did the same cannot be excluded"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a reading says.

    Parameters
    ----------
    word
        ``"applied"``; ``"not_applied"``; ``"open"`` if the action may still take effect; ``"unknown"`` if something
        else happened, so that this reading cannot tell.
    reason
        The reason, as text.
    is_final
        Whether later readings cannot differ.
    """

    word: Word
    reason: str
    is_final: bool = True


def after_acceptance(intent: Intent, row: Mapping[str, Any] | None) -> Explanation:
    """Explain a reading after the server accepted an action; None if the server does not find the campaign."""
    if row is None:
        return Explanation("applied", "the server accepted it, and does not find the campaign any more")
    status = str(row.get("status"))
    start = number(row.get("start_time"))
    stays = intent.action is Action.RESCHEDULE and intent.start_epoch_s is not None
    if stays and status == Status.SCHEDULED:
        if start is not None and start == intent.start_before != intent.start_epoch_s:
            return Explanation("open", "the server accepted it, and the start time has not changed")
        return Explanation("applied", "the server accepted it, and the campaign is scheduled")
    if status in RULES[intent.action].sources and status == intent.before:
        return Explanation("open", f"the server accepted it, and the campaign is still {status}")
    return Explanation("applied", f"the server accepted it, and the campaign is {status}")


def after_silence(intent: Intent, row: Mapping[str, Any] | None, *, now: float) -> Explanation:
    """Explain a reading after an action was sent and no answer gives its outcome; see :func:`after_acceptance`."""
    if row is None:
        return Explanation(
            "unknown", "the server does not find it: it was deleted, or this key may not see it"
        )
    updated, before = number(row.get("updated")), intent.updated_before
    if updated is not None and before is not None and updated < before:
        return Explanation("open", "this reading is older than the one before the action: a replica lags")
    found = _after_silence(intent, row, now=now)
    # a replica that lags by less than a second shows an earlier state with the same time of change
    return replace(found, is_final=updated is None or before is None or updated > before)


def _after_silence(intent: Intent, row: Mapping[str, Any], *, now: float) -> Explanation:
    status = str(row.get("status"))
    match intent.action:
        case Action.START:
            return _start(intent, row, status)
        case Action.RESCHEDULE:
            return _reschedule(intent, row, status, now=now)
        case Action.RESUME | Action.UPDATE_AND_RESUME:
            return _resume(intent, row, status)
        case Action.PAUSE | Action.STOP | Action.CANCEL_SCHEDULE:
            return _halt(intent, status)
        case _:
            assert_never(intent.action)


def _start(intent: Intent, row: Mapping[str, Any], status: str) -> Explanation:
    started = _UNDER_WAY | {Status.STOPPED, Status.SCHEDULED}
    if status not in started:
        return _open(intent, status)
    start = number(row.get("start_time"))
    timed = intent.start_epoch_s is not None
    if status == Status.SCHEDULED and not timed:
        return Explanation(
            "unknown", "it is scheduled, though it was to start at once: another start came in"
        )
    if (
        timed
        and start is not None
        and start != intent.start_epoch_s
        and not _came_late(intent, start, status)
    ):
        return Explanation("unknown", f"it is {status} with another start time: another start came in")
    return _with_texts(intent, row, status)


def _resume(intent: Intent, row: Mapping[str, Any], status: str) -> Explanation:
    if status in {Status.RUNNING, Status.FINISHED}:
        return _with_texts(intent, row, status)
    return _open(intent, status)


def _came_late(intent: Intent, start: float, status: str) -> bool:
    """Return whether it started when the request arrived, because the requested time was over by then."""
    wanted = intent.start_epoch_s
    return status != Status.SCHEDULED and wanted is not None and wanted <= start <= intent.until


def _reschedule(intent: Intent, row: Mapping[str, Any], status: str, *, now: float) -> Explanation:
    start, wanted = number(row.get("start_time")), intent.start_epoch_s
    moved = start is not None and start != intent.start_before
    changed = moved or _texts_changed(intent, row)
    if status == Status.SCHEDULED and wanted is not None and start == wanted:
        # its previous start time proves nothing, even if it is the requested one
        return _with_texts(intent, row, "scheduled for that time") if changed else _open(intent, status)
    if status not in _UNDER_WAY:
        return _open(intent, status)
    if start is not None and changed and (wanted in {None, start} or _came_late(intent, start, status)):
        return _with_texts(intent, row, status)
    if wanted is None and intent.start_before is not None and intent.start_before > now:
        return _with_texts(intent, row, f"{status} before its old start time")
    if start is not None and not moved and _began_without(intent, row, now=now):
        return Explanation(
            "not_applied", f"it is {status} since its old start time, without the requested change"
        )
    return Explanation("unknown", f"it is {status}, and its old start time may have come")


def _texts_changed(intent: Intent, row: Mapping[str, Any]) -> bool:
    """Return whether a text changed to the requested one."""
    return any(
        name in row and hashed(row[name]) == text != intent.texts_before.get(name, text)
        for name, text in intent.overrides.items()
    )


def _began_without(intent: Intent, row: Mapping[str, Any], *, now: float) -> bool:
    """Return whether a campaign that started at its old time shows that it was not rescheduled before."""
    waits = intent.start_epoch_s is not None and intent.start_epoch_s > now
    return waits or any(hashed(row[name]) != text for name, text in intent.overrides.items() if name in row)


def _halt(intent: Intent, status: str) -> Explanation:
    if status == RULES[intent.action].now:
        return Explanation("applied", f"it is {status}; {_BY_OTHERS}")
    if intent.action is Action.STOP and status == Status.FINISHED:
        return Explanation("not_applied", "it finished; a stopped campaign never does")
    if intent.action is Action.PAUSE and status == Status.FINISHED:
        return Explanation(
            "not_applied", "it finished; a paused campaign does not, unless another resumes it"
        )
    if intent.action is Action.CANCEL_SCHEDULE and status in _UNDER_WAY:
        return Explanation(
            "not_applied", f"it is {status}: its time came first, unless another hand started it again"
        )
    return _open(intent, status)


def _with_texts(intent: Intent, row: Mapping[str, Any], status: str) -> Explanation:
    """Return that it was applied, if the texts of the request are in the campaign too."""
    absent = [name for name in intent.overrides if name not in row]
    other = [name for name, text in intent.overrides.items() if name in row and hashed(row[name]) != text]
    if other:
        return Explanation("unknown", f"it is {status}, and {', '.join(other)} differs from the request")
    if absent:
        return Explanation("unknown", f"it is {status}, and does not show {', '.join(absent)}")
    return Explanation("applied", f"it is {status}; {_BY_OTHERS}")


def _open(intent: Intent, status: str) -> Explanation:
    if status in RULES[intent.action].sources:
        return Explanation("open", f"it is {status}, and the request may still take effect")
    if status not in set(Status):
        return Explanation("open", f"it is {status!r}, a status outside the contract")
    return Explanation("unknown", f"it is {status}, which {intent.action} does not explain")
