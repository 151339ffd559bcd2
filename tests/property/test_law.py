"""THE LAW: what a server is asked and what is judged here together are pandas' own answer on all rows."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from law.choices import Choices
from law.servers import VALUES, profile
from law.trial import Trial

EXAMPLES = int(os.environ.get("DYNO_EXAMPLES", "1000"))
"""How many questions the ordinary run asks."""

ORDINARY = settings(
    max_examples=EXAMPLES,
    deadline=None,  # a page of one row each is many requests
    derandomize=True,  # a run here and a run elsewhere ask the same
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
"""The checks of health count draws and time; a trial is a whole server with its rows."""


@st.composite
def trials(draw):
    return Trial.drawn(Choices(lambda size: draw(st.integers(0, size - 1))))


@ORDINARY
@given(trials())
def test_a_frame_answers_as_pandas_does_on_all_rows(trial):
    trial.run()


def test_the_trials_meet_every_kind_of_plan_and_answer():
    met = Counter()
    for number in range(300):
        trial = Trial.drawn(Choices.seeded(f"kinds/{number}"))
        trial.run()
        met += trial.met
    for kind in ("exact", "wider", "local", "some rows", "stored", "refused"):
        assert met[kind] >= 15, f"{kind}: {met}"


def test_the_servers_have_every_semantics():
    drawn = [profile(Choices.seeded(f"servers/{number}")) for number in range(400)]
    for name, values in VALUES.items():
        assert {getattr(one, name) for one in drawn} >= set(values), name


@pytest.mark.thorough
def test_the_law_holds_for_as_many_questions_as_one_asks_for():
    examples = int(os.environ.get("DYNO_THOROUGH", "0"))
    if not examples:
        pytest.skip(
            "DYNO_THOROUGH says how many questions; python -m tests.property.thorough uses every core"
        )
    for number in range(examples):
        Trial.drawn(Choices.seeded(f"thorough/{number}")).run()
