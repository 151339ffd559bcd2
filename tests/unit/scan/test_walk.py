"""The walk over pages, without any I/O: whatever the server does, it ends, repeats no row and never hides a loss."""

from __future__ import annotations

import random
from zlib import crc32

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyno_frames.scan.budget import max_finds
from dyno_frames.scan.ties import Count, Find
from dyno_frames.scan.walk import walk, walk_by_offset
from dyno_frames.scan.walk_state import WalkSpec, WalkState, ids_of

COMPARE = {
    "eq": lambda a, b: a == b,
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}


def rows_of(values, key="created"):
    return [{"id": f"{at:05d}", key: value} for at, value in enumerate(values)]


def tied(number, ties):
    """Rows of which so many share each key, their ids in no order."""
    return [{"id": f"{at * 7919 % number:05d}", "created": 1000 + at // ties} for at in range(number)]


def page_of(rows, key):
    if not rows:
        return pa.RecordBatch.from_pylist([], pa.schema([("id", pa.large_string()), (key, pa.int64())]))
    if any(isinstance(row[key], str) for row in rows):
        rows = [{**row, key: str(row[key])} for row in rows]
    return pa.RecordBatch.from_pylist(rows)


class Server:
    """Answers as the reference says, or breaks one promise that it is told to break."""

    def __init__(self, rows, *, cap=1000, ordered=True, offsets=True, one_operator=False, shuffles=False):
        self.rows, self.cap, self.ordered, self.offsets = list(rows), cap, ordered, offsets
        self.one_operator, self.shuffles = one_operator, shuffles
        self.before = lambda request: None
        self.bodies, self.counts = [], 0

    def matching(self, body):
        found = self.rows
        for name, condition in body.items():
            if name.startswith("application_"):
                continue
            operators = list(condition.items())
            for operator, value in operators[-1:] if self.one_operator else operators:
                found = [row for row in found if COMPARE[operator](row[name], value)]
        return found

    def tie(self, row):
        return crc32(f"{len(self.bodies)} {row['id']}".encode()) if self.shuffles else row["id"]

    def page(self, body):
        self.bodies.append(body)
        self.before(len(self.bodies))
        found = self.matching(body)
        if self.ordered:
            key, down = body["application_order_by"], body["application_order_direction"] == "desc"
            found = sorted(found, key=self.tie)
            found = sorted(found, key=lambda row: row[key], reverse=down)
        offset = body.get("application_offset", 0) if self.offsets else 0
        return found[offset : offset + min(body["application_limit"], self.cap)]

    def count(self, body):
        self.counts += 1
        return len(self.matching(body))


def drive(spec, server, state=None, steps=None):
    """Answer a walk until it ends or asks for too many pages; return its state and the ids it handed on."""
    state = state or WalkState()
    is_fallback = steps is not None
    steps = steps or walk(spec, state)
    bound = max_finds(len(server.rows), min(server.cap, spec.page_size))
    handed, reply = [], None
    while True:
        try:
            step = steps.send(reply)
        except StopIteration:
            break
        match step:
            case Find():
                if len(server.bodies) >= bound:
                    state.fault("too many pages")
                    break
                reply = page_of(server.page(step.body), spec.order_field)
            case Count():
                reply = server.count(step.body)
            case _:
                reply = None
                handed += ids_of(step)
    if state.held is not None:
        handed += ids_of(state.held)
    if not state.in_order and not is_fallback:
        server.bodies = []
        state, handed = drive(spec, server, state, walk_by_offset(spec, state))
    return state, handed


def ids(rows):
    return [row["id"] for row in rows]


def spec_of(body=None, *, size=1000, **settings):
    return WalkSpec(body or {}, page_size=size, first_limit=size, **settings)


def test_an_empty_first_page_is_the_end():
    server = Server([])
    state, handed = drive(spec_of(), server)
    assert (handed, len(server.bodies), server.counts) == ([], 1, 1)
    assert (state.rows, state.faults) == (0, [])


def test_the_first_body_is_the_query_with_order_and_limit():
    step = next(walk(spec_of({"status": "draft", "application_fields": ["id"]}, size=7), WalkState()))
    assert step.body == {
        "status": "draft",
        "application_fields": ["id"],
        "application_order_by": "created",
        "application_order_direction": "asc",
        "application_limit": 7,
    }


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_rows_without_ties_all_come_once(size, ascending):
    rows = rows_of(range(20))
    state, handed = drive(spec_of(size=size, ascending=ascending), Server(rows))
    assert sorted(handed) == ids(rows)
    assert state.faults == []
    if size > 2:
        main = [one for one in handed if one not in set(ids_of(state.held))]
        assert main == sorted(main, reverse=not ascending)


def test_two_pages_from_both_ends_are_a_whole_answer():
    server = Server(rows_of(range(15)))
    state, handed = drive(spec_of(size=10), server)
    assert sorted(handed) == ids(server.rows)
    assert (len(server.bodies), server.counts, state.faults) == (2, 0, [])
    assert server.bodies[1]["application_limit"] == 8


def test_a_single_row_takes_two_pages_and_a_count():
    server = Server(rows_of([7]))
    state, handed = drive(spec_of(), server)
    assert (handed, len(server.bodies), server.counts) == (["00000"], 2, 1)
    assert state.is_verified


TIES = [1, 2, 49, 96, 97, 98, 99, 193, 194, 291, 2500]


@pytest.mark.parametrize("shuffles", [False, True])
@pytest.mark.parametrize("ties", TIES)
def test_a_static_table_comes_whole_whatever_the_ties_and_their_order(ties, shuffles):
    server = Server(tied(2500, ties), cap=97, shuffles=shuffles)
    state, handed = drive(spec_of(), server)
    assert sorted(handed) == sorted(ids(server.rows))
    assert state.faults == []
    assert len(server.bodies) <= 80, "26 pages hold all rows"


@pytest.mark.parametrize("cap", [37, 97, 250, 1000])
@pytest.mark.parametrize("ties", [1.0, 1.01, 1.5, 2.0, 3.0])
def test_ties_of_one_to_three_pages_come_whole_at_any_cap(cap, ties):
    server = Server(tied(6 * cap, int(ties * cap)), cap=cap, shuffles=True)
    state, handed = drive(spec_of(), server)
    assert sorted(handed) == sorted(ids(server.rows))
    assert state.faults == []


@given(
    values=st.lists(st.integers(0, 6), max_size=60),
    size=st.integers(2, 9),
    cap=st.integers(2, 9),
    ascending=st.booleans(),
    shuffles=st.booleans(),
)
def test_whatever_is_static_and_in_order_comes_whole_and_without_a_fault(
    values, size, cap, ascending, shuffles
):
    rows = rows_of(values)
    state, handed = drive(spec_of(size=size, ascending=ascending), Server(rows, cap=cap, shuffles=shuffles))
    assert sorted(handed) == ids(rows)
    assert state.faults == []


@given(
    values=st.lists(st.integers(0, 6), max_size=30),
    size=st.integers(1, 9),
    cap=st.integers(1, 9),
    ascending=st.booleans(),
    promises=st.fixed_dictionaries(
        {"ordered": st.booleans(), "offsets": st.booleans(), "one_operator": st.booleans()}
    ),
)
def test_on_any_server_the_walk_ends_and_names_a_loss(values, size, cap, ascending, promises):
    rows = rows_of(values)
    spec = spec_of(size=size, ascending=ascending, combines_operators=not promises["one_operator"])
    state, handed = drive(spec, Server(rows, cap=cap, **promises))
    assert len(handed) == len(set(handed))
    if promises["ordered"] and set(handed) != set(ids(rows)):
        assert state.faults, "an order that is kept by chance on each page is for the counts to find"


def test_a_cap_below_what_was_asked_loses_nothing():
    rows = rows_of([1, 1, 2, 3, 3, 4, 5, 5, 6, 7, 8])
    state, handed = drive(spec_of(), Server(rows, cap=3))
    assert sorted(handed) == ids(rows)
    assert (state.largest_page, state.faults) == (3, [])


def test_a_short_page_is_not_the_end():
    rows = rows_of(range(9))
    server = Server(rows)
    whole = server.page
    server.page = lambda body: whole(body)[: 2 + len(server.bodies) % 3]
    state, handed = drive(spec_of(size=5), server)
    assert sorted(handed) == ids(rows)
    assert state.faults == []


@pytest.mark.parametrize("values", [[3, 1, 2, 9, 4, 4, 8], [1, 2, 3, 9, 4, 8, 5]])
def test_a_server_that_ignores_order_is_walked_by_offset_and_not_called_complete(values):
    rows = rows_of(values)
    state, handed = drive(spec_of(size=3), Server(rows, ordered=False))
    assert sorted(handed) == ids(rows)
    assert state.faults == ["the server does not keep the order by created"]


def test_a_server_that_ignores_offset_still_gives_what_lies_beyond_its_ties():
    rows = rows_of([1, *[7] * 9, 8, 9])
    state, handed = drive(spec_of(size=3), Server(rows, offsets=False))
    assert {"00000", "00010", "00011"} <= set(handed)
    assert any("pages came again" in fault for fault in state.faults)


@pytest.mark.parametrize("key_value", [5, "text", None])
def test_a_server_that_always_sends_the_same_page_is_given_up(key_value):
    server = Server([{"id": "a", "created": key_value}, {"id": "b", "created": key_value}])
    server.page = lambda body: server.bodies.append(body) or server.rows
    server.count = lambda body: 9
    state, handed = drive(spec_of(size=2), server)
    assert handed == ["a", "b"]
    assert state.faults


def test_a_condition_on_the_key_is_kept_and_narrowed():
    rows = rows_of(range(30))
    server = Server(rows)
    state, handed = drive(spec_of({"created": {"gt": 4, "lte": 20}}, size=6), server)
    assert sorted(handed) == ids(rows[5:21])
    assert server.bodies[2]["created"] == {"gte": 10, "lte": 20}
    assert state.faults == []


def test_a_condition_on_the_key_is_kept_downwards_too():
    rows = rows_of(range(30))
    server = Server(rows)
    spec = spec_of({"created": {"gte": 4, "lt": 20}}, size=6, ascending=False)
    _, handed = drive(spec, server)
    assert sorted(handed) == ids(rows[4:20])
    assert server.bodies[2]["created"] == {"lte": 14, "gte": 4}


@pytest.mark.parametrize("combines", [True, False])
def test_an_equality_on_the_key_is_read_by_id_within_it(combines):
    rows = rows_of([1, *[7] * 5, 9, 9])
    spec = spec_of({"created": {"eq": 7}}, size=3, combines_operators=combines)
    server = Server(rows, one_operator=not combines)
    state, handed = drive(spec, server)
    assert sorted(handed) == ids(rows[1:6])
    if combines:
        assert all(body["created"] == {"eq": 7} for body in server.bodies)
    assert state.faults == []


@pytest.mark.parametrize(("ascending", "bound"), [(True, {"lt": 12}), (False, {"gte": 12})])
def test_where_operators_may_not_be_combined_the_bound_of_the_query_is_applied_here(ascending, bound):
    rows = rows_of(range(20))
    spec = spec_of({"created": bound}, size=5, ascending=ascending, combines_operators=False)
    server = Server(rows, one_operator=True)
    expected = [row["id"] for row in rows if all(COMPARE[o](row["created"], v) for o, v in bound.items())]
    state, handed = drive(spec, server)
    assert sorted(handed) == expected
    assert all(len(body["created"]) == 1 for body in server.bodies)
    assert state.faults == []


@pytest.mark.parametrize("odd", [None, "5"])
def test_a_null_or_a_text_in_the_key_ends_the_keyset_walk(odd):
    rows = [{"id": "a", "created": 1}, {"id": "b", "created": odd}, {"id": "c", "created": 3}]
    state, handed = drive(spec_of(size=2), Server(rows, ordered=False))
    assert sorted(handed) == ["a", "b", "c"]
    assert state.faults


def test_rows_written_behind_the_walk_shift_nothing_past_it():
    rows = rows_of(range(0, 60, 2))
    server = Server(rows)

    def write(request):
        server.rows.append({"id": f"new-{request}", "created": -1})
        server.rows = [row for row in server.rows if row["id"] != f"{request - 2:05d}"]

    server.before = write
    state, handed = drive(spec_of(size=5), server)
    assert set(ids(rows)) <= set(handed)
    assert state.faults == []


class Stuttering(Server):
    """Sends the last row of a page twice."""

    def page(self, body):
        page = super().page(body)
        return [*page, *page[-1:]]


@pytest.mark.parametrize("ordered", [True, False])
def test_a_row_that_comes_twice_on_a_page_is_handed_on_once_and_hides_no_other(ordered):
    rows = rows_of([1, 2, 2, 2, 2, 3, 4, 4, 5, 6])
    _, handed = drive(spec_of(size=3), Stuttering(rows if ordered else rows[::-1], cap=3, ordered=ordered))
    assert sorted(handed) == ids(rows)


@pytest.mark.parametrize("beyond", [[], [9]])
def test_a_row_deleted_while_its_ties_are_read_hides_none_of_them(beyond):
    rows = rows_of([7, 7, 7, 7, 7, *beyond])
    server = Server(rows, cap=2)
    gone = rows[0]

    def write(request):
        if request == 2:  # the first row has come, and the rows after it move up
            server.rows.remove(gone)

    server.before = write
    state, handed = drive(spec_of(), server)
    assert set(ids(rows[1:])) <= set(handed)
    assert state.faults == []


def restless(rows, server, draw, *, inserts, deletes):
    """Insert and delete rows before every request; returns the ids that were there throughout."""
    throughout = set(ids(rows))
    first, last = min(row["created"] for row in rows), max(row["created"] for row in rows)

    def write(request):
        for at in range(inserts):
            created = draw.choice([last + request, draw.randint(first, last)])
            server.rows.append({"id": f"{draw.randrange(10**5):05d}-{request}-{at}", "created": created})
        for _ in range(min(deletes, len(server.rows) - 1)):
            throughout.discard(server.rows.pop(draw.randrange(len(server.rows)))["id"])

    server.before = write
    return throughout


@pytest.mark.parametrize("shuffles", [False, True])
@pytest.mark.parametrize(
    ("number", "ties", "cap", "writes"),
    [
        (6000, 400, 500, (3, 25)),
        (2500, 400, 97, (25, 0)),
        (2500, 98, 97, (25, 25)),
        (1, 1, 1000, (1, 0)),
        (7, 1, 1000, (1, 0)),
        (7, 7, 1000, (25, 1)),
    ],
)
def test_a_table_that_moves_at_every_request_is_read_to_its_end_and_loses_nothing(
    number, ties, cap, writes, shuffles
):
    rows = tied(number, ties)
    server = Server(rows, cap=cap, shuffles=shuffles)
    draw = random.Random(f"{number} {ties}")  # noqa: S311 - decides what a test does
    throughout = restless(rows, server, draw, inserts=writes[0], deletes=writes[1])
    state, handed = drive(spec_of(keeps_order=True), server)
    assert len(handed) == len(set(handed))
    assert throughout <= set(handed)
    assert "too many pages" not in state.faults


@pytest.mark.parametrize("number", range(60))
def test_rows_that_match_throughout_come_from_a_table_that_moves_at_every_request(number):
    draw = random.Random(number)  # noqa: S311 - decides what a test does
    cap = draw.choice([37, 97, 250])
    rows = tied(draw.choice([1, 7, 300, 2500]), max(1, int(cap * draw.choice([0.01, 0.5, 1, 1.5, 3]))))
    server = Server(rows, cap=cap, shuffles=draw.random() < 0.5)
    inserts, deletes = draw.choice([(25, 0), (3, 25), (1, 1), (25, 25)])
    throughout = restless(rows, server, draw, inserts=inserts, deletes=deletes)
    state, handed = drive(spec_of(keeps_order=True), server)
    assert len(handed) == len(set(handed))
    assert throughout <= set(handed) or state.faults
    assert len(server.bodies) <= max_finds(len(server.rows) + 25 * len(server.bodies), cap)


class Odd(Server):
    """Breaks a promise in a way of its own: ``answer`` gives the rows of a page for a body."""

    answer = None

    def page(self, body):
        return self.answer(super().page, body)


def test_an_empty_first_page_is_asked_for_again_if_the_count_contradicts_it():
    server = Odd(rows_of([1, 2, 2, 3]))
    server.answer = lambda page, body: page(body) if server.bodies else page(body)[:0]
    state, handed = drive(spec_of(), server)
    assert (sorted(handed), state.faults) == (ids(server.rows), [])


def test_empty_pages_that_the_count_contradicts_are_not_believed():
    server = Odd(rows_of([1, 2, 2, 3]))
    server.answer = lambda page, body: page(body)[:0]
    state, handed = drive(spec_of(), server)
    assert handed == []
    assert state.faults == ["the server counted 4 rows and returned none"]


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("ties", [1, 2, 3, 7])
def test_a_server_that_leaves_out_the_key_it_is_asked_from_loses_no_row(ties, ascending):
    server = Odd(tied(60, ties), cap=5)
    strict = {"gte": "gt", "lte": "lt"}

    def answer(page, body):
        conditions = {
            name: {strict.get(word, word): bound for word, bound in value.items()}
            if isinstance(value, dict)
            else value
            for name, value in body.items()
        }
        return page(conditions)

    server.answer = answer
    state, handed = drive(spec_of(ascending=ascending), server)
    assert (sorted(handed), len(handed), state.faults) == (
        ids(sorted(server.rows, key=lambda row: row["id"])),
        60,
        [],
    )


def test_one_last_row_that_is_before_rows_that_were_read_fixes_no_end():
    server = Odd(rows_of(range(150)), cap=50)

    def answer(page, body):
        kept = {**body, "application_order_by": "created", "application_order_direction": "asc"}
        return page(kept | {"application_limit": body["application_limit"] - 1 or 1})

    server.answer = answer
    state, handed = drive(spec_of(keeps_order=True), server)
    assert sorted(handed) == ids(server.rows) or state.faults
    assert len(handed) == len(set(handed))
