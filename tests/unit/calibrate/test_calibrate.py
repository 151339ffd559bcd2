"""What is learnt of a server is what it does, whatever it does; what is not learnt is not relied upon."""

from __future__ import annotations

import itertools
import random

import pandas as pd
import pytest

from dyno_frames.api import connect
from dyno_frames.calibrate import cache
from dyno_frames.calibrate.learn import MOST_REQUESTS
from dyno_frames.contract.profile import (
    Collation,
    Dialect,
    Folding,
    Like,
    Profile,
    Regex,
    Several,
    UnknownField,
)
from dyno_frames.sandbox.sandbox import Sandbox

CHOICES = {
    "like": list(Like),
    "like_folding": list(Folding),
    "collation": list(Collation),
    "pads_blanks": [True, False],
    "not_like_keeps_null": [True, False],
    "not_in_keeps_null": [True, False],
    "in_trims": [True, False],
    "bare_contains": [False, True],
    "in_reads_all": [True, False],
    "like_trims": [False, True],
    "bounds_included": [True, False],
    "null_compares": [False, True],
    "several": list(Several),
    "regex": list(Regex),
    "dialect": list(Dialect),
    "unknown_field": list(UnknownField),
}
QUESTIONS = [
    "status == 'finished' and subject.str.contains('sale') and opens > 5 and opens < 5000",
    "name != 'x' and subject not in ['y', 'z, really']",
    "not subject.str.contains('a') or preview_message.isna()",
    "subject.str.startswith('Gifts') or subject.str.contains('^[A-D]')",
    "subject.str.contains('SALE', case=False)",
]


def profiles():
    """Return the decided semantics, and enough others that each value of each field occurs."""
    chosen = random.Random(7)  # noqa: S311 - the same ones each time
    yield Profile()
    for number in range(8):
        yield Profile(
            name=f"drawn {number}", **{name: chosen.choice(values) for name, values in CHOICES.items()}
        )


@pytest.fixture(scope="module", params=list(profiles()), ids=lambda profile: profile.name)
def server(request):
    with Sandbox(profile=request.param, speed=0) as box:
        yield box, request.param


def test_every_field_that_can_be_learnt_is_learnt_as_it_is(server, capsys):
    box, profile = server
    with connect(box.url, box.api_key) as client:
        found = client.calibrate()
    does = {name: getattr(profile, name) for name in CHOICES}
    if profile.bare_contains and profile.in_trims:
        does["pads_blanks"] = True  # a list that drops blanks cannot show whether it pads them
    assert {name: getattr(found, name) for name in CHOICES} == does
    shown = capsys.readouterr().out
    assert "like                 seen: " in shown


@pytest.mark.parametrize("question", QUESTIONS)
def test_answers_are_those_of_pandas_with_nothing_told(server, question):
    box, _ = server
    with connect(box.url, box.api_key) as client:
        full = client.campaigns.find()
        found = client.campaigns.find(question)
        pd.testing.assert_frame_equal(found, full.query(question, engine="python").reset_index(drop=True))
        assert client.campaigns.count(question) == len(found)


def test_a_plan_learns_what_it_needs_within_its_requests_and_once(server):
    box, _ = server
    with connect(box.url, box.api_key) as client:
        asked = 0
        for question in itertools.chain(QUESTIONS, QUESTIONS):
            client.campaigns.scan(question)
            spent = client.campaigns.prober().asked - asked
            assert spent <= MOST_REQUESTS
            asked += spent
        for _ in range(6):  # what one plan's requests did not reach the next ones learn
            client.campaigns.scan(QUESTIONS[0])
        asked = client.campaigns.prober().asked
        client.campaigns.scan(QUESTIONS[0])
        assert client.campaigns.prober().asked == asked


def test_a_first_question_of_a_text_a_part_of_a_text_and_a_range_is_planned_exactly():
    with Sandbox(speed=0) as box, connect(box.url, box.api_key) as client:
        plan = client.campaigns.scan(
            "status == 'finished' and subject.str.contains('sale') and opens > 5"
        ).explain()
        assert plan.exact
        assert client.campaigns.prober().asked <= MOST_REQUESTS


def test_a_question_of_numbers_alone_learns_how_they_are_compared():
    with Sandbox(speed=0) as box, connect(box.url, box.api_key) as client:
        assert client.campaigns.scan("5 < opens < 100").explain().exact
        assert client.campaigns.prober().asked == 4  # bounds, both and-ed, the field, and the row once more
        assert client.campaigns.scan("opens < 50").explain().exact
        assert client.campaigns.prober().asked == 4


def test_an_account_without_rows_teaches_nothing_and_answers_all_the_same(capsys):
    with Sandbox(sample=False, speed=0) as box, connect(box.url, box.api_key) as client:
        assert client.calibrate().like is None
        assert len(client.campaigns.find("name.str.contains('a') and status != 'draft'")) == 0
    capsys.readouterr()


def test_what_was_learnt_of_a_far_server_is_remembered_for_a_while(own_state):
    url, now = "https://mail.example.com", 1_700_000_000.0
    cache.save(url, Profile(name="learnt"), clock=lambda: now)
    assert cache.load(url, clock=lambda: now + 86_400).like is Like.SUBSTRING
    assert cache.load(url, clock=lambda: now + 31 * 86_400) == Profile.unknown()
    assert cache.load(url, clock=lambda: now - 31 * 86_400) == Profile.unknown()
    assert cache.load("https://other.example.com", clock=lambda: now) == Profile.unknown()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://localhost.:1", "http://[::1]:9", "http://127.1:1"]
)
def test_nothing_is_remembered_of_servers_on_this_machine(own_state, url):
    cache.save(url, Profile(name="learnt"))
    assert cache.load(url) == Profile.unknown()
    assert list(own_state.rglob("*.json")) == []


def test_a_torn_memory_is_none(own_state):
    url = "https://mail.example.com"
    cache.save(url, Profile())
    for path in own_state.rglob("*.json"):
        path.write_text('{"version": 1, "at": 9e99, "profile": {"like": "unheard of"}}')
    assert cache.load(url) == Profile.unknown()


def test_a_filter_that_let_rows_through_is_not_relied_upon_again(own_state):
    with Sandbox(speed=0) as box, connect(box.url, box.api_key) as client:
        assert client.campaigns.scan("opens > 5").explain().exact
        client.connection.semantics.distrust("campaigns", ["opens"])
        plan = client.campaigns.scan("opens > 5").explain()
        assert plan.requests[0]["opens"] == {"gte": 6}
        assert not plan.exact
        assert "this server returned rows that a filter by opens excludes" in plan.reasons[0]
        assert client.campaigns.scan("clicks > 5").explain().exact
        assert client.lists.scan("contacts > 5").explain().exact
