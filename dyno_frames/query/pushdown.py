"""A box as one flat filter of the API: the narrowest that is sure to hold all its rows on this server."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, product
from math import inf

from dyno_frames.contract.fields import Field
from dyno_frames.contract.filters import LIST_SEPARATOR, NumberOperator, Scalar, StringOperator
from dyno_frames.contract.profile import (
    Collation,
    Dialect,
    Folding,
    Like,
    Profile,
    Regex,
    Several,
    UnknownField,
)
from dyno_frames.query.boxes import Box
from dyno_frames.query.domain import LEAST, MOST, Interval, Number, Numbers, Pattern, Texts

Condition = Scalar | dict[str, Scalar]
MOST_LISTED = 400
"""Values in one ``in``; more are asked for in several requests."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What is sent for a box.

    Parameters
    ----------
    conditions
        By field, in the API's form.
    wider
        The fields whose condition may let rows through that the box does not hold.
    reasons
        Why it may.
    """

    conditions: Mapping[str, Condition]
    wider: frozenset[str] = frozenset()
    reasons: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        """Whether the server's rows for it are the box's rows and no others."""
        return not self.wider


def push_down(box: Box, fields: Mapping[str, Field], profile: Profile, *, unseen: frozenset[str]) -> Pushed:
    """Return the filter for a box.

    Parameters
    ----------
    box
        The rows that are wanted.
    fields
        The fields by name.
    profile
        What this server's filters mean; what it does not know is not relied upon.
    unseen
        Fields that no row of this server was seen to have.
    """
    conditions: dict[str, Condition] = {}
    reasons: dict[str, str] = {}
    for name, domain in box.domains.items():
        if name in unseen and profile.unknown_field is not UnknownField.NULL:
            reasons[name] = f"{name}: this server was never seen to send it"
            continue
        if isinstance(domain, Numbers):
            found, why = _numbers(domain, fields[name], profile)
        else:
            found, why = _Text(domain, fields[name], profile).encoded()
        if found is not None:
            conditions[name] = found
        if why:
            reasons[name] = f"{name}: {why}"
    return Pushed(conditions, frozenset(reasons), tuple(reasons.values()))


def apart(box: Box, profile: Profile, *, most: int) -> tuple[Box, ...]:
    """Return boxes that together are this one, each of which one filter can say; the box itself if too many."""
    choices = [
        [(name, part) for part in islice(_parts(domain, profile), most + 1)]
        for name, domain in box.domains.items()
    ]
    found = list(islice(product(*choices), most + 1))
    return tuple(Box.of(dict(parts)) for parts in found) if len(found) <= most else (box,)


def _parts(domain: Numbers | Texts, profile: Profile) -> Iterator[Numbers | Texts]:
    if isinstance(domain, Numbers):
        if domain.null or len(domain.intervals) < 2:
            yield domain
        else:
            yield from (replace(domain, intervals=(run,)) for run in domain.intervals)
        return
    if domain.include is None or domain.null or len(domain.include) < 2:
        yield domain
        return
    plain = sorted(value for value in domain.include if listable(value, profile))
    for start in range(0, len(plain), MOST_LISTED):
        yield replace(domain, include=frozenset(plain[start : start + MOST_LISTED]))
    for value in sorted(domain.include.difference(plain)):
        yield replace(domain, include=frozenset({value}))


def listable(value: str, profile: Profile) -> bool:
    """Tell whether a text means itself in a comma-separated list on this server."""
    if LIST_SEPARATOR in value:
        return False
    return profile.in_trims is False or (value != "" and value == value.strip())


_LEAST_FLOAT = -1.7976931348623157e308


def _numbers(domain: Numbers, field: Field, profile: Profile) -> tuple[Condition | None, str]:
    if domain.null:
        return None, "the API has no operator that keeps nulls beside numbers"
    around = domain.hull
    if not around.intervals:
        return None, "nothing but null is wanted, and the API has no test for it"
    (run,) = around.intervals
    bounds = _bounds(run, whole=domain.whole)
    why = "" if len(domain.intervals) == 1 else f"{len(domain.intervals)} separate ranges in one request"
    if not bounds:
        return (
            ({NumberOperator.GTE: LEAST if domain.whole else _LEAST_FLOAT}, why)
            if field.nullable
            else (None, why)
        )
    if len(bounds) > 1 and profile.several is not Several.AND:
        first = dict([next(iter(bounds.items()))])
        return first, "several operators on one field are not known to be and-ed here"
    return bounds, why


def _bounds(run: Interval, *, whole: bool) -> dict[str, Scalar]:
    if run.low == run.high:
        return {NumberOperator.EQ: _canonical(run.low)}
    found: dict[str, Scalar] = {}
    if run.low != -inf and not (whole and run.low <= LEAST):
        found[NumberOperator.GT if run.low_open else NumberOperator.GTE] = _canonical(run.low)
    if run.high != inf and not (whole and run.high >= MOST):
        found[NumberOperator.LT if run.high_open else NumberOperator.LTE] = _canonical(run.high)
    return found


def _canonical(number: Number) -> Scalar:
    return int(number) if number == int(number) else float(number)


class _Text:
    """One text domain on its way to one object of operators."""

    __slots__ = ("_domain", "_field", "_operators", "_profile", "_reasons")

    def __init__(self, domain: Texts, field: Field, profile: Profile) -> None:
        self._domain = domain
        self._field = field
        self._profile = profile
        self._operators: dict[str, Scalar] = {}
        self._reasons: list[str] = []

    def encoded(self) -> tuple[Condition | None, str]:
        """Return the condition, and why it may hold more rows than the domain."""
        domain = self._domain
        if domain.null and (domain.include is not None or any(not test.negated for test in domain.patterns)):
            return None, "the API has no operator that keeps nulls beside texts"
        if domain.include is not None:
            return self._included(domain.include)
        for test in sorted(domain.patterns, key=lambda test: (test.negated, -len(test.text), test.text)):
            if test.negated:
                self._not_matched(test)
            else:
                self._matched(test)
        if domain.exclude:
            self._excluded(domain.exclude)
        self._without_null()
        return self._object()

    def _included(self, include: Iterable[str]) -> tuple[Condition | None, str]:
        values = sorted(include)
        if not values:
            return None, "nothing but null is wanted, and the API has no test for it"
        why = (
            ""
            if self._same_text
            else "this server is not known to tell case, accents or trailing blanks apart"
        )
        if self._domain.patterns:
            why = why or "a test that ignores case is made again here"
        if len(values) == 1:
            return values[0], why
        if len(values) > MOST_LISTED or not all(listable(value, self._profile) for value in values):
            return None, "a value holds a comma or a blank at its edge, which a list cannot say"
        return {StringOperator.IN: LIST_SEPARATOR.join(values)}, why

    @property
    def _same_text(self) -> bool:
        return self._profile.collation is Collation.CODEPOINT and self._profile.pads_blanks is False

    @property
    def _same_case(self) -> bool:
        return self._profile.collation is Collation.CODEPOINT

    def _matched(self, test: Pattern) -> None:
        if test.kind == "contains_ignore_case":
            self._folded(test.text)
            return
        like = self._like(test) if StringOperator.LIKE not in self._operators else None
        if like is not None and like[1]:
            self._add(StringOperator.LIKE, like[0], exact=self._same_case)
            return
        pattern = self._regex(test) if StringOperator.LIKE_REGEX not in self._operators else None
        if pattern is not None:
            self._add(StringOperator.LIKE_REGEX, pattern, exact=self._same_case)
        elif like is not None:
            self._add(StringOperator.LIKE, like[0], exact=False)
        else:
            self._reasons.append(f"no operator of this server says {test.kind} {test.text!r} for certain")

    def _add(self, operator: StringOperator, value: str, *, exact: bool) -> None:
        self._operators[operator] = value
        if not exact:
            self._reasons.append(f"{operator} may let more through here")

    def _like(self, test: Pattern) -> tuple[str, bool] | None:
        """Return the text for ``like`` and whether it says all of the test; None where it says nothing."""
        head, tail = ("" if test.kind == "startswith" else "%"), ("" if test.kind == "endswith" else "%")
        match self._profile.like:
            case Like.SUBSTRING if test.kind != "regex":
                return test.text, test.kind == "contains"
            case Like.SQL if test.kind != "regex":
                run = max(re.split(r"[%_\\]", test.text), key=len)
                return (
                    (f"{head}{run}{tail}", True)
                    if run == test.text
                    else ((f"%{run}%", False) if run else None)
                )
            case Like.SQL_ESCAPED if test.kind != "regex":
                escaped = re.sub(r"([%_\\])", r"\\\1", test.text)
                return f"{head}{escaped}{tail}", True
            case _:
                return None

    def _regex(self, test: Pattern) -> str | None:
        """Return the pattern for ``like_regex`` that says exactly the test, or None."""
        profile = self._profile
        if profile.regex is None or profile.dialect is None:
            return None
        end = r"\z" if profile.dialect is Dialect.RE2 else r"\Z"
        text = test.text if test.kind == "regex" else _escaped(test.text)
        pattern = {"startswith": f"^{text}", "endswith": f"{text}{end}"}.get(test.kind, text)
        return pattern if profile.regex is Regex.SEARCH else f"(?s:.*)(?:{pattern})(?s:.*)"

    def _folded(self, text: str) -> None:
        """Ask for the longest part that every engine folds alike: pandas is asked again here in any case."""
        unsafe = (
            r"[^\x20-\x7e]|[kKsSiI]"
            if self._profile.like_folding is not Folding.UNICODE
            else r"[^\x20-\x7e]|[iI]"
        )
        run = max(re.split(unsafe, text), key=len)
        found = self._like(Pattern("contains", run)) if run else None
        if found is None:
            self._reasons.append(f"case is folded differently for {text!r} by different engines")
        else:
            self._add(StringOperator.LIKE_IGNORE_CASE, found[0], exact=False)

    def _not_matched(self, test: Pattern) -> None:
        keeps = self._profile.not_like_keeps_null
        if not self._nulls_agree(keeps) or not self._same_case or test.kind == "contains_ignore_case":
            self._reasons.append("a negated test might drop rows that pandas keeps")
            return
        like = self._like(test)
        if like is not None and like[1] and StringOperator.NOT_LIKE not in self._operators:
            self._operators[StringOperator.NOT_LIKE] = like[0]
            return
        pattern = self._regex(test)
        if pattern is not None and StringOperator.NOT_LIKE_REGEX not in self._operators:
            self._operators[StringOperator.NOT_LIKE_REGEX] = pattern
            return
        self._reasons.append(f"no operator of this server says not {test.kind} {test.text!r} for certain")

    def _excluded(self, exclude: frozenset[str]) -> None:
        if not self._same_text or not self._nulls_agree(self._profile.not_in_keeps_null):
            self._reasons.append("not_in might drop rows that pandas keeps")
            return
        listed = sorted(value for value in exclude if listable(value, self._profile))[:MOST_LISTED]
        if listed:
            self._operators[StringOperator.NOT_IN] = LIST_SEPARATOR.join(listed)
        if len(listed) < len(exclude):
            self._reasons.append("a value holds a comma or a blank at its edge, which a list cannot say")

    def _nulls_agree(self, keeps: bool | None) -> bool:  # noqa: FBT001 - a fact of the profile
        return not (self._field.nullable and self._domain.null) or keeps is True

    def _without_null(self) -> None:
        """Drop nulls where pandas drops them and no operator so far does."""
        if not self._field.nullable or self._domain.null:
            return
        negated = {StringOperator.NOT_IN, StringOperator.NOT_LIKE, StringOperator.NOT_LIKE_REGEX}
        profile = self._profile
        keeps = {StringOperator.NOT_IN: profile.not_in_keeps_null}
        if any(
            name not in negated or keeps.get(StringOperator(name), profile.not_like_keeps_null) is False
            for name in self._operators
        ):
            return
        if profile.like is Like.SUBSTRING and profile.several is Several.AND:
            self._operators[StringOperator.LIKE] = ""
        else:
            self._reasons.append("nulls are dropped here")

    def _object(self) -> tuple[Condition | None, str]:
        if not self._operators:
            return None, "; ".join(self._reasons)
        if len(self._operators) > 1 and self._profile.several is not Several.AND:
            self._reasons.append("several operators on one field are not known to be and-ed here")
            return dict([next(iter(self._operators.items()))]), "; ".join(self._reasons)
        return dict(self._operators), "; ".join(self._reasons)


def _escaped(text: str) -> str:
    """Return a pattern for a text that RE2 and Python read alike."""
    return (
        re.sub(r"([^\w\s])", r"\\\1", text, flags=re.ASCII)
        if text.isascii()
        else re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)
    )
