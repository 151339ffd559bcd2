"""Every field of a profile, with each of its values."""

from __future__ import annotations

import sqlite3
from dataclasses import fields, replace

import pytest

from dyno_frames.contract.profile import Profile
from dyno_frames.contract.resources import CAMPAIGNS
from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.http.api_errors import RequestError
from dyno_frames.sandbox.store.storage import Store


def rows(*texts):
    return [{"subject": text} for text in texts]


PATTERNS = rows("50% off", "50 euros off", "a_b", "axb", "a\\b", "two\nlines", "", None)


@pytest.mark.parametrize(
    ("like", "pattern", "expected"),
    [
        ("substring", "0% o", "0"),
        ("substring", "a_b", "2"),
        ("sql", "50%off", "01"),
        ("sql", "50", ""),
        ("sql", "a_b", "234"),
        ("sql", "%", "0123456"),
        ("sql", "_%", "012345"),
        ("sql", "two%lines", "5"),
        ("sql", "a\\_", "4"),
        ("sql", "%o%o%", "1"),
        ("sql", "%%b", "234"),
        ("sql", "", "6"),
        ("sql_escaped", "50\\% off", "0"),
        ("sql_escaped", "a\\_b", "2"),
        ("sql_escaped", "a\\\\b", "4"),
        ("sql_escaped", "a\\", ""),
        ("sql_escaped", "50%off", "01"),
    ],
)
def test_like_reads_its_text_as_the_profile_says(ids, like, pattern, expected):
    assert ids(PATTERNS, {"subject": {"like": pattern}}, like=like) == list(expected)
    everything = set("01234567")
    negated = ids(PATTERNS, {"subject": {"not_like": pattern}}, like=like)
    assert set(negated) == everything - set(expected)
    folded = ids(PATTERNS, {"subject": {"like_ignore_case": pattern.upper()}}, like=like)
    assert set(folded) >= set(expected)


def test_a_pattern_of_many_wildcards_takes_no_time(ids):
    assert ids(rows("a" * 3000), {"subject": {"like": "%a" * 40 + "%b"}}, like="sql") == []


NAMES = rows("été", "ETE", "Été", "ete", "straße", "STRASSE", "e\u0301te\u0301")


@pytest.mark.parametrize(
    ("collation", "text", "expected"),
    [
        ("codepoint", "été", "0"),
        ("ignore_case", "été", "02"),
        ("ignore_case", "strasse", "45"),
        ("ignore_case_and_accents", "été", "01236"),
        ("ignore_case_and_accents", "strasse", "45"),
    ],
)
def test_collation_applies_to_equality_in_and_like(ids, collation, text, expected):
    rest = [key for key in "0123456" if key not in expected]
    for asked in (text, {"in": f"zzz,{text}"}, {"like": text}):
        assert ids(NAMES, {"subject": asked}, collation=collation) == list(expected)
    for asked in ({"not_in": text}, {"not_like": text}):
        assert ids(NAMES, {"subject": asked}, collation=collation) == rest
    assert ids(NAMES, {"subject": {"like": text[1:]}}, collation=collation, like="sql") == []


@pytest.mark.parametrize(("folding", "expected"), [("ascii", "1"), ("unicode", "01")])
def test_like_ignore_case_folds_the_letters_of_the_profile(ids, folding, expected):
    texts = rows("été", "Été")
    found = ids(texts, {"subject": {"like_ignore_case": "ÉTé"}}, like_folding=folding)
    assert found == list(expected)
    assert ids(rows("SALE"), {"subject": {"like_ignore_case": "sale"}}, like_folding=folding) == ["0"]


@pytest.mark.parametrize(("pads", "expected"), [(False, "0"), (True, "02")])
def test_trailing_blanks_count_or_not(ids, pads, expected):
    texts = rows("a", " a", "a  ", "a\t")
    assert ids(texts, {"subject": "a"}, pads_blanks=pads) == list(expected)
    assert ids(texts, {"subject": {"in": "a"}}, pads_blanks=pads) == list(expected)
    other = [key for key in "0123" if key not in expected]
    assert ids(texts, {"subject": {"not_in": "a"}}, pads_blanks=pads) == other
    assert ids(texts, {"subject": {"like": "a "}}, pads_blanks=pads) == ["2"]


@pytest.mark.parametrize("keeps", [True, False])
def test_negated_operators_keep_nulls_or_not(ids, keeps):
    texts, kept = rows("a", None), ["1"] if keeps else []
    for operator in ("not_like", "not_like_ignore_case", "not_like_regex"):
        assert ids(texts, {"subject": {operator: "a"}}, not_like_keeps_null=keeps) == kept
        assert ids(texts, {"gone": {operator: "a"}}, not_like_keeps_null=keeps) == (
            ["0", "1"] if keeps else []
        )
    assert ids(texts, {"subject": {"not_in": "a"}}, not_in_keeps_null=keeps) == kept


@pytest.mark.parametrize(("trims", "expected"), [(False, "1"), (True, "0")])
def test_values_of_in_are_trimmed_or_not(ids, trims, expected):
    assert ids(rows("a", " a "), {"subject": {"in": "b, a "}}, in_trims=trims) == list(expected)


@pytest.mark.parametrize(("several", "expected"), [("and", ["1"]), ("last", ["0", "1"])])
def test_several_operators_in_one_object(ids, several, expected):
    numbers = [{"opens": 1}, {"opens": 2}, {"opens": 3}]
    assert ids(numbers, {"opens": {"gt": 1, "lt": 3}}, several=several) == expected


def test_several_operators_may_be_an_error(ids):
    with pytest.raises(RequestError, match="several"):
        ids(rows("a"), {"opens": {"gt": 1, "lt": 3}}, several="error")
    assert ids(rows("a"), {"opens": {"gt": 1}}, several="error") == []


@pytest.mark.parametrize("dialect", ["re2", "python"])
@pytest.mark.parametrize(("part", "expected"), [("search", "01"), ("full", "0")])
def test_a_regex_searches_or_matches_all(ids, dialect, part, expected):
    asked = {"subject": {"like_regex": "a+"}}
    assert ids(rows("aa", "ab", "b", None), asked, regex=part, dialect=dialect) == list(expected)


def test_the_dialect_decides_what_a_regex_is(ids):
    asked = {"subject": {"like_regex": "(?<=a)b"}}
    assert ids(rows("ab", "b"), asked, dialect="python") == ["0"]
    with pytest.raises(RequestError, match="like_regex"):
        ids(rows("ab"), asked, dialect="re2")


@pytest.mark.parametrize(("direction", "expected"), [("asc", "102"), ("desc", "201")])
def test_nulls_are_the_smallest_values_in_an_order(ids, direction, expected):
    for name in ("opens", "created", "extra"):
        numbers = [{name: 1}, {name: None}, {name: 2}]
        wire = {"application_order_by": name, "application_order_direction": direction}
        assert ids(numbers, wire) == list(expected)


def test_the_largest_page_clamps_or_refuses(ids):
    texts = rows(*"abcdef")
    assert len(ids(texts, {"application_limit": 5}, page_limit=3)) == 3
    assert len(ids(texts, {}, page_limit=3)) == 3
    with pytest.raises(RequestError, match="largest page is 3"):
        ids(texts, {"application_limit": 5}, page_limit=3, overlong="error")
    assert len(ids(texts, {"application_limit": 3}, page_limit=3, overlong="error")) == 3


def test_the_page_limit_argument_takes_precedence_over_the_profile():
    with Store(profile=Profile(page_limit=7)) as store:
        assert store.profile.page_limit == 7
    with Store(profile=Profile(page_limit=7), page_limit=3) as store:
        assert store.profile.page_limit == 3


def test_an_unknown_field_may_be_an_error_or_nothing(ids):
    texts = rows("a", "b")
    for wire in ({"gone": "x"}, {"application_order_by": "gone"}, {"application_fields": ["gone"]}):
        with pytest.raises(RequestError, match="gone"):
            ids(texts, wire, unknown_field="error")
    assert ids(texts, {"gone": "x", "subject": "a"}, unknown_field="ignored") == ["0"]
    assert ids(texts, {"gone": None}, unknown_field="ignored") == ["0", "1"]


@pytest.mark.parametrize("literal", ["b", 5])
def test_a_number_operator_on_text_is_refused(ids, literal):
    with pytest.raises(RequestError, match="gte is for number fields, and this is a string field"):
        ids(rows("a", "b"), {"subject": {"gte": literal}})


def test_a_page_without_a_limit_has_a_hundred_rows(ids):
    assert len(ids(rows(*"a" * 101), {})) == 100


@pytest.mark.parametrize("name", [field.name for field in fields(Profile) if field.name != "name"])
def test_an_incomplete_profile_is_refused(name):
    with pytest.raises(ConfigError, match=name):
        Store(profile=replace(Profile(), **{name: None}))


def test_an_unknown_value_of_a_profile_is_refused():
    with pytest.raises(ConfigError, match="sometimes"):
        Store(profile=Profile(like="sometimes"))


@pytest.mark.parametrize("limit", [0, -1, 2.5, "10", True])
def test_a_page_limit_below_one_row_is_refused(limit):
    with pytest.raises(ConfigError, match="page_limit"):
        Store(page_limit=limit)


def test_the_store_needs_no_server():
    with Store() as store:
        assert store.load(CAMPAIGNS, [{"id": "a", "flag": True, "tags": [1, {"a": None}], "big": 2**80}]) == 1
        row = store.find(CAMPAIGNS, {})[0]
        assert (row["flag"], row["tags"], row["big"]) == (True, [1, {"a": None}], 2**80)
    with pytest.raises(sqlite3.ProgrammingError):
        store.counts()
    store.close()
