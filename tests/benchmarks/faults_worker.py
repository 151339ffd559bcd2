"""One worker: actions at random, each with a fault at random, and every outcome held against what really happened."""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import orjson
import pandas as pd
from faults_disk import damaged, room, some_room
from faults_ground import KEY, LISTS, Ground
from faults_oracle import tells
from faults_proxy import ENDINGS, Control

from dyno_frames.actions.action_request import checked_request
from dyno_frames.actions.context import PollPolicy
from dyno_frames.actions.intent import Intent
from dyno_frames.actions.outcome import Outcome
from dyno_frames.api import connect
from dyno_frames.client.client import Client
from dyno_frames.contract.lifecycle import OVERRIDES, RULES, Action
from dyno_frames.errors import ApiError, ConfigError, DynoError, OutcomeUnknownError, TransportError

TIMEOUT_S = 0.6
POLL_POLICY = PollPolicy(settle_s=0.9, first_s=0.03, longest_s=0.2)
LAGS_S = (0.0, 0.0, 0.0, 0.1, 0.5)
"""For how long readings may be of before an action; shorter than the time for settling."""

POOL = 5
"""Campaigns that one worker moves at a time."""

DAMAGED_EVERY = 10
"""So often a worker's journal is damaged, in steps."""

DAMAGED_SHARE = 0.2
"""How many of the journals are damaged while an action is unresolved, and after a client has died."""

STATUSES = (429, 500, 502, 504)
FORMS = ("page", "nothing", "json", "envelope")


@dataclass(slots=True)
class Tally:
    """What a run came to."""

    actions: int = 0
    kills: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)
    resolved: Counter[str] = field(default_factory=Counter)
    points: Counter[str] = field(default_factory=Counter)
    starts_asked: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take in what another worker counted."""
        self.actions += other.actions
        self.kills += other.kills
        for name in ("outcomes", "faults", "resolved", "points", "starts_asked"):
            getattr(self, name).update(getattr(other, name))
        self.violations += other.violations


def act_fault(random: Random) -> dict[str, Any]:
    """Draw what the action's request meets."""
    ending = random.choice(ENDINGS)
    instead = {"status": random.choice(STATUSES), "form": random.choice(FORMS)}
    if random.random() < 0.1:
        instead = {"status": 200, "form": random.choice(FORMS[:3])}
    share = random.random()
    kinds: list[dict[str, Any]] = [
        {"kind": "pass"},
        {"kind": "refuse", "seconds": 6.0 if random.random() < 0.1 else random.uniform(0.05, 0.6)},
        {"kind": "reset_accept"},
        {"kind": "reset_request", "bytes": random.randrange(1, 400)},
        {"kind": "partial", "share": share, "ending": ending},
        {"kind": "late", "seconds": random.choice([0.02, 0.2, 2.5]), "ending": ending},
        {"kind": "lost", "ending": ending},
        {"kind": "instead", **instead},
        {"kind": "applied_lost", "ending": ending},
        {"kind": "applied_instead", **instead},
        {"kind": "applied_cut", "share": share, "ending": random.choice(["reset", "close"])},
        {"kind": "applied_delayed", "seconds": TIMEOUT_S + random.choice([-0.4, 0.3])},
        {"kind": "applied_twice"},
        {"kind": "applied_dripped", "seconds": random.choice([0.005, 0.4])},
    ]
    return random.choice(kinds)


def read_faults(random: Random) -> list[dict[str, Any]]:
    """Draw what the readings meet: most of them nothing."""
    if random.random() < 0.02:
        return [{"kind": "pass"}, *({"kind": "drop"} for _ in range(60))]
    kinds = ("pass",) * 12 + ("drop", "stall", "page", "cut", "twice")
    return [{"kind": random.choice(kinds), "share": random.random()} for _ in range(4)]


def order(random: Random, status: str, number: str) -> tuple[Action, dict[str, Any]]:
    """Draw an action, three times in four one that the status allows, and its arguments."""
    legal = [action for action, rule in RULES.items() if status in rule.sources]
    action = random.choice(legal if legal and random.random() < 0.75 else list(Action))
    given: dict[str, Any] = {}
    optional = RULES[action].optional
    if "iso_start_time" in optional and random.random() < 0.6:
        near = random.random() < 0.4
        later = (
            pd.Timedelta(seconds=random.uniform(0.2, 4)) if near else pd.Timedelta(days=random.uniform(1, 90))
        )
        given["at"] = pd.Timestamp.now("UTC") + later
        given["time_zone"] = random.choice([None, "Europe/Paris", "America/New_York", "Asia/Kolkata"])
    given |= {name: f"{name} {number}" for name in OVERRIDES if name in optional and random.random() < 0.3}
    return action, given


class Worker:
    """Moves campaigns of its own through its lane.

    Parameters
    ----------
    ground
        Where things are.
    lane
        Which lane is its own.
    seed
        What it draws from.
    """

    def __init__(self, ground: Ground, lane: int, seed: str) -> None:
        os.environ["DYNO_STATE_DIR"] = ground.state
        logging.getLogger("dyno_frames").setLevel(logging.ERROR)
        self.random = Random(seed)  # noqa: S311 - a test's dice
        self.tally = Tally()
        self.lane = lane
        self.control = Control(ground.control_port, lane)
        self.client: Client = connect(ground.lane_urls[lane], KEY, name=f"lane {lane}", timeout_s=TIMEOUT_S)
        self.client.campaigns.poll_policy = POLL_POLICY
        self.witness: Client = connect(ground.server_url, KEY, name=f"witness {lane}")
        self.pool: list[str] = []
        self._number = 0

    def close(self) -> None:
        self.control.close()
        self.client.close()
        self.witness.close()

    def wrong(self, text: str, *facts: object) -> None:
        self.tally.violations.append(" | ".join(map(str, (text, *facts))))

    def row(self, key: str) -> Mapping[str, Any]:
        """Return a campaign as the server has it, past the proxy."""
        row = self.witness.campaigns.get(key)
        start = row["start_time"]
        return {**row, "start_time": None if start is None else int(start.timestamp())}

    def chosen(self) -> str:
        """Return a campaign to act on; those that are over make room for new ones."""
        self.pool = [key for key in self.pool if self.row(key)["status"] not in {"finished", "stopped"}] + [
            key for key in self.pool[-1:] if self.random.random() < 0.3
        ]
        while len(self.pool) < POOL:
            of = self.random.choice(list(LISTS))
            self.pool.append(self.witness.campaigns.create(name="proof", subject="as it was", list_id=of))
        return self.random.choice(self.pool)

    def step(self) -> None:
        """Ask for one action or create, with faults, and judge what is said of it."""
        if self._number % DAMAGED_EVERY == DAMAGED_EVERY // 2:
            self.damage(*self.pool)
        if self.random.random() < 0.07:
            self.create()
            return
        key = self.chosen()
        before = self.row(key)
        self._number += 1
        action, given = order(self.random, before["status"], f"{self.lane}-{self._number}")
        fault, reads = act_fault(self.random), read_faults(self.random)
        lag, left = self.random.choice(LAGS_S), some_room(self.random)
        self.control.ask("script", act=fault, reads=reads, lag=lag)
        delivered, applied = self.control.ask("counts", campaign=key)
        self.tally.starts_asked[key] += action is Action.START
        with room(self.client.connection.journal.path, left):
            word, error, outcome = said(self.client, action, key, given)
        ended_s = time.time()
        self.tally.actions += 1
        facts = (
            self.lane,
            action,
            given,
            f"{before['status']} {before['start_time']}",
            fault,
            reads,
            f"lag {lag} s, room for {left}",
            word,
            error,
        )
        self._judge_events(action, word, outcome, before, ended_s=ended_s, facts=facts)
        self._hold_back(key, facts)
        self.control.ask("idle")
        delivered_now, applied_now = self.control.ask("counts", campaign=key)
        if delivered_now - delivered > 1:
            self.wrong("delivered more than once", *facts)
        happened = applied_now - applied
        if word == "applied" and not happened:
            self.wrong("said applied, and was not", *facts)
        if word == "not_applied" and happened:
            self.wrong("said not_applied, and was", *facts)
        self.tally.outcomes[action, word] += 1
        self.tally.faults[fault["kind"], word] += 1
        for world, present in (("lagging reads", lag), ("full disk", left is not None)):
            self.tally.faults[world, word] += bool(present)
        if self.random.random() < DAMAGED_SHARE and self.client.connection.journal.unresolved(key):
            self.damage(key)
        self._settle(key, happened=bool(happened), facts=facts)

    def create(self) -> None:
        """Create a list, with a fault; where it is unknown, see that the same is not sent, and look for it."""
        self._number += 1
        self.tally.actions += 1
        name, fault = f"new {self.lane}-{self._number}", act_fault(self.random)
        lists, error = self.client.lists, None
        self.control.ask("script", act=fault, create=True)
        try:
            lists.create(name=name)
            word = "applied"
        except OutcomeUnknownError as caught:
            word, error = "unknown", caught
        except ApiError as caught:
            word, error = "unknown" if "look_for" in caught.cure else "not_applied", caught
        except TransportError as caught:
            word, error = "not_applied", caught
        facts = ("create", fault, word, error)
        if sum(event["kind"] in {"asked", "touched"} for event in self.control.ask("events")) > 1:
            self.wrong("left more than once", *facts)
        self.control.ask("script", create=True)
        if word == "unknown":
            self._same_is_not_created(name, facts)
        self.control.ask("idle")
        delivered, made = self.control.ask("counts", campaign=name)
        if delivered > 1:
            self.wrong("delivered more than once", *facts)
        if word != "unknown" and (word == "applied") != bool(made):
            self.wrong(f"said {word}, and it was not so", *facts)
        if word == "unknown":
            self._look_for(name, made=bool(made), facts=facts)
        self.tally.outcomes["create", word] += 1
        self.tally.faults[fault["kind"], word] += 1

    def _same_is_not_created(self, name: str, facts: tuple[object, ...]) -> None:
        """See that a create whose outcome is unknown is not sent again."""
        try:
            self.client.lists.create(name=name)
            self.wrong("the same was created again", *facts)
        except OutcomeUnknownError:
            pass

    def _look_for(self, name: str, *, made: bool, facts: tuple[object, ...]) -> None:
        """Look for what a create may have made; where nothing is found, it is not sent again before a decision."""
        lists = self.client.lists
        if (lists.look_for(settle_s=0.0) is not None) != made:
            self.wrong("looked for it, and it was not so", *facts)
        if not made:
            self._same_is_not_created(name, facts)
            lists.look_for(decision="not_created")

    def damage(self, *keys: str) -> str | None:
        """Damage the journal, see that nothing that sends leaves, accept it, and settle what is open then."""
        journal = self.client.connection.journal
        how = damaged(journal.path, self.random)
        if how is None:
            return None
        if not journal.damage():
            self.wrong("damage was not noticed", how)
        for key in keys:
            self._hold_back(key, ("damaged", how))
        if not self.client.campaigns.accept_journal_damage() or journal.damage():
            self.wrong("damage was not accepted", how)
        for entry in journal.entries():
            if entry.blocks:  # what became of it stood in a line that is lost; the person who accepted knows
                journal.keeper(entry).conclude(entry.intent, _decided(entry.intent))
        self.tally.faults[f"damaged: {how}", "accepted"] += 1
        return how

    def _judge_events(
        self,
        action: Action,
        word: str,
        outcome: Outcome | None,
        before: Mapping[str, Any],
        *,
        ended_s: float,
        facts: tuple[object, ...],
    ) -> None:
        events = self.control.ask("events")
        asked = [place for place, event in enumerate(events) if event["kind"] in {"asked", "touched"}]
        if len(asked) > 1:
            self.wrong("left more than once", *facts)
        if (outcome is None or outcome.request is None) and asked:
            self.wrong("said nothing was sent, and it was", *facts)
        if word != "unknown" or not asked or outcome is None:
            return
        readings = [
            event
            for event in events[asked[0] :]
            if event["kind"] == "reading"
            and event["row"]
            and event["seconds"] < TIMEOUT_S / 4
            # an answer that left in the very moment of giving up may not have been read to its end
            and (
                event["at"] < ended_s - 0.1
                or not any("without an answer" in line for line in outcome.evidence)
            )
        ]
        if readings:
            body, wanted = asked_for(action, facts[2])
            last = readings[-1]
            proof = tells(action, body, wanted, before, last["row"], read_s=last["at"])
            if proof is not None:
                self.wrong(
                    f"said unknown, and the last reading tells {proof}", *facts, last, outcome.evidence
                )

    def _hold_back(self, key: str, facts: tuple[object, ...]) -> None:
        """See that nothing that sends leaves while an outcome is unknown, or the journal is damaged."""
        journal = self.client.connection.journal
        if not journal.unresolved(key) and not journal.damage():
            return
        self.control.ask("script")
        for action in (Action.START, Action.RESUME, Action.RESCHEDULE):
            word, error, outcome = said(self.client, action, key, {})
            if word != "not_applied" or outcome is None or outcome.request is not None:
                self.wrong(
                    "something that sends left while an outcome was unknown", *facts, action, word, error
                )
        if any(event["kind"] in {"asked", "touched"} for event in self.control.ask("events")):
            self.wrong("a request that sends came through while an outcome was unknown", *facts)

    def _settle(self, key: str, *, happened: bool, facts: tuple[object, ...]) -> None:
        """Resolve what is unknown, and see that what is said then is true."""
        self.control.ask("script")
        while self.client.connection.journal.unresolved(key):
            try:
                resolved = self.client.campaigns.resolve(key)
                word = "nothing" if resolved is None else resolved.status
            except OutcomeUnknownError:
                word = "unknown"
            if word in {"applied", "not_applied"} and (word == "applied") != happened:
                self.wrong(f"resolved as {word}, and it was not so", *facts)
            self.tally.resolved[word] += 1
            if word == "unknown" and self.client.connection.journal.unresolved(key):
                decision = "applied" if happened else "not_applied"
                self.client.campaigns.resolve(key, decision=decision)


def _decided(intent: Intent) -> Outcome:
    return Outcome(
        status="applied", action=intent.action, campaign_id=intent.campaign_id, before=intent.before
    )


def asked_for(action: Action, given: Any) -> tuple[dict[str, str], int | None]:
    """Return the body of an action, and the time it names."""
    made = checked_request(action, **given)
    return made.body(), None if made.at is None else made.at.epoch_s


def said(
    client: Client, action: Action, key: str, given: Mapping[str, Any]
) -> tuple[str, DynoError | None, Outcome | None]:
    """Ask for an action; return the outcome's word, the error, and the outcome if the journal could be written."""
    try:
        outcome: Outcome = getattr(client.campaigns, action)(key, **given)
    except ConfigError as error:
        return "not_applied", error, None
    except (ApiError, TransportError, OutcomeUnknownError) as error:
        return error.outcome.status, error, error.outcome
    return outcome.status, None, outcome


def walk(ground: Ground, lane: int, seed: str, actions: int) -> Tally:
    """Take some steps, and return what they came to."""
    warnings.simplefilter("error")
    worker = Worker(ground, lane, seed)
    try:
        while worker.tally.actions < actions:
            worker.step()
    finally:
        worker.close()
    return worker.tally


# --- killed at random points


POINTS = ("came", "answered", *("any time",) * 6)
"""Two that the proxy sees to; else the client is killed at a moment of its own."""


def live(ground: Ground, lane: int, seed: str, diary: str) -> None:
    """Act until killed; what is about to be asked stands in the diary before."""
    worker = Worker(ground, lane, seed)
    worker.client.campaigns.poll_policy = POLL_POLICY
    with open(diary, "ab", buffering=0) as file:  # noqa: PTH123 - appended without a buffer
        while True:
            key = worker.chosen()
            status = worker.row(key)["status"]
            action, given = order(worker.random, status, f"{lane}-{seed}")
            point = worker.random.choice(POINTS)
            fault = act_fault(worker.random) if worker.random.random() < 0.5 else {"kind": "pass"}
            worker.control.ask("idle")
            delivered, applied = worker.control.ask("counts", campaign=key)
            known = len(
                [one for one in worker.client.connection.journal.entries() if one.intent.campaign_id == key]
            )
            line = {"key": key, "action": action, "delivered": delivered, "applied": applied, "known": known}
            file.write(orjson.dumps({**line, "point": point, "fault": fault["kind"]}) + b"\n")
            lag, left = worker.random.choice(LAGS_S), some_room(worker.random)
            fatal = worker.random.random() < 0.5
            worker.control.ask("script", act={**fault, "kill": point}, pid=os.getpid(), lag=lag)
            with room(worker.client.connection.journal.path, left, fatal=fatal):
                said(worker.client, action, key, given)
            worker.control.ask("idle")  # who decides what no reading can tell has to know
            worker._settle(key, happened=worker.control.ask("counts", campaign=key)[1] > applied, facts=())


def recover(ground: Ground, lane: int, line: Mapping[str, Any]) -> Tally:
    """Start anew after a kill: find what is open, see that it holds back, resolve it, and judge what is said."""
    worker = Worker(ground, lane, f"recover {line['key']}")
    try:
        _recover(worker, line)
    finally:
        worker.close()
    return worker.tally


def _recover(worker: Worker, line: Mapping[str, Any]) -> None:
    key, tally = line["key"], worker.tally
    tally.kills += 1
    tally.points[line["point"]] += 1
    facts = tuple(line.items())
    worker._hold_back(key, facts)
    worker.control.ask("idle")
    delivered, applied = worker.control.ask("counts", campaign=key)
    delivered, applied = delivered - line["delivered"], applied - line["applied"]
    mine = [entry for entry in worker.client.connection.journal.entries() if entry.intent.campaign_id == key]
    fresh = [entry for entry in mine[line["known"] :] if entry.intent.action == line["action"]][:1]
    if delivered > 1:
        worker.wrong("delivered more than once", *facts)
    if worker.random.random() < DAMAGED_SHARE and (how := worker.damage(key)):
        tally.outcomes["killed", f"journal damaged: {how}"] += 1
        return
    if not fresh:
        tally.outcomes["killed", "before the intent"] += 1
        if delivered:
            worker.wrong("delivered without an intent", *facts)
        return
    status = fresh[0].status
    tally.outcomes["killed", f"journal says {status}"] += 1
    if (status == "applied" and not applied) or (status == "not_applied" and applied):
        worker.wrong(f"the journal says {status}, and it was not so", *facts)
    if status == "open" and not fresh[0].blocks:
        worker.wrong("an open intent does not hold back", *facts)
    worker._settle(key, happened=bool(applied), facts=facts)
