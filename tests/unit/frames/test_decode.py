"""From rows as the server sends them to a frame: every kind, every null, and no value lost in silence."""

from __future__ import annotations

import json

import pandas as pd
import pyarrow as pa
import pytest

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.errors import ContractError
from dyno_frames.frames.dataframe import to_frame
from dyno_frames.frames.decode import decode, late_fields, typed_late_fields
from dyno_frames.frames.schema import Schema

BACKENDS = (None, "numpy_nullable", "pyarrow")


def schema_of(*fields, backend=None):
    return Schema("campaigns", (Field("id", Kind.ID, nullable=False), *fields), dtype_backend=backend)


def column(kind, values, *, nullable=True, backend=None):
    schema = schema_of(Field("x", kind, nullable), backend=backend)
    rows = [{"id": f"row-{at}", "x": value} for at, value in enumerate(values)]
    return to_frame(pa.Table.from_batches([decode(rows, schema)]), schema)["x"]


def plain(series):
    """The values as Python has them, None where there is none."""
    return [
        value if isinstance(value, list | dict) or not pd.isna(value) else None
        for value in series.astype(object)
    ]


TEXTS = ["", 'a\nb\t"c"\\', "é", "e\u0301", "50 % _x_", "😀\u200d", "a,b", "\x00", "null", "NaN", None]
NUMBERS = [0, -1, 2**53 + 1, 2**63 - 1, -(2**63), None]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Kind.STRING, TEXTS),
        (Kind.ID, TEXTS),
        (Kind.STATUS, ["draft", "finished", None, "draft"]),
        (Kind.COUNT, NUMBERS),
        (Kind.INTEGER, NUMBERS),
        (Kind.FLOAT, [0.5, -1e300, 3.0, 2.0**60, None]),
        (Kind.FLAG, [True, False, None]),
        (Kind.JSON, [{"a": [1, None]}, [], "text", 5, 2**70, 1.5, True, {"é": "\n"}, None]),
    ],
)
def test_every_kind_comes_back_as_it_was_sent(kind, values, backend):
    assert plain(column(kind, values, backend=backend)) == values


@pytest.mark.parametrize("backend", BACKENDS)
def test_times_are_instants_to_the_second(backend):
    series = column(Kind.TIME, [0, -1, 1_439_054_168, 253_402_300_799, None], backend=backend)
    assert [None if pd.isna(value) else int(value.timestamp()) for value in series] == [
        0,
        -1,
        1_439_054_168,
        253_402_300_799,
        None,
    ]
    assert series[2] == pd.Timestamp("2015-08-08 17:16:08", tz="UTC")


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_column_of_nulls_keeps_its_dtype(backend):
    for kind in Kind:
        series = column(kind, [None, None], backend=backend)
        assert series.isna().all()
        field = Field("x", kind)
        assert series.dtype == schema_of(field, backend=backend).dtype(field)


def test_whole_floats_in_an_integer_column_are_the_integers():
    assert column(Kind.INTEGER, [1.0, 2, -0.0]).tolist() == [1, 2, 0]
    assert column(Kind.TIME, [1_439_054_168.0])[0] == pd.Timestamp("2015-08-08 17:16:08", tz="UTC")


def test_a_missing_field_is_null_and_an_extra_one_is_a_late_field():
    schema = schema_of(Field("x", Kind.INTEGER), Field("y", Kind.STRING))
    rows = [{"id": "a", "x": 1, "late": 2.5}, {"id": "b", "y": "text", "other": [1]}]
    batch = decode(rows, schema)
    assert batch.to_pylist() == [{"id": "a", "x": 1, "y": None}, {"id": "b", "x": None, "y": "text"}]
    assert late_fields(rows, schema) == (Field("late", Kind.JSON), Field("other", Kind.JSON))
    assert late_fields([], schema) == ()


@pytest.mark.parametrize(
    ("first", "second", "kind", "values"),
    [
        (1, 2, Kind.INTEGER, [1, 2]),
        (1, 2.5, Kind.FLOAT, [1.0, 2.5]),
        ("a", None, Kind.STRING, ["a", None]),
        ("a", 1, Kind.JSON, ['"a"', "1"]),
        (1, True, Kind.JSON, ["1", "true"]),
        (1, [2], Kind.JSON, ["1", "[2]"]),
    ],
)
def test_a_late_field_gets_the_type_that_holds_what_all_pages_have_in_it(first, second, kind, values):
    schema = schema_of(Field("x", Kind.INTEGER))
    rows = ({"id": "a", "late": first}, {"id": "b", "late": second})
    pages = [decode([row], schema.with_fields(late_fields([row], schema))) for row in rows]
    table, fields = typed_late_fields(pa.Table.from_batches(pages), ["late"])
    assert fields == (Field("late", kind),)
    assert table["late"].to_pylist() == values


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Kind.COUNT, 1, True),
        (Kind.INTEGER, 1, False),
        (Kind.INTEGER, 1, 1.5),
        (Kind.INTEGER, 1, "1"),
        (Kind.INTEGER, 1, "text"),
        (Kind.INTEGER, 1, 2**63),
        (Kind.INTEGER, 1, -(2**63) - 1),
        (Kind.INTEGER, 1, 2.0**63),
        (Kind.INTEGER, 1, 2**70),
        (Kind.INTEGER, 1, [1]),
        (Kind.TIME, 1, 1.5),
        (Kind.TIME, 1, True),
        (Kind.TIME, 1, "2015-08-08"),
        (Kind.TIME, 1, 2**63),
        (Kind.FLOAT, 1.5, True),
        (Kind.FLOAT, 1.5, "x"),
        (Kind.FLOAT, 1.5, 2**53 + 1),
        (Kind.FLAG, True, 1),
        (Kind.FLAG, True, "true"),
        (Kind.STRING, "a", 5),
        (Kind.STRING, "a", True),
        (Kind.STRING, "a", ["a"]),
        (Kind.STRING, "a", "\ud800"),
        (Kind.STATUS, "draft", 5),
        (Kind.JSON, {}, "\ud800"),
    ],
)
def test_a_value_outside_its_type_is_named_with_field_row_and_value(kind, good, bad):
    with pytest.raises(ContractError) as caught:
        column(kind, [good, None, bad, good])
    assert caught.value.field == "x"
    assert caught.value.row == "row-2"
    assert caught.value.value == repr(bad)
    assert str(kind) in str(caught.value)
    assert "schema={'x': 'object'}" in str(caught.value) or kind is Kind.JSON


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.JSON])
def test_a_null_in_a_never_null_field_is_named(kind):
    good = {Kind.FLAG: True, Kind.FLOAT: 1.5}.get(
        kind, "draft" if kind in {Kind.ID, Kind.STRING, Kind.STATUS} else 1
    )
    with pytest.raises(ContractError, match="never-null") as caught:
        column(kind, [good, good, None], nullable=False)
    assert (caught.value.row, caught.value.value) == ("row-2", "None")


@pytest.mark.parametrize("nullable", [True, False])
def test_half_of_a_surrogate_pair_is_named_as_such(nullable):
    with pytest.raises(
        ContractError, match="expected string that UTF-8 can hold, without half of a surrogate pair"
    ):
        column(Kind.STRING, ["a", "\ud83d!"], nullable=nullable)


def test_a_long_value_is_shown_shortened():
    with pytest.raises(ContractError) as caught:
        column(Kind.INTEGER, ["x" * 10_000])
    assert len(str(caught.value)) < 400
    assert "… (10002 characters)" in caught.value.value


def test_values_of_several_types_stand_in_arrow_as_json_text():
    schema = schema_of(Field("x", Kind.JSON))
    values = [{"b": 1, "a": [True, None]}, "text", 2**70, None]
    batch = decode([{"id": str(at), "x": value} for at, value in enumerate(values)], schema)
    texts = batch.column("x").to_pylist()
    assert [None if text is None else json.loads(text) for text in texts] == values


def test_no_rows_make_an_empty_batch_of_the_right_types():
    schema = schema_of(Field("x", Kind.TIME), Field("y", Kind.JSON))
    batch = decode([], schema)
    assert batch.num_rows == 0
    assert batch.schema == schema.arrow
