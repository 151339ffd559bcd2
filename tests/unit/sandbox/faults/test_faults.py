"""Injected faults: what each kind does, to which requests, how often, and when it ends."""

from __future__ import annotations

import threading
import time

import pytest
import requests

from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.faults.fault import Fault, Kind
from dyno_frames.sandbox.faults.faults import Faults
from dyno_frames.sandbox.http.app import FAULTS_PATH


@pytest.fixture
def api(serve):
    return serve(faults=[], sample=True)


def inject(api, **fault):
    return api.data("PUT", FAULTS_PATH, {"faults": [fault]})["faults"]


def test_the_endpoint_exists_only_with_faults(serve):
    plain = serve()
    assert plain.refused("GET", FAULTS_PATH)[0] == "404"
    with pytest.raises(ConfigError, match=r"faults=\[\]"):
        plain.box.set_faults([])
    asked = serve(faults=[])
    assert asked.data("GET", FAULTS_PATH) == {"faults": []}
    assert asked.refused("GET", FAULTS_PATH, headers={"User-Api-Key": "no"})[0] == "401"


def test_a_slow_down_has_its_envelope_and_ends_after_its_times(api):
    inject(api, kind="slow_down", retry_after_s=7, times=2)
    for _ in range(2):
        response = api.ask("POST", "/campaigns/count", {})
        assert (response.status_code, response.headers["retry-after"]) == (429, "7")
        assert response.json()["error_code"] == "429"
    assert api.data("POST", "/campaigns/count", {}) == {"count": 400}
    assert api.data("GET", FAULTS_PATH)["faults"][0]["triggered"] == 2


def test_an_error_has_no_envelope_and_a_refusal_has_one(api):
    inject(api, kind="error", status=502)
    response = api.ask("POST", "/campaigns/count", {})
    assert (response.status_code, response.headers["content-type"]) == (502, "text/html; charset=utf-8")
    inject(api, kind="refusal", code="123")
    assert api.refused("POST", "/campaigns/count", {})[0] == "123"


def test_latency_delays_the_matching_operations_and_no_others(api):
    inject(api, kind="latency", delay_s=0.3, operations=["campaigns.count"])
    began = time.monotonic()
    api.data("POST", "/campaigns/count", {})
    assert time.monotonic() - began >= 0.3
    api.box.set_faults([Fault(kind=Kind.LATENCY, delay_s=600, operations=("campaigns.count",))])
    assert api.data("POST", "/lists/count", {}) == {"count": 8}
    assert api.data("DELETE", FAULTS_PATH) == {"faults": []}


@pytest.mark.parametrize(("kind", "done"), [("reset", False), ("drop", True)])
def test_a_connection_is_reset_before_or_after_the_request_is_processed(api, kind, done):
    inject(api, kind=kind, operations=["lists.create"], times=1)
    with pytest.raises(requests.ConnectionError):
        api.ask("POST", "/lists", {"name": "new"})
    assert api.data("POST", "/lists/count", {"name": "new"}) == {"count": int(done)}


def test_a_cut_answer_ends_in_the_middle(api):
    inject(api, kind="cut", times=1)
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        api.ask("POST", "/campaigns/find", {"application_limit": 100})
    assert len(api.data("POST", "/campaigns/find", {"application_limit": 100})) == 100


def ids(api, **wire):
    wire = {"application_order_by": "created", "application_limit": 10, **wire}
    return [row["id"] for row in api.data("POST", "/campaigns/find", wire)]


def test_a_page_cap_is_silent(api):
    before = ids(api)
    inject(api, kind="page_cap", rows=3)
    assert ids(api) == before[:3]
    assert ids(api, application_offset=3) == before[3:6]


def test_a_shuffled_page_has_the_same_rows_and_the_same_order_each_time(api):
    before, orders = ids(api), []
    for _ in range(2):
        inject(api, kind="shuffle")
        orders.append(ids(api))
    assert orders[0] == orders[1] != before
    assert sorted(orders[0]) == sorted(before)


def test_repeated_rows_appear_twice(api):
    before = ids(api)
    inject(api, kind="repeat", rows=2)
    assert ids(api) == before + before[-2:]


def test_writers_shift_every_later_page(api):
    before = ids(api)
    inject(api, kind="writers", deletes=2, inserts=3, times=1)
    assert ids(api)[3:] == before[2:9]
    assert api.data("POST", "/campaigns/count", {}) == {"count": 401}


def test_row_faults_lose_no_digit(serve):
    api = serve(faults=[{"kind": "shuffle"}])
    key = api.create("lists", big=2**70 + 1)
    assert api.data("POST", "/lists/find", {"id": key})[0]["big"] == 2**70 + 1


def test_a_share_is_triggered_about_as_often_and_the_same_each_time():
    def triggered():
        faults = Faults([{"kind": "drop", "share": 0.25, "after": 10}])
        return [bool(faults.trigger("lists.get")) for _ in range(1000)]

    first = triggered()
    assert first == triggered()
    assert not any(first[:10])
    assert 180 < sum(first) < 320


@pytest.mark.parametrize(
    "fault",
    [
        {},
        "latency",
        {"kind": "flood"},
        {"kind": "latency", "delay_s": -1},
        {"kind": "latency", "delay_s": "x"},
        {"kind": "error", "status": 200},
        {"kind": "drop", "share": 2},
        {"kind": "drop", "times": 0},
        {"kind": "drop", "operations": [5]},
        {"kind": "drop", "what": 1},
        {"kind": "refusal", "code": 5},
        {"kind": ["drop"]},
        {"kind": "refusal", "code": "\ud800"},
        {"kind": "refusal", "operations": ["lists.\ud800"]},
        {"kind": "refusal", "\ud800": 1},
    ],
)
def test_an_invalid_fault_is_refused_and_the_active_ones_stay(api, fault):
    inject(api, kind="latency", delay_s=0)
    code, words = api.refused("PUT", FAULTS_PATH, {"faults": [fault]})
    assert (code, "fault" in words) == ("400", True)
    assert len(api.data("GET", FAULTS_PATH)["faults"]) == 1


@pytest.mark.parametrize("faults", ["latency", 5, {"kind": "drop"}])
def test_faults_that_are_not_a_list_are_refused(faults):
    with pytest.raises(ConfigError, match="expected a list"):
        Faults(faults)


def test_close_finishes_the_current_requests(serve):
    api = serve(faults=[{"kind": "latency", "delay_s": 0.5}])
    answers = []
    asking = threading.Thread(target=lambda: answers.append(api.create("lists")))
    asking.start()
    end = time.monotonic() + 10
    while not api.data("GET", FAULTS_PATH)["faults"][0]["triggered"]:
        assert time.monotonic() < end
    api.box.close()
    asking.join()
    assert len(answers) == 1
