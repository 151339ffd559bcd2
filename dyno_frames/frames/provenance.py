"""Bind a frame to its account, with JSON in ``df.attrs["dyno"]``. The key and the client are not stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import pandas as pd

from dyno_frames.contract.fields import OnInvalid
from dyno_frames.contract.resources import RESOURCES
from dyno_frames.errors import SchemaError
from dyno_frames.frames.fingerprint import fingerprint

ATTRIBUTE = "dyno"

_REQUIRED = frozenset({"client", "url", "account", "resource"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The origin of a frame.

    Parameters
    ----------
    client, url
        The connection's name and the URL of the server.
    account
        Identifies the account on its server; see
        :attr:`~dyno_frames.transport.session.Session.account`.
    resource
        Templates, lists or campaigns.
    expression
        The query, as written.
    query
        The query as JSON, for refreshing; None if it cannot be serialized.
    columns, order_by, ascending, limit, offset, on_invalid
        The other arguments of the query.
    """

    client: str
    url: str
    resource: str
    account: str = ""
    expression: str = "every row"
    query: Mapping[str, Any] | None = None
    columns: tuple[str, ...] | None = None
    order_by: tuple[str, ...] = ()
    ascending: tuple[bool, ...] = ()
    limit: int | None = None
    offset: int = 0
    on_invalid: OnInvalid = "raise"


def attach(
    frame: pd.DataFrame, origin: Origin, *, certificate: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """Store an origin and a certificate on a new frame, and return it.

    A fingerprint is stored with them, so that :func:`is_whole` can tell whether pandas changed the frame.
    """
    plain = {
        name: list(value) if isinstance(value, tuple) else value for name, value in asdict(origin).items()
    }
    frame.attrs[ATTRIBUTE] = plain | {"certificate": certificate, "fingerprint": fingerprint(frame)}
    return frame


def rebind(frame: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Bind a frame to the account of the rows that it reorders. It keeps their certificate, but not their query."""
    return attach(frame, replace(origin_of(rows), query=None), certificate=certificate_of(rows))


def origin_of(frame: pd.DataFrame) -> Origin:
    """Return the origin of a frame.

    Raises
    ------
    SchemaError
        The frame has no origin, or it is damaged.
    """
    stored = frame.attrs.get(ATTRIBUTE)
    if not isinstance(stored, Mapping) or not stored.keys() >= _REQUIRED:
        raise SchemaError(
            "this frame is bound to no account: its attrs hold no 'dyno'. Start from client.campaigns.frame() "
            "or client.campaigns.find(…). Some operations of pandas drop attrs, such as a merge"
        )
    origin = origin_from_json(stored)
    faults = list(_faults(origin))
    if faults:
        raise SchemaError(
            f"attrs['dyno'] of this frame is damaged: {'; '.join(faults)}. Start from a frame that is bound to an "
            "account: client.campaigns.frame() or client.campaigns.find(…)"
        )
    return origin


def _faults(origin: Origin) -> Iterator[str]:
    for name in ("client", "url", "account", "expression"):
        if not isinstance(getattr(origin, name), str):
            yield f"{name!r} is of type {type(getattr(origin, name)).__name__}; expected a text"
    if origin.resource not in tuple(RESOURCES):
        yield f"'resource' is {origin.resource!r}; expected one of {', '.join(RESOURCES)}"
    query: Any = origin.query
    if not isinstance(query, Mapping | None):
        yield f"'query' is of type {type(query).__name__}; expected a dict or None"


def origin_from_json(stored: Mapping[str, Any]) -> Origin:
    """Return the origin in stored JSON values."""
    known = {field.name for field in fields(Origin)}
    plain: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in stored.items()
        if name in known
    }
    return Origin(**plain)


def is_whole(frame: pd.DataFrame) -> bool:
    """Tell whether a frame has the rows and columns that its query returned, in the same order."""
    stored = frame.attrs.get(ATTRIBUTE)
    return isinstance(stored, Mapping) and stored.get("fingerprint") == fingerprint(frame)


def is_placeholder(frame: pd.DataFrame) -> bool:
    """Tell whether a frame is the empty one that queries start from: a query of it searches every row."""
    stored = frame.attrs.get(ATTRIBUTE)
    return (
        not len(frame)
        and isinstance(stored, Mapping)
        and stored.get("certificate") is None
        and is_whole(frame)
    )


def certificate_of(frame: pd.DataFrame) -> Mapping[str, Any] | None:
    """Return the certificate of a frame as JSON, or None if there is none or pandas changed rows or columns."""
    stored = frame.attrs.get(ATTRIBUTE)
    found = stored.get("certificate") if isinstance(stored, Mapping) else None
    return found if found is not None and is_whole(frame) else None
