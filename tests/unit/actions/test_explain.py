"""What a reading proves about an action that got no answer."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from dyno_frames.actions.explain import after_acceptance, after_silence
from dyno_frames.actions.intent import Intent
from dyno_frames.contract.lifecycle import FINAL, RULES, Action, Status

NOW, SOON, LATER = 1_000.0, 4_600, 9_000
BODIES = {
    "now": {},
    "timed": {"iso_start_time": "1970-01-01T02:30:00", "time_zone": "UTC"},
}


def asked(action: Action, before: Status, *, form: str = "now", start: int | None = None, **texts) -> Intent:
    row = {"status": str(before), "start_time": start, "updated": 1}
    return Intent.of(action, row, {**BODIES[form], **texts}, campaign_id="c", now=NOW, until=NOW)


CASES = [
    (action, before, form)
    for action, rule in RULES.items()
    for before in sorted(rule.sources)
    for form in (BODIES if rule.later else ["now"])
]


@pytest.mark.parametrize(("action", "before", "form"), CASES)
def test_a_status_the_action_may_still_change_proves_nothing(action, before, form):
    start = SOON if before == Status.SCHEDULED else None
    intent = asked(action, before, form=form, start=start)
    for status in RULES[action].sources:
        found = after_silence(intent, {"status": status, "start_time": start}, now=NOW)
        assert found.word == "open", (status, found)


@pytest.mark.parametrize(("action", "before", "form"), CASES)
def test_nothing_is_said_to_have_not_happened_but_what_is_over(action, before, form):
    intent = asked(action, before, form=form)
    for status in [*Status, "sending", "None"]:
        found = after_silence(intent, {"status": status}, now=NOW)
        if found.word == "not_applied":
            assert status not in RULES[action].sources
            assert status in FINAL | {Status.RUNNING, Status.PAUSED}


@pytest.mark.parametrize(("action", "before", "form"), CASES)
def test_the_target_is_applied(action, before, form):
    intent = asked(action, before, form=form, start=SOON if before == Status.SCHEDULED else None)
    start = LATER if form == "timed" else SOON
    found = after_silence(intent, {"status": intent.expects, "start_time": start}, now=NOW)
    assert found.word == "applied"
    assert "another hand" in found.reason


@pytest.mark.parametrize("status", ["sending", "", "None", "DRAFT"])
@pytest.mark.parametrize(("action", "before", "form"), CASES)
def test_a_status_outside_the_contract_proves_nothing(action, before, form, status):
    assert after_silence(asked(action, before, form=form), {"status": status}, now=NOW).word == "open"


@pytest.mark.parametrize(("action", "before", "form"), CASES)
def test_a_campaign_that_is_gone_proves_nothing(action, before, form):
    assert after_silence(asked(action, before, form=form), None, now=NOW).word == "unknown"


@pytest.mark.parametrize(
    ("intent", "row", "word"),
    [
        (asked(Action.START, Status.DRAFT), {"status": "finished"}, "applied"),
        (asked(Action.START, Status.DRAFT), {"status": "stopped"}, "applied"),
        (asked(Action.START, Status.DRAFT), {"status": "scheduled", "start_time": SOON}, "unknown"),
        (
            asked(Action.START, Status.DRAFT, form="timed"),
            {"status": "scheduled", "start_time": SOON},
            "unknown",
        ),
        (
            asked(Action.START, Status.DRAFT, form="timed"),
            {"status": "running", "start_time": 1000},
            "unknown",
        ),
        (asked(Action.START, Status.DRAFT, form="timed"), {"status": "scheduled"}, "applied"),
        (asked(Action.START, Status.DRAFT, subject="a"), {"status": "running", "subject": "a"}, "applied"),
        (asked(Action.START, Status.DRAFT, subject="a"), {"status": "running", "subject": "b"}, "unknown"),
        (asked(Action.START, Status.DRAFT, subject="a"), {"status": "running"}, "unknown"),
        (asked(Action.RESUME, Status.PAUSED), {"status": "finished"}, "applied"),
        (asked(Action.RESUME, Status.PAUSED), {"status": "stopped"}, "unknown"),
        (asked(Action.PAUSE, Status.RUNNING), {"status": "finished"}, "not_applied"),
        (asked(Action.PAUSE, Status.RUNNING), {"status": "stopped"}, "unknown"),
        (asked(Action.STOP, Status.RUNNING), {"status": "finished"}, "not_applied"),
        (asked(Action.STOP, Status.SCHEDULED), {"status": "draft"}, "unknown"),
        (asked(Action.CANCEL_SCHEDULE, Status.SCHEDULED), {"status": "running"}, "not_applied"),
        (asked(Action.CANCEL_SCHEDULE, Status.SCHEDULED), {"status": "stopped"}, "unknown"),
        (asked(Action.RESCHEDULE, Status.SCHEDULED, start=SOON), {"status": "running"}, "applied"),
        (asked(Action.RESCHEDULE, Status.SCHEDULED, start=900), {"status": "running"}, "unknown"),
        (asked(Action.RESCHEDULE, Status.SCHEDULED), {"status": "running"}, "unknown"),
        (asked(Action.RESCHEDULE, Status.SCHEDULED, form="timed"), {"status": "scheduled"}, "open"),
        (
            asked(Action.RESCHEDULE, Status.SCHEDULED, form="timed", start=SOON),
            {"status": "scheduled", "start_time": SOON},
            "open",
        ),
        (asked(Action.RESCHEDULE, Status.SCHEDULED, form="timed"), {"status": "draft"}, "unknown"),
        (
            asked(Action.RESCHEDULE, Status.SCHEDULED, form="timed", start=900),
            {"status": "running", "start_time": 900},
            "not_applied",
        ),
        (
            asked(Action.RESCHEDULE, Status.SCHEDULED, start=900),
            {"status": "running", "start_time": 900},
            "unknown",
        ),
        (
            asked(Action.RESCHEDULE, Status.SCHEDULED, start=900),
            {"status": "running", "start_time": 1000},
            "applied",
        ),
        (
            asked(Action.RESCHEDULE, Status.SCHEDULED, form="timed", start=LATER),
            {"status": "scheduled", "start_time": LATER},
            "open",
        ),
        (
            asked(Action.RESCHEDULE, Status.SCHEDULED, start=900, subject="a"),
            {"status": "running", "start_time": 900, "subject": "b"},
            "not_applied",
        ),
        (
            asked(Action.RESCHEDULE, Status.SCHEDULED, start=900, subject="a"),
            {"status": "running", "start_time": 900, "subject": "a"},
            "unknown",
        ),
    ],
)
def test_what_others_may_have_done_is_told_apart(intent, row, word):
    assert after_silence(intent, row, now=NOW).word == word


def test_every_reading_of_every_action_is_judged():
    for (action, before, form), status in itertools.product(CASES, [*Status, "other"]):
        for start in (None, SOON, LATER, 10, "text"):
            intent = asked(action, before, form=form, start=SOON)
            row = {"status": status, "start_time": start}
            assert after_silence(intent, row, now=NOW).reason
            assert after_acceptance(intent, row).word in {"applied", "open"}


@pytest.mark.parametrize(("action", "before", "form"), CASES)
def test_an_echo_is_not_a_state(action, before, form):
    start = SOON if before == Status.SCHEDULED else None
    intent = asked(action, before, form=form, start=start)
    assert after_acceptance(intent, {"status": before, "start_time": start}).word == "open"
    reached = {"status": intent.expects, "start_time": LATER if form == "timed" else start}
    assert after_acceptance(intent, reached).word == "applied"
    assert after_acceptance(intent, None).word == "applied"


@pytest.mark.parametrize(
    ("start", "word"), [(9_000, "applied"), (9_100, "applied"), (9_500, "unknown"), (8_999, "unknown")]
)
@pytest.mark.parametrize("action", [Action.START, Action.RESCHEDULE])
def test_a_time_that_was_over_on_arrival_explains_a_start_while_the_request_was_under_way(
    action, start, word
):
    before = Status.DRAFT if action is Action.START else Status.SCHEDULED
    row = {"status": str(before), "start_time": None if action is Action.START else 20_000, "updated": 1}
    intent = Intent.of(action, row, BODIES["timed"], campaign_id="c", now=8_999.0, until=9_130.0)
    found = after_silence(intent, {"status": "running", "start_time": start}, now=9_600.0)
    assert found.word == word, found


@pytest.mark.parametrize("status", ["scheduled", "running"])
@pytest.mark.parametrize("text", ["new", "old"])
def test_a_reschedule_to_the_time_it_had_is_told_by_its_texts(status, text):
    row = {"status": "scheduled", "start_time": LATER, "subject": "old", "updated": 1}
    body = {**BODIES["timed"], "subject": "new"}
    intent = Intent.of(Action.RESCHEDULE, row, body, campaign_id="c", now=NOW, until=NOW)
    found = after_silence(intent, {"status": status, "start_time": LATER, "subject": text}, now=LATER + 1.0)
    without = {"scheduled": "open", "running": "not_applied"}[status]
    assert found.word == (without if text == "old" else "applied")


def test_a_text_that_stood_there_before_proves_nothing():
    row = {"status": "scheduled", "start_time": LATER, "subject": "same", "updated": 1}
    body = {**BODIES["timed"], "subject": "same"}
    intent = Intent.of(Action.RESCHEDULE, row, body, campaign_id="c", now=NOW, until=NOW)
    assert after_silence(intent, row, now=NOW).word == "open"
    assert after_silence(intent, {**row, "status": "running"}, now=LATER + 1.0).word == "unknown"


@pytest.mark.parametrize(("action", "before", "form"), CASES)
def test_a_reading_from_before_the_action_proves_nothing(action, before, form):
    intent = replace(asked(action, before, form=form, start=SOON), updated_before=100)
    for status in Status:
        assert after_silence(intent, {"status": status, "updated": 99}, now=NOW).word == "open"


def test_a_reading_of_the_second_in_which_the_campaign_changed_last_is_not_final():
    intent = replace(asked(Action.CANCEL_SCHEDULE, Status.SCHEDULED, start=SOON), updated_before=100)
    readings = [after_silence(intent, {"status": "draft", "updated": at}, now=NOW) for at in (100, 101)]
    assert [(found.word, found.is_final) for found in readings] == [("applied", False), ("applied", True)]
