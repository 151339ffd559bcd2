"""Probe one server with small counts about single rows, and cache each answer.

Every probe counts the matches of a filter that names one row by its id, so the answer is 1, 0 or an error,
independent of the account's other rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from dyno_frames.calibrate.subject import Figure, Gap, Row, Subject, gap_of, instant_of, subject_of
from dyno_frames.contract import envelope
from dyno_frames.contract.fields import Field, Wire
from dyno_frames.contract.operations import operation
from dyno_frames.contract.resources import KEY
from dyno_frames.errors import ApiError, AuthenticationError, RateLimitError
from dyno_frames.transport.session import Session


class SpentError(Exception):
    """The maximum number of requests is reached."""


class Examination:
    """Sends probes to one server.

    Parameters
    ----------
    session
        The session of the server.
    resource
        The name of the resource that the rows are from.
    rows
        Some of its rows as the server returned them.
    fields
        The resource's fields, as the server sends them.

    Attributes
    ----------
    asked
        The number of requests sent so far.
    filtering
        Fields whose filters were seen to exclude a row.
    fruitless
        Facts that cannot be learned with these rows.
    """

    __slots__ = (
        "_answers", "_doubtful", "_left", "_session", "_subject", "asked", "fields", "filtering", "fruitless",
        "preferred", "resource", "rows",
    )  # fmt: skip

    def __init__(self, session: Session, resource: str, rows: Sequence[Row], fields: Iterable[Field]) -> None:
        self._session = session
        self._answers: dict[str, int | None] = {}
        self._doubtful: dict[str, Mapping[str, Any]] = {}
        self._left: int | None = None
        self._subject: Subject | None = None
        self.resource = resource
        self.rows = rows
        self.fields = {field.name: field for field in fields}
        self.preferred: frozenset[str] = frozenset()
        self.asked = 0
        self.filtering: set[str] = set()
        self.fruitless: set[str] = set()

    @property
    def subject(self) -> Subject | None:
        """The text that probes use; all probes use the same one."""
        if self._subject is None:
            self._subject = subject_of(self.rows, self.preferred)
        return self._subject

    @property
    def instant(self) -> Figure | None:
        """The ``created`` of the probed row, or of another row."""
        key = None if self.subject is None else self.subject.key
        return instant_of([row for row in self.rows if str(row[KEY]) == key]) or instant_of(self.rows)

    @property
    def gap(self) -> Gap | None:
        """A row with a null text."""
        return gap_of(self.rows, self.named(Wire.STRING))

    def named(self, wire: Wire) -> list[str]:
        """Return the names of the fields with this JSON type."""
        return [field.name for field in self.fields.values() if field.wire is wire]

    @contextmanager
    def limited(self, requests: int) -> Iterator[None]:
        """Limit the number of requests in a with-block, including those of :meth:`confirmed`.

        Raises
        ------
        SpentError
            Another request is needed. Earlier answers stay cached.
        """
        self._left = requests
        try:
            yield
        finally:
            self._left = None

    def matches(self, key: str, conditions: Mapping[str, Any]) -> bool | None:
        """Return whether a row matches, or None if the server rejects the filter or contradicts itself."""
        self._doubtful.setdefault(key, {})
        number = self.count({KEY: key, **conditions})
        if number == 0 and len(conditions) == 1:
            self.filtering.update(conditions)
        return None if number is None or number > 1 else number == 1

    def refuses(self, key: str, conditions: Mapping[str, Any]) -> bool:
        """Return whether the server rejects a filter."""
        self._doubtful.setdefault(key, {})
        return self.count({KEY: key, **conditions}) is None

    def on_text(self, condition: Any) -> bool | None:
        """Return whether the probed row matches a condition on its text, or None if this is unknown."""
        found = self.subject
        if found is None:
            return None
        self._doubtful[found.key] = {found.field: found.text}
        return self.matches(found.key, {found.field: condition})

    def count(self, conditions: Mapping[str, Any]) -> int | None:
        """Return a count, or None if the server rejects the filter."""
        body = json.dumps(conditions)
        if body not in self._answers:
            if self._left is not None and self._left <= len(self._doubtful):
                raise SpentError
            payload = self._send("count", conditions)
            self._answers[body] = None if payload is None else envelope.count(payload)
        return self._answers[body]

    def find(self, body: Mapping[Any, Any]) -> list[Any] | None:
        """Return a page, or None if the server rejects the request."""
        payload = self._send("find", {str(name): value for name, value in body.items()})
        return None if payload is None else envelope.rows(payload)

    def confirmed(self) -> bool:
        """Return whether the probed rows are unchanged; if not, drop all cached answers.

        A row that was deleted meanwhile matches no filter, which would look like a filter that works.
        """
        asked, self._doubtful = self._doubtful, {}
        for key, conditions in asked.items():
            payload = self._send("count", {KEY: key, **conditions})
            if payload is None or envelope.count(payload) != 1:
                self._answers.clear()
                self.filtering.clear()
                return False
        return True

    def _send(self, verb: str, body: Mapping[str, Any]) -> Any:
        self._left = None if self._left is None else self._left - 1
        self.asked += 1
        try:
            return self._session.send(operation(self.resource, verb), body=body).data
        except (AuthenticationError, RateLimitError):
            raise
        except ApiError:
            return None
