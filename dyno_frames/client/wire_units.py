"""A session for a server whose times are not in seconds: it converts conditions on times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from dyno_frames.contract.operations import Operation
from dyno_frames.contract.time_units import in_wire_units
from dyno_frames.frames.schema import Schema
from dyno_frames.transport.responses import Reply
from dyno_frames.transport.session import Session


def session_in_seconds(session: Session, schema: Schema) -> Session:
    """Return a session whose finds and counts take times in seconds, whatever the unit of the server.

    Parameters
    ----------
    session
        The connection.
    schema
        The fields, with the units of their times.
    """
    units = {field.name: field.per_second for field in schema.fields if field.per_second != 1}
    return cast("Session", _InSeconds(session, units)) if units else session


class _InSeconds:
    """Converts the conditions in bodies, and passes them on to a session."""

    def __init__(self, session: Session, units: Mapping[str, int]) -> None:
        self._session = session
        self._units = units

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def send(self, operation: Operation, *, body: Mapping[str, Any] | None = None, **options: Any) -> Reply:
        """Send an operation; see :meth:`Session.send`."""
        converted = None if body is None else in_wire_units(body, self._units)
        return self._session.send(operation, body=converted, **options)
