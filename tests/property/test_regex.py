"""What is said of a pattern without running it, held against the engines that run it."""

from __future__ import annotations

import re
import warnings

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import re2
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from law.contents import TEXTS
from law.questions import PATTERNS

from dyno_frames.query.regex import facts

PIECES = (
    "a", "b", "A", "0", " ", "_", "%", ",", "é", ".", "^", "$", "*", "+", "?", "|", "(", ")", "(?:", "[", "]", "[^",
    "-", "{", "}", "{2}", "{1,2}", "{,2}", "{0}", "\\.", "\\\\", "\\d", "\\w", "\\b", "\\s", "\\A", "\\n", "\\t", "\\x61",
    "\\/", "\\-", "ab", "a|b", "[ab]", "[^a]", "[a-c]", "(?i)", "(?P<n>", "\\Z", "\\", "&&", "[[", "(?#x)", "\\0", "\\a",
)  # fmt: skip
patterns = st.sampled_from(PATTERNS) | st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
texts = st.sampled_from(TEXTS) | st.text("abA0 _%,é.^$*+?|()[]{}-\\\n\t&dwsx", max_size=8)
pytestmark = [
    pytest.mark.filterwarnings(
        "ignore:This pattern is interpreted:UserWarning"
    ),  # random patterns have groups
    pytest.mark.filterwarnings(
        "ignore:Possible (nested set|set difference|set intersection|set union|set symmetric):FutureWarning"
    ),
]
MANY = settings(max_examples=500, deadline=None, derandomize=True)
"""Enough to meet each pair of pieces; a pattern costs microseconds, a first import of an engine does not."""


def of_python(pattern):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(pattern)
    except re.error:
        return None


@MANY
@given(patterns, st.lists(texts, min_size=1, max_size=6))
@example("a{,2}", ["a", "a{,2}"])
def test_the_engines_agree_on_a_portable_pattern(pattern, values):
    assume(facts(pattern).portable)
    if facts(pattern).literal is not None:
        pattern = re.escape(pattern) if not re.search(r"[\\.^$*+?{}\[\]()|]", pattern) else pattern
    python, other = re.compile(pattern), re2.compile(pattern)
    arrow = pc.match_substring_regex(pa.array(values), pattern).to_pylist()
    for value, found in zip(values, arrow, strict=True):
        wanted = python.search(value) is not None
        assert (other.search(value) is not None) is wanted
        assert found is wanted


@MANY
@given(patterns, st.lists(texts, min_size=1, max_size=6))
@example("a{,2}", ["", "a{,2}"])
@example("[[:alpha:]]", ["a"])
@example("(?i)k", ["K"])
def test_what_is_required_is_in_every_match(pattern, values):
    known = facts(pattern)
    compiled = of_python(pattern)
    assume(compiled is not None)
    column = pd.Series(values, dtype="str")
    try:
        kept = column[column.str.contains(pattern)]
    except (pa.ArrowInvalid, re.error):
        return  # pandas refuses the pattern
    assert [value for value in kept if known.required not in value] == [], (pattern, known)
    if known.literal is not None:
        assert list(kept) == [value for value in values if known.literal in value], (pattern, known)


@MANY
@given(patterns, st.lists(texts, min_size=1, max_size=5))
@example("\\w", ["é", "a"])
@example("a$", ["a\n", "a"])
def test_the_answer_for_a_row_does_not_depend_on_its_neighbours(pattern, values):
    known = facts(pattern)
    assume(known.row_local)
    for dtype in ("str", pd.ArrowDtype(pa.string())):
        column = pd.Series(values, dtype=dtype)
        for test in ("contains", "match", "fullmatch"):
            try:
                together = getattr(column.str, test)(pattern).tolist()
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError, NotImplementedError, re.error):
                return  # refused in company; alone it is refused as well, or pandas has no answer to hold to
            alone = [getattr(column.iloc[at : at + 1].str, test)(pattern).item() for at in range(len(values))]
            assert together == alone, (dtype, test)
