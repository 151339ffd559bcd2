"""What is asked before anything is sent, and what is then sent."""

import pandas as pd
import pytest

from dyno_frames.contract.lifecycle import RULES, Action, Status, allowed
from dyno_frames.errors import (
    ConnectError,
    IllegalTransitionError,
    NotFoundError,
    OutcomeUnknownError,
    ReadTimeoutError,
)
from dyno_frames.panels.campaigns import actions as on
from dyno_frames.panels.campaigns.phases import FormOpen, Idle, Review
from dyno_frames.panels.campaigns.review_text import confirm_label, keep_label, review_lines
from dyno_frames.panels.campaigns.rules import disabled_reason
from dyno_frames.panels.campaigns.state import NoticeKind
from dyno_frames.panels.campaigns.wording import disabled_lines


@pytest.mark.parametrize("status", [*(s.value for s in Status), "odd", ""])
def test_exactly_what_the_contract_allows_for_a_status_is_possible(kit, status):
    panel = kit.control(kit.scripted(kit.row(status=status)))
    possible = {verb for verb in Action if not disabled_reason(panel.state, verb)}
    assert possible == set(allowed(status))
    assert len(disabled_lines(panel.state)) >= (1 if not possible else 0)


@pytest.mark.parametrize("verb", [verb for verb in Action if verb is not Action.PAUSE])
def test_nothing_but_pause_acts_before_a_review(kit, verb):
    status = min(RULES[verb].sources)
    client = kit.scripted(kit.row(status=status, recipients=50, sent=10))
    panel = kit.control(client)
    kit.ask(panel, verb)
    assert isinstance(panel.state.phase, Review)
    assert client.campaigns.sent == []
    kit.confirm(panel, "stop" if verb is Action.STOP else "")
    assert client.campaigns.sent == [(verb.value, "c1", {})]
    assert panel.journal[["action", "outcome"]].to_numpy().tolist() == [[verb.value, "applied"]]


def test_pause_is_one_click(kit):
    client = kit.scripted(kit.row(status="running", recipients=10, sent=1))
    panel = kit.control(client)
    for _ in range(3):
        panel.dispatch(on.ActionChosen(Action.PAUSE))
    assert client.campaigns.sent == [("pause", "c1", {})]
    assert panel.state.open_campaign.status == "paused"


def test_three_confirms_of_one_review_send_once(kit):
    client = kit.scripted(kit.row())
    panel = kit.control(client)
    kit.ask(panel, "start")
    review = panel.state.phase
    for _ in range(3):
        panel.dispatch(on.ConfirmPressed(review.token, panel.clock()))
    assert len(client.campaigns.sent) == 1


def test_a_review_says_name_subject_sender_list_count_and_what_changes(kit):
    panel = kit.control(kit.scripted(kit.row(name="Sale"), contacts=12))
    kit.ask(
        panel,
        "start",
        overrides=(("subject", "Spring is here"), ("from_name", ""), ("from_email", "ann@shop.example")),
    )
    review = panel.state.phase
    text = "\n".join(review_lines(review))
    for part in (
        "“Sale”",
        "NOW",
        "12 recipients of the list “Readers”",
        "NOW",
        "cannot be recalled",
    ):
        assert part in text
    assert "Changed: Subject “Spring” → “Spring is here”" in text
    assert "from_name" not in text
    assert (confirm_label(review), keep_label(review)) == ("Send to 12 recipients", "Keep as draft")
    kit.confirm(panel)
    assert panel.state.journal[0].outcome == "applied"


def test_a_time_is_read_in_its_zone_echoed_in_both_and_sent_as_typed(kit):
    client = kit.scripted(kit.row())
    panel = kit.control(client)
    kit.ask(panel, "start", when="2026-07-01 09:30", time_zone="Europe/Paris")
    review = panel.state.phase
    assert "at 2026-07-01 09:30 Europe/Paris = 2026-07-01 07:30 UTC" in review_lines(review)[0]
    assert confirm_label(review) == "Schedule to 100 recipients"
    kit.confirm(panel)
    assert client.campaigns.sent == [
        ("start", "c1", {"at": "2026-07-01T09:30:00+02:00", "time_zone": "Europe/Paris"})
    ]


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        (
            {"when": "2026-03-29 02:30", "time_zone": "Europe/Paris"},
            "does not exist in Europe/Paris: clocks skip it; try 01:30 or 03:30",
        ),
        ({"when": "2026-03-01 09:30", "time_zone": "Europe/Paris"}, "in the past"),
        ({"when": "tomorrow"}, "expected YYYY-MM-DD HH:MM"),
        ({"when": "2026-07-01 09:30", "time_zone": "Mars/Base"}, "is not a time zone"),
        ({"when": "2026-07-01 09:30", "time_zone": "paris"}, "did you mean Europe/Paris?"),
        ({"when": "2026-02-30 09:30", "time_zone": "UTC"}, "not a valid date"),
        ({"when": "0001-01-01 00:00", "time_zone": "Asia/Tokyo"}, "outside the years 1 to 9999"),
        ({"when": "9999-12-31 23:59", "time_zone": "America/New_York"}, "outside the years 1 to 9999"),
        ({"when": "2026-10-25 02:30", "time_zone": "Europe/Paris"}, "happens twice"),
        ({"overrides": (("subject", "two\nlines"),)}, "one line"),
        ({"overrides": (("from_email", "nobody"),)}, "name@example.org"),
    ],
)
def test_a_form_with_a_fault_is_never_reviewed(kit, form, fault):
    client = kit.scripted(kit.row())
    panel = kit.control(client)
    kit.ask(panel, "start", **form)
    assert isinstance(panel.state.phase, FormOpen)
    assert fault in panel.state.phase.errors[0]
    assert client.campaigns.sent == []


def test_all_faults_of_a_form_are_told_at_once(kit):
    panel = kit.control(kit.scripted(kit.row()))
    kit.ask(panel, "start", when="soon", overrides=(("from_email", "nobody"), ("subject", "a\tb")))
    assert len(panel.state.phase.errors) == 3


@pytest.mark.parametrize(("fold", "utc"), [(0, "00:30"), (1, "01:30")])
def test_a_wall_time_that_happens_twice_is_asked_about_and_sent_as_the_one_chosen(kit, fold, utc):
    client = kit.scripted(kit.row())
    panel = kit.control(client)
    typed = {"when": "2026-10-25 02:30", "time_zone": "Europe/Paris"}
    kit.ask(panel, "start", **typed)
    first, second = panel.state.phase.readings
    assert second - first == 3600
    panel.dispatch(on.FormSubmitted(panel.state.phase.serial, panel.clock(), fold=fold, **typed))
    said = "\n".join(review_lines(panel.state.phase))
    assert f"2026-10-25 02:30 Europe/Paris = 2026-10-25 {utc} UTC" in said
    assert "one is meant" in said
    kit.confirm(panel)
    sent = pd.Timestamp(client.campaigns.sent[0][2]["at"])
    assert f"{sent.tz_convert('UTC'):%H:%M}" == utc


@pytest.mark.parametrize(
    ("contacts", "typed", "sends"),
    [
        (1_000, "", True),
        (1_001, "", False),
        (1_001, "1000", False),
        (1_001, " 1,001 ", True),
        (None, "", False),
        (None, "SEND", True),
    ],
)
def test_above_a_thousand_recipients_the_count_is_typed(kit, contacts, typed, sends):
    client = kit.scripted(kit.row(), contacts=contacts)
    panel = kit.control(client)
    kit.ask(panel, "start")
    kit.confirm(panel, typed)
    assert bool(client.campaigns.sent) is sends
    assert sends or "first" in panel.state.phase.errors[0]


@pytest.mark.parametrize(
    ("typed", "stops"), [("", False), ("sto", False), ("stop", True), (" campaign C1 ", True)]
)
def test_a_stop_is_typed_as_the_word_or_the_name(kit, typed, stops):
    client = kit.scripted(kit.row(status="running", recipients=10, sent=4))
    panel = kit.control(client)
    kit.ask(panel, "stop")
    kit.confirm(panel, typed)
    assert bool(client.campaigns.sent) is stops


def test_a_paused_campaign_writes_to_those_that_remain(kit):
    panel = kit.control(kit.scripted(kit.row(status="paused", recipients=5_000, sent=1_500)))
    kit.ask(panel, "resume")
    assert panel.state.phase.required_text == "3500"
    assert "the remaining 3,500 recipients" in review_lines(panel.state.phase)[0]


def test_a_review_expires_after_a_minute(kit):
    client = kit.scripted(kit.row())
    panel = kit.control(client)
    kit.ask(panel, "start")
    panel.clock.forward(60)
    kit.confirm(panel)
    assert client.campaigns.sent == []
    assert panel.state.notice.text == "The review is older than a minute. Nothing was sent; review again."


def test_what_changed_since_the_review_is_told_and_nothing_is_sent(kit):
    client = kit.scripted(kit.row())
    panel = kit.control(client)
    kit.ask(panel, "start")
    client.campaigns.rows["c1"]["subject"] = "Summer"
    kit.confirm(panel)
    assert client.campaigns.sent == []
    assert "subject was Spring, is Summer" in panel.state.notice.text
    assert isinstance(panel.state.phase, Idle)


def test_a_campaign_started_by_somebody_else_is_not_reviewed(kit):
    client = kit.scripted(kit.row())
    panel = kit.control(client)
    client.campaigns.rows["c1"]["status"] = "running"
    kit.ask(panel, "start")
    assert isinstance(panel.state.phase, Idle)
    assert "only for draft campaigns; this one is running" in panel.state.notice.text


def test_keeping_sends_nothing_and_says_so(kit):
    client = kit.scripted(kit.row())
    panel = kit.control(client)
    kit.ask(panel, "start")
    token = panel.state.phase.token
    panel.dispatch(on.Dismissed())
    panel.dispatch(on.ConfirmPressed(token, panel.clock()))
    assert client.campaigns.sent == []
    assert panel.state.notice.text == "Nothing was sent."


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (IllegalTransitionError("ILLEGAL TRANSITION", code="409"), NoticeKind.REFUSED, "Nothing was done."),
        (ConnectError("no connection"), NoticeKind.FAILED, "It did not happen."),
        (ReadTimeoutError("no answer"), NoticeKind.FAILED, "It did not happen."),
        (ValueError("key=hunter2"), NoticeKind.FAILED, "Nothing was sent."),
        (OutcomeUnknownError("no answer came"), NoticeKind.UNKNOWN, "no answer came."),
        (RuntimeError("key=hunter2"), NoticeKind.UNKNOWN, "not known yet"),
    ],
)
def test_every_failure_says_whether_anything_was_sent(kit, error, kind, words):
    client = kit.scripted(kit.row())
    client.campaigns.failing = error
    panel = kit.control(client)
    kit.ask(panel, "start")
    kit.confirm(panel)
    assert panel.state.notice.kind is kind
    assert words in panel.state.notice.text
    assert "hunter2" not in repr(panel.state)
    assert ("c1" in panel.state.facts.unresolved) is (kind is NoticeKind.UNKNOWN)


def test_an_unknown_outcome_locks_the_campaign_until_looking_again_explains_it(kit):
    client = kit.scripted(kit.row())
    client.campaigns.failing = OutcomeUnknownError("no answer came")
    panel = kit.control(client)
    kit.ask(panel, "start")
    kit.confirm(panel)
    assert "check again" in disabled_lines(panel.state)[0]
    client.campaigns.resolves_to = OutcomeUnknownError("still no answer")
    panel.dispatch(on.ResolveRequested())
    assert "c1" in panel.state.facts.unresolved
    client.campaigns.resolves_to = None
    panel.dispatch(on.ResolveRequested())
    assert panel.state.facts.unresolved == {}
    assert [entry.action for entry in panel.state.journal] == ["start", "check again", "check again"]


def test_a_review_that_cannot_be_read_is_no_review(kit):
    client = kit.scripted(kit.row())
    panel = kit.control(client)
    client.campaigns.reading_fails = ConnectError("no connection")
    kit.ask(panel, "start")
    assert isinstance(panel.state.phase, Idle)
    assert "Nothing was sent" in panel.state.notice.text


def test_a_panel_of_a_campaign_that_is_not_there_is_refused_where_it_is_made(kit):
    with pytest.raises(NotFoundError):
        kit.control(kit.scripted(), "c9")


def test_tokens_are_in_no_repr(kit):
    panel = kit.control(kit.scripted(kit.row()))
    kit.ask(panel, "start")
    assert panel.state.phase.token not in repr(panel.state)
