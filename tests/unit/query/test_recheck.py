"""Rows that should not have come tell by which columns a server does not filter."""

from __future__ import annotations

import numpy as np
import pytest

from dyno_frames.query.bind import bind_query
from dyno_frames.query.recheck import excluding_columns


@pytest.mark.parametrize(
    ("expression", "columns"),
    [
        ("opens >= 0", set()),
        ("opens > 5", {"opens"}),
        ("opens > 5 and clicks >= 0", {"opens"}),
        ("opens > 5 and (clicks > 5 or name == 'x')", {"opens", "clicks", "name"}),
        ("budget > -10", {"budget"}),  # null is not true
        ("subject.notna() or opens == 10", set()),
        (None, set()),
    ],
)
def test_the_columns_of_every_part_that_some_row_does_not_meet_are_named(few, expression, columns):
    rows = few.iloc[:2] if expression and "notna" in expression else few
    assert excluding_columns(bind_query(expression, few.iloc[:0]), rows) == columns


def test_what_has_no_tree_tells_nothing(few):
    question = bind_query(lambda c: np.where(c.opens > 5, True, False), few.iloc[:0])
    assert question.node is None
    assert excluding_columns(question, few) == frozenset()
