"""Whatever a server does to its pages and others to its rows: none is lost in silence, none doubled, none made up."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hostile.trial import Trial
from law.choices import Choices

EXAMPLES = int(os.environ.get("DYNO_HOSTILE", "150"))
"""How many runs the ordinary test makes; ``python -m tests.property.hostile_runs`` makes more on every core."""


def test_no_row_that_matched_throughout_is_lost_in_silence_and_none_is_doubled(seed):
    met = Counter()
    for number in range(EXAMPLES):
        trial = Trial.drawn(Choices.seeded(f"{seed}/{number}"))
        try:
            trial.run()
        except Exception as error:
            again = f"python -m tests.property.hostile_runs --seed {seed} --examples {EXAMPLES}"
            raise AssertionError(f"{again}\nrun {number}\n{trial}") from error
        met += trial.met
    for kind in ("exact", "at_least_once", "uncertified"):
        assert met[kind] >= EXAMPLES // 50, f"seed {seed}, {kind}: {met}"


@pytest.mark.parametrize("seed", ["1/7045", "2/2843"])
def test_an_order_that_few_rows_keep_by_chance_is_no_proof_though_the_counts_agree(seed):
    Trial.drawn(Choices.seeded(seed)).run()


@pytest.mark.thorough
def test_the_same_for_as_many_runs_as_one_asks_for():
    examples = int(os.environ.get("DYNO_THOROUGH", "0"))
    if not examples:
        pytest.skip("DYNO_THOROUGH says how many runs; python -m tests.property.hostile_runs uses every core")
    for number in range(examples):
        Trial.drawn(Choices.seeded(f"thorough/{number}")).run()
