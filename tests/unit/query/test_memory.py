"""What is remembered between questions: by many threads at once, and never a failure."""

from __future__ import annotations

import sys
import threading
import warnings

import pandas as pd
import pytest

from dyno_frames.query import probes
from dyno_frames.query.bind import bind_query

CLEARINGS = 12
"""How often the memory of results on zero rows is filled, so that it is emptied."""


@pytest.fixture
def eager_switches():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_a_result_on_zero_rows_is_found_while_another_thread_empties_the_memory(eager_switches):
    words = pd.Series(dtype=pd.CategoricalDtype(["a", "b"]), name="words")
    many = [pd.Series(dtype="int64", name=f"c{at}") for at in range(1999)]
    failed, done = [], threading.Event()

    def empty_again_and_again():
        for at in range(CLEARINGS):
            for column in many:
                probes.apply("gt" if at % 2 else "lt", column, 1)
        done.set()

    def ask_again_and_again():
        while not done.is_set():
            try:
                probes.apply("eq", words, "a")
            except KeyError as error:
                failed.append(error)

    threads = [threading.Thread(target=empty_again_and_again)]
    threads += [threading.Thread(target=ask_again_and_again) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_question_that_could_not_be_traced_once_is_traced_the_next_time(empty):
    text = "name.str.contains('(a)')"
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # pandas warns of the group, so tracing raises
        first = bind_query(text, empty)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        again = bind_query(text, empty)
    assert first.node is None
    assert again.node is not None
    assert again.untraceable == ""
