from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pandas as pd
import pytest

from dyno_frames.contract.lifecycle import Action
from dyno_frames.errors import NotFoundError
from dyno_frames.panels.campaigns import actions as on
from dyno_frames.panels.campaigns.control import CampaignControl
from dyno_frames.panels.campaigns.phases import Review

HOSTILE = '<img src=x onerror=alert(1)>, "quoted"'
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
AFTER = {
    "start": "running",
    "update_and_resume": "running",
    "reschedule": "scheduled",
    "cancel_schedule": "draft",
    "stop": "stopped",
    "pause": "paused",
    "resume": "running",
}


class Clock:
    """A time that moves when told."""

    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now

    def forward(self, seconds):
        self.now += timedelta(seconds=seconds)


class ScriptedCampaigns:
    """The port, in memory: what is sent is counted, and what fails is chosen by the test."""

    def __init__(self, rows):
        self.rows = {row["id"]: row for row in rows}
        self.sent = []
        self.failing = None
        self.unwritable = None
        self.reading_fails = None
        self.resolves_to = SimpleNamespace(status="applied")

    def get(self, key):
        if self.reading_fails:
            raise self.reading_fails
        if key not in self.rows:
            raise NotFoundError("RESOURCE NOT FOUND", code="404")
        return dict(self.rows[key])

    def find(self, expr=None, *, columns=None):
        if self.reading_fails:
            raise self.reading_fails
        wanted = [row for row in self.rows.values() if repr(row["id"]) in expr]
        return pd.DataFrame(wanted, columns=columns)

    def resolve(self, key):
        if isinstance(self.resolves_to, Exception):
            raise self.resolves_to
        return self.resolves_to

    def to_code(self, operation, key, *, language, **options):
        if self.unwritable:
            raise self.unwritable
        return f"{language}: {operation} {key} {options}"

    def __getattr__(self, name):
        if name not in AFTER:
            raise AttributeError(name)
        return lambda key, **arguments: self._act(name, key, arguments)

    def _act(self, name, key, arguments):
        self.sent.append((name, key, arguments))
        if self.failing:
            raise self.failing
        row = self.rows[key]
        before = row["status"]
        row["status"] = "scheduled" if name == "start" and "at" in arguments else AFTER[name]
        return SimpleNamespace(status="applied", before=before, after=row["status"])


def row(key="c1", **fields):
    return {
        "id": key,
        "name": f"Campaign {key}",
        "status": "draft",
        "subject": "Spring",
        "from_name": "Ann",
        "from_email": "ann@shop.example",
        "preview_message": None,
        "list_id": "l1",
        "time_zone": None,
        "start_time": pd.NaT,
        "recipients": 0,
        "sent": 0,
    } | fields


class Account:
    """A connection: campaigns and lists."""

    def __init__(self, campaigns, lists):
        self.campaigns, self.lists = campaigns, lists
        self.journal = pd.DataFrame(columns=["campaign_id", "action", "at", "blocks"]).astype(
            {"blocks": bool}
        )


def scripted(*rows, contacts=100):
    lists = SimpleNamespace(get=lambda key: {"id": key, "name": "Readers", "contacts": contacts})
    return Account(ScriptedCampaigns(rows), lists)


def here(work):
    work()


def control(client, subject="c1", **options):
    clock = options.pop("clock", None) or Clock()
    return CampaignControl(client, subject, watch=False, clock=clock, spawn=here, **options)


def confirm(panel, typed=""):
    """Confirm the review that is open."""
    review = panel.state.phase
    assert isinstance(review, Review), panel.state.notice
    panel.dispatch(on.ConfirmPressed(review.token, panel.clock(), typed))
    return review


def ask(panel, verb, **form):
    """Go as far as the review of an action."""
    panel.dispatch(on.ActionChosen(Action(verb)))
    if verb in {"start", "reschedule", "update_and_resume"}:
        panel.dispatch(on.FormSubmitted(panel.state.phase.serial, panel.clock(), **form))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(scope="session")
def kit():
    """What the tests of panels are written with."""
    return SimpleNamespace(
        HOSTILE=HOSTILE,
        START=START,
        Clock=Clock,
        row=row,
        scripted=scripted,
        here=here,
        control=control,
        confirm=confirm,
        ask=ask,
    )
