"""The values of one column for which an expression is true: sets of numbers or texts, with or without null."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import ceil, floor, inf
from typing import TypeAlias

Number: TypeAlias = int | float

LEAST, MOST = -(2**63), 2**63 - 1
"""The range of 64-bit integers."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval of numbers; ``-inf`` and ``inf`` mean unbounded.

    Parameters
    ----------
    low, high
        The ends.
    low_open, high_open
        Whether an end is excluded.
    """

    low: Number = -inf
    high: Number = inf
    low_open: bool = False
    high_open: bool = False

    @property
    def empty(self) -> bool:
        """Whether the interval contains no numbers."""
        return self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))

    def on_grid(self) -> Interval:
        """Return the interval of the same 64-bit integers, with closed integer ends."""
        low, high = self.low, self.high
        if low != -inf:
            low = floor(low) + 1 if self.low_open else ceil(low)
        if high != inf:
            high = ceil(high) - 1 if self.high_open else floor(high)
        return Interval(inf, -inf) if low > MOST or high < LEAST else Interval(low, high)

    def intersect(self, other: Interval) -> Interval:
        """Return the numbers in both."""
        low, low_open = max((self.low, self.low_open), (other.low, other.low_open))
        high, high_shut = min((self.high, not self.high_open), (other.high, not other.high_open))
        return Interval(low, high, low_open, not high_shut)


@dataclass(frozen=True, slots=True)
class Numbers:
    """A set of numbers, as disjoint intervals in order, with or without null.

    Parameters
    ----------
    intervals
        The numbers.
    null
        Whether null belongs to the set.
    whole
        Whether the column contains only whole numbers, so that bounds are integers.
    """

    intervals: tuple[Interval, ...] = (Interval(),)
    null: bool = False
    whole: bool = True

    @classmethod
    def of(cls, intervals: Iterable[Interval], *, null: bool, whole: bool) -> Numbers:
        """Return the union of intervals in normal form."""
        runs = [run.on_grid() for run in intervals] if whole else intervals
        merged: list[Interval] = []
        for run in sorted((run for run in runs if not run.empty), key=lambda run: (run.low, run.low_open)):
            if merged and _touch(merged[-1], run, whole=whole):
                merged[-1] = _joined(merged[-1], run)
            else:
                merged.append(run)
        return cls(tuple(merged), null, whole)

    @property
    def empty(self) -> bool:
        """Whether nothing belongs to the set."""
        return not self.intervals and not self.null

    @property
    def everything(self) -> bool:
        """Whether every value and null belong to it."""
        return self.null and self.intervals == (Interval(),)

    def intersect(self, other: Numbers) -> Numbers:
        """Return what belongs to both; the time grows with the number of intervals of both."""
        runs: list[Interval] = []
        mine, theirs = iter(self.intervals), iter(other.intervals)
        left, right = next(mine, None), next(theirs, None)
        while left is not None and right is not None:
            runs.append(left.intersect(right))
            if (left.high, not left.high_open) < (right.high, not right.high_open):
                left = next(mine, None)
            else:
                right = next(theirs, None)
        return Numbers.of(runs, null=self.null and other.null, whole=self.whole)

    def union(self, other: Numbers) -> Numbers:
        """Return what belongs to either."""
        return Numbers.of((*self.intervals, *other.intervals), null=self.null or other.null, whole=self.whole)

    def complement(self, *, null: bool) -> Numbers:
        """Return the numbers between the intervals, with null as given; the time grows with their number."""
        gaps: list[Interval] = []
        end: Number = -inf
        end_open = False
        for run in self.intervals:
            if run.low != -inf:
                gaps.append(Interval(end, run.low, end_open, not run.low_open))
            end, end_open = run.high, not run.high_open
        if end != inf:
            gaps.append(Interval(low=end, low_open=end_open))
        return Numbers.of(gaps, null=null, whole=self.whole)

    @property
    def hull(self) -> Numbers:
        """The smallest single interval around the set."""
        if len(self.intervals) < 2:
            return self
        first, last = self.intervals[0], self.intervals[-1]
        run = Interval(first.low, last.high, first.low_open, last.high_open)
        return replace(self, intervals=(run,))


def _touch(left: Interval, right: Interval, *, whole: bool) -> bool:
    if right.low < left.high or (whole and right.low == left.high + 1):
        return True
    return right.low == left.high and not (right.low_open and left.high_open)


def _joined(left: Interval, right: Interval) -> Interval:
    high, high_shut = max((left.high, not left.high_open), (right.high, not right.high_open))
    return Interval(left.low, high, left.low_open, not high_shut)


@dataclass(frozen=True, slots=True)
class Pattern:
    """One test of a text.

    Parameters
    ----------
    kind
        ``contains``, ``startswith``, ``endswith``, ``regex`` (a search; only of the portable subset) or
        ``contains_ignore_case`` (a superset only: folding differs between engines).
    text
        What to look for.
    negated
        Whether the text must not pass.
    """

    kind: str
    text: str
    negated: bool = False

    def accepts(self, value: str) -> bool | None:
        """Return whether a value passes the test, or None if this is not certain."""
        match self.kind:
            case "contains":
                found = self.text in value
            case "startswith":
                found = value.startswith(self.text)
            case "endswith":
                found = value.endswith(self.text)
            case "regex":
                found = re.search(self.text, value) is not None
            case _:
                return None
        return found is not self.negated


@dataclass(frozen=True, slots=True)
class Texts:
    """A set of texts, with or without null.

    Parameters
    ----------
    include
        The only texts that can belong to the set; None for all texts.
    exclude
        Texts that do not belong.
    patterns
        Tests that all texts of the set pass.
    null
        Whether null belongs to the set.
    """

    include: frozenset[str] | None = None
    exclude: frozenset[str] = frozenset()
    patterns: frozenset[Pattern] = frozenset()
    null: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing belongs to the set."""
        return self.include is not None and not self.include and not self.null

    @property
    def everything(self) -> bool:
        """Whether every value and null belong to it."""
        return self.null and self.include is None and not self.exclude and not self.patterns

    def intersect(self, other: Texts) -> Texts:
        """Return what belongs to both."""
        include = self.include
        if other.include is not None:
            include = other.include if include is None else include & other.include
        return Texts(
            include,
            self.exclude | other.exclude,
            self.patterns | other.patterns,
            self.null and other.null,
        ).settled()

    def settled(self) -> Texts:
        """Return the same set, simplified by applying the tests to its texts."""
        if self.include is None:
            return self
        kept = {value for value in self.include - self.exclude if self._passes(value)}
        undecided = frozenset(pattern for pattern in self.patterns if pattern.accepts("") is None)
        return Texts(frozenset(kept), frozenset(), undecided if kept else frozenset(), self.null)

    def _passes(self, value: str) -> bool:
        return all(pattern.accepts(value) is not False for pattern in self.patterns)

    def union(self, other: Texts) -> Texts | None:
        """Return the union, or None if one set cannot express it."""
        if self.patterns or other.patterns:
            return (
                replace(self, null=self.null or other.null)
                if replace(self, null=other.null) == other
                else None
            )
        null = self.null or other.null
        match self.include, other.include:
            case (None, None):
                return Texts(exclude=self.exclude & other.exclude, null=null)
            case (None, found):
                return Texts(exclude=self.exclude - (found or frozenset()), null=null)
            case (found, None):
                return Texts(exclude=other.exclude - (found or frozenset()), null=null)
            case (left, right):
                return Texts(include=(left or frozenset()) | (right or frozenset()), null=null)


Domain: TypeAlias = Numbers | Texts
"""A set of values of one column."""

LeafValues: TypeAlias = tuple[Domain, bool]
"""The values that make a comparison true, null left out, and whether they are exactly those."""


def intersect(left: Domain, right: Domain) -> Domain:
    """Return what belongs to both sets of one column."""
    match left, right:
        case Numbers(), Numbers():
            return left.intersect(right)
        case Texts(), Texts():
            return left.intersect(right)
        case _:
            raise TypeError(f"one column holds either numbers or texts, not both: {left}, {right}")


def union(left: Domain, right: Domain) -> Domain | None:
    """Return the union of two sets of one column, or None if one set cannot express it."""
    match left, right:
        case Numbers(), Numbers():
            return left.union(right)
        case Texts(), Texts():
            return left.union(right)
        case _:
            raise TypeError(f"one column holds either numbers or texts, not both: {left}, {right}")
