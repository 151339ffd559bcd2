"""The fast decoder gives what the slow one gives, or nothing."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dyno_frames.contract.fields import Kind
from dyno_frames.contract.resources import CAMPAIGNS
from dyno_frames.errors import ContractError
from dyno_frames.frames.decode import decode
from dyno_frames.frames.page import fast_decoder
from dyno_frames.frames.schema import Schema, learn
from dyno_frames.transport.exchange import Received
from dyno_frames.transport.responses import interpret
from dyno_frames.transport.retry import Event

EXTRAS = {"score": Kind.FLOAT, "pages": Kind.INTEGER, "flag": Kind.FLAG, "odd name, really": Kind.STRING}
NAMES = ("id", "name", "subject", "status", "start_time", "opens", "created", *EXTRAS)
SCHEMA: Schema = learn(CAMPAIGNS, [], declared=EXTRAS).select(NAMES)
GOOD = {
    "id": "a",
    "name": "Weekly",
    "subject": None,
    "status": "draft",
    "start_time": None,
    "opens": 3,
    "created": 1_700_000_000,
    "score": 1.5,
    "pages": 2**53 + 1,
    "flag": True,
    "odd name, really": 'ſ \u212a "quoted" \\ \n',
}


def body(rows, **more):
    return orjson.dumps({"has_error": False, "error_code": "", "data": rows, **more})


PAGE = body([GOOD])


def test_a_page_is_decoded_as_the_slow_decoder_does():
    rows = [GOOD, GOOD | {"id": "b", "subject": "x", "start_time": -1, "flag": None, "score": 2}]
    found = fast_decoder(SCHEMA)(body(rows))
    assert found.equals(decode(rows, SCHEMA))


def test_an_absent_field_that_may_be_null_is_null():
    row = {name: value for name, value in GOOD.items() if name != "subject"}
    assert fast_decoder(SCHEMA)(body([row])).column("subject").null_count == 1


ODD = [
    ("opens", "3"),
    ("opens", 1.5),
    ("opens", True),
    ("opens", None),
    ("opens", 2**63),
    ("created", None),
    ("name", 5),
    ("name", None),
    ("flag", 1),
    ("score", "1"),
    ("score", 2**53 + 1),
    ("pages", 1.0),
    ("subject", ["x"]),
    ("unheard", 1),
]


@pytest.mark.parametrize(("name", "value"), ODD)
def test_what_does_not_fit_to_the_letter_is_left_to_the_slow_decoder(name, value):
    content = orjson.dumps({"has_error": False, "data": [GOOD]})
    odd = content.replace(orjson.dumps(GOOD), orjson.dumps(GOOD | {name: value}) if value != 2**63 else b"{}")
    assert fast_decoder(SCHEMA)(odd) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"data": []}',
        b'{"has_error": true, "error_code": "404", "error message": "NO"}',
        b'{"has_error": true, "data": []}',
        b'{"has_error": false, "data": {}}',
        b"<html></html>",
        b'{"has_error": false, "data": [{"id": "\\ud800"}]}',
        b'{"has_error": false, "data": [null]}',
        b'{"has_error": false, "data": null}',
        b'{"has_error": false, "data": []}{"has_error": false, "data": []}',
        b'{"has_error": false, "data": []}\n{"has_error": false, "data": []}',
        b'{"has_error": false, "data": []',
        b'{"has_error": 0, "data": []}',
        b"null",
        b" null ",
        PAGE + b"null",
        b"null" + PAGE[1:],
        PAGE + b"\n null\n" + PAGE,
        b"\xef\xbb\xbf" + PAGE,
        PAGE.replace(b"Weekly", b"Week\xff"),
        PAGE.replace(b"1.5", b"NaN"),
        PAGE.replace(b"1.5", b"1e999"),
        PAGE.replace(b'"opens":3', b'"opens":3,"opens":4'),
        PAGE.replace(b'"opens":3', b'"opens":03'),
    ],
)
def test_what_is_no_accepted_page_is_left_to_the_slow_decoder(content):
    assert fast_decoder(SCHEMA)(content) is None


def test_a_page_may_be_printed_prettily():
    pretty = (
        json.dumps({"has_error": False, "message": None, "data": [GOOD, GOOD]}, indent=2).encode() + b"\n"
    )
    assert fast_decoder(SCHEMA)(pretty).equals(decode([GOOD, GOOD], SCHEMA))


def test_a_page_without_rows_has_its_columns():
    assert fast_decoder(SCHEMA)(body([])).equals(decode([], SCHEMA))


@pytest.mark.parametrize("closed", [True, False])
def test_a_column_that_no_sampled_row_had_is_read_when_it_comes(closed):
    sampled = {name: value for name, value in GOOD.items() if name != "subject"}
    schema = learn(CAMPAIGNS, [sampled], declared=EXTRAS).select(NAMES)
    assert "subject" in schema.unseen
    rows = [GOOD | {"subject": "2016-01-01"}, sampled]
    for page in (rows, [sampled, sampled]):
        assert fast_decoder(schema, closed=closed)(body(page)).equals(decode(page, schema))


def test_fields_that_were_not_asked_for_may_come_where_columns_were_chosen():
    content = body([GOOD | {"unheard": 1}])
    assert fast_decoder(SCHEMA)(content) is None
    assert fast_decoder(SCHEMA, closed=False)(content).num_rows == 1


def test_a_field_of_mixed_values_has_no_fast_decoder():
    assert fast_decoder(learn(CAMPAIGNS, [], declared={"labels": Kind.JSON})) is None


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**64), 2**64),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)  # the machine may be busy
@given(
    rows=st.lists(
        st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, VALUES)).map(lambda row: GOOD | row),
        max_size=4,
    )
)
def test_whatever_comes_the_two_agree_or_the_fast_one_is_silent(rows):
    try:
        content = body(rows)
    except (TypeError, ValueError):
        return
    found = fast_decoder(SCHEMA)(content)
    if found is None:
        return
    try:
        assert found.equals(decode(orjson.loads(content)["data"], SCHEMA))
    except ContractError as error:
        pytest.fail(f"the slow decoder refuses what the fast one took: {error}")


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    at=st.integers(0, len(PAGE)),
    cut=st.integers(0, 3),
    put=st.one_of(
        st.binary(max_size=3),
        st.sampled_from(
            [b"1", b".5", b"e9", b"true", b"null", b'"', b"\\u0000", b"{", b"]", b",", b"-", b" ", b"\n"]
        ),
    ),
)
def test_a_page_with_a_few_other_bytes_is_decoded_as_the_slow_decoder_does_or_left_to_it(at, cut, put):
    content = PAGE[:at] + put + PAGE[at + cut :]
    found = fast_decoder(SCHEMA)(content)
    if found is not None:
        verdict = interpret(Received(200, {}, content))
        assert verdict.event is Event.ANSWER
        assert found.equals(decode(verdict.data, SCHEMA))
