"""Every operator of the filter, under the default profile."""

from __future__ import annotations

import math

import pytest

from dyno_frames.contract.filters import NumberOperator, StringOperator
from dyno_frames.contract.resources import CAMPAIGNS
from dyno_frames.sandbox.http.api_errors import RequestError
from dyno_frames.sandbox.store.storage import Store

TEXTS = [{"subject": text} for text in ("Sale", "sale", "50% off", "a,b", "ÉTÉ", "", None, "line\nbreak")]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("Sale", "0"),
        ("", "5"),
        ({"like": "ale"}, "01"),
        ({"like": "Sale"}, "0"),
        ({"like": "%"}, "2"),
        ({"like": "_"}, ""),
        ({"like": ""}, "0123457"),
        ({"like_ignore_case": "SALE"}, "01"),
        ({"like_ignore_case": "été"}, "4"),
        ({"like_regex": "^[Ss]"}, "01"),
        ({"like_regex": "a.b"}, "3"),
        ({"like_regex": "k$"}, "7"),
        ({"like_regex": "^b"}, ""),
        ({"not_like": "ale"}, "234567"),
        ({"not_like_ignore_case": "SALE"}, "234567"),
        ({"not_like_regex": "."}, "56"),
        ({"in": "Sale,sale"}, "01"),
        ({"in": "a,b"}, ""),
        ({"in": "Sale, sale"}, "0"),
        ({"in": ""}, "5"),
        ({"not_in": "Sale,sale"}, "234567"),
        ({"not_in": ""}, "0123467"),
        ({"like": "a", "not_like": "S"}, "137"),
    ],
)
def test_strings(ids, asked, expected):
    assert ids(TEXTS, {"subject": asked}) == list(expected)


NUMBERS = [{"opens": number} for number in (0, 1, 2**53, 2**53 + 1, -5, 2**63 - 1, 2.5, None)]


@pytest.mark.parametrize(
    "literal",
    [
        0,
        1,
        1.0,
        2.5,
        2**53,
        float(2**53),
        2**53 + 1,
        2**63 - 1,
        2.0**63,
        2**63,
        10**30,
        10**400,
        -(10**400),
        -1e300,
        -0.0,
    ],
    ids=lambda literal: str(literal)[:12],
)
@pytest.mark.parametrize("operator", list(NumberOperator))
def test_numbers_compare_exactly_whatever_their_size(ids, operator, literal):
    compare = {"eq": "__eq__", "gt": "__gt__", "gte": "__ge__", "lt": "__lt__", "lte": "__le__"}[operator]

    def holds(value):
        if value is None:
            return False
        answer = getattr(value, compare)(literal)
        if answer is NotImplemented:
            answer = {"eq": value == literal, "gt": value > literal, "gte": value >= literal}.get(
                operator, value < literal if operator == "lt" else value <= literal
            )
        return answer

    expected = [str(place) for place, row in enumerate(NUMBERS) if holds(row["opens"])]
    assert ids(NUMBERS, {"opens": {operator: literal}}) == expected
    extra = [{"score": row["opens"]} for row in NUMBERS] + [{"score": 10**30}, {"score": -(10**30)}]
    wanted = [str(place) for place, row in enumerate(extra) if holds(row["score"])]
    assert ids(extra, {"score": {operator: literal}}) == wanted


def test_a_bare_number_is_eq_and_two_bounds_are_one_object(ids):
    rows = [{"opens": number} for number in range(6)]
    assert ids(rows, {"opens": 3}) == ["3"]
    assert ids(rows, {"opens": {"gte": 2, "lt": 4}}) == ["2", "3"]


@pytest.mark.parametrize(
    ("wire", "word"),
    [
        ({"subject": None}, "null"),
        ({"subject": True}, "boolean"),
        ({"opens": False}, "boolean"),
        ({"subject": ["a"]}, "expected"),
        ({"subject": {}}, "operator"),
        ({"subject": {"likes": "a"}}, "likes"),
        ({"subject": {"like": 5}}, "string"),
        ({"subject": {"like": None}}, "string"),
        ({"subject": {"in": ["a", "b"]}}, "string"),
        ({"subject": {"eq": "a"}}, "number fields"),
        ({"subject": {"gt": 5}}, "number fields"),
        ({"subject": 5}, "number fields"),
        ({"opens": "5"}, "string fields"),
        ({"opens": {"in": "1,2"}}, "string fields"),
        ({"opens": {"like": "5"}}, "string fields"),
        ({"opens": {"gt": "5"}}, "number"),
        ({"opens": {"gt": True}}, "number"),
        ({"opens": {"gt": None}}, "number"),
        ({"opens": {"gt": math.nan}}, "finite"),
        ({"opens": math.inf}, "finite"),
        ({"flag": {"eq": 1}}, "boolean"),
        ({"flag": "true"}, "boolean"),
        ({"tags": {"like": "a"}}, "array"),
        ({"subject": {"like_regex": "("}}, "like_regex"),
        ({"subject": {"like_regex": "(?=a)"}}, "like_regex"),
        ({"subject": "\ud800"}, "surrogate"),
        ({"nowhere": None}, "null"),
        ({"nowhere": {"likes": "a"}}, "likes"),
        ({"nowhere": {"like": 5}}, "string"),
        ({"nowhere": {"gt": "5"}}, "number"),
        ({"application_page": 1}, "application_page"),
        ({"application_limit": -1}, "integer"),
        ({"application_limit": 1.5}, "integer"),
        ({"application_limit": True}, "integer"),
        ({"application_limit": None}, "integer"),
        ({"application_offset": "1"}, "integer"),
        ({"application_order_by": 5}, "name"),
        ({"application_order_direction": "up"}, "asc"),
        ({"application_fields": "id"}, "array"),
        ({"application_fields": [1]}, "array"),
        ({"application_fields": []}, "array"),
    ],
)
def test_an_invalid_filter_is_refused_with_field_and_reason(wire, word):
    with Store() as store:
        store.load(CAMPAIGNS, [{"id": "a", "subject": "s", "opens": 1, "flag": True, "tags": [1]}])
        for ask in (store.find, store.count):
            with pytest.raises(RequestError) as refused:
                ask(CAMPAIGNS, wire)
            assert refused.value.code == "400"
            assert refused.value.reason.startswith(repr(next(iter(wire))))
            assert word in refused.value.reason


def test_an_unknown_field_is_null_everywhere(ids):
    rows = [{"subject": "a"}]
    for operator in StringOperator:
        kept = ["0"] if operator.startswith("not_") else []
        assert ids(rows, {"nowhere": {operator: "a"}}) == kept
    for operator in NumberOperator:
        assert ids(rows, {"nowhere": {operator: 5}}) == []
    assert ids(rows, {"nowhere": "a"}) == []
    assert ids(rows, {"application_order_by": "nowhere"}) == ["0"]


def test_a_field_that_is_null_in_every_row_is_null_and_of_no_type(ids):
    rows = [{"subject": "a", "blank": None}]
    assert ids(rows, {"blank": {"gt": 5}}) == []
    assert ids(rows, {"blank": "x"}) == []
    assert ids(rows, {"blank": {"not_like": "x"}}, unknown_field="error") == ["0"]


def test_an_extra_field_of_several_types_answers_each_operator_with_its_own(ids):
    rows = [{"x": "5"}, {"x": 5}, {"x": True}, {"x": None}, {"x": [5]}, {"x": 2**70}]
    assert ids(rows, {"x": "5"}) == ["0"]
    assert ids(rows, {"x": 5}) == ["1"]
    assert ids(rows, {"x": {"gt": 5}}) == ["5"]
    assert ids(rows, {"x": {"not_like": "5"}}) == ["1", "2", "3", "4", "5"]


def test_fields_limit_and_offset(ids):
    rows = [{"subject": str(number), "created": number} for number in range(10)]
    with Store() as store:
        store.load(CAMPAIGNS, [{"id": row["subject"], **row} for row in rows])
        page = store.find(CAMPAIGNS, {"application_fields": ["created", "nowhere", "id"]})
        assert page[0] == {"created": 0, "id": "0"}
    assert ids(rows, {"application_limit": 3, "application_offset": 8}) == ["8", "9"]
    assert ids(rows, {"application_limit": 0}) == []
    assert ids(rows, {"application_offset": 2**80}) == []


def test_a_page_has_at_most_a_thousand_rows_and_a_hundred_by_default():
    with Store() as store:
        store.load(CAMPAIGNS, [{"id": str(number)} for number in range(1200)])
        assert len(store.find(CAMPAIGNS, {})) == 100
        assert len(store.find(CAMPAIGNS, {"application_limit": 5000})) == 1000
        assert store.count(CAMPAIGNS, {"application_limit": 5}) == 1200


def test_order_is_by_code_point_with_nulls_first(ids):
    rows = [{"subject": text} for text in ("b", None, "B", "é", "", "😀", "\uff5e")]
    ascending = ["1", "4", "2", "0", "3", "6", "5"]
    assert ids(rows, {"application_order_by": "subject"}) == ascending
    down = {"application_order_by": "subject", "application_order_direction": "desc"}
    assert ids(rows, down) == ascending[::-1]


def test_large_integers_are_in_order(ids):
    numbers = [2**70, 5, -(2**70), None, 2.5, 2**70 + 1]
    rows = [{"x": number} for number in numbers]
    assert ids(rows, {"application_order_by": "x"}) == ["3", "2", "4", "1", "0", "5"]


def test_created_is_in_order_with_its_id():
    with Store() as store:
        store.load(CAMPAIGNS, [{"id": key, "created": 5} for key in "cab"])
        found = store.find(CAMPAIGNS, {"application_order_by": "created"})
        assert [row["id"] for row in found] == ["a", "b", "c"]


def test_without_an_order_rows_come_as_they_were_added(ids):
    assert ids([{"created": 9}, {"created": 1}, {"created": 5}], {}) == ["0", "1", "2"]


@pytest.mark.parametrize("size", [1, 99, 101, 5000])
def test_in_accepts_any_number_of_values(ids, size):
    rows = [{"subject": "v1"}, {"subject": "nul\0x"}, {"subject": "q"}]
    values = ",".join([f"v{number}" for number in range(2, size + 1)] + ["v1", "nul\0x"])
    assert ids(rows, {"subject": {"in": values}}) == ["0", "1"]
    assert ids(rows, {"subject": {"not_in": values}}) == ["2"]


def test_more_conditions_than_sqlite_nests_are_refused():
    with Store() as store, pytest.raises(RequestError, match="conditions"):
        store.find(CAMPAIGNS, {f"f{number}": "x" for number in range(600)})
