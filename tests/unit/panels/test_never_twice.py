"""The law of the panel, over every sequence of events: no send without a fresh review, one send per review."""

from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dyno_frames.contract.lifecycle import RULES, Action, Status
from dyno_frames.panels import actions as on
from dyno_frames.panels.effects import Act, ReadForReview
from dyno_frames.panels.reduce import reduce
from dyno_frames.panels.rules import AT_ONCE
from dyno_frames.panels.state import Campaign, Filling, Reach, Reading, Review, State

IDS = ("a", "b")
WORDS = st.sampled_from([*(status.value for status in Status), "odd"])
EVENT = st.one_of(
    st.tuples(st.just("select"), st.sampled_from([*IDS, "ghost"])),
    st.tuples(st.just("verb"), st.sampled_from(list(Action))),
    st.tuples(st.just("form"), st.booleans()),
    st.tuples(st.just("drop"), st.none()),
    st.tuples(st.just("confirm"), st.sampled_from(["open", "old", "stranger"])),
    st.tuples(st.just("answer read"), st.tuples(st.integers(0, 20), WORDS)),
    st.tuples(st.just("answer act"), st.tuples(st.integers(0, 20), st.sampled_from(list(on.Result)), WORDS)),
    st.tuples(st.just("read"), st.tuples(st.sampled_from(IDS), WORDS)),
    st.tuples(st.just("resolve"), st.tuples(st.sampled_from(IDS), st.sampled_from(list(on.Result)))),
    st.tuples(st.just("wait"), st.integers(1, 90)),
    st.tuples(st.just("whole way"), st.tuples(st.sampled_from(list(Action)), st.booleans())),
)


class World:
    """A panel with the answers of a server held back, lost, repeated and late, as the events say."""

    def __init__(self, start):
        self.at = start
        rows = tuple(Campaign(key, name=key, status="draft", read_at=start) for key in IDS)
        self.state = State(rows=rows, selected="a")
        self.numbers = count()
        self.asked, self.acts, self.sends = [], [], []
        self.minted = {}  # token -> when
        self.old = []

    def step(self, action):
        self.state, effects = reduce(self.state, action)
        for effect in effects:
            if isinstance(effect, ReadForReview):
                self.asked.append(effect)
            if isinstance(effect, Act):
                assert isinstance(action, on.ConfirmPressed | on.VerbChosen), "an answer never acts"
                self.acts.append(effect)
                if effect.request.verb not in AT_ONCE:
                    self.sends.append((effect, self.at))

    def play(self, kind, value):
        getattr(self, kind.replace(" ", "_"))(value)

    def select(self, key):
        self.step(on.Selected(key))

    def verb(self, verb):
        self.step(on.VerbChosen(verb))

    def form(self, timed):
        if isinstance(self.state.phase, Filling):
            later = "2030-01-01 09:00" if timed else ""
            self.step(on.FormSent(self.state.phase.serial, self.at, when=later))

    def drop(self, _):
        self.step(on.Dropped())

    def read(self, value):
        fresh = Campaign(value[0], status=value[1], read_at=self.at)
        self.step(on.CampaignsRead((fresh,), (value[0],), self.at))

    def resolve(self, value):
        self.step(on.Resolved(*value, "found", self.at))

    def wait(self, seconds):
        self.at += timedelta(seconds=seconds)

    def whole_way(self, value):
        """Go as a user does, so that the other events fall between real sends."""
        verb, settled = value
        status = min(RULES[verb].sources)
        self.read((self.state.selected, status))
        self.verb(verb)
        self.form(False)
        if isinstance(self.state.phase, Reading):
            self.answer_read((-1, status))
            self.confirm("open")
        if settled:
            self.answer_act((-1, on.Result.APPLIED, "paused"))

    def answer_act(self, value):
        if self.acts:
            act = self.acts[value[0] % len(self.acts)]
            fresh = Campaign(act.request.campaign_id, status=value[2], read_at=self.at)
            self.step(on.Settled(act.serial, act.request, value[1], "said", self.at, fresh))

    def confirm(self, which):
        phase = self.state.phase
        token = {"open": phase.token if isinstance(phase, Review) else "none", "stranger": "stranger"}.get(
            which, self.old[-1] if self.old else "none"
        )
        for _ in range(3):
            self.step(on.ConfirmPressed(token, self.at, "stop"))

    def answer_read(self, value):
        if not self.asked:
            return
        asked = self.asked[value[0] % len(self.asked)]
        token = f"token-{next(self.numbers)}"
        campaign = Campaign(asked.request.campaign_id, status=value[1], read_at=self.at)
        self.minted[token] = (self.at, asked)
        self.old.append(token)
        for _ in range(2):
            self.step(on.ReviewRead(asked.serial, token, campaign, Reach(5), self.at))


def check(world):
    tokens = [effect.token for effect, _ in world.sends]
    assert len(tokens) == len(set(tokens)), "two sends for one review"
    serials = [world.minted[token][1].serial for token in tokens]
    assert len(serials) == len(set(serials)), "two sends for one question"
    for effect, at in world.sends:
        minted_at, asked = world.minted[effect.token]
        assert asked.request == effect.request, "what is sent is what was reviewed"
        assert timedelta(0) <= at - minted_at < timedelta(seconds=60), "an old review"
        assert effect.reviewed.status in RULES[effect.request.verb].sources


@given(st.lists(EVENT, min_size=5, max_size=60))
@settings(max_examples=400, deadline=None)
def test_no_sequence_of_events_sends_without_a_fresh_review_or_twice_for_one(kit, events):
    world = World(kit.START)
    for kind, value in events:
        world.play(kind, value)
    check(world)


@pytest.mark.thorough
@given(st.lists(EVENT, max_size=200))
@settings(max_examples=5_000, deadline=None)
def test_no_long_sequence_of_events_does_either(kit, events):
    world = World(kit.START)
    for kind, value in events:
        world.play(kind, value)
    check(world)


def test_the_world_of_these_events_can_send(kit):
    world = World(kit.START)
    for event in [
        ("verb", Action.START),
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
        locked = set(world.state.locked)
        before = len(world.acts)
        world.play(kind, value)
        for effect in world.acts[before:]:
            assert effect.request.campaign_id not in locked


def test_the_late_answer_to_an_earlier_question_is_no_review(kit):
    world = World(kit.START)
    for event in [
        ("verb", Action.START),
        ("form", False),
        ("drop", None),
        ("verb", Action.START),
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
        ("verb", Action.START),
        ("form", False),
        ("answer read", (0, "draft")),
        ("confirm", "open"),
    ]:
        world.play(*event)
    world.play("answer act", (0, on.Result.APPLIED, "running"))
    world.play("answer act", (0, on.Result.UNKNOWN, "running"))
    assert [entry.outcome for entry in world.state.journal] == ["applied"]
    assert world.state.locked == {}


def test_while_an_action_is_under_way_the_campaign_takes_no_other(kit):
    world = World(kit.START)
    for event in [
        ("verb", Action.START),
        ("form", False),
        ("answer read", (0, "draft")),
        ("confirm", "open"),
    ]:
        world.play(*event)
    world.play("read", ("a", "running"))
    world.play("verb", Action.PAUSE)
    assert len(world.acts) == 1
    assert "under way" in world.state.notice.text
