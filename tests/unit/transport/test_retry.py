"""The decision to send again, over every effect and event."""

from __future__ import annotations

import itertools
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyno_frames.contract.operations import OPERATIONS, Effect
from dyno_frames.transport.retry import (
    NO_BYTE_LEFT,
    TABLE,
    Budget,
    Decision,
    Event,
    Policy,
    decide,
    pause_s,
    retry_after_s,
)

HARMLESS = (Effect.READ, Effect.IDEMPOTENT_WRITE)
HARMFUL = (Effect.CREATE, Effect.ACT)
ANSWERS = {Event.ANSWER, Event.REFUSAL, Event.SLOW_DOWN}


def test_every_effect_and_event_has_a_decision():
    decided = {(effect, event): decide(effect, event) for effect, event in itertools.product(Effect, Event)}
    assert len(decided) == len(Effect) * len(Event)
    assert set(TABLE) == set(Event)


@pytest.mark.parametrize("effect", HARMFUL)
@pytest.mark.parametrize("event", Event)
def test_a_create_or_an_act_is_sent_again_only_when_no_byte_left(effect, event):
    if decide(effect, event) is Decision.SEND_AGAIN:
        assert event in NO_BYTE_LEFT


@pytest.mark.parametrize("effect", HARMFUL)
@pytest.mark.parametrize("event", sorted(set(Event) - NO_BYTE_LEFT - ANSWERS))
def test_a_create_or_an_act_that_left_without_an_answer_is_unknown(effect, event):
    assert decide(effect, event) is Decision.UNKNOWN


@pytest.mark.parametrize("effect", Effect)
def test_an_envelope_is_an_answer(effect):
    assert decide(effect, Event.ANSWER) is Decision.ACCEPT
    assert decide(effect, Event.REFUSAL) is Decision.REFUSE


@pytest.mark.parametrize("effect", HARMLESS)
@pytest.mark.parametrize(
    ("event", "decision"),
    [
        (Event.SLOW_DOWN, Decision.SEND_AGAIN),
        (Event.NO_CONNECTION, Decision.SEND_AGAIN),
        (Event.TIMEOUT, Decision.SEND_AGAIN),
        (Event.RESET, Decision.SEND_AGAIN),
        (Event.CUT_BODY, Decision.SEND_AGAIN),
        (Event.NOT_JSON, Decision.SEND_AGAIN),
        (Event.TOO_MANY, Decision.SEND_AGAIN),
        (Event.GATEWAY, Decision.SEND_AGAIN),
        (Event.SERVER_ERROR, Decision.SEND_AGAIN),
        (Event.UNTRUSTED, Decision.GIVE_UP),
        (Event.FOREIGN, Decision.GIVE_UP),
        (Event.CLIENT_ERROR, Decision.GIVE_UP),
        (Event.REDIRECT, Decision.GIVE_UP),
        (Event.OVERSIZE, Decision.GIVE_UP),
    ],
)
def test_a_read_is_sent_again_after_what_passes(effect, event, decision):
    assert decide(effect, event) is decision


def test_reads_never_leave_an_unknown_outcome():
    assert all(decide(effect, event) is not Decision.UNKNOWN for effect in HARMLESS for event in Event)


def test_every_operation_has_an_effect_of_the_table():
    assert {operation.effect for operation in OPERATIONS.values()} == set(Effect)


@given(st.integers(1, 60), st.floats(0, 1, exclude_max=True), st.none() | st.floats(0, 1e6))
def test_a_pause_is_bounded_and_never_shorter_than_what_was_asked(attempt, share, asked):
    policy = Policy()
    pause = pause_s(attempt, policy, event=Event.GATEWAY, random=lambda: share, retry_after_s=asked)
    assert (asked or 0.0) <= pause <= (asked or 0.0) + policy.longest_s
    if asked is not None:
        assert pause <= asked + policy.first_s


def test_pauses_are_jittered_over_their_whole_bound_which_doubles():
    policy = Policy(first_s=1.0, longest_s=5.0)
    ends = [pause_s(n, policy, event=Event.RESET, random=lambda: 1.0) for n in range(1, 6)]
    assert ends == [1.0, 2.0, 4.0, 5.0, 5.0]
    assert pause_s(3, policy, event=Event.RESET, random=lambda: 0.0) == 0.0


def test_pauses_stay_short_where_there_is_no_connection():
    policy = Policy(first_s=0.2, longest_s=10.0, longest_unconnected_s=1.0)
    ends = [pause_s(n, policy, event=Event.NO_CONNECTION, random=lambda: 1.0) for n in range(1, 6)]
    assert ends == [0.2, 0.4, 0.8, 1.0, 1.0]
    assert pause_s(5000, policy, event=Event.NO_CONNECTION, random=lambda: 1.0) == 1.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        (" 120 ", 120.0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 60.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("1.5", None),
        ("٣", None),
    ],
)
def test_retry_after_is_read_in_both_its_forms(header, seconds):
    assert retry_after_s(header, now=40.0) == seconds


@given(st.text(max_size=40))
def test_no_retry_after_header_breaks_the_client(text):
    seconds = retry_after_s(text, now=0.0)
    assert seconds is None or seconds >= 0


def test_a_budget_is_spent_once_by_however_many_threads():
    budget = Budget(50, earn=0.1)
    taken = []

    def spend() -> None:
        taken.extend([budget.spend() for _ in range(20)])

    threads = [threading.Thread(target=spend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == 50
    for _ in range(11):
        budget.earn()
    assert budget.spend()
    assert not budget.spend()
