"""An examination of one server: small counts about single rows, each answered once and remembered.

Every probe counts a filter that names one row by its id, so its answer is one, none, or a refusal, whatever else
the account holds.
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
    """The requests that were granted are spent."""


class Examination:
    """One server under examination.

    Parameters
    ----------
    session
        Whom to ask.
    resource
        Which resource's rows are asked about.
    rows
        Some of its rows as the server returned them.
    fields
        The resource's fields, as this server sends them.

    Attributes
    ----------
    asked
        Requests sent so far.
    filtering
        Fields by which the server was seen to leave a row out.
    fruitless
        Facts that could not be learnt with these rows.
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
        """The text that probes are about; the same one from the first probe on."""
        if self._subject is None:
            self._subject = subject_of(self.rows, self.preferred)
        return self._subject

    @property
    def instant(self) -> Figure | None:
        """The ``created`` of the subject's row, or of another."""
        key = None if self.subject is None else self.subject.key
        return instant_of([row for row in self.rows if str(row[KEY]) == key]) or instant_of(self.rows)

    @property
    def gap(self) -> Gap | None:
        """A row with a null text."""
        return gap_of(self.rows, self.named(Wire.STRING))

    def named(self, wire: Wire) -> list[str]:
        """Return the names of the fields that hold such values."""
        return [field.name for field in self.fields.values() if field.wire is wire]

    @contextmanager
    def limited(self, requests: int) -> Iterator[None]:
        """Send no more than so many requests within, those that :meth:`confirmed` will take included.

        Raises
        ------
        SpentError
            One more is needed; what was answered is remembered.
        """
        self._left = requests
        try:
            yield
        finally:
            self._left = None

    def matches(self, key: str, conditions: Mapping[str, Any]) -> bool | None:
        """Tell whether a row matches; None where the server refuses the filter or contradicts itself."""
        self._doubtful.setdefault(key, {})
        number = self.count({KEY: key, **conditions})
        if number == 0 and len(conditions) == 1:
            self.filtering.update(conditions)
        return None if number is None or number > 1 else number == 1

    def refuses(self, key: str, conditions: Mapping[str, Any]) -> bool:
        """Tell whether the server refuses a filter."""
        self._doubtful.setdefault(key, {})
        return self.count({KEY: key, **conditions}) is None

    def on_text(self, condition: Any) -> bool | None:
        """Tell whether the subject's row matches a condition on its text; None where nothing can be told."""
        found = self.subject
        if found is None:
            return None
        self._doubtful[found.key] = {found.field: found.text}
        return self.matches(found.key, {found.field: condition})

    def count(self, conditions: Mapping[str, Any]) -> int | None:
        """Return a count, or None where the application refuses the filter."""
        body = json.dumps(conditions)
        if body not in self._answers:
            if self._left is not None and self._left <= len(self._doubtful):
                raise SpentError
            payload = self._send("count", conditions)
            self._answers[body] = None if payload is None else envelope.count(payload)
        return self._answers[body]

    def find(self, body: Mapping[Any, Any]) -> list[Any] | None:
        """Return a page, or None where the application refuses it."""
        payload = self._send("find", {str(name): value for name, value in body.items()})
        return None if payload is None else envelope.rows(payload)

    def confirmed(self) -> bool:
        """Tell whether the rows that were asked about are still there, as they were; else forget every answer.

        A row that was deleted meanwhile matches nothing, which would look like a filter that works.
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
