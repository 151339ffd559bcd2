"""What a few rows teach of a server's fields, and the dtypes that follow."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.contract.lifecycle import Status
from dyno_frames.contract.resources import CAMPAIGNS, COUNTERS, LISTS, RESOURCES, TEMPLATES
from dyno_frames.errors import SchemaError
from dyno_frames.frames.dataframe import to_frame
from dyno_frames.frames.decode import decode
from dyno_frames.frames.schema import declared_kinds, learn, learn_field

STATUSES = list(map(str, Status))


def campaign(**fields):
    """A campaign with every field of the contract."""
    whole = {field.name: "text" for field in CAMPAIGNS.fields} | dict.fromkeys(COUNTERS, 1)
    whole |= {"id": "a", "status": "draft", "start_time": 5, "created": 1, "updated": 2}
    return whole | fields


def test_no_rows_teach_nothing_and_the_contract_stands():
    for resource in RESOURCES.values():
        schema = learn(resource, [])
        assert schema.fields == resource.fields
        assert schema.unseen == frozenset()
        assert schema.statuses == ()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["a", "b"], Kind.STRING),
        ([1, -(2**63)], Kind.INTEGER),
        ([2**63 - 1], Kind.INTEGER),
        ([2**63], Kind.JSON),
        ([-(2**63) - 1], Kind.JSON),
        ([1.5], Kind.FLOAT),
        ([1, 1.5], Kind.FLOAT),
        ([2**53, 1.5], Kind.FLOAT),
        ([2**53 + 1, 1.5], Kind.JSON),
        ([True, False], Kind.FLAG),
        ([True, 1], Kind.JSON),
        (["a", 1], Kind.JSON),
        ([{"a": 1}], Kind.JSON),
        ([["a"], []], Kind.JSON),
        ([None, None], Kind.JSON),
        ([None, 3], Kind.INTEGER),
        ([None, "", False], Kind.JSON),
    ],
)
def test_a_field_outside_the_contract_is_typed_by_what_it_holds(values, kind):
    rows = [{"id": str(at), "extra": value} for at, value in enumerate(values)]
    assert learn_field("extra", rows) == Field("extra", kind)
    assert learn_field("extra", [*rows, {"id": "without"}]) == Field("extra", kind)
    schema = learn(TEMPLATES, [{"name": "n", "created": 1, "updated": 1, **row} for row in rows])
    assert schema.fields[-1] == Field("extra", kind)
    assert decode(rows, schema.select(["extra"])).num_rows == len(rows), "a sample fits what it taught"


def test_extra_columns_come_after_the_contract_in_the_order_they_were_met():
    schema = learn(LISTS, [{"zebra": 1, "id": "a"}, {"apple": "x", "zebra": 2}])
    assert schema.names == (*LISTS.names, "zebra", "apple")


def test_contract_fields_never_seen_are_all_null_in_the_nullable_dtype():
    rows = [{"id": "a", "name": "n", "status": "draft", "created": 1, "updated": 2}]
    schema = learn(CAMPAIGNS, rows)
    assert schema.unseen == set(CAMPAIGNS.names) - set(rows[0])
    assert schema.names == CAMPAIGNS.names
    frame = to_frame(pa.Table.from_batches([decode(rows, schema)]), schema)
    for name in schema.unseen:
        assert frame[name].isna().all()
    assert {str(frame[name].dtype) for name in COUNTERS} == {"Int64"}
    assert str(frame["start_time"].dtype) == "datetime64[s, UTC]"


def test_a_never_null_field_that_some_rows_lack_becomes_nullable():
    whole, lacking = campaign(), campaign(id="b", opens=None)
    del lacking["clicks"]
    schema = learn(CAMPAIGNS, [whole, lacking])
    assert schema.by_name["opens"].nullable
    assert schema.by_name["clicks"].nullable
    assert not schema.by_name["sent"].nullable
    assert schema.unseen == frozenset()
    frame = to_frame(pa.Table.from_batches([decode([whole, lacking], schema)]), schema)
    assert str(frame["opens"].dtype) == str(frame["clicks"].dtype) == "Int64"
    assert str(frame["sent"].dtype) == "int64"
    assert frame["opens"].tolist() == [1, pd.NA]


def test_status_words_outside_the_contract_are_appended_to_its_categories():
    rows = [campaign(status=word) for word in ("zombie", "finished", "archived", "zombie")]
    dtype = learn(CAMPAIGNS, rows).dtypes["status"]
    assert dtype == pd.CategoricalDtype([*STATUSES, "archived", "zombie"])
    assert not dtype.ordered


def test_a_status_word_met_only_later_is_appended_too():
    schema = learn(CAMPAIGNS, [campaign()])
    rows = [campaign(status=word) for word in ("late", "draft", "even later", "late")]
    frame = to_frame(pa.Table.from_batches([decode(rows, schema)]), schema)
    assert frame["status"].tolist() == ["late", "draft", "even later", "late"]
    assert list(frame["status"].cat.categories) == [*STATUSES, "even later", "late"]


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("str", Kind.STRING),
        (str, Kind.STRING),
        ("int64", Kind.INTEGER),
        ("Int64", Kind.INTEGER),
        (int, Kind.INTEGER),
        ("Float64", Kind.FLOAT),
        (float, Kind.FLOAT),
        ("boolean", Kind.FLAG),
        (bool, Kind.FLAG),
        ("datetime64[s, UTC]", Kind.TIME),
        ("datetime", Kind.TIME),
        ("object", Kind.JSON),
        (object, Kind.JSON),
        (pd.Int64Dtype(), Kind.INTEGER),
    ],
)
def test_a_declared_word_or_type_names_a_kind(word, kind):
    assert declared_kinds({"extra": word}) == {"extra": kind}


def test_a_declared_word_that_is_none_is_refused_with_those_that_are():
    with pytest.raises(SchemaError, match=r"'decimal'.*expected one of str, .*object"):
        declared_kinds({"good": "str", "extra": "decimal"})
    assert declared_kinds(None) == {}


def test_what_is_declared_stands_before_what_the_rows_hold():
    rows = [campaign(extra=1, other="x")]
    schema = learn(CAMPAIGNS, rows, declared={"extra": Kind.FLOAT, "never": Kind.TIME})
    assert schema.by_name["extra"].kind is Kind.FLOAT
    assert schema.by_name["other"].kind is Kind.STRING
    assert schema.by_name["never"].kind is Kind.TIME
    assert "never" in schema.unseen, "no row was seen to have it, whoever declared it"


def test_a_field_of_the_contract_can_be_declared_where_the_server_disagrees():
    declared = {"start_time": Kind.STRING, "opens": Kind.INTEGER}
    schema = learn(CAMPAIGNS, [campaign()], declared=declared)
    assert schema.names == CAMPAIGNS.names
    assert schema.by_name["start_time"].kind is Kind.STRING
    assert str(schema.dtypes["opens"]) == "Int64", "what is declared may be null"


@pytest.mark.parametrize("name", ["id", "created"])
def test_what_orders_and_identifies_rows_cannot_be_declared_otherwise(name):
    with pytest.raises(SchemaError, match=f"{name}.*its type cannot be changed"):
        declared_kinds({name: "object"})


EXPECTED = {
    None: {
        Kind.ID: "str",
        Kind.STRING: "str",
        Kind.STATUS: "category",
        Kind.TIME: "datetime64[s, UTC]",
        Kind.COUNT: "int64",
        Kind.INTEGER: "Int64",
        Kind.FLOAT: "Float64",
        Kind.FLAG: "boolean",
        Kind.JSON: "object",
    },
    "numpy_nullable": {
        Kind.ID: "string",
        Kind.STRING: "string",
        Kind.STATUS: "category",
        Kind.TIME: "datetime64[s, UTC]",
        Kind.COUNT: "Int64",
        Kind.INTEGER: "Int64",
        Kind.FLOAT: "Float64",
        Kind.FLAG: "boolean",
        Kind.JSON: "object",
    },
    "pyarrow": {
        Kind.ID: "string[pyarrow]",
        Kind.STRING: "string[pyarrow]",
        Kind.STATUS: "category",
        Kind.TIME: "timestamp[s, tz=UTC][pyarrow]",
        Kind.COUNT: "int64[pyarrow]",
        Kind.INTEGER: "int64[pyarrow]",
        Kind.FLOAT: "double[pyarrow]",
        Kind.FLAG: "bool[pyarrow]",
        Kind.JSON: "object",
    },
}

EXTRAS = {"number": 5, "share": 0.5, "flag": True, "tags": ["a"], "text": "x"}


@pytest.mark.parametrize("backend", EXPECTED)
def test_dtypes_follow_the_backend_for_every_kind(backend):
    schema = learn(CAMPAIGNS, [campaign(**EXTRAS)], dtype_backend=backend)
    assert {field.kind for field in schema.fields} == set(Kind)
    for field in schema.fields:
        assert str(schema.dtype(field)) == EXPECTED[backend][field.kind], field.name


@pytest.mark.parametrize("backend", EXPECTED)
@pytest.mark.parametrize("resource", RESOURCES.values(), ids=RESOURCES)
def test_an_empty_answer_has_the_dtypes_of_a_full_one(backend, resource):
    row = {name: value for name, value in campaign(**EXTRAS).items() if name != "contacts"}
    row = {
        name: value for name, value in (row | {"contacts": 3}).items() if name in {*resource.names, *EXTRAS}
    }
    row |= dict.fromkeys(set(resource.names) - set(row), "t")
    schema = learn(resource, [row], dtype_backend=backend)
    full = to_frame(pa.Table.from_batches([decode([row], schema)]), schema)
    decoded = to_frame(pa.Table.from_batches([decode([], schema)]), schema)
    for frame in (full, decoded, schema.empty()):
        assert frame.dtypes.to_dict() == schema.dtypes
        assert isinstance(frame.index, pd.RangeIndex)
        assert tuple(frame.columns) == schema.names
    assert len(full) == 1
    assert len(decoded) == len(schema.empty()) == 0


def test_declaring_what_orders_and_identifies_rows_as_what_it_is_changes_nothing():
    declared = declared_kinds({"id": "str", "created": "datetime"})
    assert learn(CAMPAIGNS, [], declared=declared).fields == CAMPAIGNS.fields


def test_a_declaration_under_a_resource_is_for_it_alone():
    declared = {"score": float, "lists": {"tags": "object"}, "campaigns": {"score": "int"}}
    assert declared_kinds(declared, "lists") == {"score": Kind.FLOAT, "tags": Kind.JSON}
    assert declared_kinds(declared, "campaigns") == {"score": Kind.INTEGER}
    assert declared_kinds(declared, "templates") == {"score": Kind.FLOAT}
    assert declared_kinds({"lists": "str"}, "campaigns") == {"lists": Kind.STRING}, "a field may be called so"
