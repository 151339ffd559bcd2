"""Probes of pages and unknown fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dyno_frames.calibrate.prober import Prober
from dyno_frames.calibrate.text_probes import NO_SUCH_TEXT
from dyno_frames.contract.filters import FilterKey
from dyno_frames.contract.profile import UnknownField
from dyno_frames.contract.resources import ID_FIELD

_LARGEST_PAGE_ASKED = 5_000


def _page_limit(prober: Prober) -> int | None:
    """Request a page of ids that is larger than servers usually allow."""
    wanted = min(prober.count({}) or 0, _LARGEST_PAGE_ASKED)
    page = prober.find({FilterKey.FIELDS: [ID_FIELD], FilterKey.LIMIT: wanted}) if wanted else None
    return len(page) if page and len(page) < wanted else None


def _unknown_field(prober: Prober) -> UnknownField | None:
    found = prober.created
    if found is None:
        return None
    answer = prober.matches(found.key, {"no_such_field_7f3a": NO_SUCH_TEXT})
    return {None: UnknownField.ERROR, True: UnknownField.IGNORED, False: UnknownField.NULL}[answer]


PROBES: dict[str, Callable[[Prober], Any]] = {"page_limit": _page_limit, "unknown_field": _unknown_field}
"""The probes, by the field of the profile that each learns."""
