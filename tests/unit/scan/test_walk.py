"""The walk over pages, without any I/O: whatever the server does, it ends, repeats no row and never calls a loss whole."""

from __future__ import annotations

from itertools import islice
from zlib import crc32

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyno_frames.scan.pages import Route, walk

MOST_REQUESTS = 2_000
COMPARE = {
    "eq": lambda a, b: a == b,
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}


def rows_of(values, key="created"):
    return [{"id": f"{at:03d}", key: value} for at, value in enumerate(values)]


def page_of(rows, key):
    if not rows:
        return pa.RecordBatch.from_pylist([], pa.schema([("id", pa.large_string()), (key, pa.int64())]))
    if any(isinstance(row[key], str) for row in rows):
        rows = [{**row, key: str(row[key])} for row in rows]
    return pa.RecordBatch.from_pylist(rows)


def ids_of(batch):
    return batch.column("id").to_pylist() if batch.num_rows else []


class Server:
    """Answers as the reference says, or breaks one promise that it is told to break."""

    def __init__(self, rows, *, cap=1000, ordered=True, offsets=True, one_operator=False, ties=None):
        self.rows, self.cap, self.ordered, self.offsets = list(rows), cap, ordered, offsets
        self.one_operator = one_operator
        self.ties = ties or (lambda request, row: row["id"])
        self.bodies = []

    def matching(self, body):
        found = self.rows
        for name, condition in body.items():
            if name.startswith("application_"):
                continue
            operators = list(condition.items())
            for operator, value in operators[-1:] if self.one_operator else operators:
                found = [row for row in found if COMPARE[operator](row[name], value)]
        return found

    def page(self, body):
        self.bodies.append(body)
        found = self.matching(body)
        if self.ordered:
            key, down = body["application_order_by"], body["application_order_direction"] == "desc"
            found = sorted(found, key=lambda row: self.ties(len(self.bodies), row))
            found = sorted(found, key=lambda row: row[key], reverse=down)
        offset = body.get("application_offset", 0) if self.offsets else 0
        return found[offset : offset + min(body["application_limit"], self.cap)]


def drive(route, server, *, between=lambda request: None):
    """Send the walk its pages until it ends; return the ids it handed on, in order."""
    handed, walking = [], walk(route)
    body = next(walking)
    for request in range(MOST_REQUESTS):
        try:
            body = walking.send(page_of(server.page(body), route.key))
        except StopIteration:
            return handed + ids_of(route.fresh)
        handed += ids_of(route.fresh)
        between(request)
    raise AssertionError("the walk does not end")


def ids(rows):
    return [row["id"] for row in rows]


def test_an_empty_first_page_is_the_end():
    route, server = Route({}), Server([])
    assert drive(route, server) == []
    assert len(server.bodies) == 1
    assert (route.met.pages, route.met.faults) == (0, [])


def test_the_first_body_is_the_question_with_order_and_limit():
    body = next(walk(Route({"status": "draft", "application_fields": ["id"]}, page_size=7)))
    assert body == {
        "status": "draft",
        "application_fields": ["id"],
        "application_order_by": "created",
        "application_order_direction": "asc",
        "application_limit": 7,
    }


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_rows_without_ties_all_come_once_in_order(size, ascending):
    rows = rows_of(range(20))
    route = Route({}, ascending=ascending, page_size=size)
    handed = drive(route, Server(rows))
    if size > 1:
        assert handed == (ids(rows) if ascending else ids(rows)[::-1])
        assert route.met.faults == []
    assert sorted(handed) == ids(rows)
    assert route.met.fresh == 20


@pytest.mark.parametrize("ascending", [True, False])
def test_ties_across_pages_come_once(ascending):
    rows = rows_of([1, 2, 2, 2, 3, 3, 4, 4, 4, 5])
    route = Route({}, ascending=ascending, page_size=4)
    assert sorted(drive(route, Server(rows))) == ids(rows)
    assert route.met.faults == []


@pytest.mark.parametrize("values", [[7] * 10, [1, *[7] * 10, 9], [1, 1, *[7] * 4, 9, 9, 9, 9]])
def test_more_ties_than_a_page_all_come_and_the_walk_does_not_call_it_proved(values):
    rows = rows_of(values)
    route = Route({}, page_size=3)
    assert sorted(drive(route, Server(rows))) == ids(rows)
    assert any("share one value of created" in fault for fault in route.met.faults)


def test_ties_that_a_server_shuffles_between_pages_are_not_called_proved():
    rows = rows_of([1, 7, 7, 7, 7, 9])

    def ties(request, row):
        return row["id"] if request % 2 else f"{999 - int(row['id'])}"

    route = Route({}, page_size=3)
    drive(route, Server(rows, ties=ties))
    assert route.met.faults


@given(
    values=st.lists(st.integers(0, 6), max_size=40),
    size=st.integers(1, 9),
    cap=st.integers(1, 9),
    ascending=st.booleans(),
    shuffled=st.booleans(),
)
def test_whatever_comes_without_a_fault_is_everything_once(values, size, cap, ascending, shuffled):
    rows = rows_of(values)
    route = Route({}, ascending=ascending, page_size=size)
    ties = (lambda request, row: crc32(f"{request} {row['id']}".encode())) if shuffled else None
    handed = drive(route, Server(rows, cap=cap, ties=ties))
    assert len(handed) == len(set(handed)) == route.met.fresh
    if not route.met.faults or not shuffled:
        assert sorted(handed) == ids(rows)


@given(
    values=st.lists(st.integers(0, 6), max_size=30),
    size=st.integers(1, 9),
    cap=st.integers(1, 9),
    ascending=st.booleans(),
    promises=st.fixed_dictionaries(
        {"ordered": st.booleans(), "offsets": st.booleans(), "one_operator": st.booleans()}
    ),
)
def test_on_any_server_the_walk_ends_and_confesses_a_loss(values, size, cap, ascending, promises):
    rows = rows_of(values)
    route = Route({}, ascending=ascending, page_size=size, several=not promises["one_operator"])
    handed = drive(route, Server(rows, cap=cap, **promises))
    assert len(handed) == len(set(handed)) or not route.met.in_order
    if promises["ordered"] and set(handed) != set(ids(rows)):
        assert route.met.faults, "an order that is kept by chance on each page is for the counts to find"


def test_a_cap_below_what_was_asked_loses_nothing():
    rows = rows_of([1, 1, 2, 3, 3, 4, 5, 5, 6, 7, 8])
    route = Route({}, page_size=1000)
    assert sorted(drive(route, Server(rows, cap=3))) == ids(rows)
    assert (route.met.largest, route.met.faults) == (3, [])


def test_a_short_page_is_not_the_end():
    rows = rows_of(range(9))
    server = Server(rows)
    whole = server.page
    server.page = lambda body: whole(body)[: 1 + len(server.bodies) % 3]
    route = Route({}, page_size=5)
    assert sorted(drive(route, server)) == ids(rows)


def test_a_server_that_ignores_order_is_walked_by_offset_and_not_proved():
    rows = rows_of([3, 1, 2, 9, 4, 4, 8])
    route = Route({}, page_size=3)
    assert sorted(drive(route, Server(rows, ordered=False))) == ids(rows)
    assert route.met.faults == ["the server does not keep the order by created"]


def test_a_server_that_ignores_order_from_the_second_page_on_loses_nothing_either():
    rows = rows_of([1, 2, 3, 9, 4, 8, 5])
    route = Route({}, page_size=3)
    assert sorted(set(drive(route, Server(rows, ordered=False)))) == ids(rows)
    assert "the server does not keep the order by created" in route.met.faults


def test_a_server_that_ignores_offset_is_asked_an_end_and_not_proved():
    rows = rows_of([1, 2, 2, 3])
    route = Route({}, page_size=10)
    server = Server(rows, offsets=False)
    assert sorted(drive(route, server)) == ids(rows)
    assert "the server repeats pages" in route.met.faults
    assert len(server.bodies) < 8


def test_a_server_that_ignores_offset_still_gives_what_lies_beyond_its_ties():
    rows = rows_of([1, *[7] * 9, 8, 9])
    route = Route({}, page_size=3)
    handed = drive(route, Server(rows, offsets=False))
    assert {"000", "010", "011"} <= set(handed)
    assert "the server repeats pages" in route.met.faults


@pytest.mark.parametrize("key_value", [5, "text", None])
def test_a_server_that_always_sends_the_same_page_is_given_up(key_value):
    page = [{"id": "a", "created": key_value}, {"id": "b", "created": key_value}]
    route = Route({}, page_size=2)
    walking = walk(route)
    next(walking)
    handed = []
    for _ in range(MOST_REQUESTS):
        try:
            walking.send(page_of(page, route.key))
        except StopIteration:
            break
        handed += ids_of(route.fresh)
    else:
        pytest.fail("the walk does not end")
    assert handed == ["a", "b"]
    assert route.met.faults


def test_a_condition_on_the_key_is_kept_and_narrowed():
    rows = rows_of(range(30))
    route = Route({"created": {"gt": 4, "lte": 20}}, page_size=6)
    server = Server(rows)
    assert drive(route, server) == [f"{at:03d}" for at in range(5, 21)]
    assert server.bodies[1]["created"] == {"gte": 10, "lte": 20}
    assert route.met.faults == []


def test_a_condition_on_the_key_is_kept_downwards_too():
    rows = rows_of(range(30))
    route = Route({"created": {"gte": 4, "lt": 20}}, page_size=6, ascending=False)
    server = Server(rows)
    assert drive(route, server) == [f"{at:03d}" for at in range(19, 3, -1)]
    assert server.bodies[1]["created"] == {"lte": 14, "gte": 4}


@pytest.mark.parametrize("several", [True, False])
def test_an_equality_on_the_key_is_walked_by_offset_within_it(several):
    rows = rows_of([1, *[7] * 5, 9, 9])
    route = Route({"created": {"eq": 7}}, page_size=3, several=several)
    server = Server(rows, one_operator=not several)
    assert sorted(drive(route, server)) == ["001", "002", "003", "004", "005"]
    if several:
        assert all(body["created"] == {"eq": 7} for body in server.bodies)


def test_an_equality_on_the_key_of_a_server_without_offsets_ends():
    route = Route({"created": {"eq": 7}}, page_size=3)
    drive(route, Server(rows_of([1, *[7] * 5, 9]), offsets=False))
    assert "the server repeats pages" in route.met.faults


@pytest.mark.parametrize(("ascending", "bound"), [(True, {"lt": 12}), (False, {"gte": 12})])
def test_where_operators_may_not_be_combined_the_bound_of_the_question_is_kept_here(ascending, bound):
    rows = rows_of(range(20))
    route = Route({"created": bound}, page_size=5, ascending=ascending, several=False)
    server = Server(rows, one_operator=True)
    expected = [row["id"] for row in rows if all(COMPARE[o](row["created"], v) for o, v in bound.items())]
    assert drive(route, server) == (expected if ascending else expected[::-1])
    assert all(len(body["created"]) == 1 for body in server.bodies)
    assert route.met.faults == []


def test_a_null_or_a_text_in_the_key_ends_the_keyset_walk():
    for odd in (None, "5"):
        rows = [{"id": "a", "created": 1}, {"id": "b", "created": odd}, {"id": "c", "created": 3}]
        route = Route({}, page_size=2)
        assert sorted(drive(route, Server(rows, ordered=False))) == ["a", "b", "c"]
        assert route.met.faults


def test_the_page_size_may_grow_between_pages():
    rows = rows_of(range(40))
    route, server = Route({}, page_size=2), Server(rows)

    def grow(request):
        route.page_size *= 2

    assert drive(route, server, between=grow) == ids(rows)
    assert [body["application_limit"] for body in islice(server.bodies, 4)] == [2, 2, 4, 8], (
        "the next body is there before a page is handed on"
    )


def test_rows_inserted_and_deleted_behind_the_walk_shift_nothing_past_it():
    rows = rows_of(range(0, 60, 2))
    route, server = Route({}, page_size=5), Server(rows)

    def write(request):
        server.rows.append({"id": f"new-{request}", "created": -1})
        server.rows = [row for row in server.rows if row["id"] != f"{request:03d}"]

    handed = drive(route, server, between=write)
    assert set(ids(rows)) <= set(handed)
    assert route.met.faults == []


class Stuttering(Server):
    """Has the last row of a page in it twice."""

    def page(self, body):
        page = super().page(body)
        return [*page, *page[-1:]]


@pytest.mark.parametrize("ordered", [True, False])
def test_a_row_that_stands_twice_on_a_page_comes_once_and_hides_no_other(ordered):
    rows = rows_of([1, 2, 2, 2, 2, 3, 4, 4, 5, 6])
    route = Route({}, page_size=3)
    handed = drive(route, Stuttering(rows if ordered else rows[::-1], cap=3, ordered=ordered))
    assert sorted(handed) == ids(rows)


@pytest.mark.parametrize("beyond", [[], [9]])
def test_a_row_deleted_as_a_walk_looks_behind_it_hides_none_that_shares_its_number(beyond):
    rows = rows_of([7, 7, *beyond])
    server = Server(rows, cap=1)
    asked = []

    def between(request):
        asked.append(server.bodies[-1])
        if len(asked) == 1:  # "000" has come, and "001" is what must not be passed over
            del server.rows[0]

    assert drive(Route({}), server, between=between) == ids(rows)


def test_a_page_cut_before_the_rows_that_share_its_last_number_is_continued():
    rows = rows_of([1, 7, 7, 7, 9])
    server = Server(rows)
    whole = server.page
    server.page = lambda body: whole(body)[: 2 if len(server.bodies) == 1 else None]
    route = Route({})
    assert drive(route, server) == ids(rows)
    assert route.met.faults == []


def test_the_end_is_asked_for_until_the_rows_before_it_stand_still():
    rows = rows_of([1, 7, 7, 7])
    server = Server(rows)

    def between(request):
        if len(server.bodies) in {1, 3} and len(server.rows) > 2:  # each time before the end is looked for
            server.rows.pop()

    route = Route({})
    assert drive(route, server, between=between) == ids(rows)
    assert route.met.faults == []
    assert sum("application_offset" in body for body in server.bodies) == 3
