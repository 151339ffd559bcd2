"""What a tracer sees is what pandas does: every operation, every misuse, and whatever it cannot follow."""

from __future__ import annotations

import copy
import datetime as dt
import operator

import numpy as np
import pandas as pd
import pytest
from packaging.version import Version

from dyno_frames.errors import LiteralTypeError, QueryError
from dyno_frames.query.bind import bind_query
from dyno_frames.query.predicate import Attribute, Binary, Call, Column, Item, Literal, Ufunc, Unary, walk
from dyno_frames.query.query import Scope
from dyno_frames.query.render import render
from dyno_frames.query.replay import replay
from dyno_frames.query.trace import FrameTracer, trace_callable, trace_query
from dyno_frames.query.trace_notes import TraceNotes, UntraceableError
from dyno_frames.query.tracer import node_of

OPERATIONS = [
    ("opens == 10", lambda c: c.opens == 10),
    ("opens != 10", lambda c: c.opens != 10),
    ("opens > 10", lambda c: c.opens > 10),
    ("opens >= 10", lambda c: c.opens >= 10),
    ("opens < 10", lambda c: c.opens < 10),
    ("opens <= 10", lambda c: c.opens <= 10),
    ("10 < opens", lambda c: 10 < c.opens),  # noqa: SIM300 - the reflected form is under test
    ("opens + 1", lambda c: c.opens + 1),
    ("opens - 1", lambda c: c.opens - 1),
    ("opens * 2", lambda c: c.opens * 2),
    ("opens / 2", lambda c: c.opens / 2),
    ("opens // 3", lambda c: c.opens // 3),
    ("opens % 3", lambda c: c.opens % 3),
    ("opens ** 2", lambda c: c.opens**2),
    ("1 + opens", lambda c: 1 + c.opens),
    ("1 - opens", lambda c: 1 - c.opens),
    ("2 * opens", lambda c: 2 * c.opens),
    ("2 / delivered", lambda c: 2 / c.delivered),
    ("7 // delivered", lambda c: 7 // c.delivered),
    ("7 % delivered", lambda c: 7 % c.delivered),
    ("2 ** clicks", lambda c: 2**c.clicks),
    ("-opens", lambda c: -c.opens),
    ("+opens", lambda c: +c.opens),
    ("~vip", lambda c: ~c.vip),
    ("abs(score)", lambda c: abs(c.score)),
    ("sqrt(opens)", lambda c: np.sqrt(c.opens)),
    ("opens > 5 and clicks > 5", lambda c: (c.opens > 5) & (c.clicks > 5)),
    ("opens > 5 or vip", lambda c: (c.opens > 5) | c.vip),
    (None, lambda c: (c.opens > 5) ^ (c.clicks > 5)),
    (None, lambda c: True & c.vip),
    (None, lambda c: False | c.vip),
    (None, lambda c: True ^ c.vip),
    (None, lambda c: np.float64(1) < c.score),
    (None, lambda c: np.int64(10) <= c.opens),
    (None, lambda c: np.add(c.opens, 1)),
    (None, lambda c: np.logical_or(c.opens > 5, c.clicks > 5)),
    (None, lambda c: np.subtract(1, c.opens)),
    (None, lambda c: np.hypot(c.opens, c.clicks)),
    ("opens.between(1, 200)", lambda c: c.opens.between(1, 200)),
    (
        "opens.between(1, right=200, inclusive='left')",
        lambda c: c.opens.between(1, right=200, inclusive="left"),
    ),
    ("opens.isin([0, 10])", lambda c: c.opens.isin([0, 10])),
    ("opens.eq(10)", lambda c: c.opens.eq(10)),
    ("opens.rsub(10)", lambda c: c.opens.rsub(10)),
    ("subject.isna()", lambda c: c.subject.isna()),
    ("subject.str.upper()", lambda c: c.subject.str.upper()),
    ("subject.str.contains('al', na=True)", lambda c: c.subject.str.contains("al", na=True)),
    ("subject.str[1]", lambda c: c.subject.str[1]),
    ("subject.str[1:3]", lambda c: c.subject.str[1:3]),
    ("subject.str[-1]", lambda c: c.subject.str[-1]),
    ("created.dt.year", lambda c: c.created.dt.year),
    ("created.dt.floor('D')", lambda c: c.created.dt.floor("D")),
    (
        "start_time.dt.tz_convert('Europe/Oslo').dt.hour",
        lambda c: c.start_time.dt.tz_convert("Europe/Oslo").dt.hour,
    ),
    ("`open rate %` * 100", lambda c: c["open rate %"] * 100),
    ("opens.clip(1, 20)", lambda c: c.opens.clip(1, 20)),
    ("opens.astype('float')", lambda c: c.opens.astype("float")),
    ("score.fillna(0)", lambda c: c.score.fillna(0)),
    ("opens.rank()", lambda c: c.opens.rank()),
    ("status.cat.codes", lambda c: c.status.cat.codes),
    (None, lambda c: c.opens - c.opens.mean()),
    ("score.where(score > 0, other=-1)", lambda c: c.score.where(c.score > 0, other=-1)),
]
IDS = [query or f"python {place}" for place, (query, _) in enumerate(OPERATIONS)]


NEWER_COLUMNS = {"opens ** 2", "2 ** clicks", "-opens", "+opens", "abs(score)"}
NEWER_QUERIES = {"subject.str[1:3]"}


def skip_before_3_1(operation, newer):
    """Skip what pandas 3.0 cannot read as an expression of pd.col, or as a query string."""
    if operation in newer and Version(pd.__version__) < Version("3.1"):
        pytest.skip("pandas reads this from 3.1 on")


class Columns:
    def __getattr__(self, name):
        return pd.col(name)

    def __getitem__(self, name):
        return pd.col(name)


def replayed(result, few):
    node, _ = node_of(result)
    return replay(node, few)


def check_same(found, expected):
    if isinstance(expected, pd.Series):
        pd.testing.assert_series_equal(found, expected)
    else:
        assert found == expected


@pytest.mark.parametrize(("query", "python"), OPERATIONS, ids=IDS)
@pytest.mark.parametrize("form", ["function", "column"])
def test_an_operation_replays_as_pandas_runs_it(query, python, form, few):
    if form == "column":
        skip_before_3_1(query, NEWER_COLUMNS)
    expression = python if form == "function" else python(Columns())
    found = replayed(trace_callable(expression, few.iloc[:0], TraceNotes()), few)
    check_same(found, python(few))


@pytest.mark.parametrize("query", [query for query, _ in OPERATIONS if query])
def test_a_query_replays_as_pandas_evaluates_it(query, few):
    skip_before_3_1(query, NEWER_QUERIES)
    traced = trace_query(query, few.iloc[:0], TraceNotes(), local_dict={}, global_dict={})
    check_same(replayed(traced, few), few.eval(query, engine="python"))


@pytest.mark.parametrize(
    ("query", "python"),
    [pair for pair in OPERATIONS if pair[0]],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_the_three_forms_become_one_tree(query, python, few):
    skip_before_3_1(query, NEWER_COLUMNS | NEWER_QUERIES)
    probes = few.iloc[:0]
    function = render(node_of(trace_callable(python, probes, TraceNotes()))[0])
    column = render(node_of(trace_callable(python(Columns()), probes, TraceNotes()))[0])
    text = render(node_of(trace_query(query, probes, TraceNotes(), local_dict={}, global_dict={}))[0])
    assert function == column
    if not query.startswith("abs("):  # pandas' own parser makes a ufunc of it
        assert text.replace(".0", "") == function.replace(".0", "")


def test_every_kind_of_node_is_made_by_some_operation(few):
    met = {
        type(part)
        for _, python in OPERATIONS
        for part in walk(node_of(trace_callable(python, few.iloc[:0], TraceNotes()))[0])
    }
    assert met == {Column, Literal, Unary, Binary, Attribute, Call, Item, Ufunc}


def test_a_tracer_has_the_dtype_that_pandas_would_have(few):
    frame = FrameTracer(few.iloc[:0], TraceNotes())
    for name in few.columns:
        assert frame[name].dtype == few[name].dtype
    assert (frame["opens"] / 2).dtype == np.dtype("float64")
    assert (frame["budget"] + 1).dtype == "Int64"
    assert frame["created"].dt.date.dtype == object


@pytest.mark.parametrize(
    ("misuse", "shown"),
    [
        (lambda c: c.opens > 5 and c.clicks > 1, "(opens > 5) & "),
        (lambda c: c.opens > 5 or c.clicks > 1, "(opens > 5) | "),
        (lambda c: not c.opens > 5, "~(opens > 5)"),
        (lambda c: 5 < c.opens < 10, "(opens > 5) & "),
        (lambda c: c.subject.str.contains("a") and c.vip, "(subject.str.contains('a')) & "),
        (lambda c: c.opens > 5 if c.clicks > 1 else c.vip, "(clicks > 1)"),
        (lambda c: any([c.opens > 5, c.vip]), "(opens > 5)"),
    ],
    ids=["and", "or", "not", "chained", "text and", "if", "any"],
)
def test_pythons_own_and_or_not_show_the_expression_that_was_meant(misuse, shown, empty):
    with pytest.raises(QueryError) as raised:
        bind_query(misuse, empty)
    assert shown in str(raised.value)
    assert "ambiguous" in str(raised.value)
    assert "parentheses" in str(raised.value)


def test_the_same_words_are_right_in_a_query_string(empty):
    text = "opens > 5 and clicks > 1 or not vip and 5 < opens < 10"
    assert (
        render(bind_query(text, empty).node)
        == "((opens > 5) & (clicks > 1)) | (~vip & ((opens > 5) & (opens < 10)))"
    )


def checked(condition, other):
    return condition if isinstance(condition, pd.Series) else other


STRANGE = {
    "asks whether it is a frame": lambda c: (c.opens > 5) if isinstance(c, pd.DataFrame) else 1 / 0,
    "asks whether it is a Series": lambda c: checked(c.opens > 5, None),
    "loops over values": lambda c: [value > 5 for value in c.opens],
    "loops over columns": lambda c: sum((c[name] > 5).astype(int) for name in ["opens", "clicks"]) > 0,
    "loops over the frame": lambda c: c.opens > len([name for name in c if name.startswith("o")]),
    "asks for the length": lambda c: c.opens > len(c),
    "asks for the shape": lambda c: c.opens > c.shape[0],
    "takes a value": lambda c: c.opens > c.opens.iloc[0],
    "takes a value by label": lambda c: c.opens >= c.opens[1],
    "takes a value of the frame": lambda c: c.opens >= c.loc[1, "opens"],
    "asks for the greatest": lambda c: c.opens == max(c.opens),
    "asks if a value is in": lambda c: (c.opens > 5) if 10 in c.opens.to_list() else (c.opens < 5),
    "asks with in": lambda c: (c.opens > 5) if 1 in c.opens else (c.opens < 5),
    "makes a float": lambda c: c.opens > float(c.opens.sum()) / 4,
    "makes an int": lambda c: c.opens > int(c.opens.mean()),
    "makes a text": lambda c: c["name"] == str(c["name"].iloc[0]),
    "makes an array": lambda c: np.asarray(c.opens) > 5,
    "chooses with numpy": lambda c: np.where(c.opens > 5, True, False),
    "asks if close": lambda c: np.isclose(c.opens, 10),
    "copies": lambda c: copy.copy(c).opens > 5,
    "copies a column": lambda c: copy.deepcopy(c.opens) > 5,
    "copies with pandas": lambda c: c.copy().opens > 5,
    "adds a column": lambda c: c.assign(rate=c.clicks / c.delivered).rate > 0.05,
    "queries": lambda c: c.eval("opens > 5"),
    "sorts": lambda c: c.sort_values("opens").opens > 5,
    "groups": lambda c: c.groupby("status", observed=True).opens.transform("max") == c.opens,
    "applies to rows": lambda c: c.apply(lambda row: row.opens > 5, axis=1),
    "applies to values": lambda c: c["name"].apply(lambda text: "a" in text),
    "maps": lambda c: c["name"].map({"sale": True}).fillna(value=False).astype(bool),
    "compares frames": lambda c: (c[["opens", "clicks"]] > 5).all(axis=1),
    "calls pandas": lambda c: pd.to_numeric(c.opens) > 5,
    "asks pandas for null": lambda c: pd.isna(c.subject),
    "cuts": lambda c: pd.cut(c.opens, [-1, 5, 100]).notna(),
    "uses the index": lambda c: c.index > 1,
    "lists columns in isin": lambda c: c.opens.isin([c.clicks.max(), 10]),
    "looks up in another column": lambda c: c.opens.isin(c.delivered),
    "raises on a tracer": lambda c: (
        (_ for _ in ()).throw(RuntimeError) if type(c).__name__ == "FrameTracer" else c.opens > 5
    ),
    "takes the values": lambda c: c.opens.values > 5,  # noqa: PD011 - as people write it
    "reduces": lambda c: np.logical_and.reduce([c.opens > 5, c.clicks > 1]),
    "folds": lambda c: operator.and_(c.opens > 5, c.clicks > 1),
    "reads a closure": lambda c, least=5: c.opens > least,
    "compares dates": lambda c: c.created.dt.date > dt.date(2015, 1, 1),
    "walks attributes": lambda c: getattr(c, "opens").gt(5),  # noqa: B009 - as generated code writes it
}


@pytest.mark.parametrize("expression", STRANGE.values(), ids=STRANGE)
def test_nothing_that_a_tracer_meets_fails_what_pandas_can_answer(expression, few):
    expected = few[expression]
    question = bind_query(expression, few.iloc[:0])
    pd.testing.assert_frame_equal(question.select(few), expected)


def test_what_cannot_be_followed_says_why(empty):
    question = bind_query(lambda c: np.where(c.opens > 5, True, False), empty)
    assert question.node is None
    assert "NumPy" in question.untraceable
    assert "opens > 5" in question.untraceable


@pytest.mark.parametrize(
    "use", [len, list, float, int, iter, np.asarray, operator.index, lambda tracer: 1 in tracer]
)
def test_what_needs_values_is_not_followed(use, empty):
    frame = FrameTracer(empty, TraceNotes())
    with pytest.raises(UntraceableError, match="values of opens"):
        use(frame["opens"])


def test_a_tracer_is_unhashable_as_a_series_is(empty):
    with pytest.raises(TypeError):
        hash(FrameTracer(empty, TraceNotes())["opens"])


def test_a_tracer_shows_its_expression(empty):
    assert repr(FrameTracer(empty, TraceNotes())["opens"] + 1) == "<opens + 1>"


def test_a_friendly_reading_is_noted_and_replayed(few):
    question = bind_query("created >= '2016-01-01' and created < 1483228800", few.iloc[:0])
    expected = few[(few.created >= "2016-01-01") & (few.created < "2017-01-01")]
    pd.testing.assert_frame_equal(question.select(few), expected)
    assert question.serialized["form"] == "tree"


def test_local_names_stand_in_queries_by_value_attribute_item_and_call(empty):
    names = {
        "least": 5,
        "limits": {"low": 1},
        "day": pd.Timestamp("2016-01-01", tz="UTC"),
        "twice": lambda x: 2 * x,
    }
    text = "opens > @least and clicks > @limits['low'] and created > @day.normalize() and opens < @twice(50)"
    found = render(bind_query(text, empty, Scope(names, {})).node)
    assert found == "(opens > 5) & (clicks > 1) & (created > '2016-01-01 00:00:00+00:00') & (opens < 100)"


def test_a_naive_time_in_an_ordering_names_the_cure(empty):
    with pytest.raises(LiteralTypeError, match=r"tz='UTC'"):
        bind_query(lambda c: c.created > dt.datetime(2016, 1, 1), empty)  # noqa: DTZ001 - the mistake under test
