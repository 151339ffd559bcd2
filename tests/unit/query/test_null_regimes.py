"""Which rows survive a condition where a value is null: pandas' three regimes, as data, and the bounds that follow them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.query.bind import bind_query
from dyno_frames.query.bounds import Bounds
from dyno_frames.query.boxes import Region
from dyno_frames.query.domain import Numbers, Texts
from dyno_frames.query.replay import on_null

CONDITIONS = {
    "equal": lambda c, v: c == v,
    "unequal": lambda c, v: c != v,
    "not equal": lambda c, v: ~(c == v),
    "not unequal": lambda c, v: ~(c != v),
    "from": lambda c, v: c >= v,
    "not from": lambda c, v: ~(c >= v),
    "in": lambda c, v: c.isin([v]),
    "not in": lambda c, v: ~c.isin([v]),
    "in with null": lambda c, v: c.isin([v, None]),
    "not in with null": lambda c, v: ~c.isin([v, None]),
    "null": lambda c, v: c.isna(),
    "not null": lambda c, v: ~c.isna(),
}
"""Conditions on a column and the value ``a``, the greater of two; ``N`` is null."""

NAN = {
    "equal": "a", "unequal": "bN", "not equal": "bN", "not unequal": "a", "from": "a", "not from": "bN", "in": "a",
    "not in": "bN", "in with null": "aN", "not in with null": "b", "null": "N", "not null": "ab",
}  # fmt: skip
"""A null is unequal to everything, and a negation keeps it."""
FLOAT = NAN | {"in with null": "a", "not in with null": "bN"}
"""The same, but None in a list is not the column's null."""
ARROW = NAN | {"unequal": "b", "not equal": "b", "not from": "b"}
"""A comparison with null is unknown, both ways; membership never is."""
MASKED = ARROW | {"in with null": "a", "not in with null": "bN"}
"""The same, but None in a list is not the column's null."""
UNORDERED = {name: rows for name, rows in NAN.items() if "from" not in name}


@dataclass(frozen=True)
class Regime:
    """One dtype: what it holds, and which rows survive each condition."""

    dtype: Any
    kind: Kind
    b: Any
    a: Any
    survive: Mapping[str, str]


def utc(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


EARLY, LATE = utc("2016-01-01"), utc("2017-01-01")
REGIMES = [
    Regime("str", Kind.STRING, "b", "x", NAN),
    Regime(pd.CategoricalDtype(["b", "x"]), Kind.STATUS, "b", "x", UNORDERED),
    Regime("datetime64[s, UTC]", Kind.TIME, EARLY, LATE, NAN),
    Regime("float64", Kind.FLOAT, 1.0, 2.0, FLOAT),
    Regime("Int64", Kind.INTEGER, 1, 2, MASKED),
    Regime("Float64", Kind.FLOAT, 1.0, 2.0, MASKED),
    Regime("boolean", Kind.FLAG, False, True, MASKED),
    Regime("string[python]", Kind.STRING, "b", "x", ARROW),
    Regime("string[pyarrow]", Kind.STRING, "b", "x", ARROW),
    Regime(pd.ArrowDtype(pa.string()), Kind.STRING, "b", "x", ARROW),
    Regime(pd.ArrowDtype(pa.int64()), Kind.INTEGER, 1, 2, ARROW),
    Regime(pd.ArrowDtype(pa.float64()), Kind.FLOAT, 1.0, 2.0, ARROW),
    Regime(pd.ArrowDtype(pa.bool_()), Kind.FLAG, False, True, ARROW),
    Regime(pd.ArrowDtype(pa.timestamp("s", tz="UTC")), Kind.TIME, EARLY, LATE, ARROW),
]
CASES = [
    pytest.param(
        regime, name, id=f"{regime.dtype if isinstance(regime.dtype, str) else str(regime.dtype)}-{name}"
    )
    for regime in REGIMES
    for name in regime.survive
]


def frame(regime: Regime) -> pd.DataFrame:
    return pd.DataFrame({"c": pd.Series([regime.a, regime.b, None], dtype=regime.dtype, index=list("abN"))})


def node(regime: Regime, name: str) -> Any:
    return bind_query(lambda c: CONDITIONS[name](c.c, regime.a), frame(regime).iloc[:0]).node


@pytest.mark.parametrize(("regime", "name"), CASES)
def test_pandas_keeps_the_rows_of_the_table(regime, name):
    rows = frame(regime)
    assert "".join(rows[CONDITIONS[name](rows.c, regime.a)].index) == regime.survive[name]


@pytest.mark.parametrize(("regime", "name"), CASES)
def test_a_null_is_judged_as_pandas_judges_it(regime, name):
    answer = on_null(node(regime, name), {"c": regime.dtype})
    assert (answer is True) is ("N" in regime.survive[name])


@pytest.mark.parametrize(("regime", "name"), CASES)
def test_the_bounds_hold_every_row_that_survives_and_no_other_where_they_are_exact(regime, name):
    field = Field("c", regime.kind)
    region = Bounds({"c": field}, {"c": regime.dtype}).region(node(regime, name))
    wire = {"a": on_wire(regime.a), "b": on_wire(regime.b), "N": None}
    inside = "".join(row for row, value in wire.items() if holds(region, value))
    assert set(regime.survive[name]) <= set(inside)
    if region.exact:
        assert inside == regime.survive[name]


@pytest.mark.parametrize(("regime", "name"), CASES)
def test_the_bounds_are_exact_but_for_what_no_filter_says(regime, name):
    unsaid = (
        regime.kind is Kind.FLAG
        or (regime.kind is Kind.STRING and "from" in name)
        or (regime.kind is Kind.TIME and "with null" in name)
    )
    region = Bounds({"c": Field("c", regime.kind)}, {"c": regime.dtype}).region(node(regime, name))
    assert region.exact is not unsaid
    assert bool(region.reasons) is unsaid


@pytest.mark.parametrize("regime", REGIMES, ids=lambda regime: str(regime.dtype))
def test_a_field_that_is_never_null_has_no_null_in_its_bounds(regime):
    for name in regime.survive:
        region = Bounds({"c": Field("c", regime.kind, nullable=False)}, {"c": regime.dtype}).region(
            node(regime, name)
        )
        values = [domain for box in region.boxes for domain in box.domains.values()]
        assert not any(domain.null for domain in values), name


def test_a_query_string_and_an_expression_differ_where_pandas_makes_them_differ():
    rows = pd.DataFrame({"c": pd.Series(["x", "b", None], dtype="string[python]", index=list("abN"))})
    field, dtypes = {"c": Field("c", Kind.STRING)}, {"c": rows.c.dtype}
    text, expression = bind_query("c != 'x'", rows.iloc[:0]), bind_query(lambda c: c.c != "x", rows.iloc[:0])
    assert [*text.select(rows).index] == ["b", "N"]
    assert [*expression.select(rows).index] == ["b"]
    assert holds(Bounds(field, dtypes).region(text.node), None)
    assert not holds(Bounds(field, dtypes).region(expression.node), None)


def on_wire(value: Any) -> Any:
    return int(value.timestamp()) if isinstance(value, pd.Timestamp) else value


def holds(region: Region, value: Any) -> bool:
    """Tell whether a value of the one column lies in a region, from the definition of its sets."""
    return any(all(_in(domain, value) for domain in box.domains.values()) for box in region.boxes)


def _in(domain: Numbers | Texts, value: Any) -> bool:
    if value is None:
        return domain.null
    if isinstance(domain, Numbers):
        return any(
            (run.low < value or (run.low == value and not run.low_open))
            and (value < run.high or (value == run.high and not run.high_open))
            for run in domain.intervals
        )
    listed = domain.include is None or value in domain.include
    return (
        listed
        and value not in domain.exclude
        and all(test.accepts(value) is not False for test in domain.patterns)
    )
