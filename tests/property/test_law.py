"""THE LAW: what a server is asked and what is judged here together are pandas' own answer on all rows."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from law.choices import Choices
from law.servers import VALUES, profile
from law.trial import Trial
from thorough import stretch, stretches

EXAMPLES = int(os.environ.get("DYNO_EXAMPLES", "500"))
"""How many questions the ordinary run asks."""


def test_a_frame_answers_as_pandas_does_on_all_rows(seed):
    met = Counter()
    for part in stretches(seed, 0, EXAMPLES, 20):
        _, here, broken = stretch(part)
        met += here
        assert not broken, f"python -m tests.property.thorough --seed {seed} --examples {EXAMPLES}\n{broken}"
    for kind in ("exact", "wider", "local", "some rows", "stored", "refused"):
        assert met[kind] >= EXAMPLES // 40, f"seed {seed}, {kind}: {met}"


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
