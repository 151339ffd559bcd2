"""What a person asks of an action, checked where it is asked for, and the body that says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dyno_frames.actions.times import StartTime, start_time
from dyno_frames.contract.lifecycle import OVERRIDES, RULES, TIMES, Action, Status, allowed
from dyno_frames.contract.resources import ONE_LINE
from dyno_frames.contract.texts import HALF, control_character, fit, is_whole
from dyno_frames.errors import ConfigError

_PAST_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRequest:
    """An action with what it is to change and when, as it travels, but for the campaign's id.

    Parameters
    ----------
    action
        Which.
    texts
        The fields that the same request sets.
    at
        When; None is now.
    """

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

    Parameters
    ----------
    action
        Which.
    at, time_zone
        When, as :func:`~dyno_frames.actions.times.start_time` takes it; None is now. Whether that time is over is for
        :func:`check_not_over`.
    **texts
        Fields to set in the same request; None leaves one.

    Raises
    ------
    ConfigError
        An argument is none of the action's, or cannot be used; nothing was sent.

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
    halves = [name for name, text in kept.items() if not is_whole(text)]
    if halves:
        raise ConfigError(f"nothing was sent: {', '.join(halves)} holds {HALF}")
    faults = [
        f"{name} is {fit(text, 60)!r} and holds {control!r}; expected one line of text"
        for name, text in kept.items()
        if name in ONE_LINE and (control := control_character(text))
    ]
    if faults:
        raise ConfigError(f"nothing was sent: {'; '.join(faults)}")
    return ActionRequest(action=action, texts=kept, at=_when(at, time_zone))


def action_named(action: Any) -> Action:
    """Return an action by its name.

    Raises
    ------
    ConfigError
        None is called so.
    """
    try:
        return Action(action)
    except ValueError:
        raise ConfigError(f"action is {action!r}; expected one of {', '.join(Action)}") from None


def why_not(action: Action, status: str) -> str:
    """Return why a status does not allow an action, in words; empty where it does."""
    if status in RULES[action].sources:
        return ""
    if status not in set(Status):
        return f"its status is {status!r}, a word outside the contract, so nothing can be told of {action}"
    sources = " or ".join(word for word in Status if word in RULES[action].sources)
    verbs = ", ".join(allowed(status))
    return f"it is {status}, and {action} needs {sources}; {status} allows {verbs or 'no action'}"


def check_not_over(at: StartTime | None, *, now: float) -> None:
    """Refuse a time that is over: the API takes it for now, and mail that has left does not come back.

    Parameters
    ----------
    at
        When; None is now.
    now
        The present, in epoch seconds.

    Raises
    ------
    ConfigError
        It is over by more than a minute.
    """
    if at is not None and at.epoch_s < now - _PAST_S:
        raise ConfigError(
            f"at= is {at.iso_start_time} in {at.time_zone}, which is over; give a time to come, or leave at= out "
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
