"""The arguments of an action, checked before anything is sent, and the body of the request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dyno_frames.actions.times import StartTime, start_time
from dyno_frames.contract.lifecycle import OVERRIDES, RULES, TIMES, Action, Status, allowed
from dyno_frames.contract.texts import text_fault
from dyno_frames.errors import ConfigError

_PAST_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRequest:
    """An action and its arguments, without the campaign's id. Without ``at``, it takes effect now."""

    action: Action
    texts: Mapping[str, str] = field(default_factory=dict)
    at: StartTime | None = None

    def body(self) -> dict[str, str]:
        """Return the request's body without the id."""
        return {**self.texts, **({} if self.at is None else self.at.body())}


def checked_request(
    action: Action, *, at: datetime | str | None = None, time_zone: str | None = None, **texts: str | None
) -> ActionRequest:
    """Check the arguments of an action.

    ``at`` and ``time_zone`` are as in :func:`~dyno_frames.actions.times.start_time`; None is now. Whether the time is
    over is for :func:`check_not_over`. The texts are fields that the same request sets; None leaves a field unchanged.

    Raise ConfigError if the action does not have an argument, or a value is not valid.

    Examples
    --------
    >>> checked_request(Action.UPDATE_AND_RESUME, subject="Now with the right link").body()
    {'subject': 'Now with the right link'}
    """
    given: Mapping[str, object] = {"at": at, "time_zone": time_zone, **texts}
    takes = _arguments(action)
    unknown = [name for name, value in given.items() if value is not None and name not in takes]
    if unknown:
        raise ConfigError(
            f"nothing was sent: {action} takes no {', '.join(unknown)}; it takes "
            f"{', '.join(takes) or 'the id alone'}"
        )
    wrong = [name for name in texts if not isinstance(given[name], str | None)]
    if wrong:
        raise ConfigError(f"nothing was sent: {', '.join(wrong)} must be text or None")
    kept = {name: text for name, text in texts.items() if text is not None}
    faults = [fault for name, text in kept.items() if (fault := text_fault(name, text))]
    if faults:
        raise ConfigError(f"nothing was sent: {'; '.join(faults)}")
    return ActionRequest(action=action, texts=kept, at=_when(at, time_zone))


def action_named(action: Any) -> Action:
    """Return the action with this name, or raise ConfigError if there is none."""
    try:
        return Action(action)
    except ValueError:
        raise ConfigError(f"action is {action!r}; expected one of {', '.join(Action)}") from None


def why_not(action: Action, status: str) -> str:
    """Return why a status does not allow an action, or an empty string if it does."""
    if status in RULES[action].sources:
        return ""
    if status not in set(Status):
        return f"its status {status!r} is not in the contract, so it is not known whether it allows {action}"
    sources = " or ".join(word for word in Status if word in RULES[action].sources)
    verbs = ", ".join(allowed(status))
    return f"it is {status}, and {action} needs {sources}; {status} allows {verbs or 'no action'}"


def check_not_over(at: StartTime | None, *, now: float) -> None:
    """Raise ConfigError if a start time was over more than a minute ago.

    The API would start the campaign now, and sent mail cannot be recalled.
    """
    if at is not None and at.epoch_s < now - _PAST_S:
        raise ConfigError(
            f"at= is {at.iso_start_time} in {at.time_zone}, which is over; expected a future time, or no at= "
            "for now"
        )


def _arguments(action: Action) -> tuple[str, ...]:
    optional = RULES[action].optional
    timed = ("at", "time_zone") if set(TIMES) <= set(optional) else ()
    return (*timed, *(name for name in OVERRIDES if name in optional))


def _when(at: datetime | str | None, time_zone: str | None) -> StartTime | None:
    if at is None:
        if time_zone is not None:
            raise ConfigError(
                f"time_zone= is {time_zone!r} and there is no at=; give both, or neither for now"
            )
        return None
    return start_time(at, time_zone)
