"""The key and the body of an operation, checked, without sending it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dyno_frames.actions.action_request import check_not_over, checked_request
from dyno_frames.client import fields as given
from dyno_frames.contract.lifecycle import RULES, Action
from dyno_frames.contract.operations import OPERATIONS
from dyno_frames.contract.resources import Resource
from dyno_frames.contract.texts import HALF, is_whole
from dyno_frames.errors import ConfigError
from dyno_frames.transport.session import Session


@dataclass(frozen=True, slots=True)
class Described:
    """A request that was not sent.

    Parameters
    ----------
    key
        The id in the path, or None.
    body
        The body, or None.
    until_s
        When it must be sent at the latest, in epoch seconds: the start time of a campaign; None for any time.
    """

    key: str | None = None
    body: Mapping[str, Any] | None = None
    until_s: int | None = None


def described(resource: Resource, verb: str, *arguments: Any, now: float, **options: Any) -> Described:
    """Return the request of an operation other than find and count.

    Parameters
    ----------
    resource
        The resource.
    verb
        The name of the operation's method.
    *arguments, **options
        The arguments of that method.
    now
        The current time, in epoch seconds.

    Raises
    ------
    ConfigError
        There is no such operation, or an argument is not valid.
    """
    names = [name.partition(".")[2] for name in OPERATIONS if name.startswith(f"{resource.name}.")]
    if verb not in names:
        raise ConfigError(f"{resource.name} have no operation {verb!r}; expected one of {', '.join(names)}")
    held = sorted(set(options) & set(resource.write_only))
    if held:
        raise ConfigError(
            f"{', '.join(held)} would write addresses of recipients into the program; leave it out, and add the "
            "addresses to the body where the program runs"
        )
    requests: dict[str, Callable[..., Described]] = {
        "get": lambda id: Described(checked_id(id)),  # noqa: A006 - the API's own word
        "create": lambda **fields: Described(None, given.checked(resource, fields)),
        "update": lambda id, **fields: Described(  # noqa: A006 - as above
            checked_id(id), given.checked_change(resource, id, fields)
        ),
        "delete": lambda id: Described(checked_id(id)),  # noqa: A006 - as above
    }
    if verb in requests:
        return requests[verb](*arguments, **options)
    return _action(Action(verb), now, *arguments, **options)


def _action(action: Action, now: float, id: str, **options: Any) -> Described:  # noqa: A002 - the API's own word
    request = checked_request(action, **options)
    check_not_over(request.at, now=now)
    body = {RULES[action].id_key: checked_id(id), **request.body()}
    return Described(None, body, None if request.at is None else request.at.epoch_s)


def checked_id(key: object, session: Session | None = None) -> str:
    """Return an id that can be part of a path.

    Raises
    ------
    ConfigError
        The id is not a text, is empty, would lead out of its path, or cannot be written as UTF-8; or it is the API key
        of the session.
    """
    if session is not None and isinstance(key, str) and session.is_key(key):
        raise ConfigError("the id is the API key; expected the id of an object, such as df['id'].iloc[0]")
    if isinstance(key, str) and not is_whole(key):
        raise ConfigError(f"the id {key!r} holds {HALF}; expected one such as df['id'].iloc[0]")
    if isinstance(key, str) and key.strip() and key not in {".", ".."}:
        return key
    shown = repr(key) if isinstance(key, str | int | float | None) else f"of type {type(key).__name__}"
    raise ConfigError(f"the id is {shown}; expected a text that is not empty, such as df['id'].iloc[0]")
