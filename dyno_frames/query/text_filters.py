"""Convert a set of texts to operators of one field that match every row of the set, on any server."""

from __future__ import annotations

import re
from collections.abc import Iterable
from heapq import nsmallest

from dyno_frames.contract.fields import Field
from dyno_frames.contract.filters import LIST_SEPARATOR, Scalar, StringOperator
from dyno_frames.contract.profile import Collation, Dialect, Folding, Like, Profile, Regex, Several
from dyno_frames.query.domain import Pattern, Texts

MOST_LISTED = 400
"""Maximum number of values in one ``in``; more are split into several requests."""

Condition = Scalar | dict[str, Scalar]


def listable(value: str, profile: Profile) -> bool:
    """Return whether a text can be an item of a comma-separated list on this server."""
    if LIST_SEPARATOR in value:
        return False
    return profile.in_trims is False or (value != "" and value == value.strip())


def lists(profile: Profile) -> bool:
    """Return whether ``in`` matches every value of its list on this server."""
    return profile.in_reads_all is True and profile.operators[StringOperator.IN] is not False


class TextFilter:
    """Converts one set of texts to operators.

    Parameters
    ----------
    domain
        The texts.
    field
        The field of the texts.
    profile
        The semantics of the server's filters.
    """

    __slots__ = ("_domain", "_field", "_operators", "_profile", "_reasons")

    def __init__(self, domain: Texts, field: Field, profile: Profile) -> None:
        self._domain = domain
        self._field = field
        self._profile = profile
        self._operators: dict[str, Scalar] = {}
        self._reasons: list[str] = []

    def encoded(self) -> tuple[Condition | None, str]:
        """Return the condition, and the reasons why it may match other texts, too."""
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
            else "it is unknown whether this server distinguishes case, accents and blanks at the edges"
        )
        if self._domain.patterns:
            why = why or "a test that ignores case is made again here"
        if len(values) == 1:
            return self._equal(values[0], why)
        if not lists(self._profile):
            return None, "it is unknown whether in finds every value of its list on this server"
        if len(values) > MOST_LISTED or not all(listable(value, self._profile) for value in values):
            return None, "a value holds a comma or a blank at its edge, which a list cannot say"
        return {StringOperator.IN: LIST_SEPARATOR.join(values)}, why

    def _equal(self, value: str, why: str) -> tuple[Condition | None, str]:
        if value != value.strip() and self._profile.pads_blanks is not False:
            return None, "blanks at the edges of a text may be dropped here"
        if self._profile.bare_contains is not False:
            why = why or "a bare text may mean contains here"
        return value, why

    @property
    def _same_text(self) -> bool:
        return self._same_case and self._profile.pads_blanks is False

    @property
    def _same_case(self) -> bool:
        return self._profile.collation is Collation.CODEPOINT

    def _takes(self, operator: StringOperator) -> bool:
        """Return whether an operator can still be added."""
        return operator not in self._operators and self._profile.operators[operator] is not False

    def _matched(self, test: Pattern) -> None:
        if test.kind == "contains_ignore_case":
            self._folded(test.text)
            return
        like = self._like(test) if self._takes(StringOperator.LIKE) else None
        if like is not None and like[1]:
            self._add(StringOperator.LIKE, like[0], exact=self._same_case)
            return
        pattern = self._regex(test) if self._takes(StringOperator.LIKE_REGEX) else None
        if pattern is not None:
            self._add(StringOperator.LIKE_REGEX, pattern, exact=self._same_case)
        elif like is not None:
            self._add(StringOperator.LIKE, like[0], exact=False)
        else:
            self._reasons.append(f"no operator of this server says {test.kind} {test.text!r} for certain")

    def _add(self, operator: StringOperator, value: str, *, exact: bool) -> None:
        self._operators[operator] = value
        if not exact:
            self._reasons.append(f"{operator} may match more rows on this server")

    def _like(self, test: Pattern) -> tuple[str, bool] | None:
        """Return the text for ``like`` and whether it expresses the whole test; None if it expresses nothing."""
        text, says_all = test.text, True
        if text != text.strip() and self._profile.like_trims is not False:
            text, says_all = text.strip(), False
            if not text:
                return None
        head = "" if test.kind == "startswith" and says_all else "%"
        tail = "" if test.kind == "endswith" and says_all else "%"
        match self._profile.like:
            case Like.SUBSTRING if test.kind != "regex":
                return text, says_all and test.kind == "contains"
            case Like.SQL if test.kind != "regex":
                run = max(re.split(r"[%_\\]", text), key=len)
                if run == text:
                    return f"{head}{run}{tail}", says_all
                return (f"%{run.strip()}%", False) if run.strip() else None
            case Like.SQL_ESCAPED if test.kind != "regex":
                escaped = re.sub(r"([%_\\])", r"\\\1", text)
                return f"{head}{escaped}{tail}", says_all
            case _:
                return None

    def _regex(self, test: Pattern) -> str | None:
        """Return the pattern for ``like_regex`` that expresses the test exactly, or None."""
        profile = self._profile
        if profile.regex is None or profile.dialect is None:
            return None
        end = r"\z" if profile.dialect is Dialect.RE2 else r"\Z"
        text = test.text if test.kind == "regex" else _escaped(test.text)
        pattern = {"startswith": f"^{text}", "endswith": f"{text}{end}"}.get(test.kind, text)
        if profile.regex is not Regex.SEARCH:
            pattern = f"(?s:.*)(?:{pattern})(?s:.*)"
        return pattern if pattern == pattern.strip() or profile.like_trims is False else None

    def _folded(self, text: str) -> None:
        """Filter by the longest part that every engine folds alike; pandas evaluates the test again locally."""
        unsafe = (
            r"[^\x20-\x7e]|[kKsSiI]"
            if self._profile.like_folding is not Folding.UNICODE
            else r"[^\x20-\x7e]|[iI]"
        )
        run = max(re.split(unsafe, text), key=len)
        answered = self._takes(StringOperator.LIKE_IGNORE_CASE)
        found = self._like(Pattern("contains", run)) if run and answered else None
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
        if like is not None and like[1] and self._takes(StringOperator.NOT_LIKE):
            self._operators[StringOperator.NOT_LIKE] = like[0]
            return
        pattern = self._regex(test)
        if pattern is not None and self._takes(StringOperator.NOT_LIKE_REGEX):
            self._operators[StringOperator.NOT_LIKE_REGEX] = pattern
            return
        self._reasons.append(f"no operator of this server says not {test.kind} {test.text!r} for certain")

    def _excluded(self, exclude: frozenset[str]) -> None:
        if not self._takes(StringOperator.NOT_IN):
            self._reasons.append("this server refuses not_in")
            return
        if not self._same_text or not self._nulls_agree(self._profile.not_in_keeps_null):
            self._reasons.append("not_in might drop rows that pandas keeps")
            return
        listed = nsmallest(MOST_LISTED, (value for value in exclude if listable(value, self._profile)))
        if listed:
            self._operators[StringOperator.NOT_IN] = LIST_SEPARATOR.join(listed)
        if len(listed) < len(exclude):
            self._reasons.append("a value holds a comma or a blank at its edge, which a list cannot say")
        if len(listed) > 1 and self._profile.in_reads_all is not True:
            self._reasons.append("it is unknown whether not_in reads every value of its list on this server")

    def _nulls_agree(self, keeps: bool | None) -> bool:  # noqa: FBT001 - a fact of the profile
        return not (self._field.nullable and self._domain.null) or keeps is True

    def _without_null(self) -> None:
        """Exclude nulls if pandas excludes them and the operators so far do not."""
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
        if (
            profile.like is Like.SUBSTRING
            and profile.several is Several.AND
            and self._takes(StringOperator.LIKE)
        ):
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
    """Return a pattern for a text, escaped for both RE2 and Python."""
    return (
        re.sub(r"([^\w\s])", r"\\\1", text, flags=re.ASCII)
        if text.isascii()
        else re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)
    )
