"""Every process action against the practice server, with a wire that loses answers and requests."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pandas as pd
import pytest

from dyno_frames.actions import in_flight
from dyno_frames.actions.context import PollPolicy
from dyno_frames.actions.outcome import Outcome
from dyno_frames.api import connect
from dyno_frames.contract.lifecycle import RULES, Action, Status
from dyno_frames.contract.operations import operation
from dyno_frames.errors import (
    ApiError,
    ConfigError,
    ConnectError,
    ContractError,
    IllegalTransitionError,
    NotFoundError,
    OutcomeUnknownError,
    TransportError,
    WaitError,
)

LATER = pd.Timestamp.now("UTC").floor("s") + pd.Timedelta(days=30)
TO = {
    Status.DRAFT: (),
    Status.SCHEDULED: ("start_later",),
    Status.RUNNING: ("start",),
    Status.PAUSED: ("start", "pause"),
    Status.STOPPED: ("start", "stop"),
}
ASK = {
    "start": lambda c, i: c.start(i),
    "start_later": lambda c, i: c.start(i, at=LATER),
    "reschedule": lambda c, i: c.reschedule(i, at=LATER + pd.Timedelta(days=1)),
    "reschedule_now": lambda c, i: c.reschedule(i),
    "cancel_schedule": lambda c, i: c.cancel_schedule(i),
    "pause": lambda c, i: c.pause(i),
    "resume": lambda c, i: c.resume(i),
    "update_and_resume": lambda c, i: c.update_and_resume(i, subject="other"),
    "stop": lambda c, i: c.stop(i),
}
MOVES = [
    ("start", "init", Status.DRAFT, Status.RUNNING),
    ("start_later", "init", Status.DRAFT, Status.SCHEDULED),
    ("reschedule", "reschedule", Status.SCHEDULED, Status.SCHEDULED),
    ("reschedule_now", "reschedule", Status.SCHEDULED, Status.RUNNING),
    ("cancel_schedule", "cancel_schedule", Status.SCHEDULED, Status.DRAFT),
    ("pause", "pause", Status.RUNNING, Status.PAUSED),
    ("resume", "/resume", Status.PAUSED, Status.RUNNING),
    ("update_and_resume", "update_and_resume", Status.PAUSED, Status.RUNNING),
    ("stop", "stop", Status.RUNNING, Status.STOPPED),
    ("stop", "stop", Status.PAUSED, Status.STOPPED),
    ("stop", "stop", Status.SCHEDULED, Status.STOPPED),
]


def bring(client, campaign: str, status: str) -> None:
    for verb in TO[status]:
        ASK[verb](client.campaigns, campaign)
    assert client.campaigns.get(campaign)["status"] == status


def status_of(client, campaign: str) -> str:
    return client.campaigns.get(campaign)["status"]


@pytest.mark.parametrize("move", MOVES, ids=lambda move: "-".join([move[0], move[2]]))
def test_an_action_is_applied_sent_once_and_read_again(client, wire, campaign, move):
    verb, path, before, after = move
    bring(client, campaign, before)
    wire.passed.clear()
    outcome = ASK[verb](client.campaigns, campaign)
    assert (outcome.status, outcome.before, outcome.after) == ("applied", before, after)
    assert status_of(client, campaign) == after
    assert wire.sent(f"campaign_process{path if path.startswith('/') else '/' + path}") == 1
    assert client.journal.iloc[-1]["outcome"] == "applied"
    assert outcome.request is not None
    assert outcome.at.tzinfo is not None


@pytest.mark.parametrize("fault", ["lose_answer", "page"])
@pytest.mark.parametrize("move", MOVES, ids=lambda move: "-".join([move[0], move[2]]))
def test_an_action_whose_answer_is_lost_is_found_applied(client, wire, campaign, fault, move):
    verb, path, before, after = move
    bring(client, campaign, before)
    wire.passed.clear()
    wire.break_(fault, f"campaign_process/{path.strip('/')}")
    outcome = ASK[verb](client.campaigns, campaign)
    assert (outcome.status, outcome.after) == ("applied", after)
    assert wire.sent(wire.path) == 1
    assert "another hand" in outcome.evidence[-1]
    assert not client.journal["blocks"].any()


@pytest.mark.parametrize("move", MOVES, ids=lambda move: "-".join([move[0], move[2]]))
def test_an_action_whose_request_is_lost_is_unknown_and_blocks_what_sends(client, wire, campaign, move):
    verb, path, before, _after = move
    bring(client, campaign, before)
    wire.break_("lose_request", f"campaign_process/{path.strip('/')}")
    with pytest.raises(OutcomeUnknownError, match="resolve") as caught:
        ASK[verb](client.campaigns, campaign)
    outcome = caught.value.outcome
    assert (outcome.status, outcome.before, outcome.after) == ("unknown", before, before)
    assert wire.sent(wire.path) == 1
    assert status_of(client, campaign) == before
    wire.break_("", "")
    wire.passed.clear()
    if RULES[outcome.action].sends:
        with pytest.raises(OutcomeUnknownError, match="not sent"):
            ASK[verb](client.campaigns, campaign)
        assert wire.sent("campaign_process") == 0
    with pytest.raises(
        OutcomeUnknownError, match="if you know the outcome, state 'applied' or 'not_applied'"
    ):
        client.campaigns.resolve(campaign)
    assert client.journal["blocks"].any()
    settled = client.campaigns.resolve(campaign, decision="not_applied")
    assert settled.status == "not_applied"
    assert "decided by a person: not_applied" in settled.evidence
    assert not client.journal["blocks"].any()
    assert ASK[verb](client.campaigns, campaign).status == "applied"


def test_a_campaign_may_be_stopped_while_another_action_is_unresolved(client, wire, campaign):
    bring(client, campaign, Status.PAUSED)
    wire.break_("lose_request", "campaign_process/resume")
    with pytest.raises(OutcomeUnknownError):
        client.campaigns.resume(campaign)
    wire.break_("", "")
    assert client.campaigns.stop(campaign).status == "applied"


def test_a_request_that_arrives_late_is_found_by_resolve(client, wire, campaign):
    wire.break_("hold", "campaign_process/init")
    with pytest.raises(OutcomeUnknownError):
        client.campaigns.start(campaign)
    wire.break_("", "")
    assert status_of(client, campaign) == "draft"
    with pytest.raises(OutcomeUnknownError):
        client.campaigns.start(campaign)
    wire.release.set()
    assert wire.delivered.wait(10)
    assert client.campaigns.resolve(campaign).status == "applied"
    assert client.campaigns.resolve(campaign) is None
    assert wire.sent("campaign_process/init") == 1


def test_a_request_that_arrives_while_reading_is_found_applied(client, wire, campaign):
    wire.break_("hold", "campaign_process/init")
    policy = client.campaigns.poll_policy

    def pause(seconds: float) -> None:
        policy.sleep(seconds)
        if wire.sent("GET") >= 3 and not wire.release.is_set():
            wire.release.set()
            assert wire.delivered.wait(20)

    client.campaigns.poll_policy = replace(policy, sleep=pause)
    assert client.campaigns.start(campaign).status == "applied"
    assert wire.delivered.is_set()


def wait_for(condition, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.005)


def test_without_a_connection_it_certainly_did_not_happen(client, box, wire, campaign):
    port = wire._port
    real = client.connection.session.send

    def send(operation, **kwargs):
        if operation.name == "campaigns.start":
            client.connection.session.endpoint.url = "http://127.0.0.1:1"
        return real(operation, **kwargs)

    client.connection.session.send = send
    client.connection.session._sleep = lambda _: None
    with pytest.raises(ConnectError) as caught:
        client.campaigns.start(campaign)
    assert caught.value.outcome.status == "not_applied"
    client.connection.session.send = real
    client.connection.session.endpoint.url = f"http://127.0.0.1:{port}"
    assert client.journal.iloc[-1]["outcome"] == "not_applied"
    assert client.campaigns.start(campaign).status == "applied"


@pytest.mark.parametrize("status", TO)
@pytest.mark.parametrize("verb", ASK)
def test_what_the_status_does_not_allow_is_refused_before_sending(client, wire, campaign, status, verb):
    action = Action(verb.removesuffix("_later").removesuffix("_now"))
    bring(client, campaign, status)
    wire.passed.clear()
    if status in RULES[action].sources:
        assert ASK[verb](client.campaigns, campaign).status == "applied"
        return
    with pytest.raises(IllegalTransitionError, match=f"it is {status}, and {action} needs") as caught:
        ASK[verb](client.campaigns, campaign)
    assert wire.sent("campaign_process") == 0
    assert caught.value.outcome.status == "not_applied"
    assert client.journal.iloc[-1]["outcome"] == "not_applied"
    assert status_of(client, campaign) == status


def test_a_refusal_by_the_server_is_raised_with_its_outcome(client, box, campaign, monkeypatch):
    bring(client, campaign, Status.RUNNING)
    real = client.connection.session.send

    def send(operation, **kwargs):
        if operation.name == "campaigns.pause":
            with connect(box.url, box.api_key, name="another") as other:
                other.campaigns.stop(campaign)
        return real(operation, **kwargs)

    monkeypatch.setattr(client.connection.session, "send", send)
    with pytest.raises(IllegalTransitionError) as caught:
        client.campaigns.pause(campaign)
    assert caught.value.outcome.status == "not_applied"
    assert caught.value.outcome.request is not None
    assert not client.journal["blocks"].any()
    assert status_of(client, campaign) == "stopped"


def test_a_campaign_that_is_not_there_is_not_found(client):
    with pytest.raises(NotFoundError) as caught:
        client.campaigns.start("nothing")
    assert caught.value.outcome.status == "not_applied"


def test_two_clients_never_start_one_campaign_twice(client, box, wire, campaign):
    results: list[object] = []
    gate = threading.Barrier(6)

    def start() -> None:
        with connect(wire.url, box.api_key, name="another") as other:
            other.campaigns.poll_policy = client.campaigns.poll_policy
            gate.wait()
            try:
                results.append(other.campaigns.start(campaign))
            except (ApiError, OutcomeUnknownError) as error:
                results.append(error)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(result, Outcome) for result in results) == 1
    assert len(results) == 6
    assert status_of(client, campaign) == "running"


def test_a_start_is_not_sent_when_another_process_started_the_campaign_since_it_was_read(
    client, box, wire, campaign
):
    """The slower one reads a draft, and the faster one is already resolved when it looks into the journal."""
    real, started = client.connection.session.send, []

    def send(operation, **kwargs):
        reply = real(operation, **kwargs)
        if operation.name == "campaigns.get" and not started:
            with connect(wire.url, box.api_key, name="another") as other:
                started.append(other.campaigns.start(campaign))
        return reply

    client.connection.session.send = send
    with pytest.raises(IllegalTransitionError, match="it is running"):
        client.campaigns.start(campaign)
    assert started[0].status == "applied"
    assert wire.sent("campaign_process/init") == 1


def test_a_start_is_not_sent_when_one_that_was_under_way_ended_since_the_campaign_was_read(
    client, box, wire, campaign
):
    sending, goes_on = threading.Event(), threading.Event()
    with connect(wire.url, box.api_key, name="another") as other:
        real, others = client.connection.session.send, other.connection.session.send

        def send_slowly(operation, **kwargs):
            if operation.name == "campaigns.start":
                sending.set()
                assert goes_on.wait(20)
            return others(operation, **kwargs)

        def read_early(operation, **kwargs):
            reply = real(operation, **kwargs)
            goes_on.set()
            starting.join(20)
            return reply

        other.connection.session.send, client.connection.session.send = send_slowly, read_early
        starting = threading.Thread(target=lambda: other.campaigns.start(campaign))
        starting.start()
        assert sending.wait(20)
        with pytest.raises(IllegalTransitionError, match="it is running"):
            client.campaigns.start(campaign)
    assert wire.sent("campaign_process/init") == 1


def test_an_attempt_that_was_interrupted_blocks_until_resolved(client, wire, campaign):
    real = client.connection.session.send

    def send(operation, **kwargs):
        reply = real(operation, **kwargs)
        if operation.name == "campaigns.start":
            raise KeyboardInterrupt
        return reply

    client.connection.session.send = send
    with pytest.raises(KeyboardInterrupt):
        client.campaigns.start(campaign)
    client.connection.session.send = real
    assert client.journal.iloc[-1]["outcome"] == "open"
    assert not in_flight._HERE
    client.campaigns.pause(campaign)
    with pytest.raises(OutcomeUnknownError, match="resolve"):
        client.campaigns.resume(campaign)
    assert client.campaigns.resolve(campaign).status == "applied"
    assert client.campaigns.resume(campaign).status == "applied"


def test_an_attempt_that_is_still_going_on_is_not_resolved(client, wire, campaign):
    wire.break_("hold", "campaign_process/init")
    policy, was_refused = client.campaigns.poll_policy, threading.Event()

    def pause(seconds: float) -> None:
        policy.sleep(seconds)
        assert was_refused.wait(20)

    client.campaigns.poll_policy = replace(policy, sleep=pause)
    starting = threading.Thread(target=lambda: client.campaigns.start(campaign))
    starting.start()
    wait_for(lambda: wire.sent("campaign_process/init") == 1)
    with pytest.raises(OutcomeUnknownError, match="still going on"):
        client.campaigns.resolve(campaign, decision="not_applied")
    wire.release.set()
    assert wire.delivered.wait(20)
    was_refused.set()
    starting.join()
    assert status_of(client, campaign) == "running"


def test_when_the_campaign_cannot_be_read_either_it_is_unknown(client, wire, campaign):
    real = client.connection.session.send

    def send(operation, **kwargs):
        if operation.name == "campaigns.start":
            wire.break_("lose_request", "/")
        return real(operation, **kwargs)

    client.connection.session.send = send
    client.connection.session._sleep = lambda _: None
    with pytest.raises(OutcomeUnknownError, match="could not be read") as caught:
        client.campaigns.start(campaign)
    assert caught.value.outcome.after == "draft"
    wire.break_("", "")
    client.connection.session.send = real
    with pytest.raises(OutcomeUnknownError):
        client.campaigns.resolve(campaign)


def test_what_happened_is_told_even_when_it_cannot_be_noted(client, campaign, state, monkeypatch):
    real = client.connection.session.send

    def send(operation, **kwargs):
        reply = real(operation, **kwargs)
        if operation.name == "campaigns.start":
            (path,) = state.glob("*.jsonl")
            path.rename(state / "kept")
            path.mkdir()
        return reply

    monkeypatch.setattr(client.connection.session, "send", send)
    outcome = client.campaigns.start(campaign)
    assert outcome.status == "applied"
    assert "could not note" in outcome.evidence[-1]


def test_nothing_leaves_when_the_intent_cannot_be_written(client, wire, campaign, state):
    state.write_text("in the way")
    with pytest.raises(ConfigError, match="DYNO_STATE_DIR"):
        client.campaigns.start(campaign)
    assert wire.sent("campaign_process") == 0
    assert status_of(client, campaign) == "draft"


def test_the_texts_that_come_with_a_start_are_sent_and_not_written_down(client, campaign, state):
    client.campaigns.start(campaign, subject="a very own subject", from_email="me@example.com")
    got = client.campaigns.get(campaign)
    assert (got["subject"], got["from_email"]) == ("a very own subject", "me@example.com")
    (path,) = state.glob("*.jsonl")
    text = path.read_text()
    assert "very own" not in text
    assert "@" not in text
    assert client.connection.session.key.reveal() not in text
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_outcome_shows_briefly_and_escaped():
    outcome = Outcome(
        status="applied",
        action=Action.PAUSE,
        campaign_id="<b>1",
        before="running",
        after="<i>",
        evidence=("<script>",),
    )
    assert repr(outcome) == "Outcome(pause <b>1: applied, running → <i>)"
    html = outcome._repr_html_()
    assert "<script>" not in html
    assert "<b>1" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("move", MOVES, ids=lambda move: "-".join([move[0], move[2]]))
def test_an_error_outside_the_contract_is_held_against_a_reading(client, wire, campaign, move):
    """An application may fail after it has carried the action out; its answer alone proves nothing then."""
    verb, path, before, after = move
    bring(client, campaign, before)
    wire.passed.clear()
    wire.break_("error", f"campaign_process/{path.strip('/')}")
    outcome = ASK[verb](client.campaigns, campaign)
    assert (outcome.status, outcome.after) == ("applied", after)
    assert "the server refused with code 77" in outcome.evidence
    assert wire.sent(wire.path) == 1
    assert not client.journal["blocks"].any()


def test_an_error_outside_the_contract_is_unknown_where_no_reading_succeeds(client, wire, campaign):
    real = client.connection.session.send

    def send(operation, **kwargs):
        try:
            return real(operation, **kwargs)
        finally:
            if operation.name == "campaigns.start":
                wire.break_("lose_request", "/")

    wire.break_("error", "campaign_process")
    client.connection.session.send = send
    client.connection.session._sleep = lambda _: None
    with pytest.raises(OutcomeUnknownError, match="could not be read"):
        client.campaigns.start(campaign)
    assert client.journal["blocks"].any()


def test_a_time_that_is_over_when_the_request_comes_in_is_found_applied(client, wire, campaign):
    """The server begins at once then, at a time of its own."""
    wire.break_("lose_answer", "campaign_process/init")
    at = pd.Timestamp.now("UTC") - pd.Timedelta(seconds=20)
    outcome = client.campaigns.start(campaign, at=at)
    assert (outcome.status, outcome.after) == ("applied", "running")


def test_an_unknown_outcome_is_a_warning_in_the_log(client, wire, campaign, caplog):
    caplog.set_level("DEBUG", "dyno_frames")
    wire.break_("lose_request", "campaign_process/init")
    with pytest.raises(OutcomeUnknownError):
        client.campaigns.start(campaign, from_email="me@example.com")
    (record,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert record.name == "dyno_frames.actions"
    assert campaign in record.getMessage()
    assert "outcome unknown" in record.getMessage()
    assert "me@example.com" not in caplog.text


def test_readings_that_stall_leave_time_for_others(client, wire, campaign, without_waiting):
    """The first reading after the action hangs; it is given up in time for a second one."""
    real, stalled = client.connection.session.send, []

    def send(operation, **kwargs):
        reply = real(operation, **kwargs)
        if operation.name == "campaigns.get" and wire.sent("campaign_process/init") and not stalled:
            stalled.append(kwargs["deadline_s"])
            raise TransportError("no answer within its deadline")
        return reply

    client.connection.session.send = send
    client.campaigns.poll_policy = without_waiting(settle_s=15.0, first_s=0.01)
    wire.break_("lose_answer", "campaign_process/init")
    assert client.campaigns.start(campaign).status == "applied"
    assert stalled == [pytest.approx(5.0)]


REFUSALS = {
    "500": ("500", 500),
    "429": ("429", 429),
    "429 as a status alone": ("77", 429),
    "no code": ("", 500),
}


@pytest.mark.parametrize("error", REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize("move", MOVES, ids=lambda move: "-".join([move[0], move[2]]))
def test_an_error_after_which_replicas_lag_is_found_applied(client, wire, campaign, error, move):
    """The server carries the action out, answers with an error, and the first readings are of before."""
    verb, path, before, after = move
    bring(client, campaign, before)
    client.campaigns.get(campaign)
    wire.passed.clear()
    wire.error, wire.lag = wire.refusal(*error), 3
    wire.break_("error", f"campaign_process/{path.strip('/')}")
    outcome = ASK[verb](client.campaigns, campaign)
    assert (outcome.status, outcome.after) == ("applied", after)
    assert wire.lag == 0
    assert wire.sent(wire.path) == 1
    assert not client.journal["blocks"].any()


@pytest.mark.parametrize("fault", ["error", "error_instead"])
@pytest.mark.parametrize("error", REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize("move", MOVES, ids=lambda move: "-".join([move[0], move[2]]))
def test_an_error_whose_readings_all_show_the_old_status_is_unknown_and_blocks_what_sends(  # noqa: PLR0917 - fixtures
    client, wire, campaign, fault, error, move, without_waiting
):
    """A replica that lags for longer than the readings go on shows the same after both faults."""
    verb, path, before, _ = move
    bring(client, campaign, before)
    client.campaigns.get(campaign)
    wire.passed.clear()
    wire.error, wire.lag = wire.refusal(*error), 1_000
    wire.break_(fault, f"campaign_process/{path.strip('/')}")
    client.campaigns.poll_policy = without_waiting(settle_s=0.1, first_s=0.02, longest_s=0.05)
    with pytest.raises(
        OutcomeUnknownError, match=rf"error {error[0] or '.'}, and it is {before}.*resolve"
    ) as caught:
        ASK[verb](client.campaigns, campaign)
    assert not caught.value.retryable
    assert caught.value.outcome.status == "unknown"
    assert client.journal["blocks"].any()
    if RULES[caught.value.outcome.action].sends:
        with pytest.raises(OutcomeUnknownError, match="not sent"):
            ASK[verb](client.campaigns, campaign)
    assert wire.sent(wire.path) == 1
    wire.lag = 0
    if fault == "error":
        assert client.campaigns.resolve(campaign).status == "applied"
    else:
        with pytest.raises(OutcomeUnknownError, match="decision="):
            client.campaigns.resolve(campaign)
        assert client.campaigns.resolve(campaign, decision="not_applied").status == "not_applied"
    assert not client.journal["blocks"].any()


@pytest.mark.parametrize("code", ["400", "401", "403", "404", "409", "413"])
def test_a_refusal_of_the_contract_is_believed_at_once(client, wire, campaign, code):
    wire.error = wire.refusal(code)
    wire.break_("error_instead", "campaign_process/init")
    with pytest.raises(ApiError) as caught:
        client.campaigns.start(campaign)
    assert caught.value.outcome.status == "not_applied"
    assert wire.sent("GET") == 1
    assert not client.journal["blocks"].any()


def test_an_error_is_not_judged_by_a_reading_from_before_the_others_failed(client, wire, campaign):
    """One early reading shows a draft, no later one succeeds: the action may have been carried out since."""
    real, readings = client.connection.session.send, []

    def send(operation, **kwargs):
        if operation.name == "campaigns.get" and wire.sent("campaign_process"):
            readings.append(operation)
            if len(readings) > 1:
                raise TransportError("no answer")
        return real(operation, **kwargs)

    client.connection.session.send = send
    wire.lag = 1
    wire.break_("error", "campaign_process/init")
    with pytest.raises(OutcomeUnknownError):
        client.campaigns.start(campaign)
    assert client.journal["blocks"].any()


def test_a_campaign_that_one_reading_does_not_find_is_read_again(client, wire, campaign):
    """A replica that lags may not know a campaign yet that was created just now."""
    real, missing = client.connection.session.send, []

    def send(operation, **kwargs):
        if operation.name == "campaigns.get" and wire.sent("campaign_process") and len(missing) < 2:
            missing.append(operation)
            raise NotFoundError("RESOURCE NOT FOUND", code="404")
        return real(operation, **kwargs)

    client.connection.session.send = send
    wire.break_("lose_answer", "campaign_process/init")
    assert client.campaigns.start(campaign).status == "applied"
    assert len(missing) == 2


def test_what_is_refused_here_is_raised_as_such_even_when_it_cannot_be_noted(client, campaign, state):
    client.campaigns.start(campaign)
    (path,) = state.glob("*.jsonl")
    path.rename(state / "kept")
    path.mkdir()
    with pytest.raises(IllegalTransitionError, match="it is running") as caught:
        client.campaigns.start(campaign)
    assert "could not note" in caught.value.outcome.evidence[-1]


def test_a_status_that_no_line_can_hold_is_outside_the_contract(client, wire, campaign):
    real = client.connection.session.send

    def send(operation, **kwargs):
        reply = real(operation, **kwargs)
        if operation.name == "campaigns.get":
            reply.data["status"] = "draft\ud800"
        return reply

    client.connection.session.send = send
    with pytest.raises(ContractError, match="status") as caught:
        client.campaigns.start(campaign)
    assert caught.value.outcome.status == "not_applied"
    assert wire.sent("campaign_process") == 0


def test_a_plan_whose_recipients_cannot_be_counted_again_is_refused_with_its_outcome(client, wire, campaign):
    plan = client.campaigns.plan("start", campaign)
    client.connection.session._sleep = lambda _: None
    wire.break_("lose_request", "GET /lists")
    with pytest.raises(TransportError) as caught:
        client.campaigns.apply(plan)
    assert caught.value.outcome.status == "not_applied"
    assert "the recipients could not be counted" in caught.value.outcome.evidence
    assert wire.sent("campaign_process") == 0
    assert client.journal.iloc[-1]["outcome"] == "not_applied"


def test_a_reading_of_another_account_that_does_not_find_the_campaign_keeps_sends_blocked(
    client, wire, box, campaign
):
    """A key of another account gets a 404 for a campaign that exists."""
    wire.break_("lose_request", "campaign_process/init")
    with pytest.raises(OutcomeUnknownError):
        client.campaigns.start(campaign)
    wire.break_("", "")
    with connect(wire.url, box.keys["another"], name="another") as other:
        with pytest.raises(OutcomeUnknownError, match="does not find it") as caught:
            other.campaigns.resolve(campaign)
        assert "the key that requested start" in str(caught.value)
        assert "decision=" in str(caught.value)
    assert client.journal["blocks"].any()
    wire.passed.clear()
    with pytest.raises(OutcomeUnknownError, match="not sent"):
        client.campaigns.start(campaign)
    assert wire.sent("campaign_process") == 0
    assert client.campaigns.resolve(campaign, decision="not_applied").status == "not_applied"
    assert client.campaigns.start(campaign).status == "applied"


def test_an_action_whose_campaign_is_not_found_afterwards_keeps_sends_blocked(
    client, wire, campaign, without_waiting
):
    """A replica that lags for longer than the readings go on does not know the campaign yet."""
    wire.break_("lose_answer", "campaign_process/init")
    client.campaigns.poll_policy = without_waiting(settle_s=0.2, first_s=0.05)
    real = client.connection.session.send

    def missing(operation, **kwargs):
        if operation.name == "campaigns.get" and wire.sent("campaign_process"):
            raise NotFoundError("RESOURCE NOT FOUND", code="404")
        return real(operation, **kwargs)

    client.connection.session.send = missing
    with pytest.raises(OutcomeUnknownError, match=r"does not find it.*resolve"):
        client.campaigns.start(campaign)
    client.connection.session.send = real
    assert client.journal["blocks"].any()
    wire.break_("", "")
    assert client.campaigns.resolve(campaign).status == "applied"


def test_a_replica_that_still_shows_the_status_before_the_last_proves_nothing(client, wire, campaign):
    """A draft that was scheduled, and whose schedule was to be canceled: the replica still shows the draft."""
    real, draft = (
        client.connection.session.send,
        client.connection.session.send(operation("campaigns", "get"), key=campaign),
    )
    bring(client, campaign, Status.SCHEDULED)
    wire.break_("lose_request", "campaign_process/cancel_schedule")
    with pytest.raises(OutcomeUnknownError):
        client.campaigns.cancel_schedule(campaign)
    wire.break_("", "")
    readings = []

    def lagging(operation, **kwargs):
        readings.append(operation.name)
        return draft if readings == ["campaigns.get"] else real(operation, **kwargs)

    client.connection.session.send = lagging
    with pytest.raises(OutcomeUnknownError):
        client.campaigns.resolve(campaign)


def test_a_person_settles_the_actions_of_a_campaign_that_was_deleted(client, wire, campaign):
    wire.break_("lose_request", "campaign_process/init")
    with pytest.raises(OutcomeUnknownError):
        client.campaigns.start(campaign)
    wire.break_("", "")
    client.campaigns.delete(campaign)
    with pytest.raises(OutcomeUnknownError, match="decision="):
        client.campaigns.resolve(campaign)
    assert client.campaigns.resolve(campaign, decision="not_applied").status == "not_applied"
    assert client.campaigns.resolve(campaign) is None


def test_every_unresolved_action_is_looked_at_and_those_that_stay_unknown_are_named(client, wire, campaign):
    bring(client, campaign, Status.PAUSED)
    wire.break_("lose_request", "campaign_process/resume")
    with pytest.raises(OutcomeUnknownError):
        client.campaigns.resume(campaign)
    wire.break_("lose_request", "campaign_process/stop")
    for _ in range(2):
        with pytest.raises(OutcomeUnknownError):
            client.campaigns.stop(campaign)
    wire.break_("", "")
    with pytest.raises(OutcomeUnknownError, match="3 actions") as caught:
        client.campaigns.resolve(campaign)
    assert str(caught.value).count(f"stop of campaign {campaign}, requested at") == 2
    assert str(caught.value).count(f"resume of campaign {campaign}, requested at") == 1
    assert caught.value.outcome.action == "stop"
    looked = client.journal.loc[client.journal["blocks"], "evidence"].map(str)
    assert looked.str.contains("looked again").sum() == 3


def test_a_later_action_is_settled_though_an_earlier_one_stays_unknown(client, wire, campaign):
    bring(client, campaign, Status.PAUSED)
    wire.break_("lose_request", "campaign_process/update_and_resume")
    with pytest.raises(OutcomeUnknownError):
        client.campaigns.update_and_resume(campaign, subject="other")
    real = client.connection.session.send
    wire.break_("lose_answer", "campaign_process/stop")

    def unreadable(operation, **kwargs):
        if operation.name == "campaigns.get" and wire.sent("campaign_process/stop"):
            raise TransportError("no answer")
        return real(operation, **kwargs)

    client.connection.session.send = unreadable
    with pytest.raises(OutcomeUnknownError):
        client.campaigns.stop(campaign)
    client.connection.session.send = real
    wire.break_("", "")
    with pytest.raises(OutcomeUnknownError, match="update_and_resume"):
        client.campaigns.resolve(campaign)
    assert client.journal.iloc[-1]["outcome"] == "applied"


def with_status(client, status: str, *, once_sent: bool):
    """Let readings show another status, from the beginning or once an action was sent."""
    real, sent = client.connection.session.send, []

    def send(operation, **kwargs):
        reply = real(operation, **kwargs)
        if operation.name.startswith("campaigns.get") and (sent or not once_sent):
            reply.data["status"] = status
        elif operation.name == "campaigns.start":
            sent.append(operation)
            raise TransportError("no answer")
        return reply

    client.connection.session.send = send


@pytest.mark.parametrize("once_sent", [False, True])
def test_a_status_outside_the_contract_is_shown_and_kept_without_addresses_and_key(
    client, campaign, state, once_sent
):
    key = client.connection.session.key.reveal()
    with_status(client, f"held for ann\u200b@example.com by {key}", once_sent=once_sent)
    with pytest.raises((IllegalTransitionError, OutcomeUnknownError)) as caught:
        client.campaigns.start(campaign)
    with pytest.raises(IllegalTransitionError) as planned:
        client.campaigns.plan("start", campaign)
    with pytest.raises(WaitError) as waiting:
        client.campaigns.wait(campaign, timeout_s=0.3)
    errors = [caught.value, planned.value, waiting.value]
    (path,) = state.glob("*.jsonl")
    texts = [str(error) + repr(vars(error)) + error._repr_html_() for error in errors]
    texts += [path.read_text(), client.journal.to_string(), caught.value.outcome._repr_html_()]
    for text in texts:
        assert "ann" not in text.replace("cannot", "")
        assert key not in text
    assert "held for <address> by ***" in texts[0]


def test_closing_the_client_ends_the_pause_between_two_readings(client, wire, campaign):
    client.campaigns.poll_policy = PollPolicy(settle_s=600, first_s=300, longest_s=300)
    wire.break_("lose_request", "campaign_process/init")
    raised = []

    def start() -> None:
        try:
            client.campaigns.start(campaign)
        except OutcomeUnknownError as error:
            raised.append(error)

    starting = threading.Thread(target=start, daemon=True)
    starting.start()
    wait_for(lambda: wire.sent("campaign_process/init") and wire.passed[-1].startswith("GET"))
    client.close()
    starting.join(20)
    assert not starting.is_alive()
    assert raised[0].outcome.status == "unknown"
    assert client.journal["blocks"].any()
