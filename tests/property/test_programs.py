"""Generated programs, run on random questions: a few here, many in ``python -m tests.property.code``."""

from __future__ import annotations

from collections import Counter

import pytest
from law.choices import Choices
from law.program_trial import fault, server
from law.programs import LANGUAGES, need

QUESTIONS = {"curl": 8, "python": 16, "java": 4, "php": 60}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_program_prints_the_rows_of_the_clients_answer(language, seed, tmp_path, own_state):
    need(language)
    choices, met = Choices.seeded(f"programs/{language}/{seed}"), Counter[str]()
    with server(choices, tmp_path) as here:
        faults = [fault(language, here, choices, tmp_path, met) for _ in range(QUESTIONS[language])]
    assert not any(faults), "\n\n".join(filter(None, faults))
    assert met.total()
