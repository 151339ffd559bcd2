"""Summarize why rows of a table are refused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final, TypeAlias

Reasons: TypeAlias = dict[int, str]
"""Why rows are refused, by the row's number from 0."""

_MAX_SHOWN: Final = 10


def summarize(refused: Mapping[int, str], samples: Mapping[str, str] | None = None) -> list[str]:
    """Return a line for each reason, the most frequent first, with the value in its first row."""
    rows_by_reason: dict[str, list[int]] = defaultdict(list)
    for row in sorted(refused):
        rows_by_reason[refused[row]].append(row)
    ordered = sorted(rows_by_reason.items(), key=lambda item: -len(item[1]))
    first = {reason: f", the first contains {sample}" for reason, sample in (samples or {}).items()}
    lines = [
        f"{reason}: {len(rows):,} (rows {_numbers(rows)}){first.get(reason, '')}"
        for reason, rows in ordered[:_MAX_SHOWN]
    ]
    left = sum(len(rows) for _, rows in ordered[_MAX_SHOWN:])
    return [*lines, f"other reasons: {left:,}"] if left else lines


def _numbers(rows: list[int]) -> str:
    return ", ".join(map(str, rows[:_MAX_SHOWN])) + (", …" if len(rows) > _MAX_SHOWN else "")
