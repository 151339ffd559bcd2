"""Windows adjoin, hold about as many rows as wanted, and lose no value."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dyno_frames.scan.windows import Window, cut


def run(values, *, target, parts):
    low, high = min(values), max(values)
    rounds = 0

    def counts(windows):
        nonlocal rounds
        rounds += 1
        return [sum(window.low <= value < window.high for value in values) for window in windows]

    return cut(low, high, counts, target=target, parts=parts), rounds


@given(
    values=st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=300),
    target=st.integers(1, 60),
    parts=st.integers(1, 30),
)
def test_windows_adjoin_and_cover_every_value(values, target, parts):
    windows, rounds = run(values, target=target, parts=parts)
    assert windows[0].low == min(values)
    assert windows[-1].high == max(values) + 1
    assert all(left.high == right.low for left, right in pairwise(windows))
    assert sum(window.rows for window in windows) == len(values)
    assert rounds <= 6


def test_skewed_values_are_cut_to_about_the_target():
    values = [*range(1000), *range(10**9, 10**9 + 9000)]
    windows, _ = run(values, target=500, parts=20)
    assert max(window.rows for window in windows) <= 1000
    assert len(windows) <= 40


def test_rows_that_share_a_value_stay_together():
    windows, _ = run([5] * 100 + [6], target=10, parts=4)
    assert Window(5, 6, 100) in windows
