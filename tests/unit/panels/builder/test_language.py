"""Conditions and expressions say the same: what goes out comes back."""

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dyno_frames.contract.fields import Kind
from dyno_frames.contract.resources import CAMPAIGNS, LISTS
from dyno_frames.errors import QueryError
from dyno_frames.frames.schema import learn
from dyno_frames.panels.builder.language import Conditions, Join, Language, NotEditableError, to_text
from dyno_frames.panels.builder.terms import (
    MULTI_VALUE,
    NO_VALUE,
    OPERATORS,
    Operator,
    Term,
    format_value,
    not_editable_reason,
    parse_value,
)
from dyno_frames.query.query import Scope

EXTRA = {"two words": 1, "flag": True, "rate": 1.5, "class": "x", "tags": [1], "größe": "x"}
SCHEMA = learn(CAMPAIGNS, [EXTRA])
FIELDS = SCHEMA.by_name
LANGUAGE = Language(FIELDS, SCHEMA.empty())

ONE_LINE = st.text(
    st.one_of(st.sampled_from("aB %_'\"\\@`#,.*($^|)[]{}\t&~"), st.characters(codec="utf-8")),
    min_size=1,
    max_size=12,
)
NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0, -0.0, 2**53 + 1]),
)
TIMES = st.datetimes(pd.Timestamp("1700-01-01"), pd.Timestamp("2250-01-01")).map(
    lambda at: parse_value(FIELDS["created"], Operator.AT_LEAST, at.replace(microsecond=0).isoformat())
)
WORDS = st.sampled_from(["draft", "running", "finished", "a word of its own"])


def values(field, operator):
    if operator in NO_VALUE:
        return st.none()
    if operator in {Operator.MATCHES, Operator.NOT_MATCHES}:
        return st.sampled_from(["a|b", "^sale", "plain", r"\d+ %", "(?i)sale", "'|\"", "a`b"])
    numbers = dict.fromkeys([Kind.COUNT, Kind.INTEGER, Kind.FLOAT], NUMBERS)
    one = ({Kind.TIME: TIMES, Kind.FLAG: st.booleans(), Kind.STATUS: WORDS} | numbers).get(
        field.kind, ONE_LINE
    )
    # one text in a list is the same tree as equality, so the builder shows it as "is"
    return st.lists(one, min_size=2, max_size=4).map(tuple) if operator in MULTI_VALUE else one


@st.composite
def terms(draw):
    field = draw(st.sampled_from(list(FIELDS.values())))
    operator = draw(st.sampled_from(OPERATORS[field.kind]))
    term = Term(field.name, operator, draw(values(field, operator)))
    assume(not not_editable_reason(field, term))
    return term


@settings(deadline=None, max_examples=150)
@given(st.lists(terms(), max_size=4), st.sampled_from(Join))
def test_conditions_are_written_and_read_back_the_same(several, join):
    conditions = Conditions(tuple(several), join if len(several) > 1 else Join.ALL)
    assert LANGUAGE.parse(to_text(conditions)) == conditions


def test_a_backslash_before_the_quote_does_not_hide_a_name_in_backticks():
    conditions = Conditions((Term("name", Operator.CONTAINS, "\\"), Term("two words", Operator.IS, 1)))
    assert LANGUAGE.parse(to_text(conditions)) == conditions


@settings(deadline=None, max_examples=100)
@given(terms())
def test_what_is_shown_in_a_box_is_typed_back_the_same(term):
    assert parse_value(FIELDS[term.column], term.operator, format_value(term.value)) == term.value


ROWS = pd.DataFrame(
    {
        "name": ["Weekly sale", "weekly", None, "20% off (sale)"],
        "opens": pd.array([1, None, 5, 100], dtype="Int64"),
        "created": pd.to_datetime(
            ["2026-01-01", "2026-01-02", "2026-01-02T00:00:01", "2027-01-01"], utc=True, format="ISO8601"
        ),
        "flag": pd.array([True, False, None, True], dtype="boolean"),
    }
)
SAYINGS = [
    "5 < opens < 101",
    "not name.isna() and opens in [1, 100]",
    "flag",
    "~flag",
    "name.str.contains('SALE', case=False) or opens >= 5",
    "not name.str.contains('off (sale)', regex=False)",
    "name.str.contains('^w', regex=True)",
    "created >= '2026-01-02' and created < '2026-01-02T01:00:01+01:00'",
    "name in ['weekly']",
    "not name.notnull()",
    "name != 'weekly'",
]


@pytest.mark.parametrize("text", SAYINGS)
def test_an_expression_written_anew_chooses_the_same_rows(text):
    again = to_text(LANGUAGE.parse(text))
    before, after = (LANGUAGE.bind(one).select(ROWS) for one in (text, again))
    pd.testing.assert_frame_equal(before, after)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("opens > clicks", "compares two columns"),
        ("opens > 0.5 * delivered", "does not compare a column with a value"),
        ("opens > opens.mean()", "does not compare a column with a value"),
        ("(opens > 1 or clicks > 1) and sent > 1", "either all by 'and' or all by 'or'"),
        ("not opens > 5", "no operator is the negation"),
        ("not name.str.startswith('a')", "no operator is the negation"),
        ("name == ''", "expected a value"),
        (r"name == 'a\nb'", "line break"),
        ("name > 'a'", "no such comparison"),
        ("name.str.contains('a|b', case=False)", "no operator stands for"),
        ("name.str.contains('a', na=True)", "no operator stands for"),
        ("opens > 1e999", "expected a number"),
        ("created > '2026-01-01T00:00:00.5'", "to the second"),
        ("index > 3", "index"),
    ],
)
def test_an_expression_that_cannot_be_edited_is_refused_with_the_reason(text, why):
    with pytest.raises(NotEditableError, match=why):
        LANGUAGE.parse(text)


def test_a_variable_is_no_value_for_a_box_and_an_address_is():
    language = Language(FIELDS, SCHEMA.empty(), Scope({"least": 5}))
    with pytest.raises(NotEditableError, match="a variable"):
        language.parse("opens > @least")
    assert language.parse("from_email == 'ann@shop.example'").terms[0].value == "ann@shop.example"


def test_what_pandas_does_not_understand_is_an_error_of_the_query():
    for text in ("opens >", "nothing == 1", "status > 'draft'", "opens > 'x'"):
        with pytest.raises(QueryError):
            LANGUAGE.parse(text)


@pytest.mark.parametrize(
    ("column", "raw", "expected"),
    [
        ("opens", " 1_000 ", 1000),
        ("opens", "0.5", 0.5),
        ("rate", "1e-3", 0.001),
        ("created", "2026-01-31", "2026-01-31"),
        ("created", "2026-01-31T09:00+02:00", "2026-01-31 07:00"),
        ("created", "2026", "2026-01-01"),
        ("flag", "True", True),
    ],
)
def test_values_are_read_by_the_type_of_their_column(column, raw, expected):
    assert parse_value(FIELDS[column], Operator.AT_MOST, raw) == expected


@pytest.mark.parametrize(
    ("column", "operator", "raw", "words"),
    [
        ("opens", Operator.GREATER, "many", "expected a number"),
        ("opens", Operator.GREATER, "nan", "expected a number"),
        ("opens", Operator.IN, "1\n2x", "expected a number"),
        ("opens", Operator.IN, " \n", "one value on each line"),
        ("created", Operator.AT_LEAST, "yesterday", "expected a time"),
        ("created", Operator.AT_LEAST, "10", "expected a time"),
        ("created", Operator.AT_LEAST, "2026-02-30", "expected a time"),
        ("flag", Operator.IS, "perhaps", "true or false"),
    ],
)
def test_what_is_no_value_is_refused_with_what_is_expected(column, operator, raw, words):
    with pytest.raises(ValueError, match=words):
        parse_value(FIELDS[column], operator, raw)


def test_every_kind_of_column_has_operators():
    assert OPERATORS.keys() == set(Kind)
    assert {field.kind for field in learn(LISTS, []).fields} <= OPERATORS.keys()
