"""``scan.to_dask()`` without a cluster: the rows of pandas, known divisions, and no request before the computation."""

from __future__ import annotations

import datetime as dt
import io
import json
import subprocess
import sys

import dask
import numpy as np
import pandas as pd
import pytest
from cloudpickle import dumps, loads
from dask.base import tokenize
from dask.dataframe import DataFrame, concat
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

import dyno_frames
from dyno_frames.api import connect
from dyno_frames.errors import ConfigError, ContractError, MissingExtraError, QueryError, StaleError
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


def test_a_frame_keeps_its_token_and_a_later_one_is_read_anew(client):
    first, again = (client.campaigns.scan("opens > 20").to_dask() for _ in range(2))
    assert tokenize(first) == tokenize(loads(dumps(first)))
    assert first._name != again._name


@pytest.mark.parametrize("query", ["opens > 1000", "status == 'finished' and opens == 25"])
@pytest.mark.parametrize("pinned", [True, False])
def test_rows_that_match_later_are_seen_whenever_they_were_created(client, box, query, pinned):
    found = client.campaigns.scan(query).to_dask(rows_per_partition=200, pinned=pinned)
    with box._store.transaction() as connection:
        connection.execute(
            "UPDATE campaigns SET status = 'finished', opens = ?", (25 if "25" in query else 2000,)
        )
    if pinned:
        with pytest.raises(StaleError):
            found.compute()
    else:
        assert len(found.compute()) == len(ROWS)
    assert dyno_frames.certificate_of(found).verdict != "exact"


def test_rows_that_are_created_later_are_not_read(client):
    found = client.campaigns.scan().to_dask(rows_per_partition=200)
    client.campaigns.create(name="later", list_id="none")
    assert len(found.compute()) == len(ROWS)


def test_a_window_with_another_number_of_rows_is_an_error_that_names_it(client):
    found = client.campaigns.scan().to_dask(rows_per_partition=200)
    client.campaigns.delete(client.campaigns.find("status == 'draft'", limit=1).id[0])
    first = r"created up to 2015-12-\d\d \d\d:\d\d:\d\d UTC were (\d+) .* Call to_dask\(\) again"
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
    for other in (client.campaigns.frame(), client.campaigns.scan().to_dask().to_delayed()[0]):
        with pytest.raises(ConfigError, match=f"of type {type(other).__name__} that was not read by to_dask"):
            dyno_frames.certificate_of(other)


def test_without_dask_the_extra_is_named(client, monkeypatch):
    monkeypatch.setitem(sys.modules, "dask", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'dyno_frames\[dask\]'"):
        client.campaigns.scan().to_dask()


def test_rows_of_a_mirror_are_not_read_by_dask(client, tmp_path):
    mirror = client.lists.mirror(tmp_path / "mirror")
    with pytest.raises(ConfigError, match="do not come from a server"):
        mirror.scan().to_dask()


def test_the_certificate_of_joined_frames_is_the_worst_of_all(client):
    early, late = (
        client.campaigns.scan(f"created {sign} '2015-12-15'").to_dask(rows_per_partition=200, pinned=False)
        for sign in ("<", ">=")
    )
    both = concat([early, late])
    late.compute()
    assert dyno_frames.certificate_of(both).verdict == "uncertified"
    client.campaigns.delete(client.campaigns.find("status == 'draft'", limit=1).id[0])
    assert len(both.compute()) == len(ROWS) - 1
    for frame in (both, both.opens.sum(), concat([late, early])):
        certificate = dyno_frames.certificate_of(frame)
        assert certificate.verdict == "at_least_once"
        assert certificate.count_after == len(ROWS) - 1


def test_a_failed_computation_takes_the_certificate_of_the_one_before(client):
    found = client.campaigns.scan().to_dask(rows_per_partition=200)
    found.compute()
    assert dyno_frames.certificate_of(found).verdict == "exact"
    client.campaigns.delete(client.campaigns.find("status == 'draft'", limit=1).id[0])
    with pytest.raises(StaleError):
        found.compute()
    certificate = dyno_frames.certificate_of(found)
    assert certificate.verdict == "uncertified"
    assert "it could not be read (StaleError)" in certificate.reasons[0]


def test_a_pool_of_processes_which_cannot_report_is_refused(client):
    found = client.campaigns.scan().to_dask()
    with pytest.raises(ConfigError, match="which cannot report whether its rows are complete"):
        found.compute(scheduler="processes", num_workers=1)


class Repeating(HTTPAdapter):
    """Returns one row of a page in the place of another one, once."""

    repeats = False

    def send(self, request, **options):
        response = super().send(request, **options)
        page = response.json().get("data")
        if self.repeats and isinstance(page, list) and len(page) > 10:
            page[3], self.repeats = page[4], False
            content = json.dumps({"has_error": False, "error_code": "", "data": page}).encode()
            response._content = content
            response.raw = HTTPResponse(
                io.BytesIO(content), status=200, headers=response.headers, preload_content=False
            )
        return response


@pytest.mark.parametrize("pinned", [True, False])
def test_a_row_in_the_place_of_another_one_is_no_change_but_a_missing_row(box, own_state, pinned):
    adapter = Repeating()
    with connect(box.url, box.api_key, transport=adapter, page_size=100) as client:
        found = client.campaigns.scan().to_dask(rows_per_partition=200, pinned=pinned)
        adapter.repeats = True
        if pinned:
            with pytest.raises(ContractError, match=r"the server counts (\d+) rows and \d+ came"):
                found.compute()
        else:
            assert len(found.compute()) == len(ROWS) - 1
        assert dyno_frames.certificate_of(found).verdict == "uncertified"


def test_selecting_no_column_keeps_the_rows(client):
    found = client.campaigns.scan("opens > 20").to_dask(rows_per_partition=200)
    rows = client.campaigns.count("opens > 20")
    assert found[[]].compute().shape == (rows, 0)
    assert len(found[[]].assign(one=1)) == rows


def test_the_index_is_no_column_as_after_set_index(client):
    found = client.campaigns.scan(columns=["opens", "created"]).to_dask(
        rows_per_partition=200, index="created"
    )
    assert list(found.columns) == ["opens"]
    expected = client.campaigns.scan(columns=["created", "opens"]).to_frame()
    pd.testing.assert_frame_equal(found.reset_index().compute().reset_index(drop=True), expected)


def test_counting_for_the_partitions_keeps_to_the_rate(client, box):
    client.campaigns.scan().to_dask()  # learns what the server's filters mean
    sent = len(box.requests)
    client.campaigns.scan().to_dask(rows_per_partition=200, max_requests_per_second=20)
    counts = [entry.at for entry in list(box.requests)[sent:] if entry.path.endswith("/count")]
    assert len(counts) > 5
    assert (len(counts) - 1) / (max(counts) - min(counts)) <= 22


_IN_PROCESS = """
import faulthandler, sys
from distributed import Client
from dyno_frames import connect

faulthandler.dump_traceback_later(150, exit=True)
with connect(sys.argv[1], name="main") as client:
    scan = client.campaigns.scan()
    expected = scan.to_frame()
    for _ in range(2):
        with Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=":0") as cluster:
            found = scan.to_dask(rows_per_partition=400).compute(scheduler=cluster)
            assert found.id.tolist() == expected.id.tolist()
"""


def test_clusters_of_threads_in_one_process_follow_each_other(box, monkeypatch):
    monkeypatch.setenv("DYNO_API_KEY", box.api_key)
    done = subprocess.run(
        [sys.executable, "-c", _IN_PROCESS, box.url], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_divisions_are_instants_in_utc(client):
    found = client.campaigns.scan().to_dask(rows_per_partition=200, index="created")
    assert found.divisions[0] == pd.Timestamp(START, unit="s", tz="UTC")
    assert found.divisions[-1].tzinfo == dt.UTC or str(found.divisions[-1].tz) == "UTC"
