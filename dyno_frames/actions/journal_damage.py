"""What is damaged in a journal, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CURE = (
    "Check the campaigns that you recently started, resumed or rescheduled on the server. Then accept the damage: "
    "client.campaigns.accept_journal_damage()"
)
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class JournalDamage:
    """What is damaged in one journal file, and the path of its copy once the damage is accepted."""

    path: Path
    faults: tuple[str, ...]
    kept: Path | None = None

    def __str__(self) -> str:
        more = len(self.faults) - _SHOWN
        told = "; ".join(self.faults[:_SHOWN]) + (f"; and {more} more faults" if more > 0 else "")
        return f"{self.path}: {told}" + (f". A copy is kept as {self.kept}" if self.kept else "")


def told(damage: Sequence[JournalDamage]) -> str:
    """Return a sentence about the damage and its consequence."""
    return (
        f"the journal is damaged ({'; '.join(map(str, damage))}), so earlier actions whose outcome is unknown may be "
        "missing from it."
    )
