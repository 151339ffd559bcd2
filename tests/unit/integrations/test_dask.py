"""``scan.to_dask()`` without a cluster: the rows of pandas, known divisions, and no request before the computation."""

from __future__ import annotations

import datetime as dt
import json
import sys

import dask
import numpy as np
import pandas as pd
import pytest
from cloudpickle import dumps, loads
from dask.base import tokenize
from dask.dataframe import DataFrame
from requests.adapters import HTTPAdapter

import dyno_frames
from dyno_frames.api import connect
from dyno_frames.errors import ConfigError, MissingExtraError, QueryError, StaleError
from dyno_frames.sandbox.sandbox import Sandbox

START = 1_450_000_000

ROWS = pd.DataFrame(
    {
        "name": [f"{kind} {number}" for number in range(600) for kind in ("Weekly", "Sale")],
        "subject": [None if number % 3 == 0 else f"subject {number % 7}" for number in range(1_200)],
        "created": [START + number // 3 * 600 for number in range(1_200)],
        "opens": [number * 13 % 50 for number in range(1_200)],
        "status": [("draft", "finished", "running")[number % 3] for number in range(1_200)],
    }
)

QUERIES = [
    None,
    "opens > 20",
    "opens % 2 == 0",
    "status == 'finished' or opens < 10",
    "subject.isna() and name.str.contains('Weekly')",
    "created >= '2015-12-14' and opens in [13, 26]",
    "opens > 60",
    "opens > 60 and opens < 3",
    lambda c: c.name.str.len() > 10,
    pd.col("opens") > 20,
]


@pytest.fixture
def box():
    with Sandbox(load={"campaigns": ROWS}, speed=0) as box:
        yield box


@pytest.fixture
def client(box, own_state):
    with connect(box.url, box.api_key, page_size=50) as client:
        yield client


@pytest.fixture(autouse=True)
def _no_threads():
    with dask.config.set(scheduler="sync"):
        yield


def test_a_dask_frame_has_the_rows_and_dtypes_of_pandas_in_the_same_order(client):
    for expr in QUERIES:
        scan = client.campaigns.scan(expr)
        expected = scan.to_frame()
        found = scan.to_dask(rows_per_partition=200)
        pd.testing.assert_frame_equal(found.compute().reset_index(drop=True), expected)
        assert found.dtypes.to_dict() == expected.dtypes.to_dict()


@pytest.mark.parametrize("backend", [None, "numpy_nullable", "pyarrow"])
def test_the_dtype_backend_of_the_client_and_its_columns_are_kept(box, own_state, backend):
    with connect(box.url, box.api_key, page_size=50, dtype_backend=backend) as client:
        scan = client.campaigns.scan("opens > 20", columns=["opens", "subject", "open_rate", "list_name"])
        found = scan.to_dask(rows_per_partition=200, index="created")
        pd.testing.assert_frame_equal(found.compute().reset_index(drop=True), scan.to_frame())


def test_partitions_are_about_as_large_as_requested(client):
    found = client.campaigns.scan().to_dask(rows_per_partition=200)
    assert 6 <= found.npartitions <= 8
    assert found.map_partitions(len).compute().max() <= 210


def test_an_index_by_created_has_known_divisions_that_pandas_confirms(client):
    found = client.campaigns.scan("opens > 20").to_dask(rows_per_partition=200, index="created")
    whole = found.compute()
    assert found.known_divisions
    assert whole.index.is_monotonic_increasing
    day = found.loc["2015-12-15":"2015-12-16"]
    assert day.npartitions < found.npartitions
    pd.testing.assert_frame_equal(day.compute(), whole.loc["2015-12-15":"2015-12-16"])


def test_everything_up_to_the_computation_sends_no_request(client, box):
    found = client.campaigns.scan("opens > 20").to_dask(rows_per_partition=200)
    sent = len(box.requests)
    repr(found), found._repr_html_(), found.columns, found.dtypes, found.npartitions
    lazy = found[found.opens > 30].groupby("status", observed=True).opens.sum()
    lazy.optimize().__dask_graph__()
    assert len(box.requests) == sent
    expected = client.campaigns.scan("opens > 30").to_frame().groupby("status", observed=True).opens.sum()
    pd.testing.assert_series_equal(lazy.compute(), expected)


class Recorder(HTTPAdapter):
    """Sends requests, and keeps the fields that each of them asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.fields = []

    def send(self, request, **options):
        self.fields.append(json.loads(request.body).get("application_fields"))
        return super().send(request, **options)


def test_selected_columns_are_requested_alone(box, own_state):
    recorder = Recorder()
    with connect(box.url, box.api_key, transport=recorder) as client:
        found = client.campaigns.scan().to_dask(rows_per_partition=200)
        recorder.fields.clear()
        assert found.opens.sum().compute() == ROWS.opens.sum()
    assert {frozenset(fields) for fields in recorder.fields if fields} == {
        frozenset({"id", "created", "opens"})
    }


def test_the_same_question_of_the_same_rows_has_the_same_token(client):
    first, again = (client.campaigns.scan("opens > 20").to_dask() for _ in range(2))
    assert first._name == again._name
    assert tokenize(first) == tokenize(again)
    client.campaigns.create(name="new", list_id="none")
    assert client.campaigns.scan().to_dask()._name != client.campaigns.scan("opens >= 0").to_dask()._name
    client.campaigns.delete(client.campaigns.find("opens > 20 and status == 'draft'", limit=1).id[0])
    assert client.campaigns.scan("opens > 20").to_dask()._name != first._name


def test_rows_that_are_created_later_are_not_read(client):
    found = client.campaigns.scan().to_dask(rows_per_partition=200)
    client.campaigns.create(name="later", list_id="none")
    assert len(found.compute()) == len(ROWS)


def test_a_window_with_another_number_of_rows_is_an_error_that_names_it(client):
    found = client.campaigns.scan().to_dask(rows_per_partition=200)
    client.campaigns.delete(client.campaigns.find("status == 'draft'", limit=1).id[0])
    first = r"created from 2015-12-13 09:46:40 to 2015-12-\d\d \d\d:\d\d:\d\d UTC were (\d+) .* Call to_dask\(\) again"
    with pytest.raises(StaleError, match=first):
        found.compute()


def test_without_the_pin_the_certificate_names_the_windows_that_changed(client):
    found = client.campaigns.scan("opens % 2 == 0").to_dask(rows_per_partition=200, pinned=False)
    unread = dyno_frames.certificate_of(found)
    assert unread.verdict == "uncertified"
    assert f"no result of {found.npartitions} of {found.npartitions} partitions" in unread.reasons[0]
    found.compute()
    assert dyno_frames.certificate_of(found).verdict == "exact"
    client.campaigns.delete(client.campaigns.find("status == 'draft'", limit=1).id[0])
    rows = found.compute()
    certificate = dyno_frames.certificate_of(found[found.opens > 3].name)
    assert certificate.verdict == "at_least_once"
    assert len(certificate.reasons) == 1
    assert certificate.count_before == certificate.count_after + 1 == len(ROWS)
    assert certificate.rows_returned == len(rows)


def test_a_graph_can_be_pickled_and_holds_no_key(client, box):
    found = client.campaigns.scan("opens > 20").to_dask(rows_per_partition=200)
    stored = dumps(found) + dumps(found.optimize().__dask_graph__())
    assert box.api_key.encode() not in stored
    assert box.api_key not in repr(found.expr.__dict__) + repr(dict(found.optimize().__dask_graph__()))
    assert isinstance(loads(dumps(found)), DataFrame)


def test_a_query_that_contains_the_key_is_refused(client, box):
    with pytest.raises(ConfigError, match="contains the API key") as caught:
        client.campaigns.scan(f"name == '{box.api_key}'").to_dask()
    assert box.api_key not in str(caught.value)


def test_addresses_in_the_query_are_not_in_what_workers_log(client):
    found = client.campaigns.scan("from_email == 'ann@example.com'").to_dask()
    assert "ann@" not in repr(list(dict(found.optimize().__dask_graph__()).values()))


@pytest.mark.parametrize(
    ("expr", "options", "message"),
    [
        (None, {"limit": 5}, "have an order, a limit or an offset"),
        (None, {"order_by": "opens"}, "have an order, a limit or an offset"),
        ("opens > opens.mean()", {}, "depend on other rows"),
    ],
)
def test_a_query_whose_partitions_depend_on_each_other_is_refused(client, expr, options, message):
    with pytest.raises(QueryError, match=message):
        client.campaigns.scan(expr, **options).to_dask()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"index": "opens"}, "index='opens'; expected 'created' or None"),
        ({"rows_per_partition": 0}, "rows_per_partition=0; expected a whole number from 1"),
        ({"rows_per_partition": 1.5}, "rows_per_partition=1.5; expected a whole number from 1"),
        ({"workers": True}, "workers=True; expected a whole number from 1"),
        ({"workers": 0}, "workers=0; expected a whole number from 1"),
        ({"max_requests_per_second": 0}, "max_requests_per_second=0; expected a number above 0"),
        ({"max_requests_per_second": np.nan}, "max_requests_per_second=nan; expected a number above 0"),
        ({"max_requests_per_second": "5"}, "max_requests_per_second='5'; expected a number above 0"),
    ],
)
def test_a_wrong_argument_is_refused_before_a_request(client, box, options, message):
    scan = client.campaigns.scan()
    sent = len(box.requests)
    with pytest.raises(ConfigError, match=message):
        scan.to_dask(**options)
    assert len(box.requests) == sent


def test_pinned_is_true_or_false(client):
    with pytest.raises(QueryError, match="pinned='yes'; expected True or False"):
        client.campaigns.scan().to_dask(pinned="yes")


def test_a_query_that_costs_more_than_allowed_is_refused(client):
    with pytest.raises(QueryError, match="max_rows=100 allows fewer"):
        client.campaigns.scan(max_rows=100).to_dask()


def test_an_object_that_is_no_frame_of_a_scan_has_no_certificate(client):
    with pytest.raises(ConfigError, match="of type DataFrame that was not read by to_dask"):
        dyno_frames.certificate_of(client.campaigns.frame())


def test_without_dask_the_extra_is_named(client, monkeypatch):
    monkeypatch.setitem(sys.modules, "dask", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'dyno_frames\[dask\]'"):
        client.campaigns.scan().to_dask()


def test_rows_of_a_mirror_are_not_read_by_dask(client, tmp_path):
    mirror = client.lists.mirror(tmp_path / "mirror")
    with pytest.raises(ConfigError, match="do not come from a server"):
        mirror.scan().to_dask()


def test_divisions_are_instants_in_utc(client):
    found = client.campaigns.scan().to_dask(rows_per_partition=200, index="created")
    assert found.divisions[0] == pd.Timestamp(START, unit="s", tz="UTC")
    assert found.divisions[-1].tzinfo == dt.UTC or str(found.divisions[-1].tz) == "UTC"
