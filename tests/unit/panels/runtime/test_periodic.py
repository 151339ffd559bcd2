"""A thread that repeats: it ends when nothing is wanted, and a round that raises does not end it for good."""

import threading

import pytest

from dyno_frames.panels.runtime.periodic import FAILURES, PeriodicThread


def test_a_round_that_raises_does_not_end_the_thread():
    answers = iter([RuntimeError, None])
    went_on = threading.Event()

    def tick():
        if error := next(answers, None):
            raise error
        went_on.set()

    thread = PeriodicThread(lambda: not went_on.is_set(), tick, interval_s=0.005)
    thread.wake()
    assert went_on.wait(10)
    thread.close(wait_s=10)


@pytest.mark.parametrize("raises", ["the tick", "what is wanted", "the end"])
def test_a_thread_that_ended_by_failures_is_not_alive_and_can_be_woken_again(raises):
    broken, ended, ticked = threading.Event(), threading.Event(), threading.Event()

    def fail(where):
        if broken.is_set() and raises in where:
            raise RuntimeError(raises)

    def wanted():
        fail({"what is wanted"})
        return True

    def tick():
        fail({"the tick", "the end"})
        ticked.set()

    def gave_up():
        ended.set()
        fail({"the end"})

    thread = PeriodicThread(wanted, tick, interval_s=0.005, gave_up=gave_up)
    thread.wake()
    assert ticked.wait(10)
    first = thread._thread
    broken.set()
    assert ended.wait(10)
    first.join(10)
    assert not thread.alive
    broken.clear()
    ticked.clear()
    thread.wake()
    assert ticked.wait(10)
    thread.close(wait_s=10)


def test_a_thread_ends_after_three_failed_rounds_in_a_row():
    def tick():
        raise RuntimeError

    told = []
    thread = PeriodicThread(lambda: True, tick, interval_s=1, gave_up=lambda: told.append("ended"))
    assert [thread.step() for _ in range(FAILURES)] == [True] * (FAILURES - 1) + [False]
    assert told == ["ended"]


def test_where_no_thread_can_be_started_the_next_wake_tries_again(monkeypatch):
    starts = iter([RuntimeError("can't start new thread"), None])
    start = threading.Thread.start

    def limited(thread):
        if error := next(starts, None):
            raise error
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)
    ticked = threading.Event()
    thread = PeriodicThread(lambda: True, ticked.set, interval_s=0.005)
    with pytest.raises(RuntimeError):
        thread.wake()
    assert not thread.alive
    thread.wake()
    assert ticked.wait(10)
    thread.close(wait_s=10)


def test_a_thread_that_nobody_needs_never_starts():
    thread = PeriodicThread(lambda: False, print, interval_s=1)
    thread.wake()
    assert not thread.alive
