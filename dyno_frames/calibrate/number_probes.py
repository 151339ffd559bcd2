"""Probes of numbers: bounds, several operators, fractions, large integers and nulls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil, floor
from typing import Any

from dyno_frames.calibrate import probe_rows
from dyno_frames.calibrate.prober import Prober
from dyno_frames.contract.fields import Wire
from dyno_frames.contract.filters import NumberOperator
from dyno_frames.contract.profile import Several
from dyno_frames.contract.resources import CREATED

EQ, GT, GTE, LT, LTE = NumberOperator
_ANY = 2**53 - 1


def on_created(prober: Prober, conditions: Mapping[NumberOperator, int]) -> bool | None:
    """Return whether the ``created`` of a row matches operators, each with an offset from the row's own value."""
    found = prober.created
    if found is None:
        return None
    shifted = {operator: found.value + off for operator, off in conditions.items()}
    return prober.matches(found.key, {CREATED: shifted})


_ALL_HOLD = {EQ: 0, GT: -1, LT: 1, GTE: 0, LTE: 0}
_ONE_FAILS = {EQ: 0, GT: 0, LTE: 0}


def all_work(prober: Prober) -> bool:
    """Return whether a row matches all operators together, and does not match if one of them fails."""
    return bool(on_created(prober, _ALL_HOLD)) and on_created(prober, _ONE_FAILS) is False


def several(prober: Prober) -> Several | None:
    """Return what several operators on one field mean.

    They are combined with *and* if the row matches all five, and a failing one in the middle excludes it: a server
    that reads only the first or the last operator would include the row.
    """
    if all_work(prober):
        return Several.AND
    both = on_created(prober, {GT: -1, LT: 1})
    if both is None:
        return Several.ERROR if on_created(prober, {GT: -1}) and on_created(prober, {LT: 1}) else None
    last = on_created(prober, {GT: 0, LT: 1})
    if not both or on_created(prober, {GT: -1, LT: 0}) is not False:
        return None
    return Several.LAST if last else Several.AND if last is False else None


def _bounds_included(prober: Prober) -> bool | None:
    if all_work(prober):
        return True
    answers = on_created(prober, {GTE: 0}), on_created(prober, {LTE: 0})
    if None in answers:
        return None
    return answers == (True, True)


def _fractions_kept(prober: Prober) -> bool | None:
    """Compare a number that is not whole with numbers that have the same whole part."""
    found = probe_rows.fraction_probe(prober.rows, prober.named(Wire.NUMBER))
    if found is None:
        return None
    value = found.value
    below, above = (floor(value) + value) / 2, (value + ceil(value)) / 2
    tests: list[dict[str, Any]] = [{GT: below}, {LT: above}, {EQ: value}]
    if several(prober) is Several.AND:
        tests = [{GT: below, LT: above, EQ: value}]
    answers = [prober.matches(found.key, {found.field: test}) for test in tests]
    return None if None in answers else all(answers)


def _integers_exact(prober: Prober) -> bool | None:
    """Compare a large integer with a neighbor that is the same double."""
    found = probe_rows.large_integer_probe(prober.rows, prober.named(Wire.NUMBER))
    if found is None:
        return None
    value = int(found.value)
    near = next((other for other in (value + 1, value - 1) if float(other) == float(value)), None)
    taken = None if near is None else prober.matches(found.key, {found.field: {EQ: near}})
    return None if taken is None else not taken


def _null_compares(prober: Prober) -> bool | None:
    found = probe_rows.null_probe(prober.rows, prober.named(Wire.NUMBER))
    if found is None:
        return None
    answers = [prober.matches(found.key, {found.field: test}) for test in ({GTE: -_ANY}, {LTE: _ANY})]
    return None if None in answers else any(answers)


PROBES: dict[str, Callable[[Prober], Any]] = {
    "several": several,
    "bounds_included": _bounds_included,
    "fractions_kept": _fractions_kept,
    "integers_exact": _integers_exact,
    "null_compares": _null_compares,
}
"""The probes, by the field of the profile that each learns."""
