"""The law of the panel, over every sequence of events: no send without a fresh review, one send per review."""

import os
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dyno_frames.contract.lifecycle import RULES, Action, Status
from dyno_frames.panels.campaigns import actions as on
from dyno_frames.panels.campaigns.campaign import Audience, Campaign
from dyno_frames.panels.campaigns.confirmation import WITHOUT_REVIEW
from dyno_frames.panels.campaigns.effects import ReadForBulkReview, ReadForReview, SendAction
from dyno_frames.panels.campaigns.facts import Facts
from dyno_frames.panels.campaigns.phases import BulkReview, FormOpen, LoadingReview, Review
from dyno_frames.panels.campaigns.reducer import adopt, reduce
from dyno_frames.panels.campaigns.rules import BULK_ACTIONS
from dyno_frames.panels.campaigns.state import State

IDS = ("a", "b")
WORDS = st.sampled_from([*(status.value for status in Status), "odd"])
EVENT = st.one_of(
    st.tuples(st.just("turn to"), st.sampled_from([0, 1])),
    st.tuples(st.just("select"), st.sampled_from([*IDS, "ghost"])),
    st.tuples(st.just("mark"), st.tuples(st.sets(st.sampled_from([*IDS, "ghost"])), st.booleans())),
    st.tuples(st.just("action"), st.sampled_from(list(Action))),
    st.tuples(st.just("together"), st.sampled_from(list(Action))),
    st.tuples(st.just("form"), st.booleans()),
    st.tuples(st.just("drop"), st.none()),
    st.tuples(st.just("confirm"), st.sampled_from(["open", "old", "stranger"])),
    st.tuples(st.just("answer read"), st.tuples(st.integers(0, 20), WORDS)),
    st.tuples(
        st.just("answer act"), st.tuples(st.integers(0, 20), st.sampled_from(list(on.ActionResult)), WORDS)
    ),
    st.tuples(st.just("read"), st.tuples(st.sampled_from(IDS), WORDS)),
    st.tuples(st.just("resolve"), st.tuples(st.sampled_from(IDS), st.sampled_from(list(on.ActionResult)))),
    st.tuples(st.just("wait"), st.integers(1, 90)),
    st.tuples(st.just("tick"), st.none()),
    st.tuples(st.just("whole way"), st.tuples(st.sampled_from(list(Action)), st.booleans())),
    st.tuples(st.just("whole way of many"), st.sampled_from(BULK_ACTIONS)),
)


class World:
    """Two panels of one account, with the answers held back, lost, repeated and late, as the events say."""

    def __init__(self, start):
        self.at = start
        rows = tuple(Campaign(key, name=key, status="draft", read_at=start) for key in IDS)
        self.panels = [replace(State.of(rows), open_id="a") for _ in range(2)]
        self.facts, self.here = Facts(), 0
        self.numbers = count()
        self.asked, self.acts, self.sends = [], [], []
        self.minted = {}  # token -> when, and which question
        self.old = []

    @property
    def state(self):
        return self.panels[self.here]

    def step(self, action, panel=None):
        panel = self.here if panel is None else panel
        before = dict(self.facts.in_flight)
        self.panels[panel], effects = reduce(adopt(self.panels[panel], self.facts), action)
        self.facts = self.panels[panel].facts
        self.panels = [adopt(state, self.facts) for state in self.panels]
        for effect in effects:
            if isinstance(effect, ReadForReview | ReadForBulkReview):
                self.asked.append((panel, effect))
            if isinstance(effect, SendAction):
                assert isinstance(action, on.ConfirmPressed | on.ActionChosen), "an answer never acts"
                assert effect.request.campaign_id not in before, "one action at a time"
                self.acts.append((panel, effect))
                if effect.request.action not in WITHOUT_REVIEW or effect.token:
                    self.sends.append((effect, self.at))

    def play(self, kind, value):
        getattr(self, kind.replace(" ", "_"))(value)

    def turn_to(self, panel):
        self.here = panel

    def select(self, key):
        self.step(on.CampaignOpened(key))

    def mark(self, value):
        self.step(on.SelectionChanged(tuple(value[0]), selected=value[1]))

    def action(self, verb):
        self.step(on.ActionChosen(verb))

    def together(self, verb):
        self.step(on.BulkActionChosen(verb))

    def form(self, timed):
        if isinstance(self.state.phase, FormOpen):
            later = "2030-01-01 09:00" if timed else ""
            self.step(on.FormSubmitted(self.state.phase.serial, self.at, when=later))

    def drop(self, _):
        self.step(on.Dismissed())

    def tick(self, _):
        self.step(on.ClockTicked(self.at))

    def read(self, value):
        fresh = Campaign(value[0], status=value[1], read_at=self.at)
        self.step(on.CampaignsRead((fresh,), (value[0],), self.at))

    def resolve(self, value):
        self.step(on.OutcomeResolved(*value, "found", self.at))

    def wait(self, seconds):
        self.at += timedelta(seconds=seconds)

    def whole_way(self, value):
        """Go as a user does, so that the other events fall between real sends."""
        verb, settled = value
        status = min(RULES[verb].sources)
        self.read((self.state.open_id, status))
        self.action(verb)
        self.form(False)
        if isinstance(self.state.phase, LoadingReview):
            self.answer_read((-1, status))
            self.confirm("open")
        if settled:
            self.answer_act((-1, on.ActionResult.APPLIED, "paused"))

    def whole_way_of_many(self, verb):
        self.mark((set(IDS), True))
        self.together(verb)
        self.answer_read((-1, "running"))
        self.confirm("open")

    def answer_act(self, value):
        if self.acts:
            panel, act = self.acts[value[0] % len(self.acts)]
            fresh = Campaign(act.request.campaign_id, status=value[2], read_at=self.at)
            self.step(on.ActionFinished(act.serial, act.request, value[1], "said", self.at, fresh), panel)

    def confirm(self, which):
        phase = self.state.phase
        open_now = phase.token if isinstance(phase, Review | BulkReview) else "none"
        token = {"open": open_now, "stranger": "stranger"}.get(which, self.old[-1] if self.old else "none")
        for panel in (self.here, self.here, 1 - self.here):
            self.step(on.ConfirmPressed(token, self.at, "stop"), panel)

    def answer_read(self, value):
        if not self.asked:
            return
        panel, asked = self.asked[value[0] % len(self.asked)]
        token = f"token-{next(self.numbers)}"
        self.minted[token] = (self.at, asked)
        self.old.append(token)
        for _ in range(2):
            if isinstance(asked, ReadForBulkReview):
                found = tuple(Campaign(key, status=value[1], read_at=self.at) for key in asked.ids)
                self.step(on.BulkReviewReady(asked.serial, token, found, self.at), panel)
            else:
                fresh = Campaign(asked.request.campaign_id, status=value[1], read_at=self.at)
                self.step(on.ReviewReady(asked.serial, token, fresh, Audience(5), self.at), panel)


def check(world):
    tokens = [effect.token for effect, _ in world.sends]
    assert len(tokens) == len(set(tokens)), "two sends for one review"
    questions = {}
    for effect, at in world.sends:
        token, _, key = effect.token.partition("/")
        minted_at, asked = world.minted[token]
        assert questions.setdefault(asked.serial, token) == token, "two sends for one question"
        assert timedelta(0) <= at - minted_at < timedelta(seconds=60), "an old review"
        assert effect.reviewed.status in RULES[effect.request.action].sources
        if isinstance(asked, ReadForBulkReview):
            assert effect.request.action is asked.action in BULK_ACTIONS
            assert effect.request.campaign_id == key in asked.ids
            assert not RULES[effect.request.action].sends, "mail is sent for one campaign at a time"
        else:
            assert not key
            assert asked.request == effect.request, "what is sent is what was reviewed"


@given(st.lists(EVENT, min_size=5, max_size=60))
@settings(max_examples=400, deadline=None)
def test_no_sequence_of_events_sends_without_a_fresh_review_or_twice_for_one(kit, events):
    world = World(kit.START)
    for kind, value in events:
        world.play(kind, value)
    check(world)


@pytest.mark.thorough
@pytest.mark.skipif("DYNO_THOROUGH" not in os.environ, reason="a minute long: set DYNO_THOROUGH=1")
@given(st.lists(EVENT, max_size=200))
@settings(max_examples=5_000, deadline=None)
def test_no_long_sequence_of_events_does_either(kit, events):
    world = World(kit.START)
    for kind, value in events:
        world.play(kind, value)
    check(world)


def test_the_world_of_these_events_can_act_on_several_at_once(kit):
    world = World(kit.START)
    world.play("whole way of many", Action.STOP)
    assert [effect.request.campaign_id for effect, _ in world.sends] == ["a", "b"]
    assert {effect.token for effect, _ in world.sends} == {"token-0/a", "token-0/b"}
    check(world)


def test_what_one_panel_sends_ends_the_review_of_another(kit):
    world = World(kit.START)
    for panel in (0, 1):
        for event in [
            ("turn to", panel),
            ("action", Action.START),
            ("form", False),
            ("answer read", (-1, "draft")),
        ]:
            world.play(*event)
    assert all(isinstance(panel.phase, Review) for panel in world.panels)
    world.play("confirm", "open")
    assert len(world.sends) == 1
    assert "Another panel began" in world.panels[0].notice.text
    assert not any(isinstance(panel.phase, Review) for panel in world.panels)


def test_the_world_of_these_events_can_send(kit):
    world = World(kit.START)
    for event in [
        ("action", Action.START),
        ("form", False),
        ("answer read", (0, "draft")),
        ("confirm", "open"),
    ]:
        world.play(*event)
    assert len(world.sends) == 1


@given(st.lists(EVENT, min_size=5, max_size=60))
@settings(max_examples=100, deadline=None)
def test_a_campaign_with_an_unknown_outcome_is_never_acted_on(kit, events):
    world = World(kit.START)
    for kind, value in events:
        unresolved = set(world.facts.unresolved)
        before = len(world.acts)
        world.play(kind, value)
        for _, effect in world.acts[before:]:
            assert effect.request.campaign_id not in unresolved


def test_the_late_answer_to_an_earlier_question_is_no_review(kit):
    world = World(kit.START)
    for event in [
        ("action", Action.START),
        ("form", False),
        ("drop", None),
        ("action", Action.START),
        ("form", False),
    ]:
        world.play(*event)
    world.play("answer read", (0, "draft"))
    assert not isinstance(world.state.phase, Review)
    world.play("answer read", (1, "draft"))
    assert isinstance(world.state.phase, Review)


def test_the_same_result_told_twice_is_one_line_of_the_journal_and_locks_nothing_later(kit):
    world = World(kit.START)
    for event in [
        ("action", Action.START),
        ("form", False),
        ("answer read", (0, "draft")),
        ("confirm", "open"),
    ]:
        world.play(*event)
    world.play("answer act", (0, on.ActionResult.APPLIED, "running"))
    world.play("answer act", (0, on.ActionResult.UNKNOWN, "running"))
    assert [entry.outcome for entry in world.state.journal] == ["applied"]
    assert world.state.facts.unresolved == {}


def test_while_an_action_is_under_way_the_campaign_takes_no_other(kit):
    world = World(kit.START)
    for event in [
        ("action", Action.START),
        ("form", False),
        ("answer read", (0, "draft")),
        ("confirm", "open"),
    ]:
        world.play(*event)
    world.play("read", ("a", "running"))
    world.play("action", Action.PAUSE)
    assert len(world.acts) == 1
    assert "under way" in world.state.notice.text
