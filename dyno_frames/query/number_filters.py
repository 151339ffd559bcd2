"""Convert a set of numbers to operators of one field that match every row of the set, on any server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor, inf, nextafter

from dyno_frames.contract.fields import Field
from dyno_frames.contract.filters import NumberOperator, Scalar
from dyno_frames.contract.profile import Profile, Several
from dyno_frames.query.domain import LEAST, MOST, Interval, Number, Numbers

_LEAST_FLOAT = -1.7976931348623157e308
_EXACT_IN_DOUBLE = 2**53
_CLOSED = {True: NumberOperator.GTE, False: NumberOperator.LTE}
_OPEN = {True: NumberOperator.GT, False: NumberOperator.LT}

Operators = dict[str, Scalar]


def number_condition(domain: Numbers, field: Field, profile: Profile) -> tuple[Operators | None, str]:
    """Return the operators for a set of numbers, and the reasons why they may match other numbers, too.

    Parameters
    ----------
    domain
        The numbers, in the server's unit.
    field
        The field of the numbers.
    profile
        The semantics of the server's filters.
    """
    if domain.null:
        return None, "the API has no operator that keeps nulls beside numbers"
    around = domain.hull
    if not around.intervals:
        return None, "nothing but null is wanted, and the API has no test for it"
    (run,) = around.intervals
    found, reasons = _Range(run, whole=domain.whole, profile=profile).encoded()
    if not found and not reasons and field.nullable:
        found, reasons = _any_number(whole=domain.whole, profile=profile)
    if len(domain.intervals) > 1:
        reasons.insert(0, f"{len(domain.intervals)} separate ranges in one request")
    if found and field.nullable and profile.null_compares is not False:
        reasons.append("a comparison may match null on this server")
    if len(found) > 1 and profile.several is not Several.AND:
        found = dict([next(iter(found.items()))])
        reasons.append("several operators on one field are not known to be and-ed here")
    return found or None, "; ".join(dict.fromkeys(reasons))


def _any_number(*, whole: bool, profile: Profile) -> tuple[Operators, list[str]]:
    """Return an operator that matches every number and not null."""
    known = profile.bounds_included is True and profile.fractions_kept is not False
    if not known or profile.null_compares is not False or profile.operators[NumberOperator.GTE] is False:
        return {}, ["no operator of this server keeps every number and no null for certain"]
    return {NumberOperator.GTE: LEAST if whole else _LEAST_FLOAT}, []


@dataclass(frozen=True, slots=True)
class _Range:
    """Converts one interval to operators."""

    run: Interval
    whole: bool
    profile: Profile

    def encoded(self) -> tuple[Operators, list[str]]:
        run, reasons = self.run, list[str]()
        if run.low == run.high and self._keeps(run.low) and self._answers(NumberOperator.EQ):
            if self._may_round(run.low):
                reasons.append(_ROUNDED)
            return {NumberOperator.EQ: _canonical(run.low)}, reasons
        found: Operators = {}
        for number, is_open, is_low in self._ends():
            found |= self._end(number, is_open=is_open, is_low=is_low, reasons=reasons)
        return found, reasons

    def _ends(self) -> Iterator[tuple[Number, bool, bool]]:
        run = self.run
        if run.low != -inf and not (self.whole and run.low <= LEAST):
            yield run.low, run.low_open, True
        if run.high != inf and not (self.whole and run.high >= MOST):
            yield run.high, run.high_open, False

    def _end(self, number: Number, *, is_open: bool, is_low: bool, reasons: list[str]) -> Operators:
        """Return the operator for one end of the interval, and append the reasons why it may match more."""
        if not self._keeps(number):
            reasons.append("numbers may be cut to integers on this server")
            return self._beyond(
                floor(number) - 1 if is_low else ceil(number) + 1, is_low=is_low, reasons=reasons
            )
        if is_open:
            return self._beyond(number, is_low=is_low, reasons=reasons)
        closed, included = _CLOSED[is_low], self.profile.bounds_included
        if included and self._answers(closed):
            if self._may_round(number):
                reasons.append(_ROUNDED)
            return {closed: _canonical(number)}
        if self._may_round(number):
            reasons.append(_ROUNDED)
            return {}
        if included is None and self._answers(closed):
            reasons.append(f"it is unknown whether {closed} includes its own number on this server")
        outward = -inf if is_low else inf
        further = number + (-1 if is_low else 1) if self.whole else nextafter(number, outward)
        return self._beyond(further, is_low=is_low, reasons=reasons)

    def _beyond(self, number: Number, *, is_low: bool, reasons: list[str]) -> Operators:
        """Return the operator for all numbers on the inner side of a number, excluding the number if possible."""
        if abs(number) == inf:
            return {}
        operator, closed = _OPEN[is_low], _CLOSED[is_low]
        if self._answers(operator):
            return {operator: _canonical(number)}
        reasons.append(f"this server refuses {operator}")
        return {closed: _canonical(number)} if self._answers(closed) else {}

    def _keeps(self, number: Number) -> bool:
        """Return whether the server compares with this exact number, not with a nearby integer."""
        kept = self.profile.fractions_kept is True
        return self.whole or kept or abs(number) >= _EXACT_IN_DOUBLE

    def _may_round(self, number: Number) -> bool:
        """Return whether the server may confuse other integers with this one."""
        return self.whole and abs(number) >= _EXACT_IN_DOUBLE and self.profile.integers_exact is not True

    def _answers(self, operator: NumberOperator) -> bool:
        return self.profile.operators[operator] is not False


_ROUNDED = "integers beyond 2**53 may be compared as doubles on this server"


def _canonical(number: Number) -> Scalar:
    return int(number) if number == int(number) else float(number)
