"""Regular expressions: each costs in proportion to the text, and each is known to the benchmark."""

from __future__ import annotations

import pytest

from tests.benchmarks import patterns
from tests.benchmarks.patterns import Use

USES = list(patterns.uses())


def test_the_patterns_of_the_package_are_found():
    assert len(USES) > 30
    assert {"contract/texts.py", "panels/preview/message.py", "messages/message.py"} <= {
        use.place for use in USES
    }


def test_every_pattern_that_is_made_at_run_time_is_named_with_its_reason():
    assert patterns.made_at_run_time() == set(patterns.MADE_AT_RUN_TIME)


@pytest.mark.parametrize("use", USES, ids=lambda use: f"{use.place} {use.method} {use.pattern!r}")
def test_no_pattern_costs_more_than_in_proportion_to_the_text(use):
    steep = [text for text in patterns.texts(use) if not patterns.is_linear(use, text)]
    assert steep == []


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"\S+@\S+", "sub"),
        (r"<body\b[^>]*>", "search"),
        (r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", "fullmatch"),
        (r"(http://127\.0\.0\.1:\d+/\S*\?token=)", "search"),
        (r"""\bsrc\s*=\s*["']?\s*https?:""", "findall"),
    ],
)
def test_a_quadratic_pattern_is_found(pattern, method):
    use = Use("some/file.py", pattern, 0, method)
    assert not all(patterns.is_linear(use, text) for text in patterns.texts(use))
