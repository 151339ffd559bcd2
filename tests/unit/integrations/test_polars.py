"""``scan_polars``: a result equals that of polars on all rows, and what can be is evaluated by the server."""

from __future__ import annotations

import datetime as dt
import operator
import pickle
import random
import sys

import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import dyno_frames
from dyno_frames.api import connect
from dyno_frames.cli.profiles import PROFILES
from dyno_frames.errors import MissingExtraError, QueryError, TransportError
from dyno_frames.integrations.polars import scan_polars
from dyno_frames.integrations.polars_predicate import translated
from dyno_frames.sandbox.sandbox import Sandbox

C = pl.col
NEW_YEAR = dt.datetime(2016, 1, 1, tzinfo=dt.UTC)


ROWS = pd.DataFrame(
    {
        "name": [f"{kind} {number}" for number in range(40) for kind in ("Weekly", "Sale (50 %)")],
        "subject": [None if number % 3 == 0 else f"sub.ject {number % 7}" for number in range(80)],
        "start_time": [None if number % 4 == 0 else 1_450_000_000 + number * 86_400 for number in range(80)],
        "created": [1_450_000_000 + number * 43_200 for number in range(80)],
        "opens": [number * 13 % 50 for number in range(80)],
        "status": [("draft", "finished", "running")[number % 3] for number in range(80)],
    }
)


@pytest.fixture(scope="module")
def box():
    with Sandbox(load={"campaigns": ROWS}, speed=0) as box:
        yield box


@pytest.fixture(scope="module")
def client(box):
    with connect(box.url, box.api_key, page_size=25) as client:
        yield client


@pytest.fixture(scope="module")
def everything(client):
    return pl.DataFrame(client.campaigns.scan())


PUSHED = [
    C.opens > 20,
    C.opens.is_between(10, 20),
    C.opens.is_between(10, 20, closed="none"),
    C.opens.is_in([13, 26]),
    ~C.opens.is_in([13, 26]),
    C.opens != 13,
    C.status == "finished",
    C.status.is_in(["finished", "running"]),
    C.subject.is_null(),
    ~C.subject.is_null(),
    C.subject == "sub.ject 3",
    C.subject != "sub.ject 3",
    ~(C.subject == "sub.ject 3"),
    C.name.str.contains("Weekly"),
    C.name.str.contains("(50", literal=True),
    C.name.str.starts_with("Sale ("),
    C.subject.str.ends_with("3"),
    ~C.subject.str.ends_with("3"),
    C.created >= NEW_YEAR,
    C.start_time.is_in([NEW_YEAR]),
    C.start_time.is_between(NEW_YEAR, NEW_YEAR + dt.timedelta(days=20)),
    (C.status == "finished") & (C.opens > 20),
    (C.status == "finished") | (C.opens > 20),
    ~((C.status == "finished") & (C.subject != "sub.ject 3")),
    (C.opens > 20) & (C.name.str.len_chars() > 8),
    (C.opens > 20) & (C.opens * 2 > C.id.str.len_chars()),
]

LOCAL = [
    C.name.str.contains("We.k"),
    C.name.str.contains("(?i)weekly"),
    C.opens.is_in([13, None]),
    C.subject.is_in(["sub.ject 3"], nulls_equal=True),
    C.opens.eq_missing(13),
    C.opens % 2 == 0,
    C.opens > C.clicks,
    (C.opens > 20) | (C.opens % 2 == 0),
    ~((C.opens > 20) & (C.opens % 2 == 0)),
    C.name.str.to_uppercase() == "WEEKLY 3",
    C.created.dt.year() == 2016,
    C.opens == C.opens.max(),
    pl.lit(True),
]

COERCED_FIRST = [C.opens.is_in([]), C.created < dt.date(2016, 1, 1), C.opens > 20.5, C.opens == 13.0]
"""What polars writes in another way before it asks for rows."""


@pytest.mark.parametrize("predicate", PUSHED + LOCAL + COERCED_FIRST, ids=str)
def test_a_result_equals_that_of_polars_on_all_rows(client, everything, predicate):
    lazy = scan_polars(client.campaigns)
    assert_frame_equal(lazy.filter(predicate).collect(), everything.filter(predicate))
    assert_frame_equal(
        lazy.filter(predicate).select("opens", "id").head(5).collect(),
        everything.filter(predicate).select("opens", "id").head(5),
    )
    assert_frame_equal(lazy.head(30).filter(predicate).collect(), everything.head(30).filter(predicate))


@pytest.mark.parametrize("predicate", PUSHED, ids=str)
def test_a_predicate_that_means_the_same_in_pandas_goes_to_the_compiler(predicate):
    assert translated(predicate) is not None


@pytest.mark.parametrize("predicate", LOCAL, ids=str)
def test_a_predicate_that_may_mean_something_else_is_left_to_polars(predicate):
    assert translated(predicate) is None


def test_a_predicate_that_pandas_refuses_is_left_to_polars(client, everything):
    lazy = scan_polars(client.campaigns)
    for predicate in (C.status < "m", (C.status >= "m") & (C.opens > 20)):
        assert_frame_equal(lazy.filter(predicate).collect(), everything.filter(predicate))


@pytest.mark.filterwarnings("ignore::polars.exceptions.PolarsInefficientMapWarning")
def test_a_predicate_with_a_function_of_python_is_left_to_polars(client, everything):
    pytest.importorskip("cloudpickle", reason="polars stores functions with cloudpickle")
    predicate = C.opens.map_elements(lambda value: value > 5, return_dtype=pl.Boolean)
    assert_frame_equal(
        scan_polars(client.campaigns).filter(predicate).collect(), everything.filter(predicate)
    )


def test_the_server_evaluates_what_it_can(client):
    test = translated((C.status == "finished") & (C.created >= NEW_YEAR) & (C.opens % 2 == 0))
    (request,) = client.campaigns.explain(test).requests
    assert (request["status"], request["created"]) == ("finished", {"gte": int(NEW_YEAR.timestamp())})


def test_only_matching_rows_are_fetched(client, box):
    scan_polars(client.campaigns).collect()  # what the client learns about the server first is known now
    before = len(box.requests)
    scan_polars(client.campaigns).collect()
    all_pages = len(box.requests) - before
    before = len(box.requests)
    scan_polars(client.campaigns).filter(C.name == "Weekly 3").collect()
    assert len(box.requests) - before < all_pages


def test_the_sum_of_a_column_reads_only_that_column(client, everything):
    total = scan_polars(client.campaigns).select(C.opens.sum()).collect()
    assert total.item() == everything["opens"].sum()


def test_rows_are_counted_without_a_column(client, everything):
    lazy = scan_polars(client.campaigns)
    assert lazy.select(pl.len()).collect().item() == len(everything)
    assert lazy.filter(C.opens > 20).select(pl.len()).collect().item() == len(everything.filter(C.opens > 20))


def test_joins_groups_and_order_are_those_of_polars(client, everything):
    def grouped(lazy):
        return lazy.group_by("status").agg(C.opens.sum(), pl.len()).sort("status").collect()

    lazy = scan_polars(client.campaigns)
    assert_frame_equal(grouped(lazy), grouped(everything.lazy()))
    assert_frame_equal(
        lazy.sort("opens", "id", descending=True).head(7).collect(),
        everything.sort("opens", "id", descending=True).head(7),
    )


def random_predicate(choose, depth):
    if depth == 0:
        return choose.choice(PUSHED[:20] + LOCAL[:7])
    join = choose.choice([operator.and_, operator.or_, lambda left, _: ~left])
    return join(random_predicate(choose, depth - 1), random_predicate(choose, depth - 1))


def test_a_translated_predicate_keeps_every_row_that_polars_keeps(client, everything, seed):
    choose, frame = random.Random(seed), client.campaigns.find()  # noqa: S311 - test data
    translations = 0
    for _ in range(300):
        predicate = random_predicate(choose, choose.randrange(4))
        test = translated(predicate)
        if test is not None:
            translations += 1
            kept = everything.filter(predicate)["id"].to_list()
            assert {*kept} <= {*frame.loc[test(frame), "id"]}, str(predicate)
    assert translations > 50


@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow"])
def test_a_result_does_not_depend_on_the_dtypes_of_frames(backend, everything):
    predicate = (C.opens <= 1) | (C.subject != "sub.ject 3")  # pandas refuses this for dtypes of two kinds
    with (
        Sandbox(load={"campaigns": ROWS}, speed=0, profile=PROFILES["postgres"]) as box,
        connect(box.url, box.api_key, dtype_backend=backend) as client,
    ):
        found = scan_polars(client.campaigns).filter(predicate).select("name", "opens").collect()
    assert_frame_equal(found, everything.filter(predicate).select("name", "opens"))


def test_the_schema_is_known_without_the_rows(client, everything):
    assert scan_polars(client.lists).collect_schema() == pl.DataFrame(client.lists.scan()).schema
    assert scan_polars(client.campaigns).collect_schema() == everything.schema


def test_the_public_name_is_the_same_function():
    assert dyno_frames.scan_polars is scan_polars


@pytest.mark.parametrize("given", [None, "campaigns", pd.DataFrame()])
def test_another_object_than_a_resource_is_refused_with_an_example(given):
    with pytest.raises(QueryError, match=r"expected a resource of a client, such as client\.campaigns"):
        scan_polars(given)


def test_without_polars_the_extra_is_named(client, monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingExtraError, match=r"dyno_frames\[polars\]"):
        scan_polars(client.campaigns)


def test_a_server_that_is_gone_is_an_error_of_the_package(without_server):
    with without_server("polars", "auto") as gone, pytest.raises(TransportError):
        scan_polars(gone.campaigns).collect()


def test_a_lazy_frame_holds_no_key_that_can_be_stored(client, box):
    lazy = scan_polars(client.campaigns)
    assert box.api_key not in lazy.explain() + repr(lazy)
    with pytest.raises(Exception, match="pickle") as caught:
        pickle.dumps(lazy)
    assert box.api_key not in str(caught.value)
