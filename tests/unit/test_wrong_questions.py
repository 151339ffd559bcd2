"""Queries that pandas refuses only once a row is there, that are not conditions, or that hold addresses."""

from __future__ import annotations

import pandas as pd
import pytest

from dyno_frames.contract.resources import CAMPAIGNS
from dyno_frames.errors import NotPushableError, QueryError, QuerySyntaxError
from dyno_frames.frames.schema import learn
from dyno_frames.query.bind import bind_query

EMPTY = learn(CAMPAIGNS, []).empty()
ADDRESS = "ursula@x.y"


REFUSED_ON_ROWS = {
    "a slice with step 0": "name.str[5:1:0] == 'a'",
    "str.slice with step 0": "name.str.slice(5, 1, 0) == 'a'",
    "str.translate": "name.str.translate(5) == 'a'",
    "str.wrap": "name.str.wrap(0) == 'a'",
    "str.encode": "name.str.encode('nope') == b'a'",
    "str.normalize": "name.str.normalize('xx') == 'a'",
    "str.replace": "name.str.replace('(', '', regex=True) == 'a'",
    "str.split": "name.str.split('(', regex=True).str[0] == 'a'",
    "round": "opens.round('x') > 3",
    "shift": "opens.shift(10**30) > 3",
}


@pytest.mark.parametrize("text", REFUSED_ON_ROWS.values(), ids=REFUSED_ON_ROWS)
def test_what_pandas_refuses_once_a_row_is_there_is_refused_before_any_request(text):
    with pytest.raises(QueryError, match="pandas refuses"):
        bind_query(text, EMPTY)


def test_a_step_of_0_is_refused_in_a_function_too():
    with pytest.raises(QueryError, match=r"[Ss]lice step cannot be zero"):
        bind_query(lambda c: c.name.str[::0] == "a", EMPTY)


@pytest.mark.parametrize(
    "text",
    [
        "name.str[5:1:-1] == 'a'",
        "name.str[0] == 'a'",
        "name.str.replace('a', 'b') == 'b'",
        "opens.round(1) > 3",
        "name.str.split('|').str[0] == 'a'",
        "name.str.slice(0, 4).astype('int') > 3",
        "opens.shift(1) > 3",
    ],
)
def test_what_pandas_answers_is_still_asked(text):
    assert bind_query(text, EMPTY).text == text


BLANK = ["", " ", "   ", "\t"]


@pytest.mark.parametrize("text", BLANK)
def test_a_blank_query_is_called_blank(text):
    with pytest.raises(QueryError, match=r"the query '.*' is blank; expected a condition on rows, or None"):
        bind_query(text, EMPTY)


NOT_CONDITIONS = {
    "3": (lambda c: 3, "the function gives 3, not true or false for each row"),
    "None": (lambda c: None, "the function gives None, not true or false for each row"),
    "print": (lambda c: print(end=""), "the function gives None"),
    "True": (lambda c: True, "the function gives True"),
    "an object": (lambda c: object(), "the function gives one object"),
    "a time": (lambda c: pd.Timestamp(0), "the function gives one Timestamp"),
    "a function": (lambda c: lambda d: d.opens > 3, "the function gives one function"),
    "another expression": (lambda c: pd.col("opens") > 3, "the function gives one"),
    "a pair": (lambda c: ("opens", 3), "the function gives ('opens', 3)"),
    "a number in a query": ("3", "the query '3' gives 3, not true or false for each row"),
    "a text in a query": ("'a'", "gives 'a', not true or false"),
    "a list in a query": ("[1]", "the query '[1]' gives [1]"),
    "a comparison of numbers": ("5 > 3", "the query '5 > 3' gives True"),
}


@pytest.mark.parametrize(("expression", "shown"), NOT_CONDITIONS.values(), ids=NOT_CONDITIONS)
def test_a_result_that_is_not_a_condition_is_shown_and_not_taken_for_a_column(expression, shown):
    with pytest.raises(QueryError) as raised:
        bind_query(expression, EMPTY)
    assert shown in str(raised.value)
    assert "no column is called" not in str(raised.value)


WITH_ADDRESS = {
    "a wrong literal": f"from_email == '{ADDRESS}' and opens > 'x'",
    "without blanks": f"from_email=='{ADDRESS}'and(opens>'x')",
    "a syntax error": f"from_email == '{ADDRESS}' and and opens > 3",
    "an unknown column": f"form_email == '{ADDRESS}'",
    "a number": f"opens > '{ADDRESS}'",
    "no time": f"created > '{ADDRESS}'",
    "a text alone": f"'{ADDRESS}'",
    "not a condition": f"from_email + '{ADDRESS}'",
    "an unknown method": f"from_email.str.contain('{ADDRESS}')",
    "a pattern": f"from_email.str.contains('({ADDRESS}')",
    "pd.col": pd.col("opens") > ADDRESS,
    "a function": lambda c: c.opens > ADDRESS,
    "a text of a function": lambda c: ADDRESS,
    "a list": [ADDRESS],
    "a truth": lambda c: (c.from_email == ADDRESS) and (c.opens > 3),
}


@pytest.mark.parametrize("expression", WITH_ADDRESS.values(), ids=WITH_ADDRESS)
def test_an_error_of_a_query_shows_no_address(expression):
    with pytest.raises(QueryError) as raised:
        bind_query(expression, EMPTY)
    error = raised.value
    while error is not None:
        assert "ursula" not in str(error)
        assert "x.y" not in str(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def test_the_caret_of_a_query_with_an_address_stays_under_its_place():
    with pytest.raises(QuerySyntaxError) as raised:
        bind_query(f"from_email == '{ADDRESS}' and and opens > 3", EMPTY)
    *_, line, caret = str(raised.value).splitlines()
    assert line == "    from_email == '<address>' and and opens > 3"
    assert caret.index("^") == line.index("and opens")


def test_a_variable_of_a_query_is_not_taken_for_an_address():
    with pytest.raises(QueryError) as raised:
        bind_query("opens>@least and clicks>@most", EMPTY)
    assert "'opens>@least and clicks>@most'" in str(raised.value)


def test_a_warning_of_a_query_shows_no_address():
    assert "<address>" in "".join(bind_query(f"status == '{ADDRESS}'", EMPTY).warnings)


def test_strict_and_reprs_show_no_address(client):
    frame = client.campaigns.find(f"from_email != '{ADDRESS}'", limit=1)
    assert ADDRESS not in repr(frame.dyno)
    with pytest.raises(NotPushableError) as raised:
        client.campaigns.find(f"from_email.str.upper() == '{ADDRESS}'", strict=True)
    assert ADDRESS not in str(raised.value)
    frame.attrs["dyno"] |= {"query": None}
    with pytest.raises(QueryError) as raised:
        frame.dyno.refresh()
    assert ADDRESS not in str(raised.value)


@pytest.mark.parametrize("expression", [len, "created.dt.tz_convert('Mars/North') > '2015'"])
def test_only_a_name_is_taken_for_a_column(expression):
    with pytest.raises(QueryError) as raised:
        bind_query(expression, EMPTY)
    assert "no column is called" not in str(raised.value)
