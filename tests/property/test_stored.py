"""A question as JSON and back: the same tree, whatever JSON made of it on the way."""

from __future__ import annotations

import json

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from dyno_frames.query.predicate import Attribute, Binary, Call, Column, Item, Literal, Ufunc, Unary, walk
from dyno_frames.query.render import SYMBOLS, render
from dyno_frames.query.stored import dump, load

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(
        (pd.NA, pd.NaT, pd.Timestamp("2016-03-27T02:30+02:00"), pd.Timestamp(0, tz="UTC").as_unit("ns"))
    )
    | st.builds(slice, st.none() | st.integers(-2, 2), st.none() | st.integers(-2, 2))
)
values = st.recursive(
    scalars, lambda below: st.lists(below, max_size=3) | st.lists(below, max_size=3).map(tuple), max_leaves=4
)
leaves = st.builds(Column, st.text(max_size=4)) | st.builds(Literal, values)
trees = st.recursive(
    leaves,
    lambda below: (
        st.builds(Unary, st.sampled_from(("invert", "neg", "pos", "abs")), below)
        | st.builds(Binary, st.sampled_from(sorted(SYMBOLS)), below, below)
        | st.builds(Attribute, below, st.sampled_from(("str", "dt", "contains", "year")))
        | st.builds(Call, below, st.lists(below, max_size=2).map(tuple), st.just(()))
        | st.builds(lambda owner, value: Call(owner, (), (("na", value),)), below, below)
        | st.builds(Item, below, below)
        | st.builds(lambda value: Ufunc("sqrt", (value,)), below)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(trees)
def test_a_tree_comes_back_from_json_as_it_went(tree):
    stored = dump(tree)
    again = load(json.loads(json.dumps(stored, allow_nan=False)))
    assert render(again) == render(tree)
    assert dump(again) == stored
    for before, after in zip(walk(tree), walk(again), strict=True):
        assert type(before) is type(after)
        if isinstance(before, Literal) and isinstance(after, Literal):
            assert type(before.value) is type(after.value)
            assert repr(before.value) == repr(after.value)


@given(st.sampled_from((object(), {1: 2}, b"a", pd.Series([1]))))
def test_what_json_cannot_hold_is_not_stored(value):
    assert dump(Binary("eq", Column("a"), Literal(value))) is None
