"""A column beside the caller's own list of values, one for each row: refused before any request, with the cure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dyno_frames.errors import QueryError
from dyno_frames.query.bind import bind_query
from dyno_frames.query.query import Scope

OTHER = pd.Series([1, 2, 3, 4, 5])
THREE = pd.Series([1, 2, 3])
ARRAY = np.array([1, 2, 3, 4])
MASK = pd.Series([True, False, True])
DAYS = pd.date_range("2016-01-01", periods=3, tz="UTC")
LOCALS = {
    "other": OTHER,
    "three": THREE,
    "array": ARRAY,
    "mask": MASK,
    "days": DAYS,
    "listed": [1, 2, 3],
    "nothing": [],
}

ROW_BY_ROW = {
    "a Series": "opens > @other",
    "a Series of three": "opens > @three",
    "a Series on the left": "@other < opens",
    "an array": "opens <= @array",
    "a list in an ordering": "opens > @listed",
    "an empty list": "opens > @nothing",
    "an index of times": "created > @days",
    "a Series, in a function": lambda c: c.opens > OTHER,
    "a Series on the left, in a function": lambda c: OTHER < c.opens,  # noqa: SIM300 - the reflected form is under test
    "an array on the left": lambda c: ARRAY < c.opens,  # noqa: SIM300 - the reflected form is under test
    "equal to a list": lambda c: c.opens == [1, 2, 3],
    "a text beside a tuple": lambda c: c["name"] == ("a", "b"),
    "a method": lambda c: c.opens.gt(OTHER),
    "a sum with an array": lambda c: c.opens + ARRAY > 5,
    "a sum with a list by a method": lambda c: c.opens.add([1, 2]) > 5,
    "a mask as an array": lambda c: (c.opens > 5) & MASK.to_numpy(),
    "between two Series": lambda c: c.opens.between(THREE, THREE + 1),
    "a function of NumPy": lambda c: np.hypot(c.opens, ARRAY) > 5,
    "a frame": lambda c: c.opens > pd.DataFrame({"a": [1]}),
    "pd.col": pd.col("opens") > OTHER,
    "pd.col and a list": pd.col("opens") > [1, 2, 3],
}


@pytest.mark.parametrize("expression", ROW_BY_ROW.values(), ids=ROW_BY_ROW)
def test_values_for_each_row_are_refused_with_the_way_to_ask(expression, empty):
    with pytest.raises(QueryError) as raised:
        bind_query(expression, empty, Scope(LOCALS))
    text = str(raised.value)
    assert "one for each row" in text
    assert "isin" in text
    assert "dyno.query" in text
    assert "pandas refuses" not in text


MEANT = {
    "members": "opens in @other",
    "members of an array": lambda c: c.opens.isin(ARRAY),
    "equal to a list in a query": "opens == @listed",
    "beginnings": lambda c: c["name"].str.startswith(("a", "b")),
    "a value looked up": lambda c: c.status.map(pd.Series({"draft": True})).fillna(value=False).astype(bool),
    "one number of an array": lambda c: c.opens > ARRAY[0],
    "a sum by label": lambda c: c.opens + THREE > 5,
    "a sum by label, by a method": lambda c: c.opens.add(THREE) > 5,
    "a mask by label": lambda c: (c.opens > 5) & pd.Series([True, False, True, True]),
    "an array of no dimension": lambda c: c.opens > np.array(5),
}


@pytest.mark.parametrize("expression", MEANT.values(), ids=MEANT)
def test_lists_that_are_no_rows_are_read_as_ever(expression, few):
    question = bind_query(expression, few.iloc[:0], Scope(LOCALS))
    expected = few.query(expression, local_dict=LOCALS) if isinstance(expression, str) else few[expression]
    pd.testing.assert_frame_equal(question.select(few), expected)
