"""Certificates of what several runs have brought, as JSON values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dyno_frames.scan.certificate import Verdict

_ORDER = (Verdict.EXACT, Verdict.AT_LEAST_ONCE, Verdict.UNCERTIFIED)
_SUMMED = ("requests", "retries", "rows_moved")


def certificate(
    verdict: Verdict = Verdict.EXACT,
    *,
    reasons: Sequence[str] = (),
    notes: Sequence[str] = (),
    requests: int = 0,
    rows_moved: int = 0,
) -> dict[str, Any]:
    """Return the certificate of one step of a run.

    Parameters
    ----------
    verdict
        How complete its rows are.
    reasons, notes
        Why it is not better, and what else a reader should know.
    requests, rows_moved
        What it cost.
    """
    return {
        "verdict": str(verdict),
        "reasons": list(reasons),
        "notes": list(notes),
        "requests": requests,
        "rows_moved": rows_moved,
    }


def combined(first: Mapping[str, Any], *others: Mapping[str, Any]) -> dict[str, Any]:
    """Return the certificate of what several runs have brought: as good as the worst of them.

    Parameters
    ----------
    first, others
        Their certificates; one without a verdict is uncertified. What only the first one has stays.
    """
    every = [first, *others]
    worst = max(_ORDER.index(verdict_of(one)) for one in every)
    return {
        **first,
        **{name: sum(one.get(name) or 0 for one in every) for name in _SUMMED},
        "verdict": str(_ORDER[worst]),
        "reasons": _together(every, "reasons"),
        "notes": _together(every, "notes"),
        "page_cap": max(one.get("page_cap") or 0 for one in every),
    }


def verdict_of(one: Mapping[str, Any] | None) -> Verdict:
    """Return a certificate's verdict; without one it is uncertified."""
    return Verdict((one or {}).get("verdict") or Verdict.UNCERTIFIED)


def is_news(made: Mapping[str, Any], parent: Mapping[str, Any] | None) -> bool:
    """Tell whether a version with the same rows must be written because its completeness is another one.

    That is so when rows may be missing and the parent does not say so, and when nothing is missing any longer.
    """
    before, after = verdict_of(parent), verdict_of(made)
    if Verdict.UNCERTIFIED not in {before, after}:
        return False
    return before is not after or list((parent or {}).get("reasons") or []) != made["reasons"]


def _together(every: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    return list(dict.fromkeys(text for one in every for text in one.get(name) or []))
