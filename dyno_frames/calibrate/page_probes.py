"""Probes about pages, orders and unknown fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dyno_frames.calibrate.examine import Examination
from dyno_frames.calibrate.text_probes import NO_SUCH_TEXT
from dyno_frames.contract.filters import Key, NumberOperator
from dyno_frames.contract.profile import Nulls, Overlong, TextNumber, UnknownField
from dyno_frames.contract.resources import KEY

_LARGEST_PAGE_ASKED = 5_000


def _nulls(exam: Examination) -> Nulls | None:
    gap = exam.gap
    if gap is None:
        return None
    first = exam.find(
        {Key.FIELDS: [KEY, gap.field], Key.ORDER_BY: gap.field, Key.ORDER_DIRECTION: "asc", Key.LIMIT: 1}
    )
    last = exam.find(
        {Key.FIELDS: [KEY, gap.field], Key.ORDER_BY: gap.field, Key.ORDER_DIRECTION: "desc", Key.LIMIT: 1}
    )
    if not first or not last:
        return None
    at_first, at_last = first[0].get(gap.field) is None, last[0].get(gap.field) is None
    return None if at_first is at_last else Nulls.FIRST if at_first else Nulls.LAST


def _page_limit(exam: Examination) -> int | None:
    """Ask for a page larger than any that is likely to be allowed, of ids alone."""
    total = exam.count({})
    wanted = min(total or 0, _LARGEST_PAGE_ASKED)
    page = exam.find({Key.FIELDS: [KEY], Key.LIMIT: wanted}) if wanted else None
    return len(page) if page and len(page) < wanted else None


def _overlong(exam: Examination) -> Overlong | None:
    return None if _page_limit(exam) is None else Overlong.CLAMP


def _default_limit(exam: Examination) -> int | None:
    total = exam.count({})
    page = exam.find({Key.FIELDS: [KEY]})
    return len(page) if page and total is not None and len(page) < total else None


def _unknown_field(exam: Examination) -> UnknownField | None:
    found = exam.instant
    if found is None:
        return None
    answer = exam.matches(found.key, {"no_such_field_7f3a": NO_SUCH_TEXT})
    return {None: UnknownField.ERROR, True: UnknownField.IGNORED, False: UnknownField.NULL}[answer]


def _text_number(exam: Examination) -> TextNumber | None:
    if exam.subject is None:
        return None
    answers = {exam.on_text({operator: 5}) for operator in (NumberOperator.GT, NumberOperator.LTE)}
    if answers == {None}:
        return TextNumber.ERROR
    if answers == {False}:
        return TextNumber.NOTHING
    return TextNumber.TEXT_ORDER if answers == {True, False} else None


def _deep_offset(_exam: Examination) -> int | None:
    return None  # no bound can be proved by a few requests; a scan finds its way without offsets


PROBES: dict[str, Callable[[Examination], Any]] = {
    "nulls": _nulls,
    "page_limit": _page_limit,
    "overlong": _overlong,
    "default_limit": _default_limit,
    "unknown_field": _unknown_field,
    "text_number": _text_number,
    "deep_offset": _deep_offset,
}
"""By the fact that each learns."""
