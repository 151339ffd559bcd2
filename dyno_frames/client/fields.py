"""The fields of a create or an update: checked before a request, all faults at once."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from dyno_frames.contract.fields import Wire
from dyno_frames.contract.filters import KEY_PREFIX
from dyno_frames.contract.resources import Resource
from dyno_frames.contract.texts import HALF, control_character, is_whole, text_fault
from dyno_frames.errors import ConfigError
from dyno_frames.transport.redact import Body

EMAILS = "emails"


def checked(resource: Resource, fields: Mapping[str, Any]) -> Body:
    """Return the fields as they are sent; their repr has no addresses.

    Parameters
    ----------
    resource
        The resource.
    fields
        Names and values. Names outside the contract are accepted, unless they resemble a name of the contract.

    Raises
    ------
    ConfigError
        One or more fields are not valid; the message names each, and no address.

    Examples
    --------
    >>> from dyno_frames.contract.resources import LISTS
    >>> checked(LISTS, {"name": "friends", "emails": ("ann@example.com",)})
    {"name":"friends","emails":"<1 addresses>"}
    """
    wire = Body((name, _wire(name, value)) for name, value in fields.items())
    faults = [fault for name, value in wire.items() for fault in _all_faults(resource, name, value)]
    if faults:
        raise ConfigError(f"{resource.singular} not sent: " + "; ".join(faults))
    return wire


def checked_change(resource: Resource, key: str, fields: Mapping[str, Any]) -> Body:
    """Return the fields of an update as they are sent; see :func:`checked`."""
    if not fields:
        raise ConfigError(f"update({key!r}) names no field to change; expected one, such as name='…'")
    return checked(resource, fields)


def _wire(name: str, value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if name == EMAILS and isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
        return [part.item() if isinstance(part, np.generic) else part for part in value]
    return list(value) if isinstance(value, tuple) else value


def _all_faults(resource: Resource, name: str, value: Any) -> list[str]:
    try:
        return list(_faults(resource, name, value))
    except RecursionError:
        return [f"{name} is nested too deeply, or holds itself; expected a value that JSON can carry"]


def _faults(resource: Resource, name: str, value: Any) -> Iterator[str]:
    field = resource.field(name)
    if not is_whole(name):
        yield f"the name {name!r} holds {HALF}"
    elif name in resource.server_set:
        yield f"{name} is set by the server alone"
    elif name in resource.write_only:
        yield from _address_faults(name, value)
    elif field is None:
        yield from _stranger_faults(resource, name, value)
    elif value is None:
        if not field.nullable:
            yield f"{name} is None, and is never null"
    elif field.wire is Wire.STRING:
        yield from _text_faults(name, value)
    elif not _is_json(value):
        yield f"{name} is of type {type(value).__name__}, which JSON cannot carry"


def _text_faults(name: str, value: Any) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{name} is of type {type(value).__name__}; expected a text"
    elif fault := text_fault(name, value):
        yield fault


def _address_faults(name: str, value: Any) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{name} is of type {type(value).__name__}; expected a list of addresses"
        return
    halves = [place for place, part in enumerate(value) if isinstance(part, str) and not is_whole(part)]
    if halves:
        yield f"{name} holds {HALF}, at index {halves[0]}"
    controls = [
        place for place, part in enumerate(value) if isinstance(part, str) and control_character(part)
    ]
    if controls:
        yield f"{name} holds line ends or other control characters, at index {_places(controls)}"
    wrong = [place for place, part in enumerate(value) if not isinstance(part, str) or "@" not in part]
    if wrong:
        yield f"{name} holds {len(wrong)} values that are not valid e-mail addresses, at index {_places(wrong)}"


def _places(places: list[int]) -> str:
    return ", ".join(map(str, places[:5])) + (", …" if len(places) > 5 else "")


def _stranger_faults(resource: Resource, name: str, value: Any) -> Iterator[str]:
    known = [*resource.names, *resource.write_only]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    if name.startswith(KEY_PREFIX):
        yield f"{name} is a word of filters, not a field"
    elif near:
        yield f"{name} is not a field of {resource.name}; did you mean {near[0]}?"
    elif not _is_json(value):
        yield (
            f"{name} is of type {type(value).__name__}, or holds one, that JSON cannot carry, or {HALF}; "
            "expected text, number, true or false, None, or lists and dicts of them"
        )


def _is_json(value: Any) -> bool:
    match value:
        case None | bool() | int():
            return True
        case str():
            return is_whole(value)
        case float():
            return math.isfinite(value)
        case list():
            return all(map(_is_json, value))
        case dict():
            return all(
                isinstance(name, str) and is_whole(name) and _is_json(part) for name, part in value.items()
            )
        case _:
            return False
