"""Several campaigns are paused or stopped with one review that lists each."""

import pandas as pd
import pytest

from dyno_frames.contract.lifecycle import Action
from dyno_frames.errors import ConnectError, IllegalTransitionError
from dyno_frames.panels.campaigns import actions as on
from dyno_frames.panels.campaigns.phases import BulkReview, Idle
from dyno_frames.panels.campaigns.review_text import bulk_lines, bulk_rows, confirm_label
from dyno_frames.panels.campaigns.rules import MAX_BULK
from dyno_frames.panels.campaigns.state import NoticeKind

STATUSES = {"a": "running", "b": "running", "c": "draft", "d": "paused"}


@pytest.fixture
def many(kit):
    rows = [kit.row(key, status=status, recipients=10, sent=4) for key, status in STATUSES.items()]
    client = kit.scripted(*rows)
    panel = kit.control(client, pd.DataFrame(rows))
    panel.client = client
    panel.dispatch(on.RefreshRequested())
    return panel


def asked(panel, verb, *keys):
    panel.dispatch(on.SelectionChanged(keys))
    panel.dispatch(on.BulkActionChosen(verb))
    return panel.state.phase


def test_the_review_lists_each_and_what_is_left_out_and_each_is_sent_once(kit, many):
    review = asked(many, Action.PAUSE, "a", "b", "c")
    assert bulk_rows(review) == (
        ("Campaign a", "running", "4 of 10 (40%)"),
        ("Campaign b", "running", "4 of 10 (40%)"),
    )
    assert bulk_lines(review)[0] == "Left out: Campaign c: only for running campaigns; this one is draft."
    assert confirm_label(review) == "Pause 2 campaigns"
    for _ in range(3):
        many.dispatch(on.ConfirmPressed(review.token, many.clock()))
    assert many.client.campaigns.sent == [("pause", "a", {}), ("pause", "b", {})]
    assert many.state.notice.text == "Pause: 2 applied."
    assert many.state.selected_ids == frozenset()
    assert many.journal["campaign_id"].tolist() == ["a", "b"]


def test_a_stop_of_several_is_typed(many):
    review = asked(many, Action.STOP, "a", "d")
    many.dispatch(on.ConfirmPressed(review.token, many.clock(), ""))
    assert many.client.campaigns.sent == []
    assert many.state.phase.errors == ("type stop first",)
    many.dispatch(on.ConfirmPressed(review.token, many.clock(), "stop"))
    assert [sent[:2] for sent in many.client.campaigns.sent] == [("stop", "a"), ("stop", "d")]


@pytest.mark.parametrize("verb", [verb for verb in Action if verb not in {Action.PAUSE, Action.STOP}])
def test_what_sends_mail_is_never_asked_of_several(many, verb):
    asked(many, verb, "a", "b")
    assert isinstance(many.state.phase, Idle)
    assert "only for one campaign at a time" in many.state.notice.text


def test_nothing_marked_or_too_many_is_refused(kit, many):
    many.dispatch(on.BulkActionChosen(Action.STOP))
    assert "select campaigns" in many.state.notice.text
    rows = [kit.row(f"c{i}", status="running") for i in range(MAX_BULK + 1)]
    panel = kit.control(kit.scripted(*rows), pd.DataFrame(rows))
    asked(panel, Action.STOP, *(row["id"] for row in rows))
    assert f"at most {MAX_BULK}" in panel.state.notice.text


def test_other_marks_are_another_question(many):
    review = asked(many, Action.STOP, "a", "b")
    many.dispatch(on.SelectionChanged(("b",), selected=False))
    many.dispatch(on.ConfirmPressed(review.token, many.clock(), "stop"))
    assert many.client.campaigns.sent == []


def test_what_changed_since_the_review_is_not_sent_and_the_rest_is_told(many):
    review = asked(many, Action.STOP, "a", "b")
    many.client.campaigns.rows["a"]["status"] = "paused"
    many.dispatch(on.ConfirmPressed(review.token, many.clock(), "stop"))
    assert [sent[1] for sent in many.client.campaigns.sent] == ["b"]
    assert many.state.notice.text == "Stop: 1 changed since the review, 1 applied."
    assert (
        "Campaign a: Changed since the review: status was running, is paused" in many.state.notice.details[0]
    )


@pytest.mark.parametrize(
    ("error", "kind", "word"),
    [
        (IllegalTransitionError("no", code="409"), NoticeKind.REFUSED, "2 refused"),
        (ConnectError("no connection"), NoticeKind.FAILED, "2 not_applied"),
        (RuntimeError("cut"), NoticeKind.UNKNOWN, "2 unknown"),
    ],
)
def test_the_worst_that_came_out_gives_the_notice_its_word(many, error, kind, word):
    review = asked(many, Action.STOP, "a", "b")
    many.client.campaigns.failing = error
    many.dispatch(on.ConfirmPressed(review.token, many.clock(), "stop"))
    assert (many.state.notice.kind, word in many.state.notice.text) == (kind, True)
    assert len(many.state.notice.details) == 2


def test_a_review_of_several_expires_and_none_that_fits_is_none(many):
    review = asked(many, Action.PAUSE, "a", "b")
    assert isinstance(review, BulkReview)
    many.clock.forward(60)
    many.dispatch(on.ClockTicked(many.clock()))
    assert "older than a minute" in many.state.notice.text
    many.dispatch(on.SelectionChanged(("a", "b"), selected=False))
    asked(many, Action.PAUSE, "c", "d")
    assert "not possible for any of the 2 campaigns" in many.state.notice.text
    assert many.client.campaigns.sent == []
