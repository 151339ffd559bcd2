"""Certificates of several runs combined into one, as JSON values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dyno_frames.scan.certificate import Completeness

_ORDER = tuple(Completeness)
_SUMMED = ("requests", "retries", "rows_moved", "rows_returned")
_JOINED = ("reasons", "notes", "fields_met")
_COUNTS = ("count_before", "count_after")

UNCOUNTED: dict[str, Any] = dict.fromkeys(_COUNTS)
"""The counts of a certificate if nothing, or not all rows, were counted."""


def certificate(
    verdict: Completeness = Completeness.EXACT,
    *,
    reasons: Sequence[str] = (),
    notes: Sequence[str] = (),
    requests: int = 0,
    rows_moved: int = 0,
) -> dict[str, Any]:
    """Return the certificate of a step without counts: its verdict, the reasons for it, and its costs."""
    return {
        "verdict": str(verdict),
        "reasons": list(reasons),
        "notes": list(notes),
        "requests": requests,
        "rows_moved": rows_moved,
    }


def combined(first: Mapping[str, Any], *others: Mapping[str, Any]) -> dict[str, Any]:
    """Return the certificate of the rows of several runs together.

    The verdict is the worst one; a certificate without a verdict is uncertified. Counts are summed, and None if one of
    them is None; a certificate without the keys of the counts leaves them unchanged.
    """
    every = [first, *others]
    worst = max(_ORDER.index(verdict_of(one)) for one in every)
    return {
        "verdict": str(_ORDER[worst]),
        **{name: _together(every, name) for name in _JOINED},
        **{name: _total(every, name) for name in _COUNTS},
        **{name: sum(one.get(name) or 0 for one in every) for name in _SUMMED},
        "page_cap": max(one.get("page_cap") or 0 for one in every),
    }


def verdict_of(one: Mapping[str, Any] | None) -> Completeness:
    """Return the verdict of a certificate; uncertified if there is no certificate or no verdict in it."""
    return Completeness((one or {}).get("verdict") or Completeness.UNCERTIFIED)


def is_news(made: Mapping[str, Any], parent: Mapping[str, Any] | None) -> bool:
    """Tell whether to write a version with the rows of its parent because its completeness differs.

    This is so if rows may be missing and the parent does not say so for the same reasons, and if rows may be missing
    from the parent and no longer are.
    """
    before, after = verdict_of(parent), verdict_of(made)
    if before.has_all_rows and after.has_all_rows:
        return False
    return before is not after or list((parent or {}).get("reasons") or []) != made["reasons"]


def _together(every: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    return list(dict.fromkeys(text for one in every for text in one.get(name) or []))


def _total(every: Sequence[Mapping[str, Any]], name: str) -> int | None:
    counts = [one[name] for one in every if name in one]
    return sum(counts) if counts and None not in counts else None
