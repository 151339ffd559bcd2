"""Send probes to a server: counts of filters on single rows. Each is sent once, and its answer is kept.

Every probe names one row by its id, so its count is 1 or 0, or the server refuses it, whatever rows the account has.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from dyno_frames.calibrate import probe_rows
from dyno_frames.calibrate.probe_rows import NullProbe, NumberProbe, ProbeRow, Row
from dyno_frames.contract import envelope
from dyno_frames.contract.fields import Field, Wire
from dyno_frames.contract.operations import operation
from dyno_frames.contract.resources import ID_FIELD
from dyno_frames.errors import ApiError, AuthenticationError, RateLimitError
from dyno_frames.transport.session import Session


class BudgetSpentError(Exception):
    """No more requests are allowed."""


class Prober:
    """Probes of one server.

    Parameters
    ----------
    session
        The connection.
    resource
        The resource whose rows the probes use.
    rows
        Some of its rows, as the server returned them.
    fields
        The resource's fields, as this server sends them.

    Attributes
    ----------
    asked
        The number of requests sent.
    filtering
        Fields by which the server excluded a row.
    fruitless
        Facts that cannot be learned with these rows.
    """

    __slots__ = (
        "_answers", "_doubtful", "_left", "_probe_row", "_session", "asked", "fields", "filtering", "fruitless",
        "preferred", "resource", "rows",
    )  # fmt: skip

    def __init__(self, session: Session, resource: str, rows: Sequence[Row], fields: Iterable[Field]) -> None:
        self._session = session
        self._answers: dict[str, int | None] = {}
        self._doubtful: dict[str, Mapping[str, Any]] = {}
        self._left: int | None = None
        self._probe_row: ProbeRow | None = None
        self.resource = resource
        self.rows = rows
        self.fields = {field.name: field for field in fields}
        self.preferred: frozenset[str] = frozenset()
        self.asked = 0
        self.filtering: set[str] = set()
        self.fruitless: set[str] = set()

    @property
    def probe_row(self) -> ProbeRow | None:
        """The text that probes use; the same one from the first probe on."""
        if self._probe_row is None:
            self._probe_row = probe_rows.probe_row(self.rows, self.preferred)
        return self._probe_row

    @property
    def created(self) -> NumberProbe | None:
        """The ``created`` of the probe row, or of another row."""
        key = None if self.probe_row is None else self.probe_row.key
        own = [row for row in self.rows if str(row[ID_FIELD]) == key]
        return probe_rows.created_probe(own) or probe_rows.created_probe(self.rows)

    @property
    def null_probe(self) -> NullProbe | None:
        """A row with a null text."""
        return probe_rows.null_probe(self.rows, self.named(Wire.STRING))

    def named(self, wire: Wire) -> list[str]:
        """Return the names of the fields with this type in JSON."""
        return [field.name for field in self.fields.values() if field.wire is wire]

    @contextmanager
    def limited(self, requests: int) -> Iterator[None]:
        """Limit the requests in the block, including those that :meth:`confirmed` needs afterwards.

        Raises
        ------
        BudgetSpentError
            Another request is needed. The answers so far are kept.
        """
        self._left = requests
        try:
            yield
        finally:
            self._left = None

    def matches(self, key: str, conditions: Mapping[str, Any]) -> bool | None:
        """Return whether a row matches, or None if the server refuses the filter or contradicts itself."""
        self._doubtful.setdefault(key, {})
        number = self.count({ID_FIELD: key, **conditions})
        if number == 0 and len(conditions) == 1:
            self.filtering.update(conditions)
        return None if number is None or number > 1 else number == 1

    def refuses(self, key: str, conditions: Mapping[str, Any]) -> bool:
        """Return whether the server refuses a filter."""
        self._doubtful.setdefault(key, {})
        return self.count({ID_FIELD: key, **conditions}) is None

    def on_text(self, condition: Any) -> bool | None:
        """Return whether the probe row matches a condition on its text, or None if that cannot be learned."""
        found = self.probe_row
        if found is None:
            return None
        self._doubtful[found.key] = {found.field: found.text}
        return self.matches(found.key, {found.field: condition})

    def count(self, conditions: Mapping[str, Any]) -> int | None:
        """Return a count, or None if the server refuses the filter."""
        body = json.dumps(conditions)
        if body not in self._answers:
            if self._left is not None and self._left <= len(self._doubtful):
                raise BudgetSpentError
            payload = self._send("count", conditions)
            self._answers[body] = None if payload is None else envelope.count(payload)
        return self._answers[body]

    def find(self, body: Mapping[Any, Any]) -> list[Any] | None:
        """Return a page, or None if the server refuses it."""
        payload = self._send("find", {str(name): value for name, value in body.items()})
        return None if payload is None else envelope.rows(payload)

    def confirmed(self) -> bool:
        """Return whether the rows that probes used still exist unchanged; if not, discard every answer.

        A row that was deleted meanwhile matches no filter, which would look like a filter that works.
        """
        used, self._doubtful = self._doubtful, {}
        for key, conditions in used.items():
            payload = self._send("count", {ID_FIELD: key, **conditions})
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
