"""The result of one check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check.

    Parameters
    ----------
    name
        The name of the check.
    status
        How it ended.
    finding
        What was found.
    cure
        What to do; empty if nothing is to be done.

    Examples
    --------
    >>> Check("python", Status.OK, "3.11.4").to_json()
    {'name': 'python', 'status': 'ok', 'finding': '3.11.4', 'cure': ''}
    """

    name: str
    status: Status
    finding: str
    cure: str = ""

    def to_json(self) -> dict[str, str]:
        """Return the check as JSON values."""
        return {"name": self.name, "status": str(self.status), "finding": self.finding, "cure": self.cure}

    def __str__(self) -> str:
        line = f"{self.status:<7}  {self.name:<11}  {self.finding}"
        return f"{line}\n{'':22}{self.cure}" if self.cure else line
