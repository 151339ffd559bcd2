"""Sets of numbers and of texts: their algebra against the membership of single values."""

from __future__ import annotations

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.contract.profile import Profile
from dyno_frames.query.boxes import Box, Region
from dyno_frames.query.domain import Interval, Numbers, Pattern, Texts
from dyno_frames.query.pushdown import apart, push_down

ENDS = (-inf, -2, -1.5, -1, 0, 0.5, 1, 2, 2.5, 3, inf)
POINTS = (-3, -2, -1.5, -1, -0.5, 0, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 4)
LETTERS = ("", "a", "b", "ab", "ba", "a,b", " a", "A", "aa")


def holds(domain, value):
    """Tell by its parts alone whether a value belongs to a set."""
    if value is None:
        return domain.null
    if isinstance(domain, Numbers):
        return any(
            (run.low < value or (run.low == value and not run.low_open))
            and (value < run.high or (value == run.high and not run.high_open))
            for run in domain.intervals
        )
    return (
        (domain.include is None or value in domain.include)
        and value not in domain.exclude
        and all(test.accepts(value) for test in domain.patterns)
    )


def points(*, whole):
    return [None, *(point for point in POINTS if not whole or point == int(point))]


@st.composite
def intervals(draw):
    low, high = draw(st.sampled_from(ENDS[:-1])), draw(st.sampled_from(ENDS[1:]))
    return Interval(low, high, draw(st.booleans()), draw(st.booleans()))


@st.composite
def numbers(draw, *, whole):
    return Numbers.of(draw(st.lists(intervals(), max_size=4)), null=draw(st.booleans()), whole=whole)


@st.composite
def texts(draw):
    some = st.frozensets(st.sampled_from(LETTERS), max_size=3)
    kinds = st.sampled_from(("contains", "startswith", "endswith"))
    tests = st.builds(Pattern, kinds, st.sampled_from(("a", "b", ",")), st.booleans())
    return Texts(
        draw(st.none() | some), draw(some), draw(st.frozensets(tests, max_size=2)), draw(st.booleans())
    ).settled()


@given(st.lists(intervals(), max_size=4), st.booleans(), st.booleans())
def test_a_union_of_intervals_holds_what_one_of_them_holds(runs, null, whole):
    made = Numbers.of(runs, null=null, whole=whole)
    for point in points(whole=whole):
        wanted = null if point is None else any(holds(Numbers((run,)), point) for run in runs)
        assert holds(made, point) is wanted
    assert made.empty is not any(holds(made, point) for point in points(whole=whole)) or made.intervals
    for left, right in zip(made.intervals, made.intervals[1:], strict=False):
        assert left.high <= right.low


@given(
    st.booleans().flatmap(lambda whole: st.tuples(numbers(whole=whole), numbers(whole=whole))), st.booleans()
)
def test_sets_of_numbers_meet_join_and_turn_as_their_members_do(pair, null):
    left, right = pair
    around, inside = left.hull, left.complement(null=null)
    for point in points(whole=left.whole):
        mine, theirs = holds(left, point), holds(right, point)
        assert holds(left.intersect(right), point) is (mine and theirs)
        assert holds(left.union(right), point) is (mine or theirs)
        assert holds(inside, point) is (null if point is None else not mine)
        assert holds(around, point) >= mine


@given(texts(), texts())
def test_sets_of_texts_meet_and_join_as_their_members_do(left, right):
    both, either = left.intersect(right), left.union(right)
    for value in (None, *LETTERS):
        mine, theirs = holds(left, value), holds(right, value)
        assert holds(both, value) is (mine and theirs)
        assert holds(left.settled(), value) is mine
        assert either is None or holds(either, value) is (mine or theirs)


boxes = st.builds(
    lambda n, t: Box.of({"n": n, "t": t}),
    numbers(whole=True) | st.just(Numbers(null=True)),
    texts() | st.just(Texts(null=True)),
)
ROWS = [{"n": n, "t": t} for n in points(whole=True) for t in (None, *LETTERS)]


def within(box, row):
    return all(holds(domain, row[name]) for name, domain in box.domains.items())


def among(region, row):
    return any(within(box, row) for box in region.boxes)


@given(st.lists(boxes, max_size=3), st.lists(boxes, max_size=3))
def test_regions_meet_and_join_as_their_rows_do(left, right):
    here, there = (Region().intersect(Region(tuple(side))) for side in (left, right))
    for row in ROWS:
        mine, theirs = any(within(box, row) for box in left), any(within(box, row) for box in right)
        assert among(here, row) is mine
        assert among(here.intersect(there), row) is (mine and theirs)
        assert among(here.union(there), row) is (mine or theirs)


@given(st.lists(boxes, min_size=1, max_size=3))
def test_a_hull_holds_every_row_of_its_region(parts):
    around = Region(tuple(parts)).hull
    assert all(within(around, row) for row in ROWS if any(within(box, row) for box in parts))


FIELDS = {"n": Field("n", Kind.INTEGER), "t": Field("t", Kind.STRING)}


@given(boxes, st.sampled_from((Profile(), Profile.unknown())))
def test_a_box_taken_apart_is_the_box_and_its_parts_are_apart(box, profile):
    parts = apart(box, profile, most=50)
    for row in ROWS:
        found = [part for part in parts if within(part, row)]
        assert bool(found) is within(box, row)
        assert len(found) < 2


@given(boxes)
def test_nothing_is_pushed_exactly_to_a_server_of_which_nothing_is_known(box):
    if box.empty:
        return
    pushed = push_down(box, FIELDS, Profile.unknown(), unseen=frozenset(), resource="campaigns")
    assert pushed.exact is not bool(box.domains)
