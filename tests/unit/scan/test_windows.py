"""Windows adjoin, hold about as many rows as wanted, and lose no value; the limiter follows throughput."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyno_frames.scan.limiter import AdaptiveLimiter
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


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_the_limiter_allows_more_while_throughput_grows_and_not_beyond_its_most():
    clock = Clock()
    limiter = AdaptiveLimiter(2, 8, clock=clock)
    for seconds in (4.0, 2.0, 1.0, 0.5, 0.25):
        for _ in range(2 * limiter.allowed):
            clock.now += seconds / (2 * limiter.allowed)
            limiter.completed(1000, retried=False)
    assert limiter.allowed == 8


def test_the_limiter_halves_when_requests_had_to_be_sent_again():
    limiter = AdaptiveLimiter(8, 8, clock=Clock())
    limiter.completed(1000, retried=True)
    assert limiter.allowed == 4
    for _ in range(5):
        limiter.completed(1000, retried=True)
    assert limiter.allowed == 1


@pytest.mark.parametrize("allowed", [1, 3])
def test_no_more_pass_at_once_than_are_allowed(allowed):
    limiter = AdaptiveLimiter(allowed, allowed)
    inside, most, lock = 0, 0, threading.Lock()

    def pass_through():
        nonlocal inside, most
        for _ in range(50):
            with limiter.slot():
                with lock:
                    inside += 1
                    most = max(most, inside)
                with lock:
                    inside -= 1

    threads = [threading.Thread(target=pass_through) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert inside == 0
    assert 1 <= most <= allowed
