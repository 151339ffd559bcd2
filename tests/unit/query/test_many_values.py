"""A plan over a long list of values takes time in proportion to the list, negated or not."""

from __future__ import annotations

import pandas as pd
import pytest

from dyno_frames.query.domain import Interval, Numbers

MANY = 2_000
NUMBERS = list(range(0, 3 * MANY, 3))
TEXTS = [f"name {number:06}" for number in range(MANY)]
TIMES = [pd.Timestamp(1_439_054_168 + 7 * number, unit="s", tz="UTC") for number in range(MANY)]
LISTS = {"opens": NUMBERS, "name": TEXTS, "created": TIMES}


@pytest.mark.parametrize("column", LISTS)
@pytest.mark.parametrize("form", ["query", "pd.col", "function"])
def test_a_long_list_is_planned_negated_and_not(planned, column, form):
    values = LISTS[column]
    isin = {"query": f"{column} in @values", "pd.col": pd.col(column).isin(values)}
    not_in = {"query": f"{column} not in @values", "pd.col": ~pd.col(column).isin(values)}
    isin["function"] = lambda c: c[column].isin(values)
    not_in["function"] = lambda c: ~c[column].isin(values)
    inside = planned(isin[form], values=values)
    outside = planned(not_in[form], values=values)
    assert len(inside.filters) == 1 or column == "name"
    assert len(outside.filters) == 1
    assert not outside.exact


def test_the_complement_of_many_numbers_holds_the_gaps_between_them_and_no_more():
    points = Numbers.of([Interval(number, number) for number in NUMBERS], null=False, whole=True)
    outside = points.complement(null=True)
    assert len(outside.intervals) == MANY + 1
    assert outside.complement(null=False) == points


def test_sets_of_many_numbers_meet_without_pairing_each_with_each():
    threes = Numbers.of([Interval(3 * at, 3 * at) for at in range(20_000)], null=False, whole=True)
    fives = Numbers.of([Interval(5 * at, 5 * at) for at in range(20_000)], null=False, whole=True)
    assert len(threes.intersect(fives).intervals) == 4_000
    assert len(threes.complement(null=False).intersect(fives.complement(null=False)).intervals) > 20_000


def test_two_long_lists_on_one_column_are_planned_together(planned):
    others = [number + 1 for number in NUMBERS]
    assert len(planned(lambda c: ~c.opens.isin(NUMBERS) & ~c.opens.isin(others)).filters) == 1
    assert len(planned(lambda c: ~(c.opens.isin(NUMBERS) | c.opens.isin(others))).filters) == 1
