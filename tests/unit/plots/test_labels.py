"""Names as labels: what the font cannot draw never warns, and what tells two names apart is kept."""

import matplotlib.pyplot as plt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dyno_frames.plots.labels import drawable, label

EMOJI = "🎁 New in: 中文 👩‍👩‍👧 and ☕\ttoday\n"


@pytest.mark.parametrize("limit", [34, 16, 3])
def test_a_label_is_never_longer_than_its_limit_and_keeps_both_ends(limit):
    text = "a" + "Shop customers, " * 5 + "z"
    cut = label(text, limit)
    assert (len(cut), cut[0], cut[-1]) == (limit, "a", "z")
    assert "…" in cut
    assert label(text[:limit], limit) == text[:limit]


def test_two_lists_that_differ_at_the_end_have_different_labels():
    names = [f"Shop customers of the whole world, {part}" for part in ("Europe", "Americas")]
    assert len({label(name, 24) for name in names}) == 2


def test_what_the_font_has_stays_and_what_it_has_not_becomes_a_box():
    known = {ord(character) for character in "abc é☕□"}
    assert drawable("abc é ☕", known) == "abc é ☕"
    assert drawable("a🎁b", known) == "a□b"
    assert drawable("a👩‍👩‍👧", known) == "a□□□"
    assert drawable("a👍🏽b", known) == "a□b"
    assert drawable("a\tb\nc\x01", known) == "a b c"
    assert drawable("a\ud83d", known) == "a□"
    assert drawable("a🎁", known - {ord("□")}) == "a?"


def test_no_name_turns_the_direction_of_the_figures_beside_it():
    assert label("a\u202eb\u2066c") == "abc"


def test_a_font_of_the_users_own_is_asked_too():
    families = ["no such font", "DejaVu Sans", "STIXGeneral"]
    with plt.rc_context({"font.family": families[:2]}):
        assert label("⌚ é") == "□ é"
    with plt.rc_context({"font.family": families}):
        assert label("⌚ é") == "⌚ é"
        figure = plt.figure()
        figure.text(0.5, 0.5, label("⌚ é"))
        figure.canvas.draw()


def test_the_sample_accounts_own_subjects_are_drawn_without_a_warning(frame):
    from dyno_frames.plots.plotter import Plotter
    from dyno_frames.sandbox.sample.account import campaigns

    subjects = sorted({row["subject"] for row in campaigns() if row.get("subject")})
    assert any(label(subject, 999) != subject for subject in subjects)
    for start in range(0, len(subjects), len(frame)):
        some = subjects[start : start + len(frame)]
        ax = Plotter(frame.head(len(some)).assign(name=some)).compare(limit=len(some))
        ax.figure.canvas.draw()


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=12))
def test_no_text_whatever_warns_or_is_mathematics(text):
    figure = plt.figure(figsize=(1, 1), dpi=40)
    try:
        figure.text(0.5, 0.5, label(text))
        figure.canvas.draw()
    finally:
        plt.close(figure)
