"""Random lives of campaigns: client and practice server agree with the contract's table at every step."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from dyno_frames.api import connect
from dyno_frames.contract.lifecycle import (
    DELETABLE,
    EDITABLE,
    OVERRIDES,
    RULES,
    Action,
    Status,
    allowed,
)
from dyno_frames.contract.operations import operation
from dyno_frames.errors import ApiError, IllegalTransitionError, NotFoundError
from dyno_frames.sandbox.sandbox import Sandbox

LATER = pd.Timestamp.now("UTC").floor("s") + pd.Timedelta(days=40)
WORDS = st.text("abc äé<>&\"'✉", min_size=1, max_size=8)
ACTIONS = st.sampled_from(list(Action))


class Lives(RuleBasedStateMachine):
    """Campaigns with, for each, the status and the texts that the table says it has."""

    client: Any
    campaigns = Bundle("campaigns")

    def __init__(self) -> None:
        super().__init__()
        self.status: dict[str, str] = {}
        self.texts: dict[str, dict[str, str]] = {}
        self.seen: set[tuple[str, str]] = set()

    @initialize()
    def a_list(self) -> None:
        self.list_id = self.client.lists.create(name="Friends", emails=["a@example.com", "b@example.com"])

    @rule(target=campaigns, subject=WORDS)
    def create(self, subject: str) -> str:
        key = self.client.campaigns.create(name="life", subject=subject, list_id=self.list_id)
        self.status[key], self.texts[key] = Status.DRAFT, {"subject": subject}
        return key

    @rule(
        key=campaigns,
        action=ACTIONS,
        later=st.booleans(),
        words=st.dictionaries(st.sampled_from(OVERRIDES), WORDS),
    )
    def act(self, key: str, action: Action, *, later: bool, words: dict[str, str]) -> None:
        """Ask the client for any action at all."""
        if key not in self.status:
            with pytest.raises(NotFoundError):
                getattr(self.client.campaigns, action)(key)
            return
        one, given = (
            RULES[action],
            {name: text for name, text in words.items() if name in RULES[action].optional},
        )
        timed = {"at": LATER} if later and one.later is not None else {}
        before, row = self.status[key], self.client.campaigns.get(key)
        if before in one.sources:
            plan = self.client.campaigns.plan(action, key, **given, **timed)
            outcome = getattr(self.client.campaigns, action)(key, **given, **timed)
            self.status[key] = one.target(future=bool(timed))
            self.texts[key] |= given
            assert (outcome.status, outcome.before, outcome.after) == ("applied", before, self.status[key])
            assert (plan.before, plan.after) == (before, self.status[key])
            return
        for ask in (
            getattr(self.client.campaigns, action),
            lambda k, **g: self.client.campaigns.plan(action, k, **g),
        ):
            with pytest.raises(
                IllegalTransitionError, match=f"nothing was sent: .* it is {before}, and {action} needs"
            ) as caught:
                ask(key, **given, **timed)
            for word in allowed(before):
                assert word in str(caught.value)
        assert self.client.campaigns.get(key) == row

    @rule(key=campaigns, action=ACTIONS, later=st.booleans())
    def act_unchecked(self, key: str, action: Action, *, later: bool) -> None:
        """Ask the server for an action that the client would not have sent."""
        if key not in self.status or self.status[key] in RULES[action].sources:
            return
        before, row = self.status[key], self.client.campaigns.get(key)
        body = {RULES[action].id_key: key}
        if later and RULES[action].later is not None:
            body |= {"iso_start_time": LATER.strftime("%Y-%m-%dT%H:%M:%S"), "time_zone": "UTC"}
        with pytest.raises(IllegalTransitionError, match="the server refused with code 409") as caught:
            self.client.connection.session.send(operation("campaigns", action), body=body)
        for word in (before, action, *allowed(before)):
            assert word in caught.value.message
        assert self.client.campaigns.get(key) == row

    @rule(key=campaigns, subject=WORDS)
    def edit(self, key: str, subject: str) -> None:
        if key not in self.status:
            return
        row = self.client.campaigns.get(key)
        if self.status[key] in EDITABLE:
            self.client.campaigns.update(key, subject=subject)
            self.texts[key]["subject"] = subject
            return
        with pytest.raises(
            IllegalTransitionError, match=f"change info is not allowed from {self.status[key]}"
        ):
            self.client.campaigns.update(key, subject=subject)
        assert self.client.campaigns.get(key) == row

    @rule(key=campaigns)
    def delete(self, key: str) -> None:
        if key not in self.status:
            return
        row = self.client.campaigns.get(key)
        if self.status[key] in DELETABLE:
            self.client.campaigns.delete(key)
            del self.status[key]
            return
        with pytest.raises(IllegalTransitionError, match=f"delete is not allowed from {self.status[key]}"):
            self.client.campaigns.delete(key)
        assert self.client.campaigns.get(key) == row

    @invariant()
    def every_campaign_is_as_the_table_says(self) -> None:
        for key, status in self.status.items():
            row = self.client.campaigns.get(key)
            assert row["status"] == status
            assert {name: row[name] for name in self.texts[key]} == self.texts[key]
            assert (row["start_time"] is None) == (status == Status.DRAFT)

    @invariant()
    def nothing_is_left_unresolved(self) -> None:
        for key in self.status:
            assert not self.client.connection.journal.unresolved(key)


def test_lives_of_campaigns_agree_with_the_table_in_client_and_server(tmp_path, monkeypatch):
    monkeypatch.setenv("DYNO_STATE_DIR", str(tmp_path))
    with Sandbox(sample=False, speed=0) as box, connect(box.url, box.api_key, name="lives") as client:
        Lives.client = client
        run_state_machine_as_test(
            Lives,
            settings=settings(
                max_examples=25,
                stateful_step_count=25,
                deadline=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )


@pytest.mark.parametrize("status", [status for status in Status if status != Status.FINISHED])
def test_every_action_in_every_status_is_as_the_table_says(status, tmp_path, monkeypatch):
    """No cell of the table is left to chance; finished is reached by the server alone, and below."""
    monkeypatch.setenv("DYNO_STATE_DIR", str(tmp_path))
    ways = {
        Status.SCHEDULED: [("start", {"at": LATER})],
        Status.RUNNING: [("start", {})],
        Status.PAUSED: [("start", {}), ("pause", {})],
        Status.STOPPED: [("start", {}), ("stop", {})],
    }
    with Sandbox(sample=False, speed=0) as box, connect(box.url, box.api_key, name="cells") as client:
        Lives.client = client
        for action in Action:
            machine = Lives()
            machine.a_list()
            key = machine.create("x")
            for verb, given in ways.get(status, []):
                getattr(client.campaigns, verb)(key, **given)
            machine.status[key] = status
            machine.act_unchecked(key, action, later=True)
            machine.act(key, action, later=False, words={})
            machine.every_campaign_is_as_the_table_says()


def test_a_finished_campaign_allows_no_action(tmp_path, monkeypatch):
    monkeypatch.setenv("DYNO_STATE_DIR", str(tmp_path))
    with Sandbox(sample=False, speed=50) as box, connect(box.url, box.api_key, name="finished") as client:
        Lives.client = client
        machine = Lives()
        machine.a_list()
        key = machine.create("x")
        client.campaigns.start(key)
        client.campaigns.wait(key, timeout_s=30)
        machine.status[key] = Status.FINISHED
        for action in Action:
            machine.act(key, action, later=True, words={"subject": "y"})
            machine.act_unchecked(key, action, later=True)
        machine.edit(key, "y")
        machine.every_campaign_is_as_the_table_says()
        machine.delete(key)
        with pytest.raises(ApiError):
            client.campaigns.get(key)
