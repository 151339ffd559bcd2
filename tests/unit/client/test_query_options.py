"""The options of a query: every verb of a resource and of a bound frame takes the same, and checks them alike."""

from __future__ import annotations

import inspect

import pandas as pd
import pytest

from dyno_frames.api import connect
from dyno_frames.errors import NotPushableError, QueryError

OPTIONS = {
    "columns": ["id", "opens"],
    "order_by": "opens",
    "ascending": False,
    "limit": 7,
    "offset": 3,
    "progress": False,
    "strict": True,
    "max_rows": 1_000,
    "max_requests": 50,
    "on_invalid": "raise",
}
VERBS = ("count", "explain", "scan")


@pytest.fixture(scope="module")
def client(sandbox):
    """A client of the sample account."""
    with connect(sandbox.url, sandbox.api_key, name="options") as client:
        yield client


@pytest.fixture(params=["resource", "frame"])
def holder(client, request):
    """What has the verbs."""
    return client.campaigns if request.param == "resource" else client.campaigns.frame().dyno


def main_verb(holder):
    """Return the verb that returns a frame."""
    return getattr(holder, "find", None) or holder.query


def query(holder, expr, **options):
    return main_verb(holder)(expr, **options)


def test_every_verb_takes_the_options_of_a_query_with_the_same_defaults(holder):
    main = inspect.signature(main_verb(holder)).parameters
    for verb in VERBS:
        taken = inspect.signature(getattr(holder, verb)).parameters
        assert {name: one.default for name, one in taken.items() if name not in {"expr", "scope"}} == {
            name: one.default for name, one in main.items() if name not in {"expr", "scope"}
        }
        assert main.keys() >= {*OPTIONS, "local_dict", "global_dict", "level"}


def test_every_verb_looks_names_up_where_it_is_told(holder):
    least = 10**9

    def answers(**where):
        expr = "opens > @least"
        return [
            len(main_verb(holder)(expr, **where)),
            holder.count(expr, **where),
            len(holder.scan(expr, **where).to_frame()),
            holder.explain(expr, **where).requests[0]["opens"]["gte"],
        ]

    def inner(level):
        least = 200
        found = answers(level=level)
        assert least == 200
        return found

    assert answers(local_dict={"least": 100})[3] == 101
    assert answers(local_dict={}, global_dict={"least": 150})[3] == 151
    assert inner(1)[3] == 201
    assert inner(2) == [0, 0, 0, 10**9 + 1]
    number = len(main_verb(holder)("opens > 200"))
    assert inner(1)[:3] == [number] * 3
    assert least


@pytest.mark.parametrize("wrong", [{"local_dict": 5}, {"global_dict": "x"}, {"level": -1}, {"level": 10**6}])
def test_every_verb_refuses_names_that_are_none_with_the_same_words(holder, wrong):
    with pytest.raises(QueryError, match=next(iter(wrong))) as expected:
        query(holder, "opens > @x", **wrong)
    for verb in VERBS:
        with pytest.raises(QueryError) as caught:
            getattr(holder, verb)("opens > @x", **wrong)
        assert str(caught.value) == str(expected.value)


def test_every_verb_answers_for_the_query_with_its_options(holder):
    frame = query(holder, "opens > 100", **OPTIONS)
    assert list(frame.columns) == OPTIONS["columns"]
    assert holder.count("opens > 100", **OPTIONS) == len(frame) == 7
    plan = holder.explain("opens > 100", **OPTIONS)
    assert plan.exact
    assert plan.requests[0]["application_order_by"] == "opens"
    assert plan.requests[0]["application_order_direction"] == "desc"
    assert plan.requests[0]["application_limit"] == 11
    assert "at most 7 rows after 3" in str(plan)
    pd.testing.assert_frame_equal(holder.scan("opens > 100", **OPTIONS).to_frame(), frame)


@pytest.mark.parametrize(("limit", "offset"), [(5, 0), (0, 0), (None, 390), (20, 395), (3, 10**6)])
@pytest.mark.parametrize("expr", [None, "opens >= clicks", "status == 'finished' or opens > 100"])
def test_a_count_is_the_number_of_rows_of_the_query(holder, expr, limit, offset):
    expected = query(holder, expr, limit=limit, offset=offset)
    assert holder.count(expr, limit=limit, offset=offset) == len(expected)


def test_a_count_and_a_plan_may_be_strict(holder):
    for verb in (holder.count, holder.explain):
        with pytest.raises(NotPushableError, match="strict=True"):
            verb("opens > clicks", strict=True)


def test_a_count_that_fetches_rows_keeps_the_budget(holder):
    with pytest.raises(QueryError, match="max_rows=10"):
        holder.count("opens > clicks", max_rows=10)
    assert holder.count("opens > 100", max_rows=0) > 0


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("columns", "opens"),
        ("columns", ["opns"]),
        ("order_by", "opns"),
        ("ascending", "up"),
        ("limit", -1),
        ("offset", None),
        ("progress", 5),
        ("strict", "yes"),
        ("max_rows", -1),
        ("max_requests", 0.5),
        ("on_invalid", "drop"),
    ],
)
def test_every_verb_refuses_an_option_with_the_same_words(holder, option, value):
    with pytest.raises(QueryError, match=option) as expected:
        query(holder, "opens > 100", **{option: value})
    for verb in VERBS:
        with pytest.raises(type(expected.value)) as caught:
            getattr(holder, verb)("opens > 100", **{option: value})
        assert str(caught.value) == str(expected.value)


def test_options_are_checked_before_the_first_request():
    with connect("http://127.0.0.1:9", "k", name="nobody") as client:
        for verb in ("find", *VERBS):
            with pytest.raises(QueryError, match="limit=-1"):
                getattr(client.campaigns, verb)(None, limit=-1)
