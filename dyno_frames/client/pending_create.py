"""A create whose outcome is not known yet, and the search for the object that it may have created."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self

import orjson

from dyno_frames.contract import envelope
from dyno_frames.contract.fields import Wire
from dyno_frames.contract.filters import ASCENDING, FilterKey
from dyno_frames.contract.operations import operation
from dyno_frames.contract.resources import CREATED, ID_FIELD, Resource
from dyno_frames.errors import ContractError
from dyno_frames.transport.session import Session

_CLOCKS_DIFFER_S = 300
"""How far the server's clock may be from this machine's, in seconds."""

_MOST_PAGES = 1000
_PAUSE_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingCreate:
    """A create that may have created its object. It keeps the name, and hashes of all other texts.

    Parameters
    ----------
    resource
        The name of the resource.
    name
        The name of the object, or None.
    texts
        The other text fields, hashed.
    fingerprint
        The hash of the whole body.
    since_s, until_s
        When the request was sent, and when it failed, in epoch seconds of this machine.
    """

    resource: str
    name: str | None
    texts: Mapping[str, str]
    fingerprint: str
    since_s: float
    until_s: float

    @classmethod
    def of(cls, resource: Resource, body: Mapping[str, Any], *, now_s: float) -> Self:
        """Return the create of a body that is about to be sent."""
        name = body.get("name")
        strings = {field.name for field in resource.fields if field.wire is Wire.STRING} - {"name"}
        return cls(
            resource=resource.name,
            name=name if isinstance(name, str) else None,
            texts={
                key: _hashed(value)
                for key, value in body.items()
                if key in strings and isinstance(value, str)
            },
            fingerprint=_fingerprint(body),
            since_s=now_s,
            until_s=now_s,
        )

    def until(self, now_s: float) -> Self:
        """Return the create with the time at which it failed."""
        return replace(self, until_s=now_s)

    @property
    def window(self) -> str:
        """When the object would have been created, in words."""
        since, until = (datetime.fromtimestamp(second, UTC) for second in (self.since_s, self.until_s))
        return f"between {since:%Y-%m-%d %H:%M:%S} and {until:%H:%M:%S} UTC"

    @property
    def query(self) -> str:
        """The query that finds the object."""
        named = f"name == {self.name!r} and " if self.name is not None and "@" not in self.name else ""
        since = datetime.fromtimestamp(self.since_s - _CLOCKS_DIFFER_S, UTC)
        return f"{named}{CREATED} >= '{since:%Y-%m-%d %H:%M:%S}'"

    def is_like(self, row: Mapping[str, Any]) -> bool:
        """Tell whether a row may be the object: it was created since, and no text differs."""
        created = row.get(CREATED)
        if not isinstance(created, int | float) or created < self.since_s - _CLOCKS_DIFFER_S:
            return False
        if self.name is not None and row.get("name") != self.name:
            return False
        return all(_hashed(row[key]) == text for key, text in self.texts.items() if key in row)


def find_created(
    session: Session,
    resource: Resource,
    pending: PendingCreate,
    *,
    known: AbstractSet[str] = frozenset(),
    settle_s: float = 2.0,
    page_size: int = 1000,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> list[str]:
    """Return the ids of the objects that a create may have created; search again while there are none.

    Parameters
    ----------
    session
        The connection.
    resource
        The resource of the object.
    pending
        The create.
    known
        Ids of other objects.
    settle_s
        For how long to search again, in seconds.
    page_size
        Rows per request.
    clock, sleep
        Monotonic seconds, and waiting.
    """
    deadline_s = clock() + settle_s
    while True:
        rows = _rows(session, resource, pending, page_size)
        ids = [key for key, row in rows.items() if key not in known and pending.is_like(row)]
        if ids or clock() + _PAUSE_S >= deadline_s:
            return ids
        sleep(_PAUSE_S)


def _rows(
    session: Session, resource: Resource, pending: PendingCreate, page_size: int
) -> dict[str, Mapping[str, Any]]:
    """Return every object with the name that was created since, by id. A server may cap its pages."""
    body: dict[str, Any] = {
        CREATED: {"gte": int(pending.since_s) - _CLOCKS_DIFFER_S},
        str(FilterKey.LIMIT): page_size,
        str(FilterKey.ORDER_BY): CREATED,
        str(FilterKey.ORDER_DIRECTION): ASCENDING,
    }
    if pending.name is not None:
        body["name"] = pending.name
    found: dict[str, Mapping[str, Any]] = {}
    for _ in range(_MOST_PAGES):
        page = _page(session, resource, {**body, str(FilterKey.OFFSET): len(found)})
        if page.keys() <= found.keys():
            break
        found |= page
    return found


def _page(session: Session, resource: Resource, body: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    reply = session.send(operation(resource.name, "find"), body=body, fresh=True)
    rows = envelope.rows(reply.data)
    if rows is None:
        raise ContractError("expected an array of objects", request=reply.request)
    return {str(row[ID_FIELD]): row for row in rows if isinstance(row, Mapping) and ID_FIELD in row}


def _hashed(value: object) -> str:
    return hashlib.sha256(str(value).encode("utf-8", "surrogatepass")).hexdigest()


def _fingerprint(body: Mapping[str, Any]) -> str:
    try:
        content = orjson.dumps(dict(body), option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer beyond 64 bits, perhaps
        content = repr(sorted(body.items())).encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()
