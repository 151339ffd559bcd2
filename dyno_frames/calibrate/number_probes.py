"""Probes about numbers: which bounds a comparison keeps, and what becomes of fractions, great integers and null."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil, floor
from typing import Any

from dyno_frames.calibrate.examine import Examination
from dyno_frames.calibrate.subject import fraction_of, gap_of, great_integer_of
from dyno_frames.contract.fields import Wire
from dyno_frames.contract.filters import NumberOperator
from dyno_frames.contract.profile import Several
from dyno_frames.contract.resources import CREATED

EQ, GT, GTE, LT, LTE = NumberOperator
_ANY = 2**53 - 1


def on_created(exam: Examination, conditions: Mapping[NumberOperator, int]) -> bool | None:
    """Tell whether a row's ``created`` passes operators, each with how much its number is off; None as ever."""
    found = exam.instant
    if found is None:
        return None
    shifted = {operator: found.value + off for operator, off in conditions.items()}
    return exam.matches(found.key, {CREATED: shifted})


_ALL_HOLD = {EQ: 0, GT: -1, LT: 1, GTE: 0, LTE: 0}
_ONE_FAILS = {EQ: 0, GT: 0, LTE: 0}


def all_work(exam: Examination) -> bool:
    """Tell whether a row passes all operators at once, and does not where one of them fails."""
    return bool(on_created(exam, _ALL_HOLD)) and on_created(exam, _ONE_FAILS) is False


def several(exam: Examination) -> Several | None:
    """Tell what several operators on one field mean.

    Where all five hold and one that fails in the middle keeps the row out, they are and-ed: a server that read only
    the first or the last would have kept it.
    """
    if all_work(exam):
        return Several.AND
    both = on_created(exam, {GT: -1, LT: 1})
    if both is None:
        return Several.ERROR if on_created(exam, {GT: -1}) and on_created(exam, {LT: 1}) else None
    last = on_created(exam, {GT: 0, LT: 1})
    if not both or on_created(exam, {GT: -1, LT: 0}) is not False:
        return None
    return Several.LAST if last else Several.AND if last is False else None


def _bounds_included(exam: Examination) -> bool | None:
    if all_work(exam):
        return True
    answers = on_created(exam, {GTE: 0}), on_created(exam, {LTE: 0})
    if None in answers:
        return None
    return answers == (True, True)


def _fractions_kept(exam: Examination) -> bool | None:
    """Look for a number between two others that an integer cannot tell apart from it."""
    found = fraction_of(exam.rows, exam.named(Wire.NUMBER))
    if found is None:
        return None
    value = found.value
    below, above = (floor(value) + value) / 2, (value + ceil(value)) / 2
    tests: list[dict[str, Any]] = [{GT: below}, {LT: above}, {EQ: value}]
    if several(exam) is Several.AND:
        tests = [{GT: below, LT: above, EQ: value}]
    answers = [exam.matches(found.key, {found.field: test}) for test in tests]
    return None if None in answers else all(answers)


def _integers_exact(exam: Examination) -> bool | None:
    """Look for the neighbour of a great integer, which as a double is the same."""
    found = great_integer_of(exam.rows, exam.named(Wire.NUMBER))
    if found is None:
        return None
    value = int(found.value)
    near = next((other for other in (value + 1, value - 1) if float(other) == float(value)), None)
    taken = None if near is None else exam.matches(found.key, {found.field: {EQ: near}})
    return None if taken is None else not taken


def _null_compares(exam: Examination) -> bool | None:
    gap = gap_of(exam.rows, exam.named(Wire.NUMBER))
    if gap is None:
        return None
    answers = [exam.matches(gap.key, {gap.field: test}) for test in ({GTE: -_ANY}, {LTE: _ANY})]
    return None if None in answers else any(answers)


PROBES: dict[str, Callable[[Examination], Any]] = {
    "several": several,
    "bounds_included": _bounds_included,
    "fractions_kept": _fractions_kept,
    "integers_exact": _integers_exact,
    "null_compares": _null_compares,
}
"""By the fact that each learns."""
