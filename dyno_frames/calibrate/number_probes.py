"""Probes about numbers: bounds of comparisons, fractions, large integers and null."""

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
    """Return whether ``created`` passes operators, each with an offset from a row's value; None if unknown."""
    found = exam.instant
    if found is None:
        return None
    shifted = {operator: found.value + off for operator, off in conditions.items()}
    return exam.matches(found.key, {CREATED: shifted})


_ALL_HOLD = {EQ: 0, GT: -1, LT: 1, GTE: 0, LTE: 0}
_ONE_FAILS = {EQ: 0, GT: 0, LTE: 0}


def all_work(exam: Examination) -> bool:
    """Return whether a row passes all five operators together, and is excluded if one of them is false."""
    return bool(on_created(exam, _ALL_HOLD)) and on_created(exam, _ONE_FAILS) is False


def several(exam: Examination) -> Several | None:
    """Return what several operators on one field mean.

    If all five hold, and a false one in the middle excludes the row, they are combined with and: a server that
    reads only the first or the last operator would return the row.
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
    """Probe with a number between two integers."""
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
    """Probe with the neighbor of a large integer, which is the same double."""
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
"""The probes, by the fact that each learns."""
