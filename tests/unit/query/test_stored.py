"""A question that a frame remembers: JSON there and back, the same tree, the same answer; and how a tree is written."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from dyno_frames.errors import QueryError
from dyno_frames.query.bind import bind_query
from dyno_frames.query.predicate import Attribute, Binary, Call, Column, Item, Literal, Unary
from dyno_frames.query.query import Scope
from dyno_frames.query.render import render
from dyno_frames.query.stored import dump, load

NOON = pd.Timestamp("2016-06-01T12:00", tz="UTC")
STORABLE = [
    lambda c: c.opens > 5,
    lambda c: ~(c.subject == "Sale") & (c.opens > 5) | c.vip,
    lambda c: (c.opens > 5) ^ (c.clicks > 1),
    lambda c: c.score.between(0.5, 1.5, inclusive="left"),
    lambda c: c.opens.isin([0, 10, 2**60]),
    lambda c: c.subject.isin(["Sale", None]),
    lambda c: c.score.isin([float("nan"), float("inf"), -0.0]),
    lambda c: c.budget.isin([pd.NA, 1]),
    lambda c: c.start_time.isin([NOON, pd.NaT]),
    lambda c: c.created > NOON,
    lambda c: c.created >= "2016-01-01T00:00:00.5Z",
    lambda c: c.subject.str[1:3] == "al",
    lambda c: c.subject.str[0] == "S",
    lambda c: np.sqrt(c.opens) > 3,
    lambda c: abs(c.score) > 1,
    lambda c: -c.opens < -5,
    lambda c: c["open rate %"] > 0.5,
    lambda c: c.opens > c.opens.mean(),
    lambda c: c.subject.str.contains("a", case=False, na=False),
    lambda c: c.created.dt.tz_convert("Europe/Oslo").dt.hour == 9,
]
UNSTORABLE = [
    lambda c: c["name"].map(lambda text: "a" in text) == True,  # noqa: E712 - so that it gives true or false
    lambda c: c.opens.isin([object()]),
    lambda c: c.created.dt.date == NOON.date(),
]


@pytest.mark.parametrize("expression", STORABLE)
def test_a_stored_question_is_json_and_the_same_question(expression, few):
    question = bind_query(expression, few.iloc[:0])
    serialized = json.loads(json.dumps(question.serialized, allow_nan=False))
    again = bind_query(serialized, few.iloc[:0])
    assert render(again.node) == render(question.node)
    pd.testing.assert_frame_equal(again.select(few), few[expression])
    assert again.serialized == serialized


@pytest.mark.parametrize("expression", UNSTORABLE)
def test_a_question_that_json_cannot_hold_is_not_remembered(expression, few):
    assert bind_query(expression, few.iloc[:0]).serialized is None


def test_a_query_string_is_remembered_as_its_words(few):
    question = bind_query("opens > 5 and name != 'a'", few.iloc[:0])
    assert question.serialized == {"form": "query", "text": "opens > 5 and name != 'a'"}


def test_a_query_with_a_local_is_remembered_by_its_value(few):
    question = bind_query("opens > @least", few.iloc[:0], Scope({"least": 5}, {}))
    again = bind_query(question.serialized, few.iloc[:0], Scope({"least": 500}, {}))
    pd.testing.assert_frame_equal(again.select(few), few[few.opens > 5])


def test_every_row_is_remembered(few):
    assert bind_query(bind_query(None, few).serialized, few).everything


@pytest.mark.parametrize(
    "serialized",
    [
        {},
        {"form": "sql", "text": "1"},
        {"form": "query"},
        {"form": "tree", "tree": ["column"]},
        {"form": "tree", "tree": ["attribute", ["column", "opens"], "__class__"]},
        {"form": "tree", "tree": ["value", {"pickle": "x"}]},
        {"form": "tree", "tree": "opens"},
        {"form": "tree", "tree": ["unary", "invert"]},
    ],
)
def test_what_was_not_stored_here_is_refused(serialized, few):
    with pytest.raises(QueryError, match="not a stored"):
        bind_query(serialized, few.iloc[:0])


@pytest.mark.parametrize(
    ("name", "tree"),
    [
        ("a unary operator", ["unary", "system", ["column", "opens"]]),
        ("a binary operator", ["binary", "attrgetter", ["column", "opens"], ["value", 1]]),
        ("a ufunc", ["ufunc", "load", ["value", "x"]]),
        ("a private attribute", ["attribute", ["column", "opens"], "_mgr"]),
    ],
)
def test_a_stored_tree_names_no_function_but_those_that_a_trace_makes(name, tree, few):
    with pytest.raises(QueryError, match="not a stored"):
        bind_query({"form": "tree", "tree": tree}, few.iloc[:0])


def test_dump_writes_what_the_documentation_shows():
    tree = ["binary", "gt", ["column", "opens"], ["value", 100]]
    assert dump(Binary("gt", Column("opens"), Literal(100))) == tree
    assert render(load(tree)) == "opens > 100"


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (Column("opens"), "opens"),
        (Column("open rate %"), "`open rate %`"),
        (Binary("and_", Binary("gt", Column("a"), Literal(1)), Column("b")), "(a > 1) & b"),
        (Unary("invert", Binary("gt", Column("a"), Literal(1))), "~(a > 1)"),
        (Unary("neg", Column("a")), "-a"),
        (Unary("abs", Column("a")), "abs(a)"),
        (
            Call(
                Attribute(Attribute(Column("a"), "str"), "contains"),
                (Literal("x"),),
                (("na", Literal(None)),),
            ),
            "a.str.contains('x', na=None)",
        ),
        (Item(Attribute(Column("a"), "str"), Literal(slice(1, 3))), "a.str[1:3]"),
        (Item(Attribute(Column("a"), "str"), Literal(slice(None, None, 2))), "a.str[::2]"),
        (Literal([1, 2, 3, 4, 5]), "[1, 2, 3, 4, … 5 in all]"),
        (Literal(np.array([1, 2])), "[1, 2]"),
        (Literal(pd.Series(["a", "b"])), "['a', 'b']"),
        (Literal(NOON), "'2016-06-01 12:00:00+00:00'"),
        (Literal("x" * 100), "'" + "x" * 59 + "…"),
    ],
)
def test_a_tree_is_written_as_a_person_would_write_it(node, text):
    assert render(node) == text


@pytest.mark.parametrize(
    "text",
    [
        "opens > 5",
        "(opens > 5) & (clicks > 1)",
        "~(opens > 5)",
        "((opens + clicks) * 2) > 10",
        "(-opens) ** 2 > 5",
        "-(opens ** 2) < 5",
        "(opens > 5) | ~vip",
        "(opens - (clicks - delivered)) > 0",
        "`open rate %` > 0.5",
    ],
)
def test_what_is_written_means_what_was_read(text, few):
    written = render(bind_query(text, few.iloc[:0]).node)
    pd.testing.assert_frame_equal(few.query(written), few.query(text))
