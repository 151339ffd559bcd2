"""Whatever the wire does to whatever is asked, no action is delivered twice and no outcome is false."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dyno_frames.api import connect
from dyno_frames.contract.lifecycle import RULES, Action
from dyno_frames.errors import ApiError, OutcomeUnknownError, TransportError

FAULTS = ("", "lose_answer", "lose_request", "page")
LATER = pd.Timestamp.now("UTC").floor("s") + pd.Timedelta(days=30)
VERBS = {
    "start": lambda c, i: c.start(i),
    "start_later": lambda c, i: c.start(i, at=LATER),
    "reschedule": lambda c, i: c.reschedule(i, at=LATER + pd.Timedelta(days=2)),
    "cancel_schedule": lambda c, i: c.cancel_schedule(i),
    "pause": lambda c, i: c.pause(i),
    "resume": lambda c, i: c.resume(i),
    "update_and_resume": lambda c, i: c.update_and_resume(i, subject="other"),
    "stop": lambda c, i: c.stop(i),
    "resolve": lambda c, i: c.resolve(i),
}
STEPS = st.lists(st.tuples(st.sampled_from(sorted(VERBS)), st.sampled_from(FAULTS)), min_size=1, max_size=7)


@pytest.fixture(scope="module")
def ground(box, faulty_wire, without_waiting):
    """A wire, a client that speaks through it, a witness that does not, and what a campaign needs."""
    wire = faulty_wire(box.port)
    with connect(wire.url, box.api_key, name="wire") as client, connect(box.url, box.api_key) as witness:
        client.campaigns.poll_policy = without_waiting(settle_s=0.06, first_s=0.02)
        of = witness.lists.create(name="Friends", emails=["ann@example.com"])
        by = witness.templates.create(name="Plain", html="<p>hello</p>", subject="hello")
        yield wire, client, witness, {"name": "x", "list_id": of, "template_id": by}
    wire.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_no_action_is_delivered_twice_and_no_outcome_is_false(ground, steps):
    wire, client, witness, fields = ground
    key = witness.campaigns.create(**fields)
    unresolved = False
    for verb, fault in steps:
        before = witness.campaigns.get(key)
        wire.passed.clear()
        wire.break_(fault, "campaign_process")
        blocked = unresolved and verb != "resolve" and RULES[action_of(verb)].sends
        word = said(verb, client, key)
        wire.break_("", "")
        after = witness.campaigns.get(key)
        sent = wire.sent("campaign_process")
        assert sent <= (0 if blocked or verb == "resolve" else 1)
        if word == "not_applied" or sent == 0:
            assert after == before
        if word == "applied" and verb != "resolve":
            assert after["status"] in {RULES[action_of(verb)].now, RULES[action_of(verb)].later}
        journal = client.journal
        unresolved = bool(journal.loc[journal["campaign_id"] == key, "blocks"].any())
        assert unresolved or word != "unknown"


def action_of(verb: str) -> Action:
    return Action(verb.removesuffix("_later"))


def said(verb: str, client, key: str) -> str:
    try:
        outcome = VERBS[verb](client.campaigns, key)
    except (ApiError, TransportError, OutcomeUnknownError) as error:
        return error.outcome.status
    return "nothing" if outcome is None else outcome.status
