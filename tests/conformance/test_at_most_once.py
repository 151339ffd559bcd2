"""No action is sent twice and no outcome is false: the short form of ``python -m tests.benchmarks.faults``.

A practice server, a proxy that breaks requests and answers, and the clients are processes of their own.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from faults import against_record, prove, shown
from faults_ground import KEY, Change, Ground, ground, record
from faults_oracle import tells
from faults_proxy import Control

from dyno_frames.contract.lifecycle import RULES, Action

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")


@pytest.mark.parametrize(("actions", "kills"), [(56, 0), (0, 6)], ids=["faults", "kills"])
def test_no_action_is_sent_twice_and_no_outcome_is_false(tmp_path, actions, kills):
    tally = prove(tmp_path, actions=actions, kills=kills, seed=20, workers=8)
    assert not tally.violations, shown(tally, seconds=0)
    assert tally.actions >= actions
    assert tally.kills == kills
    if actions:
        words = Counter(word for _, word in tally.faults.elements())
        assert min(words["applied"], words["not_applied"], words["unknown"]) >= 3
        worlds = Counter(name.split(":")[0] for name, _ in tally.faults.elements())
        assert min(worlds["lagging reads"], worlds["full disk"], worlds["damaged"]) >= 3


def contend(there: Ground, lane: int, state: str, keys: list[str], pipe: Connection) -> None:
    """Start each campaign, at the same moment as another process."""
    from dyno_frames.actions.context import PollPolicy
    from dyno_frames.api import connect
    from dyno_frames.errors import ApiError, OutcomeUnknownError

    os.environ["DYNO_STATE_DIR"] = state
    with connect(there.lane_urls[lane], KEY, name="contender") as client:
        client.campaigns.poll_policy = PollPolicy(settle_s=2.0)
        client.campaigns.get(keys[0])
        for key in keys:
            pipe.send("ready")
            pipe.recv()
            try:
                client.campaigns.start(key)
                pipe.send(("applied", "", False))
            except (ApiError, OutcomeUnknownError) as error:
                pipe.send((error.outcome.status, str(error), error.outcome.request is not None))


@pytest.mark.parametrize("machines", ["one machine", "two machines"])
def test_of_two_processes_one_acts_and_the_other_is_told(tmp_path, machines):
    """On one machine they share a journal; on two, the server alone can tell."""
    context = multiprocessing.get_context("spawn")
    rounds = 8
    with ground(tmp_path, 2) as there:
        keys = created(there, rounds)
        pipes, children = [], []
        for lane in range(2):
            here, other = context.Pipe()
            state = str(tmp_path / ("state" if machines == "one machine" else f"state-{lane}"))
            child = context.Process(target=contend, args=(there, lane, state, keys, other))
            child.start()
            pipes.append(here)
            children.append(child)
        results = [both(pipes) for _ in range(rounds)]
        for child, pipe in zip(children, pipes, strict=True):
            child.join(30)
            assert child.exitcode == 0
            child.close()
            pipe.close()
        delivered, applied = totals(there, lanes=2)
    for one in results:
        words = sorted(word for word, _, _ in one)
        assert words == ["applied", "not_applied"], results
        (told,) = [text for word, text, _ in one if word == "not_applied"]
        assert any(
            part in told for part in ("it is running", "not allowed from running", "is not known yet")
        ), told
    assert applied == dict.fromkeys(keys, 1)
    assert set(delivered.values()) <= {1, 2}
    sent = sum(left for one in results for word, _, left in one if word == "not_applied")
    assert sum(delivered.values()) == rounds + sent
    starts = Counter(change.id for change in record(tmp_path) if change.was == "draft")
    assert starts == dict.fromkeys(keys, 1)


def created(there: Ground, count: int) -> list[str]:
    from dyno_frames.api import connect

    with connect(there.server_url, KEY, name="witness") as witness:
        return [witness.campaigns.create(name="contended", list_id="many") for _ in range(count)]


def both(pipes: list[Connection]) -> list[tuple[str, str, bool]]:
    for pipe in pipes:
        assert pipe.poll(60)
        assert pipe.recv() == "ready"
    for pipe in pipes:
        pipe.send("go")
    for pipe in pipes:
        assert pipe.poll(60)
    return [pipe.recv() for pipe in pipes]


def totals(there: Ground, *, lanes: int) -> tuple[dict[str, int], dict[str, int]]:
    delivered, applied = Counter[str](), Counter[str]()
    for lane in range(lanes):
        control = Control(there.control_port, lane)
        one, other = control.ask("totals")
        control.close()
        delivered.update(one)
        applied.update(other)
    return dict(delivered), {key: count for key, count in applied.items() if count}


def change(was: str, now: str) -> Change:
    return Change("c", was, now, 1, 2)


def test_the_record_convicts_a_campaign_that_was_started_twice():
    """The proof can fail: a record of two starts, and one with an action that nobody saw, are faults."""
    assert against_record([change("draft", "running")], Counter(c=1), Counter(c=1)) == []
    twice = [change("draft", "running"), change("draft", "running")]
    assert any("started twice" in fault for fault in against_record(twice, Counter(c=2), Counter(c=2)))
    assert any("asked to 0 times" in fault for fault in against_record(twice[:1], Counter(c=1), Counter(c=0)))
    assert any("the proxy saw 0" in fault for fault in against_record(twice[:1], Counter(), Counter(c=1)))
    assert against_record([change("running", "draft")], Counter(c=1), Counter())


@pytest.mark.parametrize(
    ("action", "before", "reading", "proof"),
    [
        (Action.START, "draft", "running", "applied"),
        (Action.START, "draft", "draft", None),
        (Action.PAUSE, "running", "finished", "not_applied"),
        (Action.PAUSE, "running", "paused", "applied"),
        (Action.PAUSE, "running", "running", None),
        (Action.STOP, "scheduled", "running", None),
        (Action.STOP, "running", "finished", "not_applied"),
        (Action.CANCEL_SCHEDULE, "scheduled", "running", "not_applied"),
        (Action.RESUME, "paused", "finished", "applied"),
    ],
)
def test_the_oracle_knows_what_a_reading_proves(action, before, reading, proof):
    rows = [{"status": status, "start_time": 5} for status in (before, reading)]
    assert before in RULES[action].sources
    assert tells(action, {}, None, *rows, read_s=10.0) == proof
