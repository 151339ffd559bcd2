"""A server that keeps times in milliseconds or microseconds is recognized, and answers as one that keeps seconds."""

from __future__ import annotations

import json
import operator
import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pandas as pd
import pytest

from dyno_frames.api import connect
from dyno_frames.contract.time_units import in_wire_units, unit_of
from dyno_frames.errors import ContractError, SchemaError

COUNTERS = ("recipients", "sent", "delivered", "opens", "clicks", "bounces", "complaints", "unsubscribes")
COMPARE = {"eq": operator.eq, "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
FIRST_S = 1_451_606_400


def rows(unit: int, *, number: int = 150) -> list[dict[str, Any]]:
    """Return campaigns of every second day from 2016 on; in finer units their times have fractions of seconds."""
    return [
        {
            "id": f"k{at:03}",
            "name": f"name {at}",
            "status": "finished",
            **dict.fromkeys(COUNTERS, at),
            "start_time": None if at % 3 else (FIRST_S + 172_800 * at) * unit + unit // 2,
            "created": (FIRST_S - 86_400 * 60 + 172_800 * at) * unit + (at * 7) % unit,
            "updated": (FIRST_S + 172_800 * at) * unit,
            "user_id": None,
        }
        for at in range(number)
    ]


def fits(row: dict[str, Any], name: str, wanted: Any) -> bool:
    value = row.get(name)
    if not isinstance(wanted, dict):
        return bool(value == wanted)
    return value is not None and all(COMPARE[word](value, number) for word, number in wanted.items())


class Server:
    """Answers finds and counts of campaigns over its rows, and gives one of them."""

    def __init__(self, held: list[dict[str, Any]]) -> None:
        self.rows = held
        self.bodies: list[dict[str, Any]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.bodies.append(body)
                self._reply(server.found(body, counting=self.path.endswith("count")))

            def do_GET(self) -> None:
                key = self.path.rpartition("/")[2]
                self._reply(next(row for row in server.rows if row["id"] == key))

            def _reply(self, data: Any) -> None:
                content = json.dumps({"has_error": False, "error_code": "", "data": data}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def found(self, body: dict[str, Any], *, counting: bool) -> Any:
        conditions = {name: value for name, value in body.items() if not name.startswith("application_")}
        kept = [row for row in self.rows if all(fits(row, *item) for item in conditions.items())]
        if counting:
            return {"count": len(kept)}
        by = body.get("application_order_by", "created")
        kept.sort(
            key=lambda row: (row[by], row["id"]), reverse=body.get("application_order_direction") == "desc"
        )
        fields = body.get("application_fields")
        if fields:
            kept = [{name: row[name] for name in fields if name in row} for row in kept]
        offset = body.get("application_offset", 0)
        return kept[offset : offset + min(body.get("application_limit", 100), 40)]

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join(10)
        self._http.server_close()


@pytest.fixture
def start():
    with ExitStack() as stack:

        def make(held: list[dict[str, Any]], **settings: Any) -> tuple[Any, Server]:
            server = Server(held)
            stack.callback(server.close)
            return stack.enter_context(connect(server.url, "some-key", **settings)), server

        yield make


QUESTIONS = (
    "created >= '2016-01-01T00:00Z'",
    "created < 1455062400",
    "created > '2016-02-01T12:00:00.5Z' and created <= '2016-06-01T00:00Z'",
    "start_time <= '2016-03-01T00:00Z'",
    "not start_time > '2016-03-01T00:00Z'",
    "start_time.notna()",
    "created.dt.year == 2016 and opens < 100",
    "updated.dt.normalize() == @day",
)
UNITS = {"milliseconds": 10**3, "microseconds": 10**6}


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
@pytest.mark.parametrize("profile", ["auto", None], ids=["auto", "told"])
def test_a_finer_unit_is_recognized_and_answers_are_those_of_a_server_of_seconds(start, unit, profile):
    from dyno_frames.contract.profile import Profile

    client, _ = start(rows(unit), profile=profile or Profile())
    plain = [
        row
        | {name: row[name] // unit for name in ("created", "updated", "start_time") if row[name] is not None}
        for row in rows(unit)
    ]
    seconds, _ = start(plain, name="seconds")
    full = seconds.campaigns.find()
    pd.testing.assert_frame_equal(client.campaigns.find(), full, check_flags=False)
    assert full["created"].max() < pd.Timestamp("2020-01-01", tz="UTC")
    for question in QUESTIONS:
        scope = {"day": full["updated"].iloc[7]}
        expected = seconds.campaigns.frame().dyno.query(question, local_dict=scope, global_dict={})
        found = client.campaigns.frame().dyno.query(question, local_dict=scope, global_dict={})
        assert 0 < len(expected) < len(full)
        pd.testing.assert_frame_equal(found, expected, check_flags=False, obj=question)
    newest = client.campaigns.find(order_by="created", ascending=False, limit=5)
    assert list(newest["id"]) == ["k149", "k148", "k147", "k146", "k145"]
    assert client.campaigns.count("created >= '2016-01-01T00:00Z'") == len(
        seconds.campaigns.find(QUESTIONS[0])
    )


def test_a_plan_shows_the_numbers_that_are_sent(start):
    client, server = start(rows(10**3))
    plan = client.campaigns.scan("created >= '2016-01-01T00:00Z' and created < '2017-01-01T00:00Z'").explain()
    assert plan.exact
    assert plan.requests[0]["created"] == {"gte": 1_451_606_400_000, "lte": 1_483_228_799_999}
    server.bodies.clear()
    client.campaigns.count("created >= '2016-01-01T00:00Z' and created < '2017-01-01T00:00Z'")
    assert server.bodies[-1] == {"created": {"gte": 1_451_606_400_000, "lte": 1_483_228_799_999}}


def test_one_campaign_has_its_times_in_the_same_unit(start):
    held = rows(10**3)
    client, _ = start(held)
    found = client.campaigns.get("k000")
    assert found["created"] == pd.Timestamp(held[0]["created"] // 1000, unit="s", tz="UTC")
    assert found["start_time"] == pd.Timestamp(held[0]["start_time"] // 1000, unit="s", tz="UTC")


def test_times_of_two_units_are_refused_with_the_way_to_declare_one(start):
    held = [*rows(1, number=3), *rows(10**3, number=3)]
    client, _ = start(held)
    with pytest.raises(SchemaError) as raised:
        client.campaigns.frame()
    for name in ("start_time", "created", "updated"):
        assert f"'{name}': 'epoch_ms'" in str(raised.value)


def test_a_declared_unit_holds_and_one_that_is_contradicted_is_refused(start):
    held = rows(10**3)
    client, _ = start(held, schema={"created": "epoch_ms", "updated": "epoch_ms", "start_time": "epoch_ms"})
    assert len(client.campaigns.find("created >= '2016-01-01T00:00Z'")) == 120
    other, _ = start(rows(1), schema={"created": "epoch_ms"}, name="other")
    with pytest.raises(ContractError, match="milliseconds"):
        other.campaigns.find()


def test_a_time_in_another_unit_than_the_others_is_refused_when_it_comes(start):
    held = rows(1)
    held[0]["start_time"] = 1_451_606_400_000
    client, _ = start(held)
    with pytest.raises(ContractError, match=r"epoch_ms") as raised:
        client.campaigns.find()
    assert raised.value.field == "start_time"
    found = client.campaigns.find(on_invalid="null")
    assert found["start_time"].isna().iloc[0]


def test_a_field_without_a_value_has_the_unit_of_created(start):
    held = [row | {"start_time": None} for row in rows(10**3)]
    held[0]["start_time"] = 1_451_606_400_500
    client, _ = start(held)  # the newest rows, which the schema is learnt from, have no start_time
    assert client.campaigns.find()["start_time"].iloc[0] == pd.Timestamp("2016-01-01", tz="UTC")


@pytest.mark.parametrize(
    ("numbers", "unit"),
    [
        ([1_439_054_168, -5, 0], 1),
        ([1_439_054_168_000, 0], 10**3),
        ([1_439_054_168_000_000], 10**6),
        ([1_439_054_168_000, 5], None),
        ([1_439_054_168_000, 1_439_054_168_000_000], None),
        ([], 1),
    ],
)
def test_the_unit_follows_from_the_numbers_where_it_is_certain(numbers, unit):
    assert unit_of(numbers) == unit


@pytest.mark.parametrize(
    ("seconds", "sent"),
    [
        ({"gte": 5}, {"gte": 5000}),
        ({"gt": 5}, {"gt": 5999}),
        ({"lt": 5}, {"lt": 5000}),
        ({"lte": 5}, {"lte": 5999}),
        ({"eq": 5}, {"gt": 4999, "lt": 6000}),
        ({"gte": 5, "lt": 9}, {"gte": 5000, "lt": 9000}),
        ({"gte": -5}, {"gte": -5000}),
        ({"gte": -(2**63)}, {"gte": -(2**63)}),
        ({"eq": 5, "gt": 7}, {"gt": 7999, "lt": 6000}),
        (5, {"gt": 4999, "lt": 6000}),
    ],
)
def test_a_condition_in_seconds_keeps_the_times_that_are_rounded_down_to_them(seconds, sent):
    body = {"created": seconds, "opens": {"eq": 5}, "application_limit": 5}
    assert in_wire_units(body, {"created": 1000}) == body | {"created": sent}
