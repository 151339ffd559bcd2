"""What is sent for a condition on each kind of server: each field of the profile, each operator, known and unknown."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.contract.profile import (
    Collation,
    Dialect,
    Folding,
    Like,
    Overlong,
    Profile,
    Regex,
    Several,
    Support,
    UnknownField,
)
from dyno_frames.query.boxes import Box
from dyno_frames.query.domain import Interval, Numbers, Pattern, Texts
from dyno_frames.query.pushdown import apart, push_down
from dyno_frames.query.text_filters import MOST_LISTED

FIELDS = {
    "name": Field("name", Kind.STRING, nullable=False),
    "subject": Field("subject", Kind.STRING),
    "opens": Field("opens", Kind.COUNT, nullable=False),
    "budget": Field("budget", Kind.INTEGER),
    "score": Field("score", Kind.FLOAT),
}
SOME = Profile()
NONE = Profile.unknown()
SQL = Profile(like=Like.SQL)
ESCAPED = Profile(like=Like.SQL_ESCAPED)


def that(*words: str, null: bool = False, negated: bool = False) -> Texts:
    kind, text = words
    return Texts(patterns=frozenset({Pattern(kind, text, negated)}), null=null)


def one_of(*values: str, null: bool = False) -> Texts:
    return Texts(frozenset(values), null=null)


def none_of(*values: str, null: bool = False) -> Texts:
    return Texts(exclude=frozenset(values), null=null)


def numbers(*runs: Interval, null: bool = False, whole: bool = True) -> Numbers:
    return Numbers.of(runs, null=null, whole=whole)


def least(low: float) -> Interval:
    return Interval(low=low)


def refusing(*operators: str) -> Profile:
    return Profile(operators=Support(no=frozenset(operators), others=True))


def ignoring(field: str) -> Profile:
    return Profile(filtered=Support(no=frozenset({f"campaigns.{field}"}), others=True))


CASES: list[tuple[str, str, Any, Profile, Any, bool]] = [
    # equality: exact only where the server tells case, accents and trailing blanks apart
    ("equal", "name", one_of("Sale"), SOME, "Sale", True),
    ("equal, nothing known", "name", one_of("Sale"), NONE, "Sale", False),
    ("equal, case ignored", "name", one_of("Sale"), Profile(collation=Collation.IGNORE_CASE), "Sale", False),
    ("equal, accents ignored", "name", one_of("Sale"), Profile(collation=Collation.IGNORE_CASE_AND_ACCENTS), "Sale", False),
    ("equal, collation unknown", "name", one_of("Sale"), Profile(collation=None), "Sale", False),
    ("equal, blanks padded", "name", one_of("Sale"), Profile(pads_blanks=True), "Sale", False),
    ("equal, blanks unknown", "name", one_of("Sale"), Profile(pads_blanks=None), "Sale", False),
    ("equal, with a comma", "name", one_of("a,b"), SOME, "a,b", True),
    ("equal, empty", "name", one_of(""), SOME, "", True),
    ("equal or null", "subject", one_of("Sale", null=True), SOME, None, False),
    # lists
    ("in", "name", one_of("a", "b"), SOME, {"in": "a,b"}, True),
    ("in, nothing known", "name", one_of("a", "b"), NONE, None, False),
    ("in, case ignored", "name", one_of("a", "b"), Profile(collation=Collation.IGNORE_CASE), {"in": "a,b"}, False),
    ("in, blanks padded", "name", one_of("a", "b"), Profile(pads_blanks=True), {"in": "a,b"}, False),
    ("in, with a comma", "name", one_of("a,b", "c"), SOME, None, False),
    ("in, with a blank", "name", one_of(" a", "b"), SOME, {"in": " a,b"}, True),
    ("in, with a blank, trimmed", "name", one_of(" a", "b"), Profile(in_trims=True), None, False),
    ("in, with a blank, unknown", "name", one_of(" a", "b"), Profile(in_trims=None), None, False),
    ("in, with nothing, unknown", "name", one_of("", "b"), Profile(in_trims=None), None, False),
    ("in, without blanks, trimmed", "name", one_of("a", "b"), Profile(in_trims=True), {"in": "a,b"}, True),
    ("in, too many", "name", one_of(*map(str, range(MOST_LISTED + 1))), SOME, None, False),
    ("in, none", "name", one_of(), SOME, None, False),
    # lists, negated
    ("not in", "name", none_of("a", "b"), SOME, {"not_in": "a,b"}, True),
    ("not in, nothing known", "name", none_of("a", "b"), NONE, None, False),
    ("not in, case ignored", "name", none_of("a"), Profile(collation=Collation.IGNORE_CASE), None, False),
    ("not in, collation unknown", "name", none_of("a"), Profile(collation=None), None, False),
    ("not in, blanks padded", "name", none_of("a"), Profile(pads_blanks=True), None, False),
    ("not in, blanks unknown", "name", none_of("a"), Profile(pads_blanks=None), None, False),
    ("not in, all commas", "name", none_of("a,b"), SOME, None, False),
    ("not in, one comma", "name", none_of("a,b", "c"), SOME, {"not_in": "c"}, False),
    ("not in, trimmed", "name", none_of(" a", "c"), Profile(in_trims=True), {"not_in": "c"}, False),
    ("not in, null kept", "subject", none_of("a", null=True), SOME, {"not_in": "a"}, True),
    ("not in, null dropped", "subject", none_of("a", null=True), Profile(not_in_keeps_null=False), None, False),
    ("not in, null unknown", "subject", none_of("a", null=True), Profile(not_in_keeps_null=None), None, False),
    ("not in, never null", "name", none_of("a"), Profile(not_in_keeps_null=None), {"not_in": "a"}, True),
    ("not in nor null", "subject", none_of("a"), SOME, {"not_in": "a", "like": ""}, True),
    ("not in nor null, dropped", "subject", none_of("a"), Profile(not_in_keeps_null=False), {"not_in": "a"}, True),
    ("not in nor null, one operator", "subject", none_of("a"), Profile(several=Several.LAST), {"not_in": "a"}, False),
    ("not in nor null, patterns", "subject", none_of("a"), SQL, {"not_in": "a"}, False),
    # contains
    ("contains", "name", that("contains", "sale"), SOME, {"like": "sale"}, True),
    ("contains, nothing known", "name", that("contains", "sale"), NONE, None, False),
    ("contains, a pattern", "name", that("contains", "sale"), SQL, {"like": "%sale%"}, True),
    ("contains, a pattern with escapes", "name", that("contains", "sale"), ESCAPED, {"like": "%sale%"}, True),
    ("contains, case ignored", "name", that("contains", "sale"), Profile(collation=Collation.IGNORE_CASE), {"like": "sale"}, False),
    ("contains, collation unknown", "name", that("contains", "sale"), Profile(collation=None), {"like": "sale"}, False),
    ("contains %", "name", that("contains", "50%_off"), SOME, {"like": "50%_off"}, True),
    ("contains %, escaped", "name", that("contains", "50%_off"), ESCAPED, {"like": r"%50\%\_off%"}, True),
    ("contains a backslash, escaped", "name", that("contains", "a\\b"), ESCAPED, {"like": r"%a\\b%"}, True),
    ("contains, like unknown, regex known", "name", that("contains", "a.b"), Profile(like=None), {"like_regex": r"a\.b"}, True),
    ("contains, like and dialect unknown", "name", that("contains", "a"), Profile(like=None, dialect=None), None, False),
    ("contains, like and regex unknown", "name", that("contains", "a"), Profile(like=None, regex=None), None, False),
    ("contains, whole match", "name", that("contains", "a"), Profile(like=None, regex=Regex.FULL), {"like_regex": "(?s:.*)(?:a)(?s:.*)"}, True),
    ("contains or null", "subject", that("contains", "a", null=True), SOME, None, False),
    # begins and ends
    ("begins", "name", that("startswith", "a"), SOME, {"like_regex": "^a"}, True),
    ("begins, a pattern", "name", that("startswith", "a"), SQL, {"like": "a%"}, True),
    ("begins, no regex", "name", that("startswith", "a"), Profile(regex=None), {"like": "a"}, False),
    ("begins, nothing known", "name", that("startswith", "a"), NONE, None, False),
    ("begins, a sign", "name", that("startswith", "^"), SOME, {"like_regex": r"^\^"}, True),
    ("ends, RE2", "name", that("endswith", "a"), SOME, {"like_regex": r"a\z"}, True),
    ("ends, Python", "name", that("endswith", "a"), Profile(dialect=Dialect.PYTHON), {"like_regex": r"a\Z"}, True),
    ("ends, a pattern", "name", that("endswith", "a"), SQL, {"like": "%a"}, True),
    ("ends, escaped", "name", that("endswith", "a%"), ESCAPED, {"like": r"%a\%"}, True),
    ("ends, dialect unknown", "name", that("endswith", "a"), Profile(dialect=None), {"like": "a"}, False),
    # regular expressions
    ("regex", "name", that("regex", "a+b"), SOME, {"like_regex": "a+b"}, True),
    ("regex, Python", "name", that("regex", "a+b"), Profile(dialect=Dialect.PYTHON), {"like_regex": "a+b"}, True),
    ("regex, whole match", "name", that("regex", "a+b"), Profile(regex=Regex.FULL), {"like_regex": "(?s:.*)(?:a+b)(?s:.*)"}, True),
    ("regex, nothing known", "name", that("regex", "a+b"), NONE, None, False),
    ("regex, dialect unknown", "name", that("regex", "a+b"), Profile(dialect=None), None, False),
    ("regex, case ignored", "name", that("regex", "a+b"), Profile(collation=Collation.IGNORE_CASE), {"like_regex": "a+b"}, False),
    # letter case ignored: never exact
    ("any case", "name", that("contains_ignore_case", "sale"), SOME, {"like_ignore_case": "sale"}, False),
    ("any case, ASCII", "name", that("contains_ignore_case", "sale"), Profile(like_folding=Folding.ASCII), {"like_ignore_case": "ale"}, False),
    ("any case, unknown", "name", that("contains_ignore_case", "sale"), Profile(like_folding=None), {"like_ignore_case": "ale"}, False),
    ("any case, nothing known", "name", that("contains_ignore_case", "sale"), NONE, None, False),
    ("any case, an i", "name", that("contains_ignore_case", "bird"), SOME, {"like_ignore_case": "rd"}, False),
    ("any case, only i", "name", that("contains_ignore_case", "i"), SOME, None, False),
    ("any case, not ASCII", "name", that("contains_ignore_case", "caf\u00e9"), SOME, {"like_ignore_case": "caf"}, False),
    ("any case, a pattern", "name", that("contains_ignore_case", "50%"), SQL, {"like_ignore_case": "%50%"}, False),
    ("any case, not", "name", that("contains_ignore_case", "sale", negated=True), SOME, None, False),
    # tests, negated
    ("contains not", "name", that("contains", "a", negated=True), SOME, {"not_like": "a"}, True),
    ("contains not, a pattern", "name", that("contains", "a", negated=True), SQL, {"not_like": "%a%"}, True),
    ("contains not %, a pattern", "name", that("contains", "50%", negated=True), SQL, {"not_like_regex": "50\\%"}, True),
    ("contains not, case ignored", "name", that("contains", "a", negated=True), Profile(collation=Collation.IGNORE_CASE), None, False),
    ("contains not, nothing known", "name", that("contains", "a", negated=True), NONE, None, False),
    ("contains not, null kept", "subject", that("contains", "a", null=True, negated=True), SOME, {"not_like": "a"}, True),
    ("contains not, null dropped", "subject", that("contains", "a", null=True, negated=True), Profile(not_like_keeps_null=False), None, False),
    ("contains not, null unknown", "subject", that("contains", "a", null=True, negated=True), Profile(not_like_keeps_null=None), None, False),
    ("contains not nor null", "subject", that("contains", "a", negated=True), SOME, {"not_like": "a", "like": ""}, True),
    ("contains not nor null, dropped", "subject", that("contains", "a", negated=True), Profile(not_like_keeps_null=False), {"not_like": "a"}, True),
    ("begins not", "name", that("startswith", "a", negated=True), SOME, {"not_like_regex": "^a"}, True),
    ("begins not, no regex", "name", that("startswith", "a", negated=True), Profile(regex=None), None, False),
    ("ends not", "name", that("endswith", "a", negated=True), SOME, {"not_like_regex": r"a\z"}, True),
    ("regex not", "name", that("regex", "a+", negated=True), SOME, {"not_like_regex": "a+"}, True),
    ("regex not, dialect unknown", "name", that("regex", "a+", negated=True), Profile(dialect=None), None, False),
    # null
    ("not null", "subject", Texts(), SOME, {"like": ""}, True),
    ("not null, a pattern", "subject", Texts(), SQL, None, False),
    ("not null, nothing known", "subject", Texts(), NONE, None, False),
    ("null", "subject", one_of(null=True), SOME, None, False),
    ("number not null", "budget", numbers(Interval()), SOME, {"gte": -(2**63)}, True),
    ("number not null, nothing known", "budget", numbers(Interval()), NONE, None, False),
    ("number null", "budget", numbers(null=True), SOME, None, False),
    # numbers: what is unknown is left out of the bounds
    ("from", "opens", numbers(least(5)), SOME, {"gte": 5}, True),
    ("from, nothing known", "opens", numbers(least(5)), NONE, {"gt": 4}, False),
    ("above", "opens", numbers(Interval(low=5, low_open=True)), SOME, {"gte": 6}, True),
    ("above a half", "opens", numbers(Interval(low=5.5)), SOME, {"gte": 6}, True),
    ("up to", "opens", numbers(Interval(high=5)), SOME, {"lte": 5}, True),
    ("up to, nothing known", "opens", numbers(Interval(high=5)), NONE, {"lt": 6}, False),
    ("below", "opens", numbers(Interval(high=5, high_open=True)), SOME, {"lte": 4}, True),
    ("exactly", "opens", numbers(Interval(5, 5)), SOME, {"eq": 5}, True),
    ("exactly, nothing known", "opens", numbers(Interval(5, 5)), NONE, {"eq": 5}, False),
    ("between", "opens", numbers(Interval(5, 9)), SOME, {"gte": 5, "lte": 9}, True),
    ("between, the last counts", "opens", numbers(Interval(5, 9)), Profile(several=Several.LAST), {"gte": 5}, False),
    ("between, an error", "opens", numbers(Interval(5, 9)), Profile(several=Several.ERROR), {"gte": 5}, False),
    ("between, unknown", "opens", numbers(Interval(5, 9)), NONE, {"gt": 4}, False),
    ("two ranges in one", "opens", numbers(Interval(1, 2), Interval(8, 9)), SOME, {"gte": 1, "lte": 9}, False),
    ("all", "opens", numbers(Interval()), SOME, None, True),
    ("from, or null", "budget", numbers(least(5), null=True), SOME, None, False),
    ("above, no grid", "score", numbers(Interval(low=0.5, low_open=True), whole=False), SOME, {"gt": 0.5}, True),
    ("below, no grid", "score", numbers(Interval(high=0.5, high_open=True), whole=False), SOME, {"lt": 0.5}, True),
    ("a great number", "budget", numbers(Interval(2**53 + 1, 2**53 + 1)), SOME, {"eq": 2**53 + 1}, True),
    ("a whole float", "score", numbers(Interval(2.0, 2.0), whole=False), SOME, {"eq": 2}, True),
    # gte and lte without their own number
    ("from, left out", "opens", numbers(least(5)), Profile(bounds_included=False), {"gt": 4}, True),
    ("from, perhaps left out", "opens", numbers(least(5)), Profile(bounds_included=None), {"gt": 4}, False),
    ("up to, left out", "opens", numbers(Interval(high=5)), Profile(bounds_included=False), {"lt": 6}, True),
    ("from a float, left out", "score", numbers(least(0.5), whole=False), Profile(bounds_included=False), {"gt": 0.49999999999999994}, True),
    ("from a float, perhaps left out", "score", numbers(least(0.5), whole=False), Profile(bounds_included=None), {"gt": 0.49999999999999994}, False),
    ("number not null, left out", "budget", numbers(Interval()), Profile(bounds_included=False), None, False),
    # numbers cut to integers
    ("from, cut", "score", numbers(least(0.5), whole=False), Profile(fractions_kept=False), {"gt": -1}, False),
    ("from, perhaps cut", "score", numbers(least(0.5), whole=False), Profile(fractions_kept=None), {"gt": -1}, False),
    ("below, cut", "score", numbers(Interval(high=0.5, high_open=True), whole=False), Profile(fractions_kept=False), {"lt": 2}, False),
    ("from a negative, cut", "score", numbers(least(-0.5), whole=False), Profile(fractions_kept=False), {"gt": -2}, False),
    ("exactly, cut", "score", numbers(Interval(0.5, 0.5), whole=False), Profile(fractions_kept=False), {"gt": -1, "lt": 2}, False),
    ("a great float, cut", "score", numbers(least(1e300), whole=False), Profile(fractions_kept=False), {"gte": int(1e300)}, True),
    ("integers, cut", "opens", numbers(least(5)), Profile(fractions_kept=False), {"gte": 5}, True),
    # great integers as doubles
    ("a great number, rounded", "budget", numbers(Interval(2**53 + 1, 2**53 + 1)), Profile(integers_exact=False), {"eq": 2**53 + 1}, False),
    ("a great number, perhaps rounded", "budget", numbers(Interval(2**53, 2**53)), Profile(integers_exact=None), {"eq": 2**53}, False),
    ("from a great number, rounded", "budget", numbers(least(2**53 + 1)), Profile(integers_exact=False), {"gte": 2**53 + 1}, False),
    ("from a small number, rounded", "opens", numbers(least(2**53 - 1)), Profile(integers_exact=False), {"gte": 2**53 - 1}, True),
    ("from a great number, rounded and left out", "opens", numbers(least(2**53 + 1)), Profile(integers_exact=False, bounds_included=False), None, False),
    ("a great float, rounded", "score", numbers(least(1e20), whole=False), Profile(integers_exact=False), {"gte": 10**20}, True),
    # null in comparisons
    ("from, null as 0", "budget", numbers(least(5)), Profile(null_compares=True), {"gte": 5}, False),
    ("from, null unknown", "budget", numbers(least(5)), Profile(null_compares=None), {"gte": 5}, False),
    ("from, never null", "opens", numbers(least(5)), Profile(null_compares=True), {"gte": 5}, True),
    ("number not null, null as 0", "budget", numbers(Interval()), Profile(null_compares=True), None, False),
    # operators that are refused
    ("not in, refused", "name", none_of("a", "b"), refusing("not_in"), None, False),
    ("in, refused", "name", one_of("a", "b"), refusing("in"), None, False),
    ("contains, refused", "name", that("contains", "a.b"), refusing("like"), {"like_regex": r"a\.b"}, True),
    ("contains, all refused", "name", that("contains", "a"), refusing("like", "like_regex"), None, False),
    ("begins, refused", "name", that("startswith", "a"), refusing("like_regex"), {"like": "a"}, False),
    ("contains not, refused", "name", that("contains", "a", negated=True), refusing("not_like"), {"not_like_regex": "a"}, True),
    ("contains not, all refused", "name", that("contains", "a", negated=True), refusing("not_like", "not_like_regex"), None, False),
    ("any case, refused", "name", that("contains_ignore_case", "sale"), refusing("like_ignore_case"), None, False),
    ("not null, refused", "subject", Texts(), refusing("like"), None, False),
    ("from, refused", "opens", numbers(least(5)), refusing("gte"), {"gt": 4}, True),
    ("from, both refused", "opens", numbers(least(5)), refusing("gte", "gt"), None, False),
    ("above a float, refused", "score", numbers(Interval(low=0.5, low_open=True), whole=False), refusing("gt"), {"gte": 0.5}, False),
    ("exactly, refused", "opens", numbers(Interval(5, 5)), refusing("eq"), {"gte": 5, "lte": 5}, True),
    ("number not null, refused", "budget", numbers(Interval()), refusing("gte"), None, False),
    # lists of which only the first value is read
    ("in, first only", "name", one_of("a", "b"), Profile(in_reads_all=False), None, False),
    ("in, perhaps first only", "name", one_of("a", "b"), Profile(in_reads_all=None), None, False),
    ("not in, first only", "name", none_of("a", "b"), Profile(in_reads_all=False), {"not_in": "a,b"}, False),
    ("not in one, first only", "name", none_of("a"), Profile(in_reads_all=False), {"not_in": "a"}, True),
    # a bare text that means contains
    ("equal, contains", "name", one_of("a"), Profile(bare_contains=True), "a", False),
    ("equal, perhaps contains", "name", one_of("a"), Profile(bare_contains=None), "a", False),
    ("in, bare contains", "name", one_of("a", "b"), Profile(bare_contains=True), {"in": "a,b"}, True),
    # blanks that are dropped from what is asked for
    ("equal, with a blank, padded", "name", one_of("a "), Profile(pads_blanks=True), None, False),
    ("equal, with a blank, unknown", "name", one_of(" a"), Profile(pads_blanks=None), None, False),
    ("equal, with a blank", "name", one_of(" a"), SOME, " a", True),
    ("contains a blank", "name", that("contains", "a "), SOME, {"like": "a "}, True),
    ("contains a blank, trimmed", "name", that("contains", "a "), Profile(like_trims=True), {"like": "a"}, False),
    ("contains a blank, unknown", "name", that("contains", " a"), Profile(like_trims=None), {"like": "a"}, False),
    ("contains only a blank, trimmed", "name", that("contains", " "), Profile(like_trims=True), None, False),
    ("contains a blank inside, trimmed", "name", that("contains", "a b"), Profile(like_trims=True), {"like": "a b"}, True),
    ("contains a blank, a pattern, trimmed", "name", that("contains", "a "), Profile(like=Like.SQL, like_trims=True), {"like": "%a%"}, False),
    ("ends with a blank, a pattern, trimmed", "name", that("endswith", "a "), Profile(like=Like.SQL, like_trims=True, regex=None), {"like": "%a%"}, False),
    ("begins with a blank, escaped, trimmed", "name", that("startswith", " a%"), Profile(like=Like.SQL_ESCAPED, like_trims=True, regex=None), {"like": r"%a\%%"}, False),
    ("contains no blank, trimmed", "name", that("contains", "a ", negated=True), Profile(like_trims=True, regex=None), None, False),
    ("regex with a blank, trimmed", "name", that("regex", "a+ "), Profile(like_trims=True), None, False),
    # a field by which the server does not filter
    ("from, ignored", "opens", numbers(least(5)), ignoring("opens"), {"gte": 5}, False),
    ("from, perhaps ignored", "opens", numbers(least(5)), Profile(filtered=Support()), {"gte": 5}, False),
    ("from, another ignored", "opens", numbers(least(5)), ignoring("clicks"), {"gte": 5}, True),
    ("equal, ignored", "name", one_of("a"), ignoring("name"), "a", False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "domain", "profile", "sent", "exact"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_what_is_sent(name, domain, profile, sent, exact):
    pushed = push_down(Box({name: domain}), FIELDS, profile, unseen=frozenset(), resource="campaigns")
    assert dict(pushed.conditions) == ({} if sent is None else {name: sent})
    assert pushed.exact is exact
    assert bool(pushed.reasons) is not exact


def test_every_case_has_a_name_of_its_own_and_every_field_of_the_profile_that_matters_is_met():
    names = [case[0] for case in CASES]
    assert len(set(names)) == len(names)
    met = {
        field.name
        for case in CASES
        for field in fields(Profile)
        if getattr(case[3], field.name) != getattr(SOME, field.name) and case[3] != NONE
    }
    assert met == {
        "collation", "pads_blanks", "in_trims", "not_in_keeps_null", "not_like_keeps_null", "several", "like",
        "like_folding", "regex", "dialect", "bounds_included", "fractions_kept", "integers_exact", "null_compares",
        "operators", "in_reads_all", "bare_contains", "like_trims", "filtered",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("page_limit", [10, None]),
        ("overlong", [Overlong.ERROR, None]),
        ("name", ["other"]),
    ],
)
def test_what_pages_and_orders_depend_on_changes_no_filter(field, values):
    for _, name, domain, profile, sent, exact in CASES:
        for value in values:
            pushed = push_down(
                Box({name: domain}),
                FIELDS,
                replace(profile, **{field: value}),
                unseen=frozenset(),
                resource="campaigns",
            )
            assert (dict(pushed.conditions), pushed.exact) == ({} if sent is None else {name: sent}, exact)


@pytest.mark.parametrize(
    ("unknown_field", "sent"),
    [
        (UnknownField.NULL, {"budget": {"gte": 5}}),
        (UnknownField.ERROR, {}),
        (UnknownField.IGNORED, {}),
        (None, {}),
    ],
)
def test_a_field_that_was_never_sent_is_asked_for_only_where_it_counts_as_null(unknown_field, sent):
    box = Box({"budget": numbers(least(5))})
    pushed = push_down(
        box, FIELDS, Profile(unknown_field=unknown_field), unseen=frozenset({"budget"}), resource="campaigns"
    )
    assert dict(pushed.conditions) == sent
    assert pushed.exact is bool(sent)


def test_what_is_unknown_never_makes_more_exact_than_what_is_known():
    for _, name, domain, profile, _, exact in CASES:
        for field in fields(Profile):
            if field.name == "name" or getattr(profile, field.name) is None:
                continue
            nothing = Support() if isinstance(field.default, Support) else None
            blank = push_down(
                Box({name: domain}),
                FIELDS,
                replace(profile, **{field.name: nothing}),
                unseen=frozenset(),
                resource="campaigns",
            )
            # an operator that is unknown is tried: it is documented, and a refusal is no wrong answer
            if field.name == "operators":
                continue
            assert exact or not blank.exact, (name, field.name)


def test_several_columns_are_one_flat_object():
    box = Box({"name": that("contains", "a"), "opens": numbers(Interval(5, 9)), "subject": one_of("x")})
    pushed = push_down(box, FIELDS, SOME, unseen=frozenset(), resource="campaigns")
    assert pushed.conditions == {"name": {"like": "a"}, "opens": {"gte": 5, "lte": 9}, "subject": "x"}
    assert pushed.exact


def test_one_reason_makes_the_whole_wider_and_names_its_column():
    box = Box({"name": none_of("a,b"), "opens": numbers(least(5))})
    pushed = push_down(box, FIELDS, SOME, unseen=frozenset(), resource="campaigns")
    assert pushed.conditions == {"opens": {"gte": 5}}
    assert not pushed.exact
    assert all(reason.startswith("name: ") for reason in pushed.reasons)


@pytest.mark.parametrize(
    ("domain", "profile", "parts"),
    [
        (numbers(Interval(1, 2), Interval(8, 9)), SOME, [numbers(Interval(1, 2)), numbers(Interval(8, 9))]),
        (numbers(Interval(1, 2), Interval(8, 9), null=True), SOME, [numbers(Interval(1, 2), Interval(8, 9), null=True)]),
        (one_of("a,b", "c", "d"), SOME, [one_of("c", "d"), one_of("a,b")]),
        (one_of(" a", "b"), SOME, [one_of(" a", "b")]),
        (one_of(" a", "b"), Profile(in_trims=True), [one_of("b"), one_of(" a")]),
        (one_of(" a", "b"), Profile(in_trims=None), [one_of("b"), one_of(" a")]),
        (one_of("a", "b"), NONE, [one_of("a"), one_of("b")]),
        (one_of("a", "b"), Profile(in_reads_all=False), [one_of("a"), one_of("b")]),
        (one_of("a", "b"), refusing("in"), [one_of("a"), one_of("b")]),
        (one_of("a", "b", null=True), SOME, [one_of("a", "b", null=True)]),
        (none_of("a,b"), SOME, [none_of("a,b")]),
    ],
)  # fmt: skip
def test_what_one_filter_cannot_say_is_asked_in_parts(domain, profile, parts):
    name = "opens" if isinstance(domain, Numbers) else "name"
    assert [box.domains[name] for box in apart(Box({name: domain}), profile, most=8)] == parts


def test_long_lists_are_asked_in_parts_and_too_many_parts_are_asked_as_one():
    many = Box({"name": one_of(*(f"n{number:05}" for number in range(2 * MOST_LISTED + 1)))})
    assert [len(box.domains["name"].include) for box in apart(many, SOME, most=8)] == [
        MOST_LISTED,
        MOST_LISTED,
        1,
    ]
    assert apart(many, SOME, most=2) == (many,)


def test_parts_of_two_columns_multiply():
    box = Box({"opens": numbers(Interval(1, 2), Interval(8, 9)), "name": one_of("a,b", "c")})
    assert len(apart(box, SOME, most=8)) == 4
    assert apart(box, SOME, most=3) == (box,)
