"""Probes about pages and unknown fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dyno_frames.calibrate.examine import Examination
from dyno_frames.calibrate.text_probes import NO_SUCH_TEXT
from dyno_frames.contract.filters import Key
from dyno_frames.contract.profile import UnknownField
from dyno_frames.contract.resources import KEY

_LARGEST_PAGE_ASKED = 5_000


def _page_limit(exam: Examination) -> int | None:
    """Ask for a page larger than any that is likely to be allowed, of ids alone."""
    total = exam.count({})
    wanted = min(total or 0, _LARGEST_PAGE_ASKED)
    page = exam.find({Key.FIELDS: [KEY], Key.LIMIT: wanted}) if wanted else None
    return len(page) if page and len(page) < wanted else None


def _unknown_field(exam: Examination) -> UnknownField | None:
    found = exam.instant
    if found is None:
        return None
    answer = exam.matches(found.key, {"no_such_field_7f3a": NO_SUCH_TEXT})
    return {None: UnknownField.ERROR, True: UnknownField.IGNORED, False: UnknownField.NULL}[answer]


PROBES: dict[str, Callable[[Examination], Any]] = {
    "page_limit": _page_limit,
    "unknown_field": _unknown_field,
}
"""By the fact that each learns."""
