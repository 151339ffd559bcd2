"""Queries and orders in the spelling of SQL and other languages are told what to write, before any request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

from dyno_frames.contract.profile import Profile
from dyno_frames.errors import QueryError


@pytest.fixture(scope="module")
def campaigns(without_server) -> Iterator[Any]:
    """The empty frame of a client whose requests fail."""
    with without_server("other languages", Profile()) as connected:
        yield connected.campaigns.frame()


WRITTEN = {
    "status = 'finished'": "write == instead of = to compare",
    "opens > 3 and (status = 'draft')": "write == instead of = to compare",
    "name.str.contains('x', case=False) and status = 'a'": "write == instead of = to compare",
    "status === 'finished'": "write == instead of === to compare",
    "opens => 3": "write >= instead of =>",
    "opens =< 3": "write <= instead of =<",
    "opens <> 3": "write != instead of <>",
    "opens > 1 && clicks > 1": "write and instead of &&",
    "opens > 1 || clicks > 1": "write or instead of ||",
    "!(opens > 3)": "write not instead of !",
    "opens > 1 AND clicks > 1": "write 'and' in lower case",
    "opens > 1 OR clicks > 1": "write 'or' in lower case",
    "NOT opens > 1": "write 'not' in lower case",
    "status NOT IN ('draft', 'paused')": "write 'not in' in lower case",
    "status IN ('draft', 'paused')": "write 'in' in lower case",
    "name like 'x'": "write name.str.contains('x') instead of like",
    "name LIKE '%a && b%'": "write name.str.contains('a && b') instead of LIKE",
    "name like 'Weekly%'": "write name.str.startswith('Weekly') instead of like",
    "name not like '%sale'": "write ~name.str.endswith('sale') instead of like",
    "name ilike '%50 %.'": "write name.str.contains('50 %.', case=False, regex=False) instead of ilike",
    "opens > 3 and name is null": "write name.isna()",
    "name IS NOT NULL": "write name.notna()",
    "name is None": "write name.isna()",
    "opens == NULL": "write opens.isna()",
    "opens != NaN": "write opens.notna()",
    "opens between 1 and 5": "write opens.between(1, 5)",
    "created > 2016-01-01": "write a date in quotes, such as '2016-01-31'",
    "name.contains('Weekly')": "write .str.contains(…) instead of .contains(…)",
    "SELECT * FROM campaigns": "write the condition alone, such as opens > 100",
    "where opens > 100": "write the condition alone, such as opens > 100",
}


@pytest.mark.parametrize("query", WRITTEN)
def test_a_query_as_in_another_language_is_told_what_to_write(campaigns, query):
    with pytest.raises(QueryError) as raised:
        campaigns.dyno.query(query)
    assert str(raised.value).partition("\n")[0].endswith(f": {WRITTEN[query]}")


@pytest.mark.parametrize("query", ["name == 'a = b && c like d'", "`name` == 'x AND y'", "name != '<>'"])
def test_what_a_text_holds_is_not_read_as_an_operator(campaigns, query):
    assert campaigns.dyno.explain(query)
    with pytest.raises(QueryError) as raised:
        campaigns.dyno.query(f"{query} and opns > 3")
    assert "did you mean 'opens'" in str(raised.value)


def test_a_bracket_that_is_not_closed_keeps_its_reason(campaigns):
    with pytest.raises(QueryError, match="unterminated string"):
        campaigns.dyno.query("status == 'a && b")


ORDERS = {
    "-opens": "order_by='-opens' holds a direction; expected order_by='opens', ascending=False",
    "+opens": "order_by='+opens' holds a direction; expected order_by='opens', ascending=True",
    "opens desc": "order_by='opens desc' holds a direction; expected order_by='opens', ascending=False",
    "created ASC": "order_by='created ASC' holds a direction; expected order_by='created', ascending=True",
    "opens, clicks": "order_by='opens, clicks' names several columns; expected order_by=['opens', 'clicks']",
}


@pytest.mark.parametrize("order_by", ORDERS)
def test_an_order_in_one_text_is_told_how_to_write_it(campaigns, order_by):
    with pytest.raises(QueryError) as raised:
        campaigns.dyno.query("opens > 3", order_by=order_by)
    assert str(raised.value) == ORDERS[order_by]


NULLS = {
    "opens == None": "opens == None is false for every row; write opens.isna()",
    "created != None": "created != None is true for every row; write created.notna()",
    "name == @pd.NA": "name == <NA> is false for every row; write name.isna()",
}


@pytest.mark.parametrize("query", NULLS)
def test_a_comparison_with_null_warns_of_its_result(campaigns, query):
    with pytest.warns(UserWarning, match=r"for every row; write") as caught:
        campaigns.dyno.explain(query)
    assert [str(one.message) for one in caught] == [NULLS[query]]


def test_a_comparison_with_nan_in_a_function_warns_too(campaigns):
    with pytest.warns(UserWarning, match=r"opens == nan is false for every row; write opens\.isna\(\)"):
        campaigns.dyno.explain(lambda c: c.opens == float("nan"))  # noqa: PLW0177 - the mistake itself
    with pytest.warns(UserWarning, match=r"write name\.notna\(\)"):
        campaigns.dyno.explain(pd.col("name") != None)  # noqa: E711 - the mistake itself


def test_an_unknown_status_is_told_the_one_that_was_meant(campaigns):
    with pytest.warns(UserWarning, match="no row was seen with status 'Finishd'; did you mean 'finished'"):
        campaigns.dyno.explain("status == 'Finishd'")
