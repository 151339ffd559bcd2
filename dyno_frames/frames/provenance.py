"""What binds a frame to the account it came from: plain JSON in ``df.attrs["dyno"]``, never a key or a client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import pandas as pd

from dyno_frames.contract.fields import OnInvalid
from dyno_frames.contract.resources import RESOURCES
from dyno_frames.errors import SchemaError

ATTRIBUTE = "dyno"

_NEEDED = frozenset({"client", "url", "account", "resource"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a frame comes from.

    Parameters
    ----------
    client, url
        The connection's name and the server.
    account
        What tells the account from others of the server; see
        :attr:`~dyno_frames.transport.session.Session.account`.
    resource
        Templates, lists or campaigns.
    expression
        The question, as written.
    question
        The question as JSON, to be asked again; None where JSON cannot hold it.
    columns, order_by, ascending, limit, offset, on_invalid
        The other arguments of the question.
    """

    client: str
    url: str
    resource: str
    account: str = ""
    expression: str = "every row"
    question: Mapping[str, Any] | None = None
    columns: tuple[str, ...] | None = None
    order_by: tuple[str, ...] = ()
    ascending: tuple[bool, ...] = ()
    limit: int | None = None
    offset: int = 0
    on_invalid: OnInvalid = "raise"


def attach(
    frame: pd.DataFrame, origin: Origin, *, certificate: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """Write an origin and a certificate on a frame of our own making, and return it."""
    plain = {
        name: list(value) if isinstance(value, tuple) else value for name, value in asdict(origin).items()
    }
    frame.attrs[ATTRIBUTE] = plain | {"certificate": certificate}
    return frame


def origin_of(frame: pd.DataFrame) -> Origin:
    """Return where a frame comes from.

    Raises
    ------
    SchemaError
        It does not say, or what it says is damaged.
    """
    stored = frame.attrs.get(ATTRIBUTE)
    if not isinstance(stored, Mapping) or not stored.keys() >= _NEEDED:
        raise SchemaError(
            "this frame is bound to no account: its attrs hold no 'dyno'. Begin with one that is, "
            "client.campaigns.frame() or client.campaigns.find(…); pandas drops attrs in some operations, such as "
            "a merge"
        )
    origin = origin_from_json(stored)
    faults = list(_faults(origin))
    if faults:
        raise SchemaError(
            f"attrs['dyno'] of this frame is damaged: {'; '.join(faults)}. Begin with a frame that is bound to an "
            "account: client.campaigns.frame() or client.campaigns.find(…)"
        )
    return origin


def _faults(origin: Origin) -> Iterator[str]:
    for name in ("client", "url", "account", "expression"):
        if not isinstance(getattr(origin, name), str):
            yield f"{name!r} is of type {type(getattr(origin, name)).__name__}; expected a text"
    if origin.resource not in tuple(RESOURCES):
        yield f"'resource' is {origin.resource!r}; expected one of {', '.join(RESOURCES)}"
    question: Any = origin.question
    if not isinstance(question, Mapping | None):
        yield f"'question' is of type {type(question).__name__}; expected a dict or None"


def origin_from_json(stored: Mapping[str, Any]) -> Origin:
    """Return the origin in stored JSON values."""
    known = {field.name for field in fields(Origin)}
    plain: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in stored.items()
        if name in known
    }
    return Origin(**plain)


def certificate_of(frame: pd.DataFrame) -> Mapping[str, Any] | None:
    """Return the certificate on a frame as JSON, or None where it has none."""
    stored = frame.attrs.get(ATTRIBUTE)
    return stored.get("certificate") if isinstance(stored, Mapping) else None
