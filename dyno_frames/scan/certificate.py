"""How complete an answer is, and what proves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from dyno_frames.errors import SchemaError
from dyno_frames.reprs import html_table, strong


class Completeness(StrEnum):
    """How complete an answer is, from best to worst."""

    EXACT = "exact"
    """Every row that matched throughout is here, once, and nothing changed meanwhile that could be seen."""
    AT_LEAST_ONCE = "at_least_once"
    """Every row that matched throughout is here; rows that changed meanwhile may be, too."""
    UNCERTIFIED = "uncertified"
    """Rows may be missing; the reasons say why."""

    @property
    def has_all_rows(self) -> bool:
        """Whether every row is here that matched throughout."""
        return self is not Completeness.UNCERTIFIED


_NUMBERS = ("requests", "retries", "rows_moved", "rows_returned", "page_cap")
_DAMAGED = "the stored certificate is damaged; run the query again to get a new one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """How complete an answer is.

    Parameters
    ----------
    verdict
        ``exact``, ``at_least_once`` or ``uncertified``.
    reasons
        Why it is not better.
    count_before, count_after
        What the server counted for the filters before and after; None where nothing was counted, because one
        page held everything.
    requests, retries
        Requests answered, and how many times one was sent again.
    rows_moved, rows_returned
        Rows received, repeated ones too, and rows of the answer.
    page_cap
        The largest page that came.
    fields_met
        Fields outside the schema that came only now.
    notes
        What else a reader should know.
    mirror
        For an answer from a mirror: ``as_of``, ``age_s``, ``version``, ``deletes``, ``watermark``, ``lag_s`` and
        ``account``; else None.
    """

    verdict: Completeness
    reasons: tuple[str, ...] = ()
    count_before: int | None = None
    count_after: int | None = None
    requests: int = 0
    retries: int = 0
    rows_moved: int = 0
    rows_returned: int = 0
    page_cap: int = 0
    fields_met: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())
    mirror: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        plain = asdict(self) | {"verdict": str(self.verdict)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return what :meth:`to_json` wrote.

        Raises
        ------
        SchemaError
            It is damaged.
        """
        try:
            plain: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
            }
            certificate = cls(**plain | {"verdict": Completeness(plain["verdict"])})
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise SchemaError(_DAMAGED) from error
        if not all(isinstance(getattr(certificate, name), int) for name in _NUMBERS):
            raise SchemaError(_DAMAGED)
        return certificate

    def __repr__(self) -> str:
        why = f" ({'; '.join(self.reasons)})" if self.reasons else ""
        return (
            f"Certificate: {self.verdict}{why}; {self.rows_returned:,} rows{self._moved} "
            f"in {self.requests} {'request' if self.requests == 1 else 'requests'}, {self.retries} sent again"
            + "".join(f"; {note}" for note in self.notes)
        )

    @property
    def _moved(self) -> str:
        """The number of rows moved, for texts; empty for an answer from a mirror that sent no request."""
        return "" if self.mirror is not None and not self.requests else f" of {self.rows_moved:,} moved"

    def _repr_html_(self) -> str:
        before, after = self.count_before, self.count_after
        counted = f"{before:,} before" if before is not None else ""
        counted += f", {after:,} after" if after is not None else ""
        lines = (
            ("verdict", strong(self.verdict.value.replace("_", " "))),
            *(("why not better", reason) for reason in self.reasons),
            ("rows", f"{self.rows_returned:,} returned{self._moved}"),
            ("counted", counted),
            ("requests", f"{self.requests:,}, {self.retries:,} sent again"),
            ("fields met", ", ".join(self.fields_met)),
            *(("note", note) for note in self.notes),
        )
        return html_table(((label, text) for label, text in lines if text), caption="Certificate")
